"""What tells one file, package or engine on this machine from another: digests, never dates."""

import hashlib
import os
import platform
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from flow.tools.openroad_runtime import package_identity, package_launchers


def sha256_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where it cannot be read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return None


def hashes(paths: Iterable[Path]) -> list[str | None]:
    """Return the SHA-256 of each file, None for what cannot be read; several at a time."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(sha256_of, paths))


def identity_of_package(name: str) -> str | None:
    """Return version and content of an installed package, None where it is not installed.

    The content is the hash that its installer noted of each of its files.
    """
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return None
    record = next(
        (file.read_text(encoding="utf-8") for file in package.files or () if file.name == "RECORD"), ""
    )
    return f"{package.version} {hashlib.sha256(record.encode()).hexdigest()}"


def identity_of_openroad() -> str | None:
    """Return what tells the OpenROAD that a run would take; fetches nothing."""
    program = shutil.which("openroad")
    if program is None or Path(program).parent in package_launchers():
        return package_identity()
    return sha256_of(Path(program))


def identities_of_tools(packages: Iterable[str], with_openroad: bool) -> dict[str, str]:
    """Return the identities of Python, of those of `packages` that are installed, and maybe of OpenROAD."""
    named = {name: identity_of_package(name) for name in sorted(packages)}
    if with_openroad:
        named["openroad"] = identity_of_openroad()
    tools = {name: identity for name, identity in named.items() if identity is not None}
    return {"python": f"{platform.python_implementation()} {platform.python_version()}"} | tools
