"""Charts for a page without a network: values on hover, a click on the legend shows a series alone."""

import base64
import json
from functools import cache

import vl_convert
import zopfli.gzip

from flow.charts.bars import BarChart
from flow.charts.drawing import VEGA_LITE, Look, drawing
from flow.charts.points import PointChart

# Charts are SVG in the page: they take its colours, in light and in dark.
LOOK = Look(
    width="container", ink="currentColor", paper="var(--page)", font="system-ui, sans-serif", title=False
)
# The library is a third of its size when it is packed.
SCRIPT = """(async () => {
  const letters = atob(document.getElementById("charts-library").textContent);
  const packed = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(unpacked).text();
  document.head.append(script);
  for (const box of document.querySelectorAll(".vega")) {
    const specification = JSON.parse(box.nextElementSibling.textContent);
    const drawn = await vegaEmbed(box, specification, {actions: false, renderer: "svg"});
    box.view = drawn.view;
  }
})();"""


@cache
def packed_library() -> str:
    """Return the charts' library, which sets `window.vegaEmbed`, as a gzip file in base64."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    # Not zlib, whose bytes depend on its version, which is the system's.
    return base64.b64encode(zopfli.gzip.compress(bundle.encode(), numiterations=1)).decode("ascii")


@cache
def library_script() -> str:
    """Return the elements that hold the charts' library and draw them: once per page, at its end."""
    packed = packed_library()
    return f'<script id="charts-library" type="text/plain">{packed}</script>\n<script>{SCRIPT}</script>'


def as_div(chart: BarChart | PointChart) -> str:
    """Return `chart` as an HTML element whose id is the chart's name, and its data behind it."""
    # No tag can end the data, whatever a title says.
    data = json.dumps(drawing(chart, LOOK), sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    return f'<div class="vega" id="{chart.name}"></div>\n<script type="application/json">{data}</script>\n'
