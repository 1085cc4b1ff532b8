"""A run's GDS as KLayout draws it: all shapes, in the colours of the PDK's layer file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from klayout import db, lay

from flow.common.errors import UserError
from flow.layout.placement import Box

# Fill pixels are drawn this many times finer and averaged: thin wires stay visible.
OVERSAMPLING = 2
SIZE_MAX_PX = 4096
EDGE_MAX_UM = 1e5  # KLayout counts the steps of its grid in 32 bits


class DrawnLayout:
    """An opened GDS. `layers` are the names of those that hold shapes; `die_um` is the box around all."""

    def __init__(self, gds: Path, layer_file: Path | None) -> None:
        """Open `gds`; raises UserError for a file that is not one."""
        self.view: Any = lay.LayoutView()
        self.view.set_config("grid-visible", "false")
        try:
            self.view.load_layout(str(gds), True)
        except RuntimeError as error:
            raise UserError(f"{gds} is not a layout: {str(error).splitlines()[0]}") from None
        if layer_file is not None:
            self.view.load_layer_props(str(layer_file))
            self.view.add_missing_layers()
        self.view.max_hier()
        box = self.view.active_cellview().cell.dbbox()
        self.die_um: Box = (box.left, box.bottom, box.right, box.top)
        layout = self.view.active_cellview().layout()
        filled = {
            (info.layer, info.datatype)
            for info in layout.layer_infos()
            if not self.view.active_cellview().cell.bbox(layout.layer(info)).empty()
        }
        self.nodes = {
            name_of(node): node
            for node in self.view.each_layer()
            if (node.source_layer, node.source_datatype) in filled
        }

    @property
    def layers(self) -> list[str]:
        """Names of the layers that hold shapes, in the layer file's order."""
        return list(self.nodes)

    def show(self, names: Sequence[str]) -> None:
        """Draw these layers only; raises UserError for one that the layout does not have."""
        unknown = [name for name in names if name not in self.nodes]
        if unknown:
            raise UserError(f"no layer '{unknown[0]}': there are {', '.join(self.layers)}")
        for name, node in self.nodes.items():
            node.visible = name in names

    def picture(self, window_um: Box, width_px: int, height_px: int) -> bytes:
        """Return a PNG of the window, widened to the picture's shape.

        Raises ValueError for a window or a size that KLayout cannot draw: it would end without a word.
        """
        x0, y0, x1, y1 = window_um
        if not all(abs(edge) <= EDGE_MAX_UM for edge in window_um) or not (x0 < x1 and y0 < y1):
            raise ValueError("an empty window, or one without end")
        if not (0 < width_px <= SIZE_MAX_PX and 0 < height_px <= SIZE_MAX_PX):
            raise ValueError(f"a picture of {width_px} by {height_px}: at most {SIZE_MAX_PX} each")
        box = db.DBox(x0, y0, x1, y1)
        pixels = self.view.get_pixels_with_options(width_px, height_px, 0, OVERSAMPLING, 0, box)
        data: bytes = pixels.to_png_data()
        return data


def name_of(node: Any) -> str:
    """Return a layer's name in the layer file, without numbers and purpose; its numbers where it has none."""
    name = str(node.name or node.source_name or "").split(" - ")[0].strip().removesuffix(".drawing")
    return name or f"{node.source_layer}/{node.source_datatype}"
