"""Where things lie: the checkout, the cache, the PDK data."""

import os
from pathlib import Path

from flow.common.errors import UserError

# The checkout; of an installed wheel, the folder it was installed into.
PROJECT_ROOT = Path(__file__).resolve().parents[2]
IS_CHECKOUT = (PROJECT_ROOT / "pyproject.toml").is_file()
# Where reports and histories lie unless a command is told otherwise.
WORK_ROOT = PROJECT_ROOT if IS_CHECKOUT else Path.cwd()
REPORTS_DIR = WORK_ROOT / "reports"


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
