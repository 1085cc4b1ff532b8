"""Runs in a pool of jobs: here or on a cluster, each by the command that a user would type."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flow.common.command_line import Say
from flow.common.places import PROJECT_ROOT
from flow.pipeline.job_pool import Pool, make, open_pool
from flow.pipeline.run_needs import needs_of
from flow.pipeline.run_process import command_line, result_in
from flow.pipeline.up_to_date import unchanged_result
from flow.record.result import Result
from flow.record.settings import Settings

RunAt = Callable[..., Result]


@dataclass(frozen=True)
class Runs:
    """Makes runs in a pool, as `run_in_process` does."""

    pool: Pool

    def __call__(self, settings: Settings, pdk_root: Path | None = None, tree: Path = PROJECT_ROOT) -> Result:
        """Make a run by the flow in the checkout `tree` and wait for it; where nothing has changed, none.

        Raises as `run_in_process` does.
        """
        unchanged = unchanged_result(settings, pdk_root, tree)
        if unchanged is not None:
            self.needed_none()
            return unchanged
        command = command_line(settings, pdk_root, tree)
        work = (command, str(settings.folder), str(Path.cwd()), str(tree))
        printed = self.pool.call(make, *work, needs=partial(needs_of, settings))
        return result_in(printed, settings.folder)

    def needed_none(self) -> None:
        """Count out a run that was not wanted."""
        self.pool.progress.needed_none()


@contextmanager
def open_runs(cluster: str, at_once: int, total: int, say: Say) -> Iterator[Runs]:
    """Yield what makes `total` runs, to be called in `at_once` threads.

    Raises UserError where the cluster cannot be had.
    """
    with open_pool(cluster, at_once, total, say) as pool:
        yield Runs(pool)
