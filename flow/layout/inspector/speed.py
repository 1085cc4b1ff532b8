"""How fast the page is in headless Chromium, which draws by software: first picture, frames while moving."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flow.layout.inspector.facts import Facts
from flow.layout.inspector.page import ShownRun, page_of
from flow.tools.chromium import SOFTWARE_WEBGL
from flow.tools.page_measure import measured_by_page

FRAMES = 60
_ANSWER = re.compile(r"measured (\d+) (\d+) (\d+)")
# Reading a pixel waits until the frame is drawn. Time runs from the opening of the page.
MEASURE = f"""<script type="module">
while (!window.inspector) await new Promise((done) => setTimeout(done, 5));
const page = await window.inspector;
const first = performance.getEntriesByName("first picture")[0].startTime;
const complete = performance.getEntriesByName("complete")[0].startTime;
const [pane] = page.panes;
const {{ gl }} = pane.view;
const drawn = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
page.drawNow(true);
drawn();
const begin = performance.now();
for (let frame = 0; frame < {FRAMES}; frame++) {{
  pane.camera.move(frame % 2 ? 9 : -8, 1);
  if (frame % 10 === 0) pane.camera.zoom(0.9);
  page.moving();
  await new Promise((done) => requestAnimationFrame(done));
}}
drawn();
const moving = performance.now() - begin;
console.log(`measured ${{[first, complete, moving].map(Math.round).join(" ")}}`);
</script>"""


@dataclass(frozen=True)
class PageSpeed:
    """From opening the file to its first picture and to all of it; frames per second while it moves."""

    first_picture_s: float
    complete_s: float
    frames_per_s: float
    file_mb: float


def page_speed(facts: Facts) -> PageSpeed:
    """Return the speed of the page of `facts`; raises UserError where it did not come up."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page_of([ShownRun(facts)]), encoding="utf-8")
        file_mb = path.stat().st_size / 1e6
        path.write_text(path.read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
        measured = measured_by_page(path, _ANSWER, (1280, 800), SOFTWARE_WEBGL, "the inspector's page")
    first_ms, complete_ms, moving_ms = map(int, measured.groups())
    return PageSpeed(first_ms / 1000, complete_ms / 1000, 1000 * FRAMES / moving_ms, file_mb)
