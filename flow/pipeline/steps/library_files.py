"""Where a step finds the files of the cell library and of the technology."""

from pathlib import Path
from typing import Any

DELAY_MODEL = "nldm"


def liberty_filesets(library: Any, corner: str) -> list[str]:
    """Return the names of the filesets that hold `library`'s Liberty files at `corner`."""
    return list(library.get("asic", "libcornerfileset", corner, DELAY_MODEL))


def liberty_files(library: Any, corner: str) -> list[Path]:
    """Return the paths of `library`'s Liberty files at `corner`."""
    return [
        Path(path)
        for fileset in liberty_filesets(library, corner)
        for path in library.find_files("fileset", fileset, "file", "liberty")
    ]


def layout_files(library: Any, filetype: str) -> list[Path]:
    """Return the paths of `library`'s files that hold its cells for a layout: `lef` or `gds`."""
    return [
        Path(path)
        for fileset in library.get("asic", "aprfileset")
        if library.has_file(fileset=fileset, filetype=filetype)
        for path in library.find_files("fileset", fileset, "file", filetype)
    ]


def technology_lefs(pdk: Any) -> list[Path]:
    """Return the paths of the technology LEF, with the rules of the layers."""
    return [
        Path(path)
        for fileset in pdk.get("pdk", "aprtechfileset", "klayout")
        for path in pdk.find_files("fileset", fileset, "file", "lef")
    ]
