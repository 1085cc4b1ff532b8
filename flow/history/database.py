"""The database of runs: SQLite or PostgreSQL through SQLAlchemy, its schema and its migrations."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from flow.common.errors import UserError
from flow.common.places import WORK_ROOT

SCHEMA_VERSION = 6
LOCK_TIMEOUT_S = 60
# Beside the sources, ignored by git and left alone by `make clean`.
HISTORY_DIR = WORK_ROOT / ".history"
DEFAULT_PATH = HISTORY_DIR / "history.db"

metadata = MetaData()
schema_table = Table("expmul_schema", metadata, Column("version", Integer, nullable=False))
runs_table = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    # What makes a run the same run: revision, configuration, tools and, of a changed tree, its output.
    Column("identity", String(64), nullable=False, unique=True),
    # What may be compared: the configuration and the tools, each as a digest.
    Column("configuration", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("revision", String(64), index=True),
    Column("branch", String(200)),
    Column("committed_at", String(40)),
    Column("subject", String(400)),
    Column("dirty", Boolean),
    Column("finished_at", String(40), nullable=False),
    Column("host", String(200)),
    Column("design", String(100), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("pdk", String(100), nullable=False),
    Column("depth", String(20), nullable=False),
    Column("clock_ns", Float, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("target_utilization_percent", Float),
    Column("optimised_corners", String(20)),
    Column("synthesis", String(20)),
    Column("target_padding_sites", Integer),
    Column("tool_versions", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("group_areas_um2", JSON),
    Column("artefacts_sha256", JSON, nullable=False),
    Column("layout", String(400)),
    # Why the run counts for no baseline, None where it does; and what was found about it, in lines.
    Column("set_aside", String(400)),
    Column("finding", String(20_000)),
    # The order of the runs, made of the dates, which may be in any time zone: seconds since 1970.
    Column("revision_at_s", Float, nullable=False, server_default="0"),
    Column("ended_at_s", Float, nullable=False, server_default="0"),
)
# What a revision was asked to run and could not.
failures_table = Table(
    "failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(64), nullable=False, unique=True),
    Column("configuration", String(64), nullable=False),
    Column("revision", String(64)),
    Column("branch", String(200)),
    Column("committed_at", String(40)),
    Column("subject", String(400)),
    Column("failed_at", String(40), nullable=False),
    Column("host", String(200)),
    Column("design", String(100), nullable=False),
    Column("pdk", String(100), nullable=False),
    Column("depth", String(20), nullable=False),
    Column("title", String(400), nullable=False),
    Column("reason", String(1000), nullable=False),
    Column("revision_at_s", Float, nullable=False),
)
BY_TIME = (runs_table.c.revision_at_s, runs_table.c.ended_at_s, runs_table.c.id)
INDEXES = (
    Index("runs_by_time", *BY_TIME),
    Index("runs_by_configuration", runs_table.c.configuration, *BY_TIME),
    Index("runs_by_design", runs_table.c.design, runs_table.c.pdk, runs_table.c.configuration),
)
NOT_OF_THE_RUN = ("id", "revision_at_s", "ended_at_s")
COLUMNS = tuple(column.name for column in runs_table.columns if column.name not in NOT_OF_THE_RUN)


def moment(date: str) -> datetime:
    """Return the time that an ISO date names, in any time zone; UTC where it names none."""
    time = datetime.fromisoformat(date)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def order_of(committed_at: str | None, finished_at: str) -> dict[str, float]:
    """Return the columns that put a run in order: the date of its revision, or its own, then its end."""
    times = {"revision_at_s": committed_at or finished_at, "ended_at_s": finished_at}
    return {name: moment(date).timestamp() for name, date in times.items()}


def add_columns(connection: Connection, types: Mapping[str, str]) -> None:
    """Add those of the columns that the runs do not have."""
    present = {column["name"] for column in inspect(connection).get_columns(runs_table.name)}
    for name, of_type in types.items():
        if name not in present:
            connection.execute(text(f"ALTER TABLE runs ADD COLUMN {name} {of_type}"))


def add_groups_and_layout(connection: Connection) -> None:
    """From version 1: areas by group, and where the layout lies."""
    add_columns(connection, {"group_areas_um2": "JSON", "layout": "VARCHAR(400)"})


def add_corners_and_recipe(connection: Connection) -> None:
    """From version 2: the corners that the layout was optimised for, and its synthesis' recipe."""
    add_columns(connection, {"optimised_corners": "VARCHAR(20)", "synthesis": "VARCHAR(20)"})


