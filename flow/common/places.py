"""Where things lie: the checkout, the cache, the PDK data."""

import os
from pathlib import Path

from flow.common.errors import UserError

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def cache_dir() -> Path:
    """Return this project's folder below the user's cache directory (`$XDG_CACHE_HOME`).

    Raises UserError where neither that nor a home is known.
    """
    given = os.environ.get("XDG_CACHE_HOME")
    if given and not Path(given).is_absolute():
        raise UserError(f"XDG_CACHE_HOME {given!r} is not an absolute path: set it to one")
    try:
        base = Path(given) if given else Path.home() / ".cache"
    except RuntimeError:
        raise UserError("no home folder is known: set XDG_CACHE_HOME to a folder for the cache") from None
    return base / "expmul-open-silicon"
