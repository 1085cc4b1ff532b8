"""Files that are there whole or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write `text` beside `path` and put it there in one step: an interruption leaves what was there."""
    staged = path.with_name(f"{path.name}.{os.getpid()}")
    staged.write_text(text)
    staged.replace(path)
