"""Faults planted in the GDS of a finished layout, with the names of what each hurts, from its DEF."""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
from finished_layout import FinishedLayout
from klayout import db

from flow.formats.lef_macros import read_macros
from flow.formats.lef_rules import read_rules
from flow.signoff.extracted_layout import PlacedMaster

SUPPLIES = ("VDD", "VSS")
TOKEN = re.compile(r"RECT \( [^)]*\)|\( (\S+) (\S+)[^)]*\)|(\S+)")


@dataclass(frozen=True)
class Segment:
    """A straight piece of a net's wire, from its lower left end to its upper right one, in um."""

    net: str
    layer: int
    box: db.DBox

    @property
    def horizontal(self):
        return self.box.width() > self.box.height()

    @property
    def length_um(self):
        return self.box.width() + self.box.height()


class PlantedGds:
    """A copy of a layout's GDS in which a fault can be drawn. Layers are indices into the PDK's stack."""

    def __init__(self, finished: FinishedLayout):
        self.finished, self.placed = finished, finished.placed
        self.stack = finished.pdk.layer_stack
        self.macros = read_macros(finished.files.lef)
        self.rules = read_rules(finished.technology_lef)
        self.layout = db.Layout()
        self.layout.read(str(finished.files.gds))
        self.top = self.layout.cell(finished.files.top)
        self.segments, self.vias = [], []
        for name, net in self.placed.nets.items():
            self._read_wires(name, net.wires)

    def save(self, folder: Path) -> Path:
        path = folder / "planted.gds"
        self.layout.write(str(path))
        return path

    # What the layout has.

    def gds_layer(self, layer: int) -> int:
        return self.layout.layer(*self.stack.wires[layer].shapes[0])

    def cut_layer(self, cut: int) -> int:
        return self.layout.layer(*self.stack.cuts[cut].shape)

    def text_layers(self, layer: int) -> list[int]:
        return [self.layout.layer(*texts) for texts in self.stack.wires[layer].texts]

    def width_um(self, layer: int) -> float:
        return self.rules.wires[self.stack.wires[layer].name].width_um

    def region(self, layer: int, below: db.Cell | None = None) -> db.Region:
        shapes = db.Region()
        for purpose in self.stack.wires[layer].shapes:
            shapes += db.Region((below or self.top).begin_shapes_rec(self.layout.layer(*purpose)))
        return shapes.merged()

    def _read_wires(self, net: str, wires: str) -> None:
        um = 1 / self.placed.units_per_um
        names = {wire.name: index for index, wire in enumerate(self.stack.wires)}
        for piece in re.split(r"\bNEW\b", wires):
            layer, x, y = None, None, None
            came_from = None
            for token in TOKEN.finditer(piece):
                if token[1]:
                    x = x if token[1] == "*" else float(token[1]) * um
                    y = y if token[2] == "*" else float(token[2]) * um
                    if came_from not in (None, (x, y)):
                        self.segments.append(Segment(net, layer, db.DBox(*came_from, x, y)))
                    came_from = (x, y)
                elif token[3] in names:
                    layer = names[token[3]]
                elif token[3] and (via := self.layout.cell(f"VIA_{token[3]}")) is not None:
                    joins = [index for index in names.values() if not self.region(index, via).is_empty()]
                    self.vias.append((net, min(joins), x, y, via))
                    (layer,) = [index for index in joins if index != layer]

    def box_of(self, name: str) -> db.DBox:
        """Return where the DEF has a cell."""
        component, um = self.placed.components[name], 1 / self.placed.units_per_um
        width_um, height_um = self.macros[component.master].size_um
        return db.DBox(0, 0, width_um, height_um).moved(component.x * um, component.y * um)

    def instance_of(self, name: str) -> db.Instance:
        """Return the GDS's own instance of a cell."""
        component, um = self.placed.components[name], 1 / self.placed.units_per_um
        size_um = self.macros[component.master].size_um
        corner = component.x * um, component.y * um
        place = PlacedMaster.from_corner(component.master, *corner, component.orientation, size_um)
        (instance,) = [
            drawn
            for drawn in self.top.each_inst()
            if self.layout.cell(drawn.cell_index).name == component.master
            and drawn.dtrans.disp.x == approximately(place.x_um)
            and drawn.dtrans.disp.y == approximately(place.y_um)
        ]
        return instance

    def gate(self) -> str:
        """Return the name of a cell that computes something."""
        names = {name for net in self.placed.nets.values() for name, _ in net.pins if name != "PIN"}
        return sorted(names)[len(names) // 2]

    # What is done to it.

    def draw(self, layer: int, box: db.DBox) -> None:
        self.top.shapes(self.gds_layer(layer)).insert(box)

    def delete_the_via_at_a_pin(self) -> tuple[str, str, str]:
        """Delete the one via that leads to a pin; return its instance, the pin and the net."""
        for net, layer, x, y, via in self.vias:
            pins = [pin for pin in self.placed.nets[net].pins if pin[0] != "PIN"]
            reached = [pin for pin in pins if self.box_of(pin[0]).contains(db.DPoint(x, y))]
            if layer != 0 or len(reached) != 1 or len(pins) < 3:
                continue
            box = self.box_of(reached[0][0])
            of_net = [via[2:4] for via in self.vias if via[:2] == (net, 0)]
            if sum(box.contains(db.DPoint(*place)) for place in of_net) == 1:
                self._delete([drawn for drawn in self._vias_at(x, y) if drawn.cell_index == via.cell_index()])
                return (*reached[0], net)
        raise AssertionError("no net with one via at a pin")

    def _vias_at(self, x: float, y: float) -> list[db.Instance]:
        return [
            drawn
            for drawn in self.top.each_inst()
            if drawn.dtrans.disp.x == approximately(x) and drawn.dtrans.disp.y == approximately(y)
        ]

    def _delete(self, instances: list[db.Instance]) -> None:
        assert instances
        for instance in instances:
            self.top.erase(instance)

    def bridge_two_wires(self) -> tuple[str, str, db.DPoint]:
        """Join two wires by a bar as wide as a wire; return their nets and the bar's middle."""
        for layer in range(1, len(self.stack.wires)):
            region, half = self.region(layer), self.width_um(layer) / 2
            wires = [wire for wire in self.segments if wire.layer == layer and wire.length_um > 4 * half]
            for first, second in combinations(wires, 2):
                if first.net == second.net or first.horizontal != second.horizontal:
                    continue
                hull = first.box + second.box
                if first.horizontal:
                    left = max(first.box.left, second.box.left)
                    right = min(first.box.right, second.box.right)
                    bar = db.DBox(left + half, hull.bottom, left + 3 * half, hull.top)
                    room = right - left
                else:
                    low = max(first.box.bottom, second.box.bottom)
                    high = min(first.box.top, second.box.top)
                    bar = db.DBox(hull.left, low + half, hull.right, low + 3 * half)
                    room = high - low
                touched = db.Region(bar.to_itype(self.layout.dbu))
                if room > 4 * half and bar.area() > 0 and region.interacting(touched).count() == 2:
                    self.draw(layer, bar)
                    return first.net, second.net, bar.center()
        raise AssertionError("no two wires side by side")

    def cut_a_wire(self) -> str:
        """Cut the longest wire of a net of two pins in the middle; return the net."""
        wires = [
            wire for wire in self.segments if len(self.placed.nets[wire.net].pins) == 2 and wire.layer > 0
        ]
        wire = max(wires, key=lambda wire: wire.length_um)
        half = self.width_um(wire.layer)
        middle = wire.box.center()
        across = (wire.length_um / 8, half) if wire.horizontal else (half, wire.length_um / 8)
        gap = db.DBox(middle, middle).enlarged(*across).to_itype(self.layout.dbu)
        for purpose in self.stack.wires[wire.layer].shapes:
            shapes = self.top.shapes(self.layout.layer(*purpose))
            polygons = db.Region(shapes) - db.Region(gap)
            texts = [shape.text for shape in shapes.each() if shape.is_text()]
            shapes.clear()
            shapes.insert(polygons)
            for text in texts:
                shapes.insert(text)
        return wire.net

    def cut_a_rail_off(self) -> str:
        """Delete the vias from the straps to one rail; return the rail's net."""
        row = self.placed.rows[len(self.placed.rows) // 2]
        y_um = row.y / self.placed.units_per_um
        of_signals = {(round(x, 3), round(y, 3)) for net, _, x, y, _ in self.vias if net not in SUPPLIES}
        vias = [
            drawn
            for drawn in self.top.each_inst()
            if self.layout.cell(drawn.cell_index).name.startswith("VIA_")
            and abs(drawn.dbbox().center().y - y_um) < self.width_um(0) / 2
            and (round(drawn.dtrans.disp.x, 3), round(drawn.dtrans.disp.y, 3)) not in of_signals
        ]
        self._delete(vias)
        (above,) = {
            component.orientation
            for component in self.placed.components.values()
            if component.y == row.y and component.orientation in ("N", "FS")
        }
        # Unmirrored cells have their ground at the bottom.
        return "VSS" if above == "N" else "VDD"

    def texts(self) -> dict[str, tuple[int, db.Shape]]:
        """Return the layer and the shape of each port's text."""
        return {
            shape.text_string: (layer, shape)
            for layer in range(len(self.stack.wires))
            for texts in self.text_layers(layer)
            for shape in self.top.shapes(texts).each()
            if shape.is_text()
        }

    def join_supplies(self) -> None:
        """Draw a bar from a strap of VDD to the nearest of VSS."""
        texts = self.texts()
        layer = texts["VDD"][0]
        straps = defaultdict(list)
        for spot in (texts["VDD"][1], texts["VSS"][1]):
            for polygon in self.region(layer).each():
                if polygon.inside(db.Point(spot.text_pos.x, spot.text_pos.y)):
                    straps[spot.text_string].append(polygon.bbox())
        vdd, vss = straps["VDD"][0], straps["VSS"][0]
        hull, middle = vdd + vss, vdd.center()
        half = min(vdd.width(), vdd.height()) // 2
        if vdd.width() > vdd.height():
            bar = db.Box(middle.x - half, hull.bottom, middle.x + half, hull.top)
        else:
            bar = db.Box(hull.left, middle.y - half, hull.right, middle.y + half)
        self.top.shapes(self.gds_layer(layer)).insert(bar)

    def move_a_port(self) -> tuple[str, str]:
        """Move the text of a port onto the wire of another; return both."""
        texts = sorted((layer, name) for name, (layer, _) in self.texts().items() if "[" in name)
        (layer, moved), (other_layer, target) = texts[0], texts[1]
        assert layer == other_layer
        shape_of = self.texts()
        place = shape_of[target][1].text_pos
        shape_of[moved][1].text = db.Text(moved, place.x, place.y)
        return moved, target

    def touch_the_inside_of_a_cell(self) -> str:
        """Draw a bar on what is no pin in a cell; return the cell's instance."""
        for name in sorted(self.placed.components):
            master = self.layout.cell(self.placed.components[name].master)
            macro = self.macros[master.name]
            named = db.Region()
            for box in macro.pin_boxes:
                if box.layer == self.stack.wires[0].name:
                    named += db.Region(
                        db.DBox(box.x_um, box.y_um, box.x_um, box.y_um)
                        .enlarged(0.002, 0.002)
                        .to_itype(self.layout.dbu)
                    )
            for purpose in self.text_layers(0):
                for shape in master.shapes(purpose).each():
                    if shape.is_text():
                        at = shape.text_pos
                        named += db.Region(db.Box(at.x - 2, at.y - 2, at.x + 2, at.y + 2))
            half = round(0.3 * self.width_um(0) / self.layout.dbu)
            for polygon in self.region(0, master).not_interacting(named).sized(-half).each():
                corner = polygon.bbox().center() if polygon.is_box() else next(polygon.each_point_hull())
                bar = db.Box(corner, corner).enlarged(half // 2, half // 2)
                self.top.shapes(self.gds_layer(0)).insert(self.instance_of(name).trans * bar)
                return name
        raise AssertionError("every shape of the cells is a pin")


def approximately(length_um: float):
    """Compare within a tenth of a nanometre."""
    return pytest.approx(length_um, abs=1e-4)
