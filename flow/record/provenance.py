"""What a result was made with: tool versions, hashes of the files."""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("myhdl", "siliconcompiler", "lambdapdk", "pyosys", "klayout")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that make a layout."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_of(value: Any) -> str:
    """Return the SHA-256 of plain data, in hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
