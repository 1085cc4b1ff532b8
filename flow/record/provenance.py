"""What a result was made with: tool versions, the revision of the sources, hashes of the files."""

import hashlib
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from flow.common.places import PROJECT_ROOT

# What a result is made of: a change elsewhere, such as a result that was just kept, is none of it.
SOURCES = ("flow", "hdl", "pdk_configs", "pyproject.toml")
PACKAGES = ("myhdl", "siliconcompiler", "lambdapdk", "pyosys", "klayout")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that make a layout."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def git(*words: str) -> str:
    """Return what a git command on the checkout prints; raises CalledProcessError."""
    command = ["git", "-C", str(PROJECT_ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def git_state() -> tuple[str | None, bool | None]:
    """Return the checkout's revision and whether SOURCES have changes; (None, None) outside git."""
    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--", *SOURCES))
    except (OSError, subprocess.CalledProcessError):
        return None, None


@dataclass(frozen=True)
class Commit:
    """A revision: the branch it was run on, its date and its subject; None where git does not know."""

    branch: str | None = None
    committed_at: str | None = None
    subject: str | None = None


def commit_of(revision: str | None) -> Commit:
    """Return what git says of `revision`, nothing outside git."""
    if revision is None:
        return Commit()
    try:
        branch = git("rev-parse", "--abbrev-ref", "HEAD")
        date, subject = git("show", "-s", "--format=%cI%n%s", revision).split("\n", 1)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return Commit()
    return Commit(branch, date, subject)


def resolve_revision(name: str) -> str | None:
    """Return the full revision that git calls `name`, None where it knows none."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except (OSError, subprocess.CalledProcessError):
        return None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
