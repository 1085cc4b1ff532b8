"""Runs in the history: from results to rows, and rows by what was asked."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError

from flow.common.command_line import warn
from flow.common.decimals import shortest
from flow.common.errors import UserError
from flow.common.numeric import is_infinite
from flow.history.database import BY_TIME, COLUMNS, first_line, order_of, runs_table
from flow.history.row_check import fault_of
from flow.record.checkout import commit_of
from flow.record.metrics import metrics_of
from flow.record.provenance import digest_of
from flow.record.result import USUAL_SETTINGS, Result, identity_of
from flow.record.settings import Settings

Run = dict[str, Any]
HOST_VARIABLE = "EXPMUL_HOST"


def configuration_digest(identity: Mapping[str, Any], depth: str) -> str:
    """Return the digest of what a run was asked to do."""
    return digest_of({**identity, "depth": depth})


def configuration_of(settings: Settings) -> str:
    """Return the configuration's digest of a run that `settings` ask for."""
    return configuration_digest(settings.identity(), settings.depth)


def row_of(result: Result, layout: str | None = None) -> Run:
    """Return a result as a row."""
    identity = identity_of(result)
    configuration = configuration_digest(identity, result.depth)
    fingerprint = digest_of({**result.tool_versions, "library": result.library, "corner": result.corner})
    commit = commit_of(result.git_revision)
    # A clean tree's revision says it all; of a changed one, and of a design from elsewhere, only the output
    # tells what was run.
    output_hashes = {} if result.git_dirty is False and result.design_source is None else result.sha256
    return {
        "identity": digest_of(
            [result.git_revision, result.git_dirty, configuration, fingerprint, output_hashes]
        ),
        "configuration": configuration,
        "fingerprint": fingerprint,
        "revision": result.git_revision,
        "branch": result.git_branch,
        "committed_at": commit.committed_at,
        "subject": commit.subject,
        "dirty": result.git_dirty,
        "finished_at": result.finished_at,
        "host": os.environ.get(HOST_VARIABLE) or platform.node(),
        **dict.fromkeys(USUAL_SETTINGS),
        **identity,
        "depth": result.depth,
        "tool_versions": result.tool_versions,
        "metrics": metrics_of(result),
        "group_areas_um2": {name: group.cell_area_um2 for name, group in result.groups.items()},
        "artefacts_sha256": result.sha256,
        "layout": layout,
    }


def values_of(row: Mapping[str, Any]) -> Run:
    """Return what is stored of a row; raises UserError for one that is broken."""
    fault = fault_of(row)
    if fault is not None:
        raise UserError(f"a run cannot be recorded: {fault}")
    values = {name: row.get(name) for name in COLUMNS}
    return values | order_of(values["committed_at"], row["finished_at"])


def add_run(engine: Engine, row: Mapping[str, Any]) -> bool:
    """Add a row, whole or not at all; return whether it was new. One in its place that is broken gives way.

    Raises UserError for a row that is broken itself.
    """
    return add_runs(engine, [row]) == 1


