"""Which earlier runs a run is held against: a few, fetched by the history's indexes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, select

from flow.common.errors import UserError
from flow.history.database import BY_TIME, runs_table
from flow.history.gate import BASELINE_RUNS, BASELINE_WINDOW
from flow.history.runs import Run, sound_runs
from flow.record.checkout import known, on_main, resolve_revision
from flow.record.metrics import BY_NAME, measured_at

FIRST_PAGE_ROWS, PAGE_ROWS = 2 * BASELINE_RUNS, 100
Accept = Callable[[Any], bool]
LAST, MAIN = "last", "main"


def newest_targets(connection: Connection) -> list[Run]:
    """Return the newest run of each configuration whose newest run is of the newest revision, in order."""
    counts = runs_table.c.set_aside.is_(None)
    newest = sound_runs(connection, counts, newest=1) or sound_runs(connection, counts)[-1:]
    if not newest:
        return []
    revision = newest[0]["revision"]
    targets = {}
    for run in sound_runs(connection, runs_table.c.revision == revision, counts):
        targets[run["configuration"]] = run
    return [run for run in targets.values() if is_newest(connection, run)]


def is_newest(connection: Connection, run: Run) -> bool:
    """Whether `run` is the newest sound one of its configuration."""
    same = runs_table.c.configuration == run["configuration"]
    for row in newest_first(connection, same, runs_table.c.set_aside.is_(None)):
        if row.id == run["id"] or sound_runs(connection, runs_table.c.id == row.id):
            return bool(row.id == run["id"])
    return False


def baselines(connection: Connection, against: str) -> Callable[[Run], list[Run]]:
    """Return what gives, of a run, the earlier ones that `against` names and that the gate needs, in order.

    Those are the last BASELINE_RUNS that are alike and have the run's tools; up to BASELINE_WINDOW where a
    metric is missing among them. Where none has its tools, the last that has others. Raises UserError for a
    revision without runs.
    """
    if against == LAST:
        return lambda target: needed(connection, target, lambda run: True)
    if against == MAIN:
        revisions = select(runs_table.c.revision).where(runs_table.c.revision.is_not(None)).distinct()
        every_revision = set(connection.execute(revisions).scalars())
        on_main_before = cache(partial(is_on_main, frozenset(every_revision)))
        return lambda target: needed(
            connection, target, on_main_before(target["revision"], target["dirty"] is True)
        )
    revision = resolve_revision(against) or against
    of_revision = runs_table.c.revision == revision
    if connection.execute(select(runs_table.c.id).where(of_revision).limit(1)).first() is None:
        raise UserError(f"--against {against}: the history has no run of that revision")
    return lambda target: needed(connection, target, lambda run: True, of_revision)


def is_on_main(revisions: frozenset[str], revision: str | None, dirty: bool) -> Accept:
    """Return what says of a run whether its revision is unchanged and on main, up to where `revision` left.

    Ancestry decides. The branch that a run was made on counts only of a revision that git does not have
    here, as in a shallow clone. Runs of `revision` itself count where the target is of a `dirty` tree.
    """
    ancestors = on_main(revisions, revision)
    foreign = revisions - known(revisions) if ancestors is not None else revisions

    def accept(run: Any) -> bool:
        if run.revision is None or run.dirty or (run.revision == revision and not dirty):
            return False
        named = run.revision in foreign and run.branch == "main"
        return named or (ancestors is not None and run.revision in ancestors)

    return accept


def needed(connection: Connection, target: Run, accept: Accept, *conditions: Any) -> list[Run]:
    """Return the runs that the gate needs, of those alike that `accept` and `conditions` let by."""
    alike = (runs_table.c.configuration == target["configuration"], runs_table.c.set_aside.is_(None))
    rows = newest_first(connection, *alike, *conditions)
    accepted = (row for row in rows if row.identity != target["identity"] and accept(row))
    runs: list[Run] = []
    with_other_tools: list[int] = []
    while len(runs) < BASELINE_WINDOW and (len(runs) < BASELINE_RUNS or is_lacking(runs, target)):
        numbers: list[int] = []
        for row in accepted:
            if row.fingerprint != target["fingerprint"]:
                with_other_tools += [] if with_other_tools else [row.id]
                continue
            numbers.append(row.id)
            if len(numbers) == BASELINE_RUNS:
                break
        if not numbers:
            break
        runs = sound_runs(connection, runs_table.c.id.in_(numbers)) + runs
    return runs or sound_runs(connection, runs_table.c.id.in_(with_other_tools))


def is_lacking(runs: Iterable[Run], target: Run) -> bool:
    """Whether a metric that the target has, or ought to have, is in fewer than BASELINE_RUNS of `runs`."""
    wanted = {metric.name for metric in measured_at(target["depth"])} | target[
        "metrics"
    ].keys() & BY_NAME.keys()
    counts = Counter(
        name for run in runs for name in wanted if BY_NAME[name].value_in(run["metrics"]) is not None
    )
    return any(counts[name] < BASELINE_RUNS for name in wanted)


def newest_first(connection: Connection, *conditions: Any) -> Iterator[Any]:
    """Yield what tells which runs count, newest first, a page at a time."""
    columns = (
        runs_table.c.id,
        runs_table.c.identity,
        runs_table.c.fingerprint,
        runs_table.c.revision,
        runs_table.c.dirty,
        runs_table.c.branch,
    )
    query = select(*columns).where(*conditions).order_by(*(column.desc() for column in BY_TIME))
    offset, page_rows = 0, FIRST_PAGE_ROWS
    while True:
        page = connection.execute(query.limit(page_rows).offset(offset)).all()
        yield from page
        if len(page) < page_rows:
            return
        offset, page_rows = offset + page_rows, PAGE_ROWS
