"""Everything that a finished run says of its cells and nets, in arrays: what the inspector's page shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.common.errors import UserError
from flow.formats.def_file import DefFile, read_def
from flow.formats.def_wires import Terminal, Wiring, routing_layers, terminals, via_layers, wiring
from flow.formats.lef_macros import read_macros
from flow.formats.lef_rules import read_rules
from flow.formats.liberty import Cell, read_liberty, read_text
from flow.layout.inspector.activity import Activity, read_activities
from flow.layout.inspector.markers import Marker, read_markers
from flow.layout.inspector.timing import Timing, can_be_timed, time_cells
from flow.layout.inspector.units import HardwareUnit, read_units
from flow.layout.opened import OpenedLayout, groups_of
from flow.pipeline.steps.library_files import layout_files, liberty_files, technology_lefs
from flow.record.activities import TIMED, ZERO_DELAY
from flow.record.cell_groups import LOGIC, group_of, read_cell_list
from flow.record.constraints import CLOCK_PORT
from flow.record.run_folder import instances_path
from flow.record.settings import find_pdk
from flow.tools.pdk_data import find_data_root

ORIENTATIONS = ("N", "S", "E", "W", "FN", "FS", "FE", "FW")
MARKER_FILES = ("drc_markers", "deck_markers")
# Of a pin's owner: a number below this is a cell, one from here on a port.
PORTS_FROM = 1 << 24

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Facts:
    """A run to look into. Lengths are in the DEF's units; arrays are by cell, by net or by a net's pins.

    `tables` holds the names that the arrays' indices mean, and what is told once: it is plain data.
    """

    tables: dict[str, Any]
    arrays: dict[str, Array]


@dataclass(frozen=True)
class LibraryFacts:
    """What the library and the technology say: cells by name, their sizes, layers and vias of wires."""

    cells: Mapping[str, Cell]
    sizes_um: Mapping[str, tuple[float, float]]
    layers: list[str]
    widths_um: Mapping[str, float]
    technology: list[Path]
    liberty: list[Path]
    time_unit_ns: float


def read_library(pdk_name: str, pdk_root: Path | None) -> LibraryFacts:
    """Return what the PDK's data says of its cells and wires; raises UserError where it is not at hand."""
    pdk = find_pdk(pdk_name)
    library = pdk.make_library(find_data_root(pdk, pdk_root))
    technology = technology_lefs(library.get_dep(library.get("asic", "pdk")))
    liberty = liberty_files(library, pdk.corner)
    macros = read_macros([*technology, *layout_files(library, "lef")])
    rules = read_rules(technology[0])
    return LibraryFacts(
        cells=read_liberty(liberty),
        sizes_um={name: macro.size_um for name, macro in macros.items()},
        layers=routing_layers(technology),
        widths_um={name: layer.width_um for name, layer in rules.wires.items()},
        technology=technology,
        liberty=liberty,
        time_unit_ns=pdk.time_unit_ns,
    )


def collect(opened: OpenedLayout, pdk_root: Path | None) -> Facts:
    """Return the facts of the run; raises UserError for one without its layout, StepError of its timing."""
    layout_file = opened.file("layout")
    library = read_library(opened.result.pdk, pdk_root)
    try:
        layout = read_def(layout_file)
        text = read_text(layout_file)
        vias = via_layers(library.technology, text)
        wires = {name: wiring(net.wires, vias) for name, net in layout.nets.items()}
    except ValueError as error:
        raise UserError(str(error)) from None
    top = opened.result.design
    timing = (
        time_cells(opened.folder, top, library.liberty, library.time_unit_ns)
        if can_be_timed(opened.folder, top)
        else None
    )
    names = cell_names(opened, layout)
    ports = terminals(text)
    cells, masters, groups, units = cell_arrays(opened, layout, names, library)
    nets, pin_names = net_arrays(layout, names, ports, library.cells)
    activities = read_activities(opened.folder, top)
    arrays = cells | nets | wire_arrays(layout, wires, library.layers)
    arrays |= power_arrays(names, activities)
    arrays |= transition_arrays(layout, names, list(ports), nets, pin_names, activities)
    if timing is not None:
        arrays |= slack_arrays(names, timing)
    tables = {
        "run": run_facts(opened, layout),
        "cells": names,
        "nets": list(layout.nets),
        "ports": [[name, port.direction.lower(), port.x, port.y] for name, port in ports.items()],
        "masters": [
            [name, *(round(side, 4) for side in library.sizes_um.get(name, (0, 0)))] for name in masters
        ],
        "groups": groups,
        "units": units,
        "unit_facts": unit_facts(opened, units),
        "pins": pin_names,
        "orientations": list(ORIENTATIONS),
        "layers": [[name, library.widths_um.get(name, 0.0)] for name in library.layers],
        "timing": timing_facts(timing),
        "markers": [[marker.rule, marker.says, *marker.box_um] for marker in markers_of(opened)],
        "clock_net": CLOCK_PORT,
    }
    return Facts(tables, arrays)


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


