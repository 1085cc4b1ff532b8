"""A run kept beside the reports: its result, and where its cells lie."""

from pathlib import Path

from flow.layout.opened import keep_placement
from flow.layout.placement import FILE_NAME
from flow.record.depths import POWER_DEPTHS
from flow.record.result import Result, text_of
from flow.record.results_store import keep, kept_path


def keep_run(reports: Path, result: Result, run: Path) -> None:
    """Keep `result` of the run in the folder `run` and, once routed, where its cells lie; once is enough.

    The result comes last: where it is kept, so is the rest.
    """
    path = kept_path(reports, result.design, result.job, result.depth)
    placed = result.depth not in POWER_DEPTHS or path.with_name(FILE_NAME).exists()
    if placed and path.exists() and path.read_text(encoding="utf-8") == text_of(result):
        return
    keep_placement(result, run, path.parent)
    keep(reports, result)
