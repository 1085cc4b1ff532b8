"""What the shapes of a GDS connect: cells as black boxes, their pins joined by wires and cuts.

KLayout extracts the nets from the geometry alone. A cell's pins are the shapes under its texts and in its
LEF's boxes. What else a cell holds on these layers is an unnamed pin, which no wire may touch.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from klayout import db

from flow.formats.lef_macros import Macro
from pdk_configs.layer_stack import LayerStack

# DEF's orientations: not mirrored by 0, 90, 180, 270 degrees, then mirrored at the x axis before that.
ORIENTATIONS = ("N", "W", "S", "E", "FS", "FW", "FN", "FE")
# Those that leave width and height as they are.
UPRIGHT = ("N", "S", "FN", "FS")
# Where a cell's origin lies in its box: at the right, at the top.
FAR_CORNERS = {
    "N": (0, 0),
    "W": (1, 0),
    "S": (1, 1),
    "E": (0, 1),
    "FS": (0, 1),
    "FW": (0, 0),
    "FN": (1, 0),
    "FE": (1, 1),
}
# The pin of what a cell holds on the layers of the stack without a name.
UNNAMED = ""
# Digits of a um that tell places apart: far finer than any grid.
PLACE_DIGITS = 4


@dataclass(frozen=True)
class PlacedMaster:
    """A cell of the GDS: its master, its origin in um and its orientation as DEF names it."""

    master: str
    x_um: float
    y_um: float
    orientation: str

    @classmethod
    def from_corner(
        cls, master: str, x_um: float, y_um: float, orientation: str, size_um: tuple[float, float]
    ) -> "PlacedMaster":
        """Return the place of a cell whose lower left corner, as DEF has it, is at x, y."""
        width_um, height_um = size_um if orientation in UPRIGHT else size_um[::-1]
        right, top = FAR_CORNERS[orientation]
        return cls(
            master,
            round(x_um + right * width_um, PLACE_DIGITS),
            round(y_um + top * height_um, PLACE_DIGITS),
            orientation,
        )

    def told(self) -> str:
        """Return master and place in words."""
        return f"{self.master} with its origin at ({self.x_um:.3f}, {self.y_um:.3f}) um, {self.orientation}"


@dataclass(frozen=True)
class ExtractedCell:
    """A placed cell and the number of the net at each of its pins, UNNAMED for the rest.

    A pin drawn in pieces may be on several nets.
    """

    placed: PlacedMaster
    nets: dict[str, frozenset[int]]


@dataclass(frozen=True)
class ExtractedLayout:
    """The cells of a layout, vias among them, and the nets of its port texts.

    `ports` maps the text on a wire of the top cell to the nets that it lies on. `strange` are the
    cells of the GDS that hold more than wires and cuts.
    """

    cells: tuple[ExtractedCell, ...]
    ports: dict[str, frozenset[int]]
    strange: tuple[PlacedMaster, ...]


def read_layout(gds: Path) -> db.Layout:
    """Return the GDS as KLayout has it, shapes alone. Raises ValueError for a file that is none.

    Properties are left out: shapes of two properties, net names for one, do not merge where they touch.
    """
    layout = db.Layout()
    options = db.LoadLayoutOptions()
    options.properties_enabled = False
    try:
        layout.read(str(gds), options)
    except RuntimeError as error:
        raise ValueError(f"{gds}: {error}") from None
    return layout


def name_pins(layout: db.Layout, stack: LayerStack, macros: Mapping[str, Macro]) -> None:
    """Put a text on every piece of a cell's pins: a library names one piece of them at least."""
    texts = {wire.name: layout.layer(*wire.texts[0]) for wire in stack.wires if wire.texts}
    for name, macro in macros.items():
        cell = layout.cell(name)
        for box in macro.pin_boxes if cell is not None else ():
            if box.layer in texts:
                cell.shapes(texts[box.layer]).insert(db.DText(box.pin, box.x_um, box.y_um))


