"""Run what a suite asks for and record it: once per revision, whoever else is at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from flow.common.command_line import Say
from flow.common.errors import StepError, UserError
from flow.common.lock import locked
from flow.common.places import PROJECT_ROOT
from flow.history.failures import add_failures, failure_of
from flow.history.runs import add_run, configuration_of, recorded, row_of
from flow.pipeline.run_pool import RunAt
from flow.pipeline.run_process import run_in_process
from flow.pipeline.up_to_date import unchanged_result
from flow.record.checkout import branch_of, git_state
from flow.record.misses import missed
from flow.record.result import Result
from flow.record.settings import Settings
from hdl.designs import ORIGINS


@contextmanager
def turn(settings: Settings) -> Iterator[None]:
    """Wait for another process that is at the same run."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    with locked(settings.folder / "recording.lock", wait=True):
        yield


def layout_path(settings: Settings, result: Result) -> str | None:
    """Return where the run's layout lies, from the checkout where it is below it; None without one."""
    if "gds" not in result.files:
        return None
    path = settings.folder / result.files["gds"]
    return str(path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path)


def run_and_record(
    engine: Engine,
    settings: Settings,
    pdk_root: Path | None,
    say: Say,
    run_at: RunAt = run_in_process,
    needed_none: Callable[[], None] = lambda: None,
) -> str | None:
    """Run `settings` by `run_at` and record the result, unless this revision has it; return what went wrong.

    A run of which nothing has changed is recorded for this revision without being run. Where there was no run
    `needed_none` is called.
    """
    name = f"{settings.design.name} {settings.job}, to {settings.depth}"
    with turn(settings):
        revision, dirty = git_state()
        # The revision tells nothing of a design that is not in the checkout.
        if (
            dirty is False
            and settings.design.name not in ORIGINS
            and recorded(engine, configuration_of(settings), revision)
        ):
            say(f"{name}: recorded")
            needed_none()
            return None
        unchanged = unchanged_result(settings, pdk_root)
        if unchanged is not None:
            # This revision's sources, tools and data are those of that run: its numbers are this revision's.
            checkout = {"git_revision": revision, "git_dirty": dirty, "git_branch": branch_of(revision)}
            result = unchanged.model_copy(update=checkout)
            outcome = f"nothing has changed since {result.finished_at}"
            needed_none()
        else:
            say(f"{name}: started")
            try:
                result = run_at(settings, pdk_root)
            except (UserError, StepError) as error:
                say(f"{name}: failed: {error}")
                add_failures(engine, [failure_of(settings, revision, branch_of(revision), str(error))])
                return f"{name}: {error}"
            outcome = "done"
        add_run(engine, row_of(result, layout_path(settings, result)))
    miss = missed(result.metrics, result.worst_corners)
    say(f"{name}: {outcome}" + (f"; {miss}" if miss else ""))
    return None
