"""Where a step finds the files of the cell library."""

from typing import Any

DELAY_MODEL = "nldm"


def liberty_filesets(library: Any, corner: str) -> list[str]:
    """Return the names of the filesets that hold `library`'s Liberty files at `corner`."""
    return list(library.get("asic", "libcornerfileset", corner, DELAY_MODEL))


def liberty_files(library: Any, corner: str) -> list[str]:
    """Return the paths of `library`'s Liberty files at `corner`."""
    return [
        path
        for fileset in liberty_filesets(library, corner)
        for path in library.find_files("fileset", fileset, "file", "liberty")
    ]
