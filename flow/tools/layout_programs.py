"""Magic and Netgen, which check a layout at transistor level: on PATH, or Debian's packages in the cache."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.common.places import cache_dir
from flow.common.processes import captured
from flow.tools.debian_packages import PackageError, filled_once, unpack, with_missing_dependencies

PACKAGES = ("magic", "netgen-lvs", "tcl")
HOME_NAME = "magic-and-netgen"
# Debian's `netgen` is a mesh generator; elsewhere that is the comparer's own name.
NETGEN_NAMES = ("netgen-lvs", "netgen")
MAGIC_OPTIONS = ("-dnull", "-noconsole", "-rcfile")
NETGEN_OPTIONS = ("-batch", "source")
# Below a folder of unpacked packages; `*` is the machine's name for its libraries.
MAGIC_START = ("usr/lib/*/magic/tcl/magic.tcl", "usr/lib/magic/tcl/magic.tcl")
NETGEN_START = ("usr/lib/netgen/tcl/netgen.tcl", "usr/lib/*/netgen/tcl/netgen.tcl")
TCL_PROGRAM = ("usr/bin/tclsh", "usr/bin/tclsh[0-9]*")
TCL_LIBRARY = ("usr/share/tcltk/tcl[0-9]*.[0-9]",)
LIBRARIES = ("usr/lib/*-linux-gnu*", "usr/lib")


class NoProgramError(RuntimeError):
    """A program is neither on PATH nor in the package archive: why, in a line."""


@dataclass(frozen=True)
class ScriptProgram:
    """A program that runs a Tcl script, and the environment that it runs in."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def run(self, script: Path, folder: Path, values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `script` in `folder`; it finds `values` in its environment."""
        return captured([*self.command, str(script)], cwd=folder, env={**self.environment, **values})


@dataclass(frozen=True)
class LayoutPrograms:
    """Both programs; `identity` tells them from others, by content."""

    magic: ScriptProgram
    netgen: ScriptProgram
    identity: str


def find_layout_programs(cache: Path | None = None) -> LayoutPrograms:
    """Return Magic and Netgen, fetched into `cache` (default: this project's) at first use.

    Raises NoProgramError where they are neither on PATH nor in the system's package archive.
    """
    at_hand = programs_at_hand(cache)
    if at_hand is not None:
        return at_hand
    home = packages_home(cache)
    try:
        filled_once(home, lambda folder: fill(folder, home))
    except PackageError as error:
        raise NoProgramError(
            f"no Magic and Netgen on PATH or in the package archive ({error}): install magic and netgen-lvs"
        ) from None
    fetched = programs_at_hand(cache)
    if fetched is None:
        raise NoProgramError(
            f"the packages {', '.join(PACKAGES)} lack a program: install magic and netgen-lvs"
        )
    return fetched


def programs_at_hand(cache: Path | None = None) -> LayoutPrograms | None:
    """Return Magic and Netgen where they are on PATH or were fetched before; fetches nothing."""
    home = packages_home(cache)
    magic = on_path(("magic",), MAGIC_OPTIONS) or unpacked(home, MAGIC_START, ("-nowrapper", *MAGIC_OPTIONS))
    netgen = on_path(NETGEN_NAMES, NETGEN_OPTIONS) or unpacked(home, NETGEN_START, NETGEN_OPTIONS)
    if magic is None or netgen is None:
        return None
    digest = hashlib.sha256()
    for path in filter(Path.is_absolute, map(Path, (*magic.command, *netgen.command))):
        # Of an unpacked package, the code beside the script that starts it.
        for file in [path, *sorted(path.parent.glob("tcl*.so"))] if path.suffix == ".tcl" else [path]:
            digest.update(file.read_bytes())
    return LayoutPrograms(magic, netgen, digest.hexdigest())


def packages_home(cache: Path | None) -> Path:
    """Return where the packages are unpacked."""
    return (cache or cache_dir()) / HOME_NAME


def fill(folder: Path, home: Path) -> None:
    """Unpack the packages into `folder`, which will be `home`; raises PackageError.

    Their scripts load libraries by whole paths, which become those below `home`.
    """
    unpack(with_missing_dependencies(*PACKAGES), folder)
    for script in sorted(folder.glob("usr/lib/**/tcl/*.tcl")):
        text = script.read_bytes()
        script.write_bytes(text.replace(b"/usr/lib/", f"{home}/usr/lib/".encode()))


def on_path(names: Sequence[str], options: Sequence[str]) -> ScriptProgram | None:
    """Return the first program of these names on PATH that is the one meant, with its options.

    Both are started by a script.
    """
    for name in names:
        program = shutil.which(name)
        if program and is_script(program):
            return ScriptProgram((str(Path(program).absolute()), *options), dict(os.environ))
    return None


def is_script(program: str) -> bool:
    """Whether a program is a script, as the one that starts the comparer is; the mesh generator is none."""
    with Path(program).open("rb") as file:
        return file.read(2) == b"#!"


def unpacked(home: Path, start: Sequence[str], options: Sequence[str]) -> ScriptProgram | None:
    """Return a program of the packages in `home`: Tcl, run on the program's own first script.

    Its own launcher knows one place alone.
    """
    script = first_of(home, start)
    tcl = first_of(home, TCL_PROGRAM) or shutil.which("tclsh")
    if script is None or tcl is None:
        return None
    # <root>/magic/tcl/magic.tcl
    environment = dict(os.environ) | {"CAD_ROOT": str(script.parents[2])}
    if str(tcl).startswith(str(home)):
        library = first_of(home, TCL_LIBRARY)
        environment |= {} if library is None else {"TCL_LIBRARY": str(library)}
    folders = [str(folder) for pattern in LIBRARIES for folder in sorted(home.glob(pattern))]
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
    return ScriptProgram((str(tcl), str(script), *options), environment)


def first_of(home: Path, patterns: Sequence[str]) -> Path | None:
    """Return the first file or folder below `home` that a pattern names."""
    candidates = (path for pattern in patterns for path in sorted(home.glob(pattern)))
    return next((path for path in candidates if path.exists()), None)
