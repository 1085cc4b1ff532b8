"""What a step's outcome owes to this project's own files, as one number."""

import hashlib
from collections.abc import Sequence

from flow.common.places import PROJECT_ROOT

# Of code, data and scripts; a README changes nothing.
SUFFIXES = (".py", ".cpp", ".npy", ".tcl", ".lyt", ".map", ".tech")


def sources_sha256(*names: str, without: Sequence[str] = ()) -> str:
    """Return the SHA-256 over files and folders of the checkout, given by their names from its root.

    Of a folder every file counts that has one of SUFFIXES and is not below one of `without`; paths are
    part of the digest.
    """
    digest = hashlib.sha256()
    for name in names:
        path = PROJECT_ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            place = file.relative_to(PROJECT_ROOT).as_posix()
            if file.suffix in SUFFIXES and not any(
                f"{place}/".startswith(f"{folder}/") for folder in without
            ):
                digest.update(f"{place}\n".encode() + file.read_bytes())
    return digest.hexdigest()
