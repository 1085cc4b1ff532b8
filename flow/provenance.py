"""What a result was made with: tool versions, the revision of the sources, hashes of the files."""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from flow.places import PROJECT_ROOT

PACKAGES = ("myhdl", "siliconcompiler", "lambdapdk", "pyosys", "klayout")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that make a layout."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def git_state() -> tuple[str | None, bool | None]:
    """Return the checkout's revision and whether it has changes; (None, None) outside git."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(PROJECT_ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
