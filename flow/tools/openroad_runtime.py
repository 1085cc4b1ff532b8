"""OpenROAD on this machine: the program on PATH, or the PyPI package fetched once into the cache.

The package's wheel needs glibc 2.38. On an older system (Debian 12, Ubuntu 22.04) it runs under a newer C
library of its own, unpacked beside it from the packages of the distribution's next release. That release's
jemalloc comes along: the detailed router spends a seventh of its time in glibc's malloc. Neither step needs
root, and the system stays as it is.
"""

import hashlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from flow.common.atomic_file import written_whole
from flow.common.command_line import Say
from flow.common.errors import UserError
from flow.common.lock import locked
from flow.common.places import cache_dir
from flow.common.processes import captured
from flow.tools.debian_packages import filled_once

WHEEL_VERSION = "0.0.1"
WHEEL_PLATFORM = "manylinux_2_38_x86_64"
WHEEL_SHA256 = "4f6b8f946720b29e456828880bdacf065f1d543be6e42123159f03e25913acf6"
WHEEL_GLIBC = (2, 38)

LIBRARY_PACKAGES = ("libc6", "libstdc++6", "libgcc-s1", "libjemalloc2")
ALLOCATOR = "libjemalloc.so.2"
# The release of each distribution whose C library is new enough for the wheel, and its components.
NEWER_RELEASES = {"Debian": "trixie main", "Ubuntu": "noble main universe"}
HASHES = "packages.json"  # of those packages, beside what they hold
LIBRARY_FOLDER = "usr/lib/x86_64-linux-gnu"

SHELL_SCRIPT = Path(__file__).with_name("openroad_shell.py")


def find_openroad(say: Say) -> Path:
    """Return the folder to search for the program `openroad`, setting the package up at first use.

    `say` gets a line for each thing that is fetched. Raises UserError where it cannot be had.
    """
    on_path = shutil.which("openroad")
    if on_path:
        return Path(on_path).parent
    home = package_home()
    home.mkdir(parents=True, exist_ok=True)
    # Another run on this machine may set the package up too.
    with locked(home / "lock", wait=True):
        wheel = filled_once(home / "wheel", lambda folder: _fetch_wheel(folder, say))
        libraries = None
        if _system_glibc() < WHEEL_GLIBC:
            libraries = filled_once(home / "libraries", lambda folder: _fetch_libraries(folder, say))
        return _write_launcher(home, wheel, libraries)


def package_home() -> Path:
    """Return where the package is set up in the cache."""
    return cache_dir() / f"openroad-{WHEEL_VERSION}"


def package_launchers() -> list[Path]:
    """Return the folders of the package's front ends; see `find_openroad`."""
    return list(package_home().glob("bin-*"))


def package_identity() -> str:
    """Return what tells the package from another: the wheel's hash, those of its C library's packages."""
    libraries = ""
    if _system_glibc() < WHEEL_GLIBC:
        hashes = package_home() / "libraries" / HASHES
        libraries = hashes.read_text(encoding="utf-8") if hashes.is_file() else "none yet"
    return hashlib.sha256(f"{WHEEL_SHA256} {libraries}".encode()).hexdigest()


def use_openroad(say: Say) -> None:
    """Make sure that `openroad` is on this process's PATH; see `find_openroad`."""
    folder = str(find_openroad(say))
    path = os.environ.get("PATH", os.defpath)
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = f"{path}{os.pathsep}{folder}"


def _system_glibc() -> tuple[int, ...]:
    """Return the version of the running C library, (0,) where it is another one."""
    name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    return tuple(int(part) for part in version.split(".")) if name == "glibc" else (0,)