def add_order(connection: Connection) -> None:
    """From version 3: the order of the runs as columns, and indexes by what is asked for."""
    seconds = "DOUBLE PRECISION DEFAULT 0 NOT NULL"
    add_columns(connection, {"revision_at_s": seconds, "ended_at_s": seconds})
    table = runs_table.c
    dates = connection.execute(select(table.id, table.committed_at, table.finished_at)).all()
    orders = []
    for number, committed_at, finished_at in dates:
        # A broken row stays first: it is told of when it is read.
        with suppress(ValueError, OverflowError, TypeError):
            orders.append({"number": number, **order_of(committed_at, finished_at)})
    if orders:
        assignments = "revision_at_s = :revision_at_s, ended_at_s = :ended_at_s"
        connection.execute(text(f"UPDATE runs SET {assignments} WHERE id = :number"), orders)
    for name in ("ix_runs_configuration", "ix_runs_finished_at"):
        connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
    for index in INDEXES:
        index.create(connection, checkfirst=True)


def add_padding(connection: Connection) -> None:
    """From version 4: the free sites at each side of a cell."""
    add_columns(connection, {"target_padding_sites": "INTEGER"})


def add_marks_and_failures(connection: Connection) -> None:
    """From version 5: runs that are set aside, and what could not be run."""
    add_columns(connection, {"set_aside": "VARCHAR(400)", "finding": "VARCHAR(20000)"})
    failures_table.create(connection, checkfirst=True)


# What leads from each version to the next.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {
    1: add_groups_and_layout,
    2: add_corners_and_recipe,
    3: add_order,
    4: add_padding,
    5: add_marks_and_failures,
}


def database_url(where: str) -> str:
    """Return the SQLAlchemy address of `where`: a file's path, or an address with a scheme."""
    if "://" not in where:
        return f"sqlite:///{where}"
    scheme, _, rest = where.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else where


def shown(where: str) -> str:
    """Return `where` without a password."""
    head, at, tail = where.rpartition("@")
    return f"{head.rpartition(':')[0]}@{tail}" if at and head.count(":") > 1 else where


@contextmanager
def reported(where: str) -> Iterator[None]:
    """Turn the database's errors into one line that names it."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UserError(f"{shown(where)} is no database address: {first_line(error)}") from None
    except OperationalError as error:
        raise UserError(f"{shown(where)} cannot be used: {first_line(error)}") from None
    except DatabaseError as error:
        raise UserError(f"{shown(where)} is not a history of this project: {first_line(error)}") from None


def first_line(error: Exception) -> str:
    """Return the first line of what the database says."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def open_history(where: str, create: bool = True) -> Engine:
    """Return the history at `where`, made or brought to this version's schema where that is needed.

    Raises UserError for an address that does not work, and for a file that is no history, or a foreign or a
    newer one. So it does where there is none and `create` is False.
    """
    if "://" not in where:
        path = Path(where)
        if not path.exists() and not create:
            raise UserError(f"no history at {where}: record runs first")
        if path.is_dir():
            raise UserError(f"{where} is a folder, not a history")
        path.parent.mkdir(parents=True, exist_ok=True)
    with reported(where):
        engine = create_engine(database_url(where))
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", wait_for_locks)
        with engine.connect() as probe:
            names = set(inspect(probe).get_table_names())
        if not names:
            make_schema(engine)
        elif schema_table.name not in names:
            raise UserError(f"{shown(where)} holds something else: tables {', '.join(sorted(names)[:3])}")
        migrate(engine, where)
    return engine


def wait_for_locks(connection: object, record: object) -> None:
    """Let SQLite wait for another writer instead of failing."""
    connection.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_S * 1000}")  # type: ignore[attr-defined]


def make_schema(engine: Engine) -> None:
    """Make the tables, unless another process has just done so."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("BEGIN IMMEDIATE"))
        metadata.create_all(connection)
        if connection.execute(select(schema_table.c.version)).first() is None:
            connection.execute(schema_table.insert().values(version=SCHEMA_VERSION))


def migrate(engine: Engine, where: str) -> None:
    """Bring the schema to this version, all of it or nothing; raises UserError for a newer one."""
    with engine.begin() as connection:
        version = connection.execute(select(schema_table.c.version)).scalar_one()
        if version > SCHEMA_VERSION:
            raise UserError(
                f"{shown(where)} has schema {version}, this project {SCHEMA_VERSION}: update the project"
            )
        for step in range(version, SCHEMA_VERSION):
            MIGRATIONS[step](connection)
        if version < SCHEMA_VERSION:
            connection.execute(schema_table.update().values(version=SCHEMA_VERSION))
