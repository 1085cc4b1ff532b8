"""Results kept beside the reports: one `result.json` per run, in the folders that the runs have."""

from pathlib import Path

from flow.errors import UserError
from flow.flowgraph import DEPTHS
from flow.result import Result, read_result, result_path, write_result
from flow.settings import Settings

# Depths whose results can be compared, the deepest first.
COMPARABLE = tuple(reversed([depth for depth in DEPTHS if depth != "verilog"]))


def kept_path(folder: Path, settings: Settings, depth: str) -> Path:
    """Return where the store in `folder` keeps a run's result of `depth`."""
    return result_path(folder / settings.design.name / settings.job, depth)


def keep(folder: Path, settings: Settings, result: Result) -> None:
    """Put `result` into the store in `folder`."""
    path = kept_path(folder, settings, result.depth)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_result(result, path)


def find(folder: Path, settings: Settings, depth: str) -> Result | None:
    """Return the run's result of `depth` from the store, None where there is none.

    Raises UserError for a file that is no result, or is that of other settings.
    """
    path = kept_path(folder, settings, depth)
    if not path.exists():
        return None
    result = read_result(path)
    wanted = settings.identity()
    found = {name: getattr(result, name) for name in wanted}
    if found != wanted:
        raise UserError(f"{path} holds a result with other settings")
    return result
