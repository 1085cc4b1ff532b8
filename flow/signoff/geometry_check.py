"""The shapes of the delivered GDS against the netlist after layout: opens, shorts, cells out of place.

The GDS tells what its shapes join (`extracted_layout.py`), the DEF which cell lies where, the netlist which
pins belong together. So a difference is told by instance, pin and net, without matching of graphs.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.formats.def_file import DefFile, read_def
from flow.formats.lef_macros import Macro, read_macros
from flow.formats.liberty import read_liberty
from flow.record.result import Check
from flow.signoff.connections import PORT, Pin, expected_nets
from flow.signoff.extracted_layout import (
    UNNAMED,
    ExtractedLayout,
    PlacedMaster,
    extract,
    name_pins,
    read_layout,
)
from flow.signoff.traced_netlist import TracedNetlist, read_traced_netlist
from flow.signoff.verdict import failed, verdict_of
from pdk_configs.layer_stack import LayerStack


@dataclass(frozen=True)
class LayoutFiles:
    """What is compared: GDS, DEF and the netlist of `top` after layout, with the library's files."""

    gds: Path
    routed_def: Path
    netlist: Path
    top: str
    liberty: Sequence[Path]
    lef: Sequence[Path]


def check_geometry(files: LayoutFiles, stack: LayerStack) -> Check:
    """Return whether the shapes of the GDS join what the netlist says. A file that cannot be read fails."""
    try:
        layout = read_layout(files.gds)
        macros = read_macros(files.lef)
        name_pins(layout, stack, macros)
        extracted = extract(layout, files.top, stack)
        placed = read_def(files.routed_def)
        cells = read_liberty(files.liberty)
        netlist = read_traced_netlist(files.netlist, files.top, cells)
    except ValueError as error:
        return failed(error)
    wires = frozenset(wire.name for wire in stack.wires)
    comparison = Comparison(extracted, placed, netlist, macros, wires)
    differences = [*comparison.cells_out_of_place(), *comparison.shorts(), *comparison.opens()]
    pins = len(comparison.expected)
    figures = {"cells": len(placed.components), "pins": pins, "nets": len(comparison.pins_of_net)}
    passed = (
        f"{figures['cells']:,} cells in place, {pins:,} pins on {figures['nets']:,} nets joined as netlisted"
    )
    return verdict_of(differences, passed, figures)


