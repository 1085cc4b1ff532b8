"""Where a run's cells stand, of what kind, group and unit each is."""

from typing import Any

import numpy as np

from flow.common.errors import UserError
from flow.formats.def_file import DefFile
from flow.layout.inspector.facts import Array, indices
from flow.layout.inspector.library_facts import LibraryFacts
from flow.layout.inspector.units import HardwareUnit, read_units
from flow.layout.opened import OpenedLayout, groups_of
from flow.record.cell_groups import LOGIC, group_of, read_cell_list
from flow.record.run_folder import instances_path

ORIENTATIONS = ("N", "S", "E", "W", "FN", "FS", "FE", "FW")


def cell_names(opened: OpenedLayout, layout: DefFile) -> list[str]:
    """Return the names of the cells that count, sorted; raises UserError for one that is not placed."""
    listed = instances_path(opened.folder)
    if not listed.is_file():
        raise UserError(f"{opened.folder} lacks {listed.relative_to(opened.folder)}: run it again")
    names = sorted(cell.name.replace("\\", "") for cell in read_cell_list(listed) if cell.kind == LOGIC)
    for name in names:
        if name not in layout.components or layout.components[name].x is None:
            raise UserError(f"{opened.file('layout')} does not place {name}")
    return names


def cell_arrays(
    opened: OpenedLayout, layout: DefFile, names: list[str], library: LibraryFacts
) -> tuple[dict[str, Array], list[str], list[str], list[str]]:
    """Return what is known of each cell from the layout, and the names of masters, groups and units."""
    components = [layout.components[name] for name in names]
    masters = sorted({component.master for component in components})
    prefixes = groups_of(opened.result)
    group_names = [group_of(name, prefixes) for name in names]
    groups = [name for name in opened.placement.groups if name in group_names]
    groups += sorted(set(group_names) - set(groups))
    unit_names = [unit_of(name) for name in names]
    units = sorted(set(unit_names))
    return (
        {
            "x": np.array([component.x for component in components], np.int32),
            "y": np.array([component.y for component in components], np.int32),
            "master": indices([component.master for component in components], masters, np.uint16),
            "orientation": indices(
                [component.orientation or "N" for component in components], ORIENTATIONS, np.uint8
            ),
            "group": indices(group_names, groups, np.uint8),
            "unit": indices(unit_names, units, np.uint16),
        },
        masters,
        groups,
        units,
    )


def unit_of(name: str) -> str:
    """Return the instance of the top module that holds the cell, "" for one that the engines put in."""
    head, dot, _ = name.partition(".")
    return head if dot else ""


def unit_facts(opened: OpenedLayout, units: list[str]) -> list[dict[str, Any]]:
    """Return what is known of each unit: its module, its source, what it says of itself, its parts."""
    name = opened.result.files.get("verilog")
    path = opened.folder / name if name else None
    known = read_units(path, opened.result.design) if path is not None and path.is_file() else {}
    return [
        {"module": unit.module, "says": unit.says, "source": unit.source, "parts": unit.parts}
        for unit in (known.get(name, HardwareUnit()) for name in units)
    ]
