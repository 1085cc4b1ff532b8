"""Icarus Verilog on this machine: the programs on PATH, or Debian's package unpacked into the cache."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from flow.common.errors import UserError
from flow.common.places import cache_dir
from flow.tools.debian_packages import PackageError, unpacked_once

PACKAGE = "iverilog"


@dataclass(frozen=True)
class Icarus:
    """The first words of the two commands: the compiler and the run-time."""

    compiler: tuple[str, ...]
    runtime: tuple[str, ...]


def find_icarus(cache: Path | None = None) -> Icarus:
    """Return Icarus Verilog, fetched into `cache` (default: this project's) at first use.

    Raises UserError where it is neither on PATH nor in the system's package archive.
    """
    compiler, runtime = shutil.which("iverilog"), shutil.which("vvp")
    if compiler and runtime:
        return Icarus((compiler,), (runtime,))
    try:
        home = unpacked_once((cache or cache_dir()) / PACKAGE, lambda: [PACKAGE])
    except PackageError as error:
        raise UserError(
            f"no Icarus Verilog on PATH or in the package archive ({error}): install iverilog"
        ) from None
    library = next(home.glob("usr/lib/**/ivl"))
    return Icarus(
        (str(home / "usr/bin/iverilog"), "-B", str(library)), (str(home / "usr/bin/vvp"), "-M", str(library))
    )