def indices(values: list[str], names: Any, kind: Any) -> Array:
    """Return the index in `names` of each value."""
    number = {name: index for index, name in enumerate(names)}
    return np.array([number[value] for value in values], kind)


def net_arrays(
    layout: DefFile, names: list[str], ports: Mapping[str, Terminal], cells: Mapping[str, Cell]
) -> tuple[dict[str, Array], list[str]]:
    """Return the pins of each net, its driver first where it has one, and the names of pins.

    `pin_start` [nets + 1] says where a net's pins begin; `pin_owner` is a cell, or PORTS_FROM and a port;
    `pin_name` indexes the names; `driven` [nets] is 1 for a net whose first pin drives it.
    """
    cell_number = {name: number for number, name in enumerate(names)}
    port_number = {name: PORTS_FROM + number for number, name in enumerate(ports)}
    pin_names: dict[str, int] = {}
    start, owner, name_of_pin, driven = [0], [], [], []
    for net in layout.nets.values():
        pins = []
        for instance, pin in net.pins:
            if instance == "PIN":
                if pin in port_number:
                    drives = ports[pin].direction == "INPUT"
                    pins.append((not drives, port_number[pin], pin_names.setdefault("", len(pin_names))))
            elif instance in cell_number:
                drives = drives_net(cells.get(layout.components[instance].master), pin)
                pins.append((not drives, cell_number[instance], pin_names.setdefault(pin, len(pin_names))))
        pins.sort()
        driven.append(bool(pins) and not pins[0][0])
        owner += [pin[1] for pin in pins]
        name_of_pin += [pin[2] for pin in pins]
        start.append(len(owner))
    arrays: dict[str, Array] = {
        "pin_start": np.array(start, np.uint32),
        "pin_owner": np.array(owner, np.uint32),
        "pin_name": np.array(name_of_pin, np.uint16),
        "driven": np.array(driven, np.uint8),
    }
    return arrays, list(pin_names)


def drives_net(cell: Cell | None, pin: str) -> bool:
    """Return whether the pin is an output of the library's cell."""
    return cell is not None and any(pin == output.name for output in cell.outputs)


def wire_arrays(layout: DefFile, wires: Mapping[str, Wiring], layers: list[str]) -> dict[str, Array]:
    """Return the wires of all nets, each point as its way from the one before: small numbers pack well.

    A piece goes from (`piece_x`, `piece_y`) for `piece_length` along y where its layer has ALONG_Y added.
    """
    number = {name: index for index, name in enumerate(layers)}
    pieces, vias = [], []
    piece_start, via_start = [0], [0]
    for name in layout.nets:
        for layer, x0, y0, x1, y1 in wires[name].pieces:
            upright = x0 == x1
            pieces.append(
                (number[layer] + (ALONG_Y if upright else 0), x0, y0, y1 - y0 if upright else x1 - x0)
            )
        vias += [(number[layer], x, y) for layer, x, y in wires[name].vias]
        piece_start.append(len(pieces))
        via_start.append(len(vias))
    piece_table = np.array(pieces, np.int64).reshape(-1, 4)
    via_table = np.array(vias, np.int64).reshape(-1, 3)
    return {
        "piece_start": np.array(piece_start, np.uint32),
        "piece_layer": piece_table[:, 0].astype(np.uint8),
        "piece_x": steps(piece_table[:, 1]),
        "piece_y": steps(piece_table[:, 2]),
        "piece_length": piece_table[:, 3].astype(np.int32),
        "via_start": np.array(via_start, np.uint32),
        "via_layer": via_table[:, 0].astype(np.uint8),
        "via_x": steps(via_table[:, 1]),
        "via_y": steps(via_table[:, 2]),
    }


