"""What a run needs of the machine, tried before anything starts: paths, temporary files, shared memory.

Engines take paths through scripts of their own (ABC's, Tcl's, SiliconCompiler's manifests) that give some
characters a meaning; a path with one of them is refused here, and nowhere else.
"""

import multiprocessing
import os
import tempfile
from pathlib import Path

from flow.common.errors import UserError
from flow.common.places import PROJECT_ROOT, cache_dir

# ABC ends a word or a command at these; `$` names a variable to SiliconCompiler and to Tcl; `\` quotes.
REFUSED_CHARACTERS = "'\";\\$"
# Where folders are joined to a search path.
SEPARATOR = ":"
# ABC and the engines keep a path in buffers of 1,000 and more; a run adds some 150 characters.
PATH_MAX_BYTES = 600
# The name of a socket has 107 bytes: SiliconCompiler's manager adds `/pymp-xxxxxxxx/listener-xxxxxxxx`.
TEMPORARY_PATH_MAX_BYTES = 107 - len("/pymp-xxxxxxxx/listener-xxxxxxxx")


def check_path(
    what: str, path: Path, refused: str = REFUSED_CHARACTERS, bytes_max: int = PATH_MAX_BYTES
) -> None:
    """Raise UserError, with the character, where an engine does not take `path`; `what` names its source."""
    text = str(path)
    shown = text.encode("utf-8", "backslashreplace").decode()
    for character in text:
        if character in refused or not character.isprintable():
            name = character if character.isprintable() and character != " " else ascii(character)
            raise UserError(f"{what} {shown!r}: the engines take no path with the character {name}")
    if len(os.fsencode(text)) > bytes_max:
        raise UserError(
            f"{what} of {len(os.fsencode(text))} bytes, at most {bytes_max} work: {shown[:100]!r}..."
        )


def check_surroundings(build_dir: Path, pdk_root: Path | None) -> None:
    """Raise UserError where a run would fail for what the machine or its environment is."""
    check_path("the checkout", PROJECT_ROOT, REFUSED_CHARACTERS + SEPARATOR)
    check_path("--out", build_dir)
    if pdk_root is not None:
        check_path("--pdk-root", pdk_root)
    check_temporary_folder()
    check_shared_memory()
    check_cache_folder()


def check_temporary_folder() -> None:
    """Raise UserError where there is no folder for temporary files, or one that the engines do not take."""
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError:
        raise UserError("no folder for temporary files can be written: set TMPDIR to one that can") from None
    # ABC's script joins it with blanks.
    check_path(
        "TMPDIR (set it to another folder)", folder, REFUSED_CHARACTERS + " ", TEMPORARY_PATH_MAX_BYTES
    )


def check_shared_memory() -> None:
    """Raise UserError where processes cannot share a lock: SiliconCompiler's steps do."""
    try:
        multiprocessing.get_context("fork").Lock()
    except OSError as error:
        raise UserError(
            f"/dev/shm cannot be used ({error.strerror or error}): mount a tmpfs that all may write"
        ) from None


def check_cache_folder() -> None:
    """Raise UserError where the cache can neither be read nor made; HOME is set where nothing names one.

    SiliconCompiler looks for a home, too.
    """
    cache = cache_dir()
    check_path("the cache (set XDG_CACHE_HOME to another folder)", cache, REFUSED_CHARACTERS + SEPARATOR)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        flags = os.statvfs(cache).f_flag
    except OSError as error:
        raise UserError(
            f"the cache {cache} cannot be made ({error.strerror}): set XDG_CACHE_HOME to a folder that can "
            "be written"
        ) from None
    if flags & os.ST_NOEXEC:
        raise UserError(
            f"the cache {cache} is on a file system without execution: set XDG_CACHE_HOME to another folder"
        )
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(cache)


def folder_for_programs(run: Path) -> Path:
    """Return where a program or library can be made and loaded: the temporary folder, else `run`.

    Raises UserError where neither allows execution.
    """
    for folder in (Path(tempfile.gettempdir()), run):
        if not os.statvfs(folder).f_flag & os.ST_NOEXEC:
            return folder
    raise UserError(f"{tempfile.gettempdir()} and {run} allow no execution: set TMPDIR to a folder that does")
