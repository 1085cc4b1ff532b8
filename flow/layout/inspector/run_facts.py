"""What is told of a run as a whole, and the places that its checks complain of."""

from typing import Any

from flow.formats.def_file import DefFile
from flow.layout.inspector.markers import Marker, read_markers
from flow.layout.opened import OpenedLayout

MARKER_FILES = ("drc_markers", "deck_markers", "magic_markers")


def run_facts(opened: OpenedLayout, layout: DefFile) -> dict[str, Any]:
    """Return what is told of the run as a whole."""
    result, placement = opened.result, opened.placement
    return {
        "title": opened.title,
        "design": result.design,
        "pdk": result.pdk,
        "corner": result.corner,
        "clock_ns": result.clock_ns,
        "clocks": result.simulated_clocks,
        "revision": result.git_revision,
        "metrics": result.metrics.model_dump(),
        "groups": {name: group.model_dump() for name, group in result.groups.items()},
        "checks": {name: [check.status, check.detail] for name, check in result.checks.named().items()},
        "units_per_um": layout.units_per_um,
        "die": placement.die,
        "core": placement.core,
        "site_width": placement.site_width,
        "row_height": placement.row_height,
    }


def markers_of(opened: OpenedLayout) -> list[Marker]:
    """Return the markers that the run's checks left."""
    paths = [
        opened.folder / opened.result.files[kind] for kind in MARKER_FILES if kind in opened.result.files
    ]
    return [marker for path in paths if path.is_file() for marker in read_markers(path)]