ALONG_Y = 128


def steps(values: Array) -> Array:
    """Return each value less the one before it."""
    return np.diff(values, prepend=0).astype(np.int32)


def power_arrays(names: list[str], activities: Mapping[str, Activity]) -> dict[str, Array]:
    """Return the power of each cell in W by kind, and of its total what is glitches; NaN where unknown.

    Glitches are what the layout's delays add to the same data without delays.
    """
    if not activities:
        return {}
    timed, still = activities[TIMED].cells, activities[ZERO_DELAY].cells

    def column(kind: str) -> Array:
        return np.array([getattr(timed.get(name), kind, np.nan) for name in names])

    total = column("total_w")
    without_glitches = np.array([getattr(still.get(name), "total_w", np.nan) for name in names])
    kinds = {kind: column(f"{kind}_w").astype(np.float32) for kind in ("internal", "switching", "leakage")}
    return kinds | {
        "power": total.astype(np.float32),
        "glitch_power": (total - without_glitches).astype(np.float32),
    }


def transition_arrays(
    layout: DefFile,
    names: list[str],
    ports: list[str],
    nets: Mapping[str, Array],
    pin_names: list[str],
    activities: Mapping[str, Activity],
) -> dict[str, Array]:
    """Return how often each net's driver changed, with the layout's delays and without; 0 where unknown."""
    if not activities:
        return {}
    drivers = []
    for number in range(len(layout.nets)):
        first = int(nets["pin_start"][number])
        if not nets["driven"][number]:
            drivers.append("")
            continue
        owner = int(nets["pin_owner"][first])
        pin = pin_names[int(nets["pin_name"][first])]
        drivers.append(ports[owner - PORTS_FROM] if owner >= PORTS_FROM else f"{names[owner]}/{pin}")
    return {
        f"transitions_{name}": np.array(
            [activities[name].transitions.get(driver, 0) for driver in drivers], np.uint32
        )
        for name in (TIMED, ZERO_DELAY)
    }


def slack_arrays(names: list[str], timing: Timing) -> dict[str, Array]:
    """Return the worst slacks through each cell in ns, NaN where it is on no constrained path."""
    worst = {"setup_slack": np.full(len(names), np.nan), "hold_slack": np.full(len(names), np.nan)}
    number = {name: index for index, name in enumerate(names)}
    for pin, slacks in timing.pins.items():
        cell = number.get(pin.rpartition("/")[0])
        if cell is None:
            continue
        for values, slack in zip(worst.values(), slacks, strict=True):
            if slack is not None and not slack >= values[cell]:
                values[cell] = slack
    return {name: values.astype(np.float32) for name, values in worst.items()}


def timing_facts(timing: Timing | None) -> dict[str, Any] | None:
    """Return paths and endpoints as plain data, None without timing."""
    if timing is None:
        return None
    return {
        "endpoints": [[name, *slacks] for name, slacks in timing.endpoints.items()],
        "paths": {
            check: [
                {
                    "start": path.start,
                    "end": path.end,
                    "slack": path.slack_ns,
                    "arrival": path.arrival_ns,
                    "required": path.required_ns,
                    "clock": [stage.pin for stage in path.clock_stages],
                    "stages": [
                        [stage.pin, stage.arrival_ns, stage.delay_ns, stage.slew_ns, stage.capacitance_f]
                        for stage in path.stages
                    ],
                }
                for path in paths
            ]
            for check, paths in timing.paths.items()
        },
    }


def unit_facts(opened: OpenedLayout, units: list[str]) -> list[dict[str, Any]]:
    """Return what is known of each unit: its module, its source, what it says of itself, its parts."""
    name = opened.result.files.get("verilog")
    path = opened.folder / name if name else None
    known = read_units(path, opened.result.design) if path is not None and path.is_file() else {}
    return [
        {"module": unit.module, "says": unit.says, "source": unit.source, "parts": unit.parts}
        for unit in (known.get(name, HardwareUnit()) for name in units)
    ]


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