def _command(words: list[str], what: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a helper program and return its output; UserError with its last line if it fails."""
    if shutil.which(words[0]) is None:
        raise UserError(f"{what}: no program '{words[0]}' here; put an `openroad` program on PATH instead")
    result = captured(words, cwd, env)
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
        raise UserError(f"{what} failed: {lines[-1]}; put an `openroad` program on PATH instead")
    return result.stdout


def _fetch_wheel(folder: Path, say: Say) -> None:
    """Fetch the wheel with pip, check its hash and unpack it into `folder`."""
    say(f"OpenROAD: fetching the package openroad {WHEEL_VERSION} (47 MB, once)")
    with tempfile.TemporaryDirectory() as temporary:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary]
        target = ["--platform", WHEEL_PLATFORM, "--python-version", "3.12", "--implementation", "cp"]
        abi = ["--abi", "abi3", "--only-binary=:all:", f"openroad=={WHEEL_VERSION}"]
        _command(download + target + abi, "fetching OpenROAD", Path(temporary))
        wheel = next(Path(temporary).glob("*.whl"))
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if digest != WHEEL_SHA256:
            raise UserError(f"OpenROAD: {wheel.name} has SHA-256 {digest}, expected {WHEEL_SHA256}")
        shutil.unpack_archive(wheel, folder, "zip")


def _package_source() -> tuple[str, str]:
    """Return the origin and address of the package archive that this system's apt uses."""
    form = "$(ORIGIN) $(REPO_URI)"
    targets = _command(["apt-get", "indextargets", "--format", form], "asking apt", Path.cwd())
    for line in targets.splitlines():
        origin, _, address = line.partition(" ")
        if origin in NEWER_RELEASES:
            return origin, address
    raise UserError(
        "OpenROAD needs glibc 2.38 and this is neither Debian nor Ubuntu; put an `openroad` program on PATH"
    )


def _fetch_libraries(folder: Path, say: Say) -> None:
    """Unpack a newer C library into `folder` with an apt set-up of its own; apt checks signatures."""
    origin, address = _package_source()
    release = NEWER_RELEASES[origin]
    say(f"OpenROAD: fetching {', '.join(LIBRARY_PACKAGES)} of {origin} {release.split()[0]} (4 MB, once)")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        keyring = Path(f"/usr/share/keyrings/{origin.lower()}-archive-keyring.gpg")
        signed = f"[signed-by={keyring}] " if keyring.exists() else ""
        (work / "sources.list").write_text(f"deb {signed}{address} {release}\n", encoding="utf-8")
        (work / "status").touch()
        for place in ("lists/partial", "cache/archives/partial", "packages"):
            (work / place).mkdir(parents=True)
        (work / "apt.conf").write_text(
            f'Dir::Etc::SourceList "{work}/sources.list";\n'
            'Dir::Etc::SourceParts "-";\n'
            f'Dir::State::Lists "{work}/lists";\n'
            f'Dir::State::Status "{work}/status";\n'
            f'Dir::Cache "{work}/cache";\n'
            f'APT::Sandbox::User "";\n',
            encoding="utf-8",
        )
        env = os.environ | {"APT_CONFIG": str(work / "apt.conf")}
        _command(["apt-get", "-q", "update"], "reading the package lists", work, env)
        packages = work / "packages"
        _command(["apt-get", "download", *LIBRARY_PACKAGES], "fetching a newer C library", packages, env)
        hashes = {}
        for package in sorted(packages.glob("*.deb")):
            hashes[package.name] = hashlib.sha256(package.read_bytes()).hexdigest()
            _command(["dpkg-deb", "-x", str(package), str(folder)], f"unpacking {package.name}", work)
    (folder / HASHES).write_text(json.dumps(hashes, indent=2) + "\n", encoding="utf-8")


def _write_launcher(home: Path, wheel: Path, libraries: Path | None) -> Path:
    """Write the `openroad` program for this checkout and Python; return its folder."""
    python = shlex.quote(str(Path(sys.executable).resolve()))
    start = python
    if libraries is not None:
        paths = [libraries / LIBRARY_FOLDER, Path(sys.base_prefix) / "lib", Path("/lib/x86_64-linux-gnu")]
        loader = libraries / "usr/lib64/ld-linux-x86-64.so.2"
        if not loader.exists():
            loader = libraries / LIBRARY_FOLDER / "ld-linux-x86-64.so.2"
        search = ":".join(map(str, paths))
        # By its name alone: the loader splits a path at blanks.
        start = f"{shlex.quote(str(loader))} --library-path {shlex.quote(search)} --preload {ALLOCATOR}"
        start += f" {python}"
    text = (
        f"#!/bin/sh\nexport OPENROAD_WHEEL_DIR={shlex.quote(str(wheel))}\n"
        f'exec {start} -I {shlex.quote(str(SHELL_SCRIPT))} "$@"\n'
    )
    folder = home / f"bin-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    program = folder / "openroad"
    if not program.exists():
        folder.mkdir(exist_ok=True)
        with written_whole(program) as beside:
            beside.write_text(text, encoding="utf-8")
            beside.chmod(0o755)
    return folder