class Comparison:
    """An extracted layout beside what is expected of it.

    `expected` maps (instance, pin), or (PORT, bit), to the net that it is on; `joined` maps it to the
    extracted nets. `wires` are the layers on which a supply pin is one that wires reach.
    """

    def __init__(
        self,
        extracted: ExtractedLayout,
        placed: DefFile,
        netlist: TracedNetlist,
        macros: Mapping[str, Macro],
        wires: frozenset[str],
    ) -> None:
        """Match the cells by where they lie."""
        self.placed, self.macros, self.wires = placed, macros, wires
        named = {cell.placed: cell for cell in extracted.cells if cell.placed.master in macros}
        self.foreign = [place for place in extracted.strange if place.master not in macros]
        self.missing: dict[str, PlacedMaster] = {}
        self.joined: dict[Pin, frozenset[int]] = {}
        self.unnamed: dict[str, frozenset[int]] = {}
        for name in sorted(placed.components):
            expected_place = self.place_of(name)
            cell = named.pop(expected_place, None) if expected_place else None
            if cell is None:
                self.missing[name] = expected_place or PlacedMaster(placed.components[name].master, 0, 0, "N")
                continue
            for pin, nets in cell.nets.items():
                if pin == UNNAMED:
                    self.unnamed[name] = nets
                else:
                    self.joined[name, pin] = nets
        self.foreign += sorted(named, key=lambda place: (place.master, place.x_um, place.y_um))
        for bit, nets in extracted.ports.items():
            self.joined[PORT, bit] = nets
        self.expected = self._expected(netlist)
        self.pins_of_net: dict[str, list[Pin]] = defaultdict(list)
        for pin_of_instance, net in sorted(self.expected.items()):
            self.pins_of_net[net].append(pin_of_instance)

    def place_of(self, name: str) -> PlacedMaster | None:
        """Return where the DEF has the cell called `name`, None where it does not place it."""
        component = self.placed.components[name]
        if component.x is None or component.y is None or component.orientation is None:
            return None
        macro = self.macros.get(component.master)
        return PlacedMaster.from_corner(
            component.master,
            component.x / self.placed.units_per_um,
            component.y / self.placed.units_per_um,
            component.orientation,
            macro.size_um if macro else (0.0, 0.0),
        )

    def _expected(self, netlist: TracedNetlist) -> dict[Pin, str]:
        expected = expected_nets(netlist, self.placed)
        for name, component in self.placed.components.items():
            macro = self.macros.get(component.master)
            for box in macro.pin_boxes if macro else ():
                supply = self.placed.supply_of_pin.get(box.pin)
                if macro and supply and box.pin in macro.supplies and box.layer in self.wires:
                    expected[name, box.pin] = supply
        return {pin: net for pin, net in expected.items() if pin[0] not in self.missing}

    def told(self, pin: Pin) -> str:
        """Return a pin's name and place."""
        if pin[0] == PORT:
            return f"port {pin[1]}"
        component = self.placed.components[pin[0]]
        units = self.placed.units_per_um
        return f"{pin[0]}/{pin[1]} at ({(component.x or 0) / units:.3f}, {(component.y or 0) / units:.3f}) um"

    def cells_out_of_place(self) -> Iterator[str]:
        """Yield cells of the netlist's layout that the GDS does not have there, and those it has instead."""
        for name, place in self.missing.items():
            yield f"cell {name}: the GDS has no {place.told()}"
        for place in self.foreign:
            yield f"the GDS has a {place.told()}, which the layout does not"

    def shorts(self) -> Iterator[str]:
        """Yield the extracted nets on which pins of several nets lie."""
        pins_by_net: dict[int, dict[str, Pin]] = defaultdict(dict)
        for pin, net in sorted(self.expected.items()):
            for number in self.joined.get(pin, ()):
                pins_by_net[number].setdefault(net, pin)
        for joined in pins_by_net.values():
            if len(joined) > 1:
                told = [f"{net} ({self.told(pin)})" for net, pin in sorted(joined.items())]
                more = f" and {len(told) - 4} more" if len(told) > 4 else ""
                yield f"short of nets {', '.join(told[:4])}{more}"
        for name, nets in sorted(self.unnamed.items()):
            for number in sorted(nets):
                net = next(iter(pins_by_net.get(number, {"a wire": None})))
                yield f"net {net} touches what is no pin inside {self.told((name, 'cell'))}"

    def opens(self) -> Iterator[str]:
        """Yield the nets whose pins lie on several extracted nets, and pins that nothing reaches."""
        for net, pins in self.pins_of_net.items():
            if len(pins) < 2:
                continue
            groups: dict[frozenset[int], list[Pin]] = defaultdict(list)
            for pin in pins:
                groups[self.joined.get(pin, frozenset())].append(pin)
            yield from self._open_groups(net, groups)

    def _open_groups(self, net: str, groups: dict[frozenset[int], list[Pin]]) -> Iterator[str]:
        for pin in groups.pop(frozenset(), []):
            yield f"open: net {net} does not reach {self.told(pin)}"
        # Pins in pieces join the nets that their pieces are on.
        islands: list[tuple[set[int], list[Pin]]] = []
        for nets, pins in groups.items():
            touching = [island for island in islands if island[0] & nets]
            islands = [island for island in islands if not island[0] & nets]
            islands.append(
                (
                    set(nets).union(*(island[0] for island in touching)),
                    pins + [pin for island in touching for pin in island[1]],
                )
            )
        for _, pins in sorted(islands, key=lambda island: -len(island[1]))[1:]:
            more = f" and {len(pins) - 1} more pins" if len(pins) > 1 else ""
            yield f"open: net {net} does not reach {self.told(pins[0])}{more}"