def extract(layout: db.Layout, top: str, stack: LayerStack) -> ExtractedLayout:
    """Return what the shapes below the cell `top` connect. Raises ValueError where there is no such cell."""
    cell = layout.cell(top)
    if cell is None:
        raise ValueError(f"the GDS has no cell {top}")
    extraction = db.LayoutToNetlist(db.RecursiveShapeIterator(layout, cell, []))
    # A cell that no wire touches counts as well.
    extraction.include_floating_subcircuits = True
    connect_stack(extraction, layout, stack)
    extraction.extract_netlist()
    circuit = extraction.netlist().circuit_by_name(top)
    if circuit is None:
        raise ValueError(f"the GDS has no wires in cell {top}")
    numbers = {net.cluster_id: number for number, net in enumerate(circuit.each_net())}
    cells = []
    for placed in circuit.each_subcircuit():
        nets: dict[str, set[int]] = defaultdict(set)
        for pin in placed.circuit_ref().each_pin():
            net = placed.net_for_pin(pin.id())
            if net is not None:
                for name in pin_names(placed.circuit_ref(), pin):
                    nets[name].add(numbers[net.cluster_id])
        frozen = {name: frozenset(joined) for name, joined in nets.items()}
        cells.append(ExtractedCell(placed_master(placed.circuit_ref().name, placed.trans), frozen))
    ports: dict[str, set[int]] = defaultdict(set)
    for net in circuit.each_net():
        for name in text_names(net):
            ports[name].add(numbers[net.cluster_id])
    return ExtractedLayout(
        tuple(cells),
        {name: frozenset(nets) for name, nets in ports.items()},
        tuple(strange_cells(layout, cell, stack)),
    )


def strange_cells(layout: db.Layout, top: db.Cell, stack: LayerStack) -> Iterator[PlacedMaster]:
    """Yield the cells placed in `top` that hold shapes on other layers than the stack's."""
    known = {layer for wire in stack.wires for layer in (*wire.shapes, *wire.texts)}
    known |= {cut.shape for cut in stack.cuts}
    others = [
        index
        for index in layout.layer_indexes()
        if (layout.get_info(index).layer, layout.get_info(index).datatype) not in known
    ]
    strange = {
        index: any(not layout.cell(index).bbox(layer).empty() for layer in others)
        for index in top.each_child_cell()
    }
    for instance in top.each_inst():
        if strange[instance.cell_index]:
            for trans in instance.cell_inst.each_cplx_trans():
                yield placed_master(layout.cell_name(instance.cell_index), db.CplxTrans(layout.dbu) * trans)


def connect_stack(extraction: db.LayoutToNetlist, layout: db.Layout, stack: LayerStack) -> None:
    """Tell `extraction` which layers of `layout` join what they touch, and where the texts are."""

    def shapes(name: str, number: int, datatype: int) -> db.Region:
        return extraction.make_polygon_layer(layout.layer(number, datatype), f"{name} {number}/{datatype}")

    wires = []
    for wire in stack.wires:
        regions = [shapes(wire.name, *layer) for layer in wire.shapes]
        for region in regions:
            extraction.connect(region)
            if region is not regions[0]:
                extraction.connect(regions[0], region)
        for number, datatype in wire.texts:
            texts = extraction.make_text_layer(
                layout.layer(number, datatype), f"{wire.name} texts {number}/{datatype}"
            )
            for region in regions:
                extraction.connect(region, texts)
        wires.append(regions)
    for cut, below, above in zip(stack.cuts, wires, wires[1:], strict=False):
        region = shapes(cut.name, *cut.shape)
        extraction.connect(region)
        for wire_region in (*below, *above):
            extraction.connect(region, wire_region)


def text_names(net: db.Net) -> list[str]:
    """Return the texts on a net: KLayout joins several of them by commas."""
    return [name for name in net.name.split(",") if name]


def pin_names(circuit: db.Circuit, pin: db.Pin) -> list[str]:
    """Return the texts on what a cell has at `pin`, UNNAMED where there is none."""
    net = circuit.net_for_pin(pin.id())
    return (text_names(net) if net is not None else []) or [UNNAMED]


def placed_master(master: str, trans: db.DCplxTrans) -> PlacedMaster:
    """Return where a cell lies that `trans` places, in um."""
    code = (round(trans.angle / 90) % 4) + (4 if trans.is_mirror() else 0)
    x_um, y_um = round(trans.disp.x, PLACE_DIGITS), round(trans.disp.y, PLACE_DIGITS)
    return PlacedMaster(master, x_um, y_um, ORIENTATIONS[code])
