"""Runs in the history: from results to rows, and rows by what was asked."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DataError, IntegrityError

from flow.common.command_line import warn
from flow.common.decimals import shortest
from flow.common.errors import UserError
from flow.common.numeric import is_infinite
from flow.history.database import COLUMNS, first_line, runs_table
from flow.history.row_check import fault_of, moment
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


def add_run(engine: Engine, row: Mapping[str, Any]) -> bool:
    """Add a row, whole or not at all; return whether it was new. One in its place that is broken gives way.

    Raises UserError for a row that is broken itself.
    """
    fault = fault_of(row)
    if fault is not None:
        raise UserError(f"a run cannot be recorded: {fault}")
    values = {name: row.get(name) for name in COLUMNS}
    try:
        with engine.begin() as connection:
            connection.execute(runs_table.insert().values(**values))
    except IntegrityError:
        return replace_broken(engine, values)
    except DataError as error:
        raise UserError(f"a run cannot be recorded: {first_line(error)}") from None
    return True


def replace_broken(engine: Engine, values: Mapping[str, Any]) -> bool:
    """Put `values` in the place of the stored row of that identity where that one is broken; say whether."""
    same = runs_table.c.identity == values["identity"]
    with engine.begin() as connection:
        if any(fault is None for _, fault in stored_rows(connection, same)):
            return False
        connection.execute(runs_table.update().where(same).values(**values))
    return True


def stored_rows(connection: Connection, *conditions: Any) -> Iterator[tuple[Run, str | None]]:
    """Yield the stored rows that meet `conditions`, each with what is wrong with it, None where nothing is.

    Metrics that are not finite are left out: they are missing.
    """
    for row, fault in read_rows(connection, *conditions):
        if fault is not None:
            yield row, fault
            continue
        if isinstance(row["metrics"], dict):
            row["metrics"] = {name: value for name, value in row["metrics"].items() if not is_infinite(value)}
        yield row, fault_of(row)


def read_rows(connection: Connection, *conditions: Any) -> Iterator[tuple[Run, str | None]]:
    """Yield the rows as they are, and of one that cannot be read its number and why."""
    query = select(runs_table).where(*conditions)
    try:
        yield from [(dict(row), None) for row in connection.execute(query).mappings().all()]
    except (ValueError, TypeError):  # a column that is not what the schema says: which row is it?
        for number in connection.execute(select(runs_table.c.id).where(*conditions)).scalars().all():
            try:
                row = connection.execute(query.where(runs_table.c.id == number)).mappings().one()
                yield dict(row), None
            except (ValueError, TypeError) as error:
                yield {"id": number}, str(error).splitlines()[0]


def all_runs(engine: Engine) -> list[Run]:
    """Return every run in the order of its revision's date, then of its end.

    One that is broken is passed over, with a line on standard error that names it.
    """
    rows = []
    with engine.connect() as connection:
        for row, fault in stored_rows(connection):
            if fault is None:
                rows.append(row)
            else:
                warn(f"run {row['id']} of the history is passed over: {fault}")
    return sorted(
        rows, key=lambda row: (moment(row["committed_at"] or row["finished_at"]), moment(row["finished_at"]))
    )


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


def by_configuration(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the runs by configuration, each in order."""
    by_configuration: dict[str, list[Run]] = {}
    for run in runs:
        by_configuration.setdefault(run["configuration"], []).append(run)
    return by_configuration


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
    if run.get("optimised_corners"):
        words.append(f"{run['optimised_corners']} corners")
    if run.get("synthesis"):
        words.append(f"{run['synthesis']} synthesis")
    return " ".join(words)
