"""What git says of this checkout: by plumbing alone, so whatever a user has configured.

Git is asked only where the top level of its work tree is the checkout itself: a copy unpacked inside another
repository has no revision.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from flow.common.places import PROJECT_ROOT

# What a result is made of: a change elsewhere, such as a result that was just kept, is none of it.
SOURCES = ("flow", "hdl", "pdk_configs", "pyproject.toml")
MAIN = ("refs/heads/main", "refs/remotes/origin/main")
SUBJECT_LENGTH = 400
BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


class GitError(Exception):
    """Git does not know what it was asked, or does not know this checkout; why, in a line."""


def without_git(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without what points git to another repository or configures it."""
    return {name: value for name, value in environment.items() if not name.startswith("GIT_")}


def call_git(*words: str, given: bytes | None = None, index: Path | None = None) -> bytes:
    """Return what a git command in the checkout's folder prints; raises GitError."""
    environment = without_git(os.environ) | {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    command = ["git", "-C", str(PROJECT_ROOT), "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    try:
        done = subprocess.run(
            [*command, *words], input=given or b"", capture_output=True, check=False, env=environment
        )
    except FileNotFoundError:
        raise GitError("git is not installed") from None
    except OSError as error:
        raise GitError(f"git cannot be started: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(said[0].removeprefix("fatal: ") if said else f"git {words[0]} fails")
    return bytes(done.stdout)


def git(*words: str) -> str:
    """Return what a git command on the checkout prints; raises GitError where git does not count."""
    if (reason := not_a_checkout()) is not None:
        raise GitError(reason)
    return call_git(*words).decode(errors="replace").strip()


def not_a_checkout() -> str | None:
    """Return why git does not count here, None where its top level is this checkout."""
    try:
        top = os.fsdecode(call_git("rev-parse", "--show-toplevel").removesuffix(b"\n"))
    except GitError as error:
        return str(error)
    if top and Path(top).is_dir() and Path(top).samefile(PROJECT_ROOT):
        return None
    return f"{PROJECT_ROOT} is not the top of a git checkout" + (f", {top} is" if top else "")


def no_revision() -> str | None:
    """Return the line that says why a result made here has no revision, None where it has one."""
    try:
        git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitError as error:
        return f"no revision is recorded: {error}"
    return None


def git_state() -> tuple[str | None, bool | None]:
    """Return the checkout's revision and whether SOURCES have changes; (None, None) without a revision."""
    try:
        revision = git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return revision, has_changes(revision)
    except GitError:
        return None, None


def has_changes(revision: str) -> bool:
    """Whether SOURCES differ from `revision` or hold a file that is neither in it nor in a .gitignore.

    An index of its own is filled from the revision: what a user's index hides (`--assume-unchanged`,
    `--skip-worktree`, a file system monitor) is looked at all the same. A user's own list of ignored files
    does not count.
    """
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        call_git("read-tree", revision, index=index)
        with suppress(GitError):  # how it says that a file differs
            call_git("update-index", "-q", "--refresh", index=index)
        changed = call_git("diff-files", "--name-only", "-z", "--", *SOURCES, index=index)
        words = ("--others", "--exclude-per-directory=.gitignore", "-z", "--", *SOURCES)
        return bool(changed or call_git("ls-files", *words, index=index))


def branch_of(revision: str | None) -> str | None:
    """Return the branch that is checked out; of a detached HEAD the one that GitHub's workflow runs for.

    That is GITHUB_HEAD_REF of a pull request, else GITHUB_REF_NAME where it is a branch, and only where the
    workflow's commit, GITHUB_SHA, is `revision`. None where nothing tells.
    """
    if revision is None:
        return None
    with suppress(GitError):
        return git("symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")
    if os.environ.get("GITHUB_SHA", revision) != revision:
        return None
    name = os.environ.get("GITHUB_HEAD_REF")
    if not name and os.environ.get("GITHUB_REF_TYPE", "branch") == "branch":
        name = os.environ.get("GITHUB_REF_NAME")
    return name or None


def branch_named(name: str, revision: str) -> str | None:
    """Return the branch that `revision`, given as `name`, is on: main, or the one of that name; else None."""
    if on_main([revision], None):
        return "main"
    branch = name.removeprefix("refs/heads/")
    try:
        git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
    except (GitError, ValueError):
        return None
    return branch


@dataclass(frozen=True)
class Commit:
    """A revision's date, with the committer's time zone, and its subject; None where git does not know."""

    committed_at: str | None = None
    subject: str | None = None


def commit_of(revision: str | None) -> Commit:
    """Return what git says of `revision`, nothing without one that it knows."""
    if revision is None:
        return Commit()
    try:
        if not_a_checkout() is not None:
            return Commit()
        return read_commit(call_git("cat-file", "commit", revision))
    except GitError:
        return Commit()


def read_commit(data: bytes) -> Commit:
    """Return the date and the subject in a commit object."""
    head, _, message = data.partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in head.split(b"\n") if not line.startswith(b" "))
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", errors="replace")
    try:
        text = message.decode(encoding, errors="replace")
    except (LookupError, ValueError):  # no encoding of text
        text = message.decode(errors="replace")
    return Commit(committer_date(fields.get(b"committer", b"")), subject_of(text) or None)


def subject_of(message: str) -> str:
    """Return the first paragraph of a message as one line of printable characters."""
    paragraph = BLANK_LINE.split(message.lstrip(), maxsplit=1)[0]
    printable = "".join(character if character.isprintable() else " " for character in paragraph)
    return " ".join(printable.split())[:SUBJECT_LENGTH]


def committer_date(committer: bytes) -> str | None:
    """Return the ISO date at the end of a commit's `committer` line, None for one that is none."""
    words = committer.rsplit(b" ", 2)
    try:
        seconds, zone = int(words[-2]), int(words[-1])
        offset = timedelta(hours=abs(zone) // 100, minutes=abs(zone) % 100) * (-1 if zone < 0 else 1)
        return datetime.fromtimestamp(seconds, timezone(offset)).isoformat()
    except (ValueError, IndexError, OverflowError, OSError):
        return None


def resolve_revision(name: str) -> str | None:
    """Return the full revision that git calls `name`, None where it knows none."""
    if not name or name.startswith("-"):
        return None
    try:
        return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") or None
    except (GitError, ValueError):  # ValueError: a name with a NUL
        return None


def on_main(revisions: Iterable[str], target: str | None) -> set[str] | None:
    """Return those of `revisions` that are on main, up to where `target` left it; None where git has no main.

    A revision that git does not have, in a shallow clone for one, is not among them; see `known`.
    """
    tips = [tip for name in MAIN if (tip := resolve_revision(name)) is not None]
    if not tips:
        return None
    bases = set()
    for tip in tips:
        try:
            bases.add(git("merge-base", tip, target) if target else tip)
        except GitError:  # the target is not here, or has nothing in common with main
            continue
    history = git("rev-list", *sorted(bases or tips)).split()
    return set(revisions).intersection(history)


def known(revisions: Collection[str]) -> set[str]:
    """Return those of `revisions` that git has here."""
    object_names = "".join(f"{revision}\n" for revision in sorted(revisions) if revision.isalnum())
    try:
        answer = call_git("cat-file", "--batch-check", given=object_names.encode()).decode()
    except GitError:
        return set()
    return {line.split()[0] for line in answer.splitlines() if line.split()[1:2] == ["commit"]}
