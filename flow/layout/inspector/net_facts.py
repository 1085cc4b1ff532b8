"""The pins of a run's nets, and their wires."""

from collections.abc import Mapping

import numpy as np

from flow.formats.def_file import DefFile
from flow.formats.def_wires import Terminal, Wiring
from flow.formats.liberty import Cell
from flow.layout.inspector.facts import ALONG_Y, PORTS_FROM, Array


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
    """Return the wires of all nets.

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
        "piece_x": piece_table[:, 1].astype(np.int32),
        "piece_y": piece_table[:, 2].astype(np.int32),
        "piece_length": piece_table[:, 3].astype(np.int32),
        "via_start": np.array(via_start, np.uint32),
        "via_layer": via_table[:, 0].astype(np.uint8),
        "via_x": via_table[:, 1].astype(np.int32),
        "via_y": via_table[:, 2].astype(np.int32),
    }
