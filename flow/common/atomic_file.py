"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a file to write beside `path`, then put it in place in one step: until then the old one stays.

    Where the writing fails the old one stays for good, and nothing beside it.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all."""
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
