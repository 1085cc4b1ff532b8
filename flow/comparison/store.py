"""Results kept beside the reports, in the folders that the runs have: `result.json`, and where cells lie."""

from pathlib import Path

from flow.depths import DEPTHS, POWER_DEPTHS
from flow.errors import UserError
from flow.layout.opened import placement_of
from flow.layout.placement import FILE_NAME, write_placement
from flow.result import Result, identity_of, read_result, result_path, text_of, write_result
from flow.settings import Settings

# Depths whose results can be compared, the deepest first.
COMPARABLE = tuple(reversed([depth for depth in DEPTHS if depth != "verilog"]))


def kept_path(reports: Path, design: str, job: str, depth: str) -> Path:
    """Return where the result of a run is kept below the folder `reports`."""
    return result_path(reports / "results" / design / job, depth)


def keep_run(reports: Path, result: Result, run: Path) -> None:
    """Keep `result` of the run in the folder `run` and, once routed, where its cells lie; once is enough.

    The result comes last: where it is kept, so is the rest.
    """
    path = kept_path(reports, result.design, result.job, result.depth)
    placed = result.depth not in POWER_DEPTHS or path.with_name(FILE_NAME).exists()
    if placed and path.exists() and path.read_text() == text_of(result):
        return
    keep_placement(reports, result, run)
    keep(reports, result)


def keep(reports: Path, result: Result) -> None:
    """Keep `result`."""
    path = kept_path(reports, result.design, result.job, result.depth)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_result(result, path)


def keep_placement(reports: Path, result: Result, run: Path) -> None:
    """Keep where the cells lie of the run in the folder `run`, once routed: to draw it again."""
    if result.depth in POWER_DEPTHS:
        path = kept_path(reports, result.design, result.job, result.depth).with_name(FILE_NAME)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_placement(placement_of(result, run), path)


def find(reports: Path, settings: Settings) -> Result | None:
    """Return the kept result of the run that `settings` ask for, None where there is none.

    Raises UserError for a file that is no result, or is that of other settings.
    """
    path = kept_path(reports, settings.design.name, settings.job, settings.depth)
    if not path.exists():
        return None
    result = read_result(path)
    if identity_of(result) != settings.identity():
        raise UserError(f"{path} holds a result with other settings")
    return result
