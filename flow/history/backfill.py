"""A suite on earlier revisions, each in a work tree of its own, recorded into one history."""

import shutil
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from flow.common.command_line import Say
from flow.common.errors import StepError, UserError
from flow.common.lock import locked
from flow.history.failures import add_failures, failure_of
from flow.history.runs import add_run, configuration_of, recorded, row_of
from flow.history.suite import read_suite
from flow.pipeline.job_pool import LOCAL
from flow.pipeline.run_pool import RunAt, open_runs
from flow.pipeline.run_process import run_in_process
from flow.pipeline.up_to_date import unchanged_result
from flow.record.checkout import GitError, branch_named, git, resolve_revision
from flow.record.settings import Settings
from flow.tools.pdk_data import find_data_root
from hdl.known_names import FORMER_DESIGNS


@dataclass
class WorkTree:
    """A revision's work tree in `folder`: made for its first run, removed after its last, `left` to go."""

    revision: str
    folder: Path
    left: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def made(self) -> Path:
        """Return its folder, checked out; raises UserError."""
        with self.lock:
            if not self.folder.exists():
                try:
                    git("worktree", "add", "--detach", str(self.folder), self.revision)
                except GitError as error:
                    raise UserError(f"{self.revision[:8]} cannot be checked out: {error}") from None
            return self.folder

    def finished_with(self) -> None:
        """Count a run that needs it no more."""
        with self.lock:
            self.left -= 1
            if self.left == 0:
                self.remove()

    def remove(self) -> None:
        """Remove it, if it is there."""
        if self.folder.exists():
            git("worktree", "remove", "--force", str(self.folder))


def backfill(
    engine: Engine,
    suite: str,
    revisions: Sequence[str],
    build_dir: Path,
    say: Say,
    cluster: str = LOCAL,
    at_once: int = 1,
    pdk_root: Path | None = None,
) -> None:
    """Run the suite's entries at each of `revisions` with that revision's own flow; record what works.

    `at_once` of them are under way in `cluster`. Entries that a revision cannot run are passed over with a
    line; another backfill that is at a revision is waited for. Raises UserError for an unknown revision.
    """
    hashes = [resolve_revision(name) for name in revisions]
    for name, revision in zip(revisions, hashes, strict=True):
        if revision is None:
            raise UserError(f"git knows no revision '{name}'")
    folders = {
        revision: build_dir / "backfill" / revision[:12] for revision in hashes if revision is not None
    }
    with ExitStack() as stack:
        for folder in sorted(folders.values()):
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(folder / "tree.lock", wait=True))
        names = {revision: name for name, revision in zip(revisions, hashes, strict=True) if revision}
        run_missing(engine, suite, folders, names, say, cluster, at_once, pdk_root)


def run_missing(
    engine: Engine,
    suite: str,
    folders: Mapping[str, Path],
    names: Mapping[str, str],
    say: Say,
    cluster: str,
    at_once: int,
    pdk_root: Path | None,
) -> None:
    """Run what the history lacks of the suite at each revision, each with a folder, as `names` call them."""
    wanted: list[tuple[WorkTree, Settings]] = []
    for revision, folder in folders.items():
        entries = read_suite(suite, folder, jobs=2)
        missing = [entry for entry in entries if not recorded(engine, configuration_of(entry), revision)]
        if not missing:
            say(f"{revision[:8]}: recorded")
        # Beside the runs: a cluster's hosts see it there.
        tree = WorkTree(revision, folder.resolve() / "tree", len(missing))
        wanted += [(tree, settings) for settings in missing]
    trees = {id(tree): tree for tree, _ in wanted}.values()
    for tree in trees:
        # Of a backfill that was killed.
        shutil.rmtree(tree.folder, ignore_errors=True)
    git("worktree", "prune")

    def run(tree: WorkTree, settings: Settings) -> None:
        try:
            outcome = run_at(
                engine, settings, tree.made(), tree.revision, names.get(tree.revision), runs, pdk_root
            )
        finally:
            tree.finished_with()
        say(f"{tree.revision[:8]}: {settings.design.name} {settings.job}: {outcome}")

    try:
        with (
            open_runs(cluster, at_once, len(wanted), say) as runs,
            ThreadPoolExecutor(at_once) as threads,
        ):
            list(threads.map(run, *zip(*wanted, strict=True)) if wanted else ())
    finally:
        for tree in trees:
            tree.remove()


def run_at(
    engine: Engine,
    settings: Settings,
    tree: Path,
    revision: str,
    name: str | None = None,
    make_run: RunAt = run_in_process,
    pdk_root: Path | None = None,
) -> str:
    """Run one entry by `make_run` with the flow in `tree`, that of `revision`; return the line to print.

    What comes of it is recorded, on the branch that the revision was given by as `name`, or on main.
    """
    data_root = find_data_root(settings.pdk, pdk_root)
    is_unchanged = unchanged_result(settings, data_root, tree) is not None
    branch = branch_named(name or revision, revision)
    failure: UserError | StepError | None = None
    for as_named in under_every_name(settings):
        try:
            result = make_run(as_named, data_root, tree)
        except UserError as error:  # perhaps for a name that the revision does not have: its own comes next
            failure = failure or error
        except StepError as error:
            failure = error
            break
        else:
            # A work tree of a revision is on no branch.
            of_branch = result.model_copy(update={"git_branch": result.git_branch or branch})
            if not add_run(engine, row_of(of_branch)):
                return "was there"
            return "nothing has changed" if is_unchanged else "recorded"
    add_failures(engine, [failure_of(settings, revision, branch, str(failure))])
    return f"passed over: {failure}"


def under_every_name(settings: Settings) -> list[Settings]:
    """Return `settings` with the design's name of today, then with those that it had at earlier revisions."""
    former = [name for name, today in FORMER_DESIGNS.items() if today == settings.design.name]
    renamed = (replace(settings.design, name=name) for name in former)
    return [settings, *(replace(settings, design=design) for design in renamed)]
