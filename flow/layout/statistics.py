"""A routed layout in numbers, from what its run left."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from flow.formats.def_file import DefFile, Net
from flow.layout.opened import OpenedLayout
from flow.layout.placement import Placement
from flow.record.cell_groups import LOGIC, read_cell_list
from flow.record.run_folder import instances_path, step_log, worst_path_report

DENSITY_TILES = 20
LONGEST_NETS = 10
_LENGTH = re.compile(r"^Total wire length on LAYER (\S+) = (\d+) um", re.MULTILINE)
_VIAS = re.compile(r"^Up-via summary \(total \d+\):\n(.*?)\n\n", re.MULTILINE | re.DOTALL)
_POINT = re.compile(r"\( (\*|-?\d+) (\*|-?\d+)(?: \d+)? \)")
_STAGE = re.compile(r"[\^v] (\S+)/(\S+) \((\S+)\)$", re.MULTILINE)
_SLACK = re.compile(r"(-?[\d.]+)\s+slack \((?:MET|VIOLATED)\)")


def wire_length(net: Net) -> int:
    """Return the length of a net's wires in the layout's units."""
    length = 0
    for path in net.wires.split("\n      NEW "):
        x = y = 0
        points = []
        for word_x, word_y in _POINT.findall(path):
            x, y = (x if word_x == "*" else int(word_x)), (y if word_y == "*" else int(word_y))
            points.append((x, y))
        length += sum(abs(x1 - x0) + abs(y1 - y0) for (x0, y0), (x1, y1) in pairwise(points))
    return length


def density(placement: Placement, tiles: int = DENSITY_TILES) -> Any:
    """Return the share of each tile's core that cells cover [tiles, tiles], the first row at the bottom.

    A cell counts where its middle lies, so a tile may hold a little more than its area.
    """
    x0, y0, x1, y1 = placement.core_um
    boxes = placement.boxes_um
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    covered, _, _ = np.histogram2d(
        middles[:, 1], middles[:, 0], bins=tiles, range=((y0, y1), (x0, x1)), weights=areas
    )
    return covered / ((x1 - x0) * (y1 - y0) / tiles**2)


def router_layers(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return the router's final wire length in um and vias by layer; a via counts at its lower layer.

    Both are empty where the run's folder has no log of the router.
    """
    log = step_log(folder, "route.detailed")
    if not log.is_file():
        return {}, {}
    text = log.read_text(errors="replace", encoding="utf-8")
    # The last of each is the router's final word.
    lengths = {layer: int(length) for layer, length in _LENGTH.findall(text)}
    tables = _VIAS.findall(text)
    rows = re.findall(r"^\s*(\w+)\s+(\d+)$", tables[-1], re.MULTILINE) if tables else []
    return lengths, {layer: int(count) for layer, count in rows}


def worst_path(folder: Path) -> tuple[list[str], float | None]:
    """Return the instances along the report's worst setup path and its slack in the Liberty files' unit."""
    report = worst_path_report(folder)
    if not report.is_file():
        return [], None
    first = report.read_text(errors="replace", encoding="utf-8").split("Startpoint:")
    paths = [(float(match[1]), text) for text in first if (match := _SLACK.search(text))]
    if not paths:
        return [], None
    slack, text = min(paths, key=lambda path: path[0])
    return list(dict.fromkeys(name for name, _, _ in _STAGE.findall(text))), slack


def path_points_um(names: list[str], layout: DefFile) -> tuple[tuple[float, float], ...]:
    """Return where the cells called `names` stand: their lower left corners."""
    cells = [layout.components[name] for name in names if name in layout.components]
    units = layout.units_per_um
    return tuple(
        (cell.x / units, cell.y / units) for cell in cells if cell.x is not None and cell.y is not None
    )


def statistics(opened: OpenedLayout, layout: DefFile) -> dict[str, Any]:
    """Return everything that `view.py --stats` tells."""
    instances = [cell for cell in read_cell_list(instances_path(opened.folder)) if cell.kind == LOGIC]
    units = layout.units_per_um
    lengths = {name: wire_length(net) / units for name, net in layout.nets.items()}
    longest = sorted(lengths, key=lambda name: (-lengths[name], name))[:LONGEST_NETS]
    wires_um, vias = router_layers(opened.folder)
    path, slack = worst_path(opened.folder)
    return {
        "design": opened.result.design,
        "cells_by_type": dict(sorted(Counter(instance.master for instance in instances).items())),
        "area_um2_by_group": {
            group: round(opened.placement.area_um2(group), 3) for group in opened.placement.groups
        },
        "wire_length_um_by_layer": wires_um,
        "vias_by_lower_layer": vias,
        "longest_nets_um": {name: round(lengths[name], 2) for name in longest},
        "density": [[round(float(share), 3) for share in row] for row in density(opened.placement)],
        "worst_path": path,
        "worst_path_slack": slack,
    }
