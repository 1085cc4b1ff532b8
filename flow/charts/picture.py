"""Charts as SVG and PNG, the same bytes for the same figures."""

from pathlib import Path

import matplotlib
import vl_convert

from flow.charts.bars import BarChart
from flow.charts.drawing import VEGA_LITE, Look, drawing
from flow.charts.points import PointChart
from flow.common.atomic_file import written_whole

LOOK = Look(width=470, ink="#1c2126", paper="white", font="DejaVu Sans", title=True)
PADDING_PX = 8
PNG_SCALE = 1.5
# The letters that matplotlib brings along, so that a picture does not depend on the system's.
vl_convert.register_font_directory(str(Path(matplotlib.get_data_path(), "fonts", "ttf")))


def draw(chart: BarChart | PointChart, path: Path) -> None:
    """Draw `chart` to `path`, SVG or PNG by its suffix."""
    specification = drawing(chart, LOOK) | {"background": LOOK.paper, "padding": PADDING_PX}
    with written_whole(path) as beside:
        if path.suffix == ".svg":
            svg = vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)
            beside.write_text(svg, encoding="utf-8")
        else:
            png = vl_convert.vegalite_to_png(specification, vl_version=VEGA_LITE, scale=PNG_SCALE)
            beside.write_bytes(png)
