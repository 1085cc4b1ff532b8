"""The sizes of a library's cells, from its LEF."""

import re
from collections.abc import Iterable
from pathlib import Path

_MACRO = re.compile(r"^\s*MACRO\s+(\S+)(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_SIZE = re.compile(r"^\s*SIZE\s+([\d.]+)\s+BY\s+([\d.]+)\s*;", re.MULTILINE)


def read_macro_sizes_um(paths: Iterable[Path]) -> dict[str, tuple[float, float]]:
    """Return the width and the height in um of each macro in the LEF files `paths`."""
    sizes_um: dict[str, tuple[float, float]] = {}
    for path in paths:
        for name, body in _MACRO.findall(path.read_text(encoding="utf-8", errors="replace")):
            size = _SIZE.search(body)
            if size is not None:
                sizes_um[name] = float(size[1]), float(size[2])
    return sizes_um
