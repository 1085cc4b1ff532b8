"""Headless Chromium: from PATH, or Debian's package unpacked into the cache."""

import shutil
from functools import cache

from flow.common.atomic_file import write_whole
from flow.common.places import cache_dir
from flow.tools.debian_packages import unpacked_once, with_missing_dependencies

PACKAGE = "chromium-headless-shell"
# The package's program in usr/bin is a wrapper that looks for the browser where a system has it.
BROWSER = f"usr/lib/chromium/{PACKAGE}"
FONTS = "fonts-dejavu-core"
# Without a configuration of fonts Chromium ends at the first letter.
FONT_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Options with which a page draws by software what a graphics card would.
SOFTWARE_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")


@cache
def find_chromium() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the program and what its environment needs; raises PackageError where there is none."""
    for name in PROGRAMS:
        program_path = shutil.which(name)
        if program_path:
            return program_path, ()
    home = unpacked_once(cache_dir() / "chromium-with-fonts", browser_packages)
    libraries = {str(path.parent) for path in home.rglob("*.so*")}
    fonts = home / "fonts.conf"
    write_whole(fonts, FONT_CONFIGURATION.format(fonts=home / "usr/share/fonts"))
    environment = {"LD_LIBRARY_PATH": ":".join(sorted(libraries)), "FONTCONFIG_FILE": str(fonts)}
    return str(home / BROWSER), tuple(environment.items())


def browser_packages() -> list[str]:
    """Return the browser's package, what it needs that this system lacks, and fonts in any case."""
    return sorted({*with_missing_dependencies(PACKAGE), FONTS})
