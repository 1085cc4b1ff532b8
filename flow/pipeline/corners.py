"""The PDK's corners in a run: which have data here, and the scenarios to meet the clock at all of them.

Apart from `project.py`, of which every step on the library is made.
"""

from pathlib import Path
from typing import Any

from siliconcompiler import ASIC

from flow.common.errors import UserError
from flow.pipeline.steps.library_files import liberty_filesets
from flow.record.settings import Settings
from pdk_configs.corners import corners_of

TIMING_CHECKS = ("setup", "hold")


def add_scenarios(project: ASIC, settings: Settings) -> None:
    """Have the layout meet its clock at all corners where `settings` say so, with the typical wires at each.

    Raises UserError for a corner of which there is no data.
    """
    if settings.optimised_corners != "all":
        return
    liberty = liberty_at_corners(project, settings)
    for corner in corners_of(settings.pdk):
        if corner.name not in liberty:
            raise UserError(f"--corners all: the PDK's data lacks {', '.join(corner.liberty)}")
        if corner.name != settings.pdk.corner:
            scenario = project.constraint.timing.make_scenario(corner.name)
            scenario.add_libcorner(corner.name)
            scenario.set_pexcorner("typical")
            scenario.add_check(list(TIMING_CHECKS))


def liberty_at_corners(project: ASIC, settings: Settings) -> dict[str, list[Path]]:
    """Return the Liberty files by corner, slow to fast, of those corners of which all files are there."""
    library = project.get("library", settings.pdk.library, field="schema")
    files = {corner: files_at(library, corner.name) for corner in corners_of(settings.pdk)}
    return {
        corner.name: paths
        for corner, paths in files.items()
        if paths and (not corner.liberty or {path.name for path in paths} == set(corner.liberty))
    }


def files_at(library: Any, corner_name: str) -> list[Path]:
    """Return the library's Liberty files at a corner, none where one is missing."""
    if not library.valid("asic", "libcornerfileset", corner_name):
        return []
    paths = [
        path
        for fileset in liberty_filesets(library, corner_name)
        for path in library.find_files("fileset", fileset, "file", "liberty", missing_ok=True)
    ]
    return [Path(path) for path in paths] if all(paths) else []
