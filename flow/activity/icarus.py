"""Icarus Verilog on this machine: the programs on PATH, or Debian's package unpacked into the cache."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flow.errors import UserError
from flow.places import cache_dir

PACKAGE = "iverilog"


@dataclass(frozen=True)
class Icarus:
    """The first words of the two commands: the compiler and the run-time."""

    compiler: tuple[str, ...]
    runtime: tuple[str, ...]


def _unpack(folder: Path) -> None:
    """Fetch the package of this system's release and unpack it into `folder`, without root."""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            for words in (["apt-get", "download", PACKAGE], ["dpkg-deb", "-x", "", str(folder)]):
                if not words[2]:
                    words[2] = str(next(Path(temporary).glob("*.deb")))
                subprocess.run(words, cwd=temporary, capture_output=True, text=True, check=True)
        except (OSError, StopIteration, subprocess.CalledProcessError) as error:
            lines = str(getattr(error, "stderr", "") or error).strip().splitlines()
            raise UserError(
                f"no Icarus Verilog on PATH or in the package archive ({lines[-1]}): install iverilog"
            ) from None


def find_icarus(cache: Path | None = None) -> Icarus:
    """Return Icarus Verilog, fetched into `cache` (default: this project's) at first use.

    Raises UserError where it is neither on PATH nor in the system's package archive.
    """
    compiler, runtime = shutil.which("iverilog"), shutil.which("vvp")
    if compiler and runtime:
        return Icarus((compiler,), (runtime,))
    home = (cache or cache_dir()) / PACKAGE
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{PACKAGE}.") as temporary:
            staged = Path(temporary) / "root"
            staged.mkdir()
            _unpack(staged)
            # Another process may have been first: its copy is as good.
            if not home.exists():
                staged.rename(home)
    library = next(home.glob("usr/lib/**/ivl"))
    return Icarus(
        (str(home / "usr/bin/iverilog"), "-B", str(library)), (str(home / "usr/bin/vvp"), "-M", str(library))
    )
