"""How soon a page of the dashboard shows something, in headless Chromium."""

import re
from pathlib import Path

from flow.tools.page_measure import measured_by_page

_ANSWER = re.compile(r"shown after (\d+)")
# Time runs from the opening of the page. What is in sight is drawn when nothing has been added for a while.
MEASURE = """<script>
(async () => {
  const count = () => document.querySelectorAll("svg .mark-symbol path, svg .mark-rect path, td").length;
  let before = 0, shown = 0, quiet = 0;
  while (quiet < 20) {
    await new Promise((done) => setTimeout(done, 25));
    const now = count();
    if (now > before) { before = now; shown = performance.now(); quiet = 0; }
    else if (now > 0) quiet++;
  }
  console.log(`shown after ${Math.round(shown)}`);
})();
</script>"""


def opening_s(page: Path) -> float:
    """Return the seconds from opening the file to its last chart or row in sight.

    Raises UserError where it does not come up.
    """
    beside = page.with_name(f"{page.stem}_measured.html")
    beside.write_text(page.read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
    try:
        measured = measured_by_page(beside, _ANSWER, (1280, 900), ("--disable-gpu",), page.name)
    finally:
        beside.unlink()
    return int(measured[1]) / 1000