def add_runs(engine: Engine, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add rows, all or none, as `add_run` does each; return how many were new."""
    given = [values_of(row) for row in rows]
    # Of two with one identity the first counts.
    by_identity = {values["identity"]: values for values in reversed(given)}
    new = 0
    try:
        with engine.begin() as connection:
            insert = insert_statement(connection).on_conflict_do_nothing(index_elements=["identity"])
            insert = insert.returning(runs_table.c.id)
            for values in given:
                if by_identity.get(values["identity"]) is not values:
                    continue
                new += bool(connection.execute(insert, values).all()) or replace_broken(connection, values)
    except DataError as error:
        raise UserError(f"a run cannot be recorded: {first_line(error)}") from None
    return new


def insert_statement(connection: Connection, table: Table = runs_table) -> Any:
    """Return an insertion in the database's own words, which can pass over what is there."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def replace_broken(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Put `values` in the place of the stored row of that identity where that one is broken; say whether."""
    same = runs_table.c.identity == values["identity"]
    if any(fault is None for _, fault in stored_rows(connection, same)):
        return False
    connection.execute(runs_table.update().where(same).values(**values))
    return True


def stored_rows(
    connection: Connection, *conditions: Any, newest: int | None = None
) -> Iterator[tuple[Run, str | None]]:
    """Yield the stored rows that meet `conditions` in order, each with what is wrong with it, or None.

    All of them, or the `newest` so many. The order is that of their revisions' dates, then of their ends.
    Metrics that are not finite are left out: they are missing.
    """
    for row, fault in read_rows(connection, *conditions, newest=newest):
        if fault is not None:
            yield row, fault
            continue
        if isinstance(row["metrics"], dict):
            row["metrics"] = {name: value for name, value in row["metrics"].items() if not is_infinite(value)}
        yield row, fault_of(row)


def read_rows(
    connection: Connection, *conditions: Any, newest: int | None = None
) -> Iterator[tuple[Run, str | None]]:
    """Yield the rows as they are, and of one that cannot be read its number and why."""
    columns = [runs_table.c.id, *(runs_table.c[name] for name in COLUMNS)]
    query, numbers = (
        select(*chosen).where(*conditions).order_by(*(column.desc() for column in BY_TIME)).limit(newest)
        for chosen in (columns, [runs_table.c.id])
    )
    try:
        yield from [(dict(row), None) for row in reversed(connection.execute(query).mappings().all())]
    except (ValueError, TypeError):  # a column that is not what the schema says: which row is it?
        for number in reversed(connection.execute(numbers).scalars().all()):
            try:
                row = connection.execute(select(*columns).where(runs_table.c.id == number)).mappings().one()
                yield dict(row), None
            except (ValueError, TypeError) as error:
                yield {"id": number}, str(error).splitlines()[0]


def sound_runs(connection: Connection, *conditions: Any, newest: int | None = None) -> list[Run]:
    """Return the runs that meet `conditions`, or the `newest` so many of them, oldest first.

    One that is broken is passed over, with a line on standard error that names it.
    """
    runs = []
    for row, fault in stored_rows(connection, *conditions, newest=newest):
        if fault is None:
            runs.append(row)
        else:
            warn(f"run {row['id']} of the history is passed over: {fault}")
    return runs


def all_runs(engine: Engine) -> list[Run]:
    """Return every run in the order of its revision's date, then of its end."""
    with engine.connect() as connection:
        return sound_runs(connection)


def count_runs(engine: Engine) -> int:
    """Return how many runs there are, broken ones included."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(runs_table)).scalar_one()


def newest_runs(engine: Engine, number: int | None) -> list[Run]:
    """Return the newest so many runs, all for None, oldest first."""
    with engine.connect() as connection:
        return sound_runs(connection, newest=number)


def runs_alike(engine: Engine, configuration: str, *conditions: Any, newest: int | None = None) -> list[Run]:
    """Return the runs of a configuration that meet `conditions`, or the `newest` so many, oldest first."""
    with engine.connect() as connection:
        same = runs_table.c.configuration == configuration
        return sound_runs(connection, same, *conditions, newest=newest)


def runs_of_revision(engine: Engine, configuration: str, revision: str | None) -> list[Run]:
    """Return the runs of a configuration at `revision`, oldest first."""
    return runs_alike(engine, configuration, runs_table.c.revision == revision)


def metric_series(engine: Engine, configuration: str) -> Sequence[Any]:
    """Return `revision`, `finished_at` and `metrics` of the runs of a configuration, oldest first.

    A run whose metrics cannot be read is left out.
    """
    columns = (runs_table.c.revision, runs_table.c.finished_at, runs_table.c.metrics)
    counting = (runs_table.c.configuration == configuration, runs_table.c.set_aside.is_(None))
    query = select(*columns).where(*counting).order_by(*BY_TIME)
    with engine.connect() as connection:
        try:
            rows = connection.execute(query).all()
        except (ValueError, TypeError):
            return [SimpleNamespace(**run) for run in sound_runs(connection, query.whereclause)]
    return [row for row in rows if isinstance(row.metrics, dict)]


def set_aside(engine: Engine, revision: str, reason: str | None, finding: str | None) -> int:
    """Let the runs of `revision` count for no baseline because of `reason`, or again for None.

    `finding` is what was found about them. Returns how many runs there are.
    """
    values = {"set_aside": reason, "finding": finding}
    with engine.begin() as connection:
        same = runs_table.c.revision == revision
        return connection.execute(runs_table.update().where(same).values(**values)).rowcount


def recorded(engine: Engine, configuration: str, revision: str | None) -> bool:
    """Whether a clean tree at `revision` has run `configuration`."""
    if revision is None:
        return False
    conditions = (
        runs_table.c.configuration == configuration,
        runs_table.c.revision == revision,
        runs_table.c.dirty.is_(False),
    )
    with engine.connect() as connection:
        return any(fault is None for _, fault in stored_rows(connection, *conditions))


def title_of(run: Run) -> str:
    """Return what a run was asked to do in a few words."""
    parameters = ", ".join(f"{name} {value}" for name, value in run["parameters"].items())
    words = [
        run["design"],
        f"({parameters})",
        run["pdk"],
        f"{shortest(run['clock_ns'])} ns",
        f"to {run['depth']}",
    ]
    if run["seed"]:
        words.append(f"seed {run['seed']}")
    if run["target_utilization_percent"]:
        words.append(f"{shortest(run['target_utilization_percent'])} % filled")
    if run.get("target_padding_sites") is not None:
        words.append(f"{run['target_padding_sites']} sites of padding")
    if run.get("optimised_corners"):
        words.append(f"{run['optimised_corners']} corners")
    if run.get("synthesis"):
        words.append(f"{run['synthesis']} synthesis")
    return " ".join(words)
