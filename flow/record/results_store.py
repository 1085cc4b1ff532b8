"""Results kept beside the reports, in the folders that the runs have: `result.json`."""

from pathlib import Path

from flow.common.errors import UserError
from flow.record.depths import DEPTHS
from flow.record.outside_sources import design_source
from flow.record.result import Result, identity_of, read_result, result_path, write_result
from flow.record.settings import Settings

# Depths whose results can be compared, the deepest first.
COMPARABLE = tuple(reversed([depth for depth in DEPTHS if depth != "verilog"]))


def kept_path(reports: Path, design: str, job: str, depth: str) -> Path:
    """Return where the result of a run is kept below the folder `reports`."""
    return result_path(reports / "results" / design / job, depth)


def keep(reports: Path, result: Result) -> None:
    """Keep `result`."""
    path = kept_path(reports, result.design, result.job, result.depth)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_result(result, path)


def find(reports: Path, settings: Settings) -> Result | None:
    """Return the kept result of the run that `settings` ask for, None where there is none.

    One of another text of a design that is not of this project is none.

    Raises UserError for a file that is no result, or is that of other settings.
    """
    path = kept_path(reports, settings.design.name, settings.job, settings.depth)
    if not path.exists():
        return None
    result = read_result(path)
    if identity_of(result) != settings.identity():
        raise UserError(f"{path} holds a result with other settings")
    return result if result.design_source == design_source(settings.design.name) else None
