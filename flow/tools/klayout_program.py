"""The KLayout program, which runs design-rule decks: on PATH, or Debian's package unpacked into the cache.

The PyPI package has no interpreter for decks.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flow.common.errors import UserError
from flow.common.places import cache_dir
from flow.tools.debian_packages import PackageError, unpacked_once, with_missing_dependencies

PACKAGE = "klayout"
# Below a folder of unpacked packages; `*` is the machine's name for its libraries.
LIBRARIES = ("usr/lib/klayout", "usr/lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio")
RUBY = ("usr/lib/ruby/[0-9]*", "usr/lib/*-linux-gnu*/ruby/[0-9]*", "usr/lib/ruby/vendor_ruby")


@dataclass(frozen=True)
class KlayoutProgram:
    """The program and the environment that it runs in."""

    path: Path
    environment: Mapping[str, str]


def find_klayout(cache: Path | None = None) -> KlayoutProgram:
    """Return the KLayout program, fetched into `cache` (default: this project's) at first use.

    Raises UserError where it is neither on PATH nor in the system's package archive.
    """
    without_display = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    program = shutil.which("klayout")
    if program:
        return KlayoutProgram(Path(program), without_display)
    try:
        home = unpacked_once((cache or cache_dir()) / PACKAGE, lambda: with_missing_dependencies(PACKAGE))
    except PackageError as error:
        raise UserError(f"no KLayout on PATH or in the package archive ({error}): install klayout") from None
    folders = {"LD_LIBRARY_PATH": LIBRARIES, "RUBYLIB": RUBY}
    search_paths = {
        name: os.pathsep.join(str(path) for pattern in patterns for path in sorted(home.glob(pattern)))
        for name, patterns in folders.items()
    }
    # Not usr/bin/klayout: a script that knows one place.
    return KlayoutProgram(home / "usr/lib/klayout/klayout", without_display | search_paths)
