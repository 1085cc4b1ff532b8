"""Debian's packages without root: fetched with apt, unpacked into a folder of the user's."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from flow.common.processes import captured

APT_HELPER = "/usr/lib/apt/apt-helper"


class PackageError(RuntimeError):
    """A package cannot be had: apt's last line."""


def call(words: Sequence[str], folder: Path) -> str:
    """Run a command in `folder` and return what it prints; raises PackageError with its last line."""
    try:
        done = captured(words, cwd=folder)
    except OSError as error:
        raise PackageError(str(error)) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{words[0]} ended with code {done.returncode}"]
        raise PackageError(lines[-1])
    return done.stdout


def with_missing_dependencies(*packages: str) -> list[str]:
    """Return `packages` and what they need that this system has not installed."""
    plan = call(["apt-get", "install", "-s", "--no-install-recommends", *packages], Path.cwd())
    lines = (line.split() for line in plan.splitlines())
    return sorted({words[1] for words in lines if words[:1] == ["Inst"]} | set(packages))


def unpack(packages: Sequence[str], folder: Path) -> None:
    """Fetch `packages` of this system's release and unpack them into `folder`; raises PackageError."""
    with tempfile.TemporaryDirectory() as temporary:
        call(["apt-get", "download", *packages], Path(temporary))
        archives = sorted(Path(temporary).glob("*.deb"))
        if len(archives) < len(packages):
            raise PackageError(f"apt-get fetched {len(archives)} of {len(packages)} packages")
        for archive in archives:
            call(["dpkg-deb", "-x", str(archive), str(folder)], Path(temporary))


def unpack_from_pool(pool_file: str, sha256: str, folder: Path) -> None:
    """Fetch a file of the archive's pool by its path and unpack it into `folder`; raises PackageError.

    For a package that no suite of this system's lists names. The archives are those of apt's own
    configuration, in turn; apt's helper fetches and checks the hash.
    """
    archives = call(["apt-get", "indextargets", "--format", "$(REPO_URI)"], Path.cwd()).split()
    failure = PackageError("apt knows no archive")
    for address in dict.fromkeys(archives):
        with tempfile.TemporaryDirectory() as temporary:
            package = Path(temporary) / Path(pool_file).name
            source = f"{address.rstrip('/')}/{quote(pool_file)}"
            try:
                call([APT_HELPER, "download-file", source, str(package), f"SHA256:{sha256}"], Path(temporary))
                call(["dpkg-deb", "-x", str(package), str(folder)], Path(temporary))
            except PackageError as error:
                failure = error
            else:
                return
    raise failure


def filled_once(home: Path, fill: Callable[[Path], None]) -> Path:
    """Return `home`, filled by `fill` at first use, whole or not at all."""
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{home.name}.") as temporary:
            prepared = Path(temporary) / "root"
            prepared.mkdir()
            fill(prepared)
            # Another process may have been first: its copy is as good.
            if not home.exists():
                prepared.rename(home)
    return home


def unpacked_once(home: Path, packages: Callable[[], Sequence[str]]) -> Path:
    """Return `home`, filled with `packages()` at first use, whole or not at all; raises PackageError."""
    return filled_once(home, lambda folder: unpack(packages(), folder))
