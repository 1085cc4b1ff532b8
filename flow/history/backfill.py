"""A suite on earlier revisions, each in a work tree of its own, recorded into one history."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from flow.common.command_line import Say
from flow.common.errors import StepError, UserError
from flow.history.runs import add_run, configuration_of, recorded, row_of
from flow.history.suite import read_suite
from flow.pipeline.run_process import run_in_process
from flow.pipeline.up_to_date import unchanged_result
from flow.record.checkout import GitError, git, resolve_revision, without_git
from flow.record.settings import Settings
from flow.tools.pdk_data import find_data_root


def backfill(engine: Engine, suite: str, revisions: Sequence[str], build_dir: Path, say: Say) -> None:
    """Run the suite's entries at each of `revisions` with that revision's own flow; record what works.

    Entries that a revision cannot run are passed over with a line. Raises UserError for an unknown revision.
    """
    hashes = [resolve_revision(name) for name in revisions]
    for name, revision in zip(revisions, hashes, strict=True):
        if revision is None:
            raise UserError(f"git knows no revision '{name}'")
    # Of work trees whose backfill was killed.
    git("worktree", "prune")
    for revision in hashes:
        assert revision is not None
        entries = read_suite(suite, build_dir / "backfill" / revision[:12], jobs=2)
        missing = [entry for entry in entries if not recorded(engine, configuration_of(entry), revision)]
        if not missing:
            say(f"{revision[:8]}: recorded")
            continue
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            try:
                git("worktree", "add", "--detach", str(tree), revision)
            except GitError as error:
                raise UserError(f"{revision[:8]} cannot be checked out: {error}") from None
            try:
                for settings in missing:
                    outcome = run_at(engine, settings, tree)
                    say(f"{revision[:8]}: {settings.design.name} {settings.job}: {outcome}")
            finally:
                git("worktree", "remove", "--force", str(tree))


def run_at(engine: Engine, settings: Settings, tree: Path) -> str:
    """Run one entry with the flow in `tree` and record it; return the line to print."""
    data_root = find_data_root(settings.pdk, None)
    unchanged = unchanged_result(settings, data_root, tree)
    if unchanged is not None:
        return "nothing has changed" if add_run(engine, row_of(unchanged)) else "was there"
    environment = without_git(os.environ) | {"PYTHONPATH": str(tree)}
    try:
        result = run_in_process(settings, data_root, tree, cwd=tree, env=environment)
    except (UserError, StepError) as error:
        return f"passed over: {error}"
    return "recorded" if add_run(engine, row_of(result)) else "was there"
