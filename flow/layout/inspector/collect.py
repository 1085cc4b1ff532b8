"""Everything that a finished run says of its cells and nets, for the inspector's page."""

from pathlib import Path

from flow.common.errors import UserError
from flow.formats.def_file import read_def
from flow.formats.def_wires import terminals, via_layers, wiring
from flow.formats.liberty import read_text
from flow.layout.inspector.activity import read_activities
from flow.layout.inspector.cell_facts import ORIENTATIONS, cell_arrays, cell_names, unit_facts
from flow.layout.inspector.facts import Facts
from flow.layout.inspector.library_facts import read_library
from flow.layout.inspector.measured_facts import (
    power_arrays,
    slack_arrays,
    timing_facts,
    transition_arrays,
)
from flow.layout.inspector.net_facts import net_arrays, wire_arrays
from flow.layout.inspector.run_facts import markers_of, run_facts
from flow.layout.inspector.timing import can_be_timed, time_cells
from flow.layout.opened import OpenedLayout
from flow.record.constraints import CLOCK_PORT


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
