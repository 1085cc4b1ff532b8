"""How soon a page of the dashboard shows something, in headless Chromium."""

import os
import re
import subprocess
import tempfile
import threading
from pathlib import Path

from flow.common.errors import UserError
from flow.common.processes import supervised
from flow.tools.chromium import find_chromium

LIMIT_S = 120
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
    program, environment = find_chromium()
    beside = page.with_name(f"{page.stem}_measured.html")
    beside.write_text(page.read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
    with tempfile.TemporaryDirectory() as profile:
        options = [
            *("--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
            *("--enable-logging=stderr", "--window-size=1280,900"),
            *(f"--user-data-dir={profile}", "--remote-debugging-port=0"),
        ]
        # It stays open until it is ended: time in a page that is to end by itself is not the clock's.
        browser = subprocess.Popen(
            supervised([program, *options, beside.as_uri()]),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | dict(environment),
        )
        limit = threading.Timer(LIMIT_S, browser.terminate)
        limit.start()
        try:
            assert browser.stderr is not None
            measured = next(filter(None, map(_ANSWER.search, browser.stderr)), None)
        finally:
            limit.cancel()
            browser.terminate()
            browser.wait()
            beside.unlink()
    if measured is None:
        raise UserError(f"{page.name} did not come up within {LIMIT_S} s")
    return int(measured[1]) / 1000
