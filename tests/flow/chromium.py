"""Pages in headless Chromium: what they write, what they answer, what they look like."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from needs import skip_without

from flow.tools.chromium import SOFTWARE_WEBGL, find_chromium
from flow.tools.debian_packages import PackageError

CONSOLE = re.compile(r':CONSOLE[:(]\d+\)?\] "(.*?)", source:', re.DOTALL)
ANSWER = "answer: "
DRIVER = "[.WebGL-"  # what a driver says of its speed
DARK, LIGHT = 0, 1
ONLY_HERE = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SETTLE_MS = 500
# A page's time jumps to its end when only another thread, such as the one that unpacks, has work left.
# So there is always a next moment until the answer is there.
BUDGET_MS = 600_000
QUESTION = """<script>{{
const waiting = setInterval(() => {{}}, 1);
window.addEventListener("load", () => setTimeout(async () => {{
  try {{ console.log("{answer}" + await (async () => {{ {question} }})()); }}
  finally {{ clearInterval(waiting); }}
}}, {settle_ms}));
}}</script>"""


@dataclass(frozen=True)
class Page:
    """A page after its scripts have run: what it wrote to the console, the answer to what was asked of it."""

    console: tuple[str, ...]
    answer: str | None
    screenshot: Path


def browser() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the program and what its environment needs; skips the test where there is none."""
    try:
        return find_chromium()
    except PackageError:
        skip_without("chromium")


def open_page(
    path: Path,
    screenshot: Path,
    *,
    question: str = "return 0;",
    dark: bool = False,
    width_px: int = 1200,
    height_px: int = 1600,
    webgl: bool = False,
    place: str = "",
) -> Page:
    """Open the HTML file with no network but this machine and return what became of it.

    `question` is the body of a JavaScript function that runs when the page has loaded; it may await.
    `webgl` draws by software as a graphics card would; `place` is what stands behind the address's #.
    """
    page_with_script = screenshot.with_suffix(".html")
    page_with_script.write_text(asking(path.read_text(encoding="utf-8"), question), encoding="utf-8")
    address = page_with_script.resolve().as_uri() + (f"#{place}" if place else "")
    return open_address(address, screenshot, dark=dark, width_px=width_px, height_px=height_px, webgl=webgl)


def asking(page: str, question: str) -> str:
    """Return the page with a script that asks it the question once it has loaded."""
    return page + QUESTION.format(answer=ANSWER, question=question, settle_ms=SETTLE_MS)


def open_address(
    address: str, screenshot: Path, *, dark: bool, width_px: int, height_px: int, webgl: bool
) -> Page:
    """Open the address as `open_page` does a file."""
    program, environment = browser()
    options = [
        "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars",
        *(SOFTWARE_WEBGL if webgl else ("--disable-gpu",)),
        "--enable-logging=stderr", f"--host-resolver-rules={ONLY_HERE}", f"--virtual-time-budget={BUDGET_MS}",
        f"--blink-settings=preferredColorScheme={DARK if dark else LIGHT}",
        f"--window-size={width_px},{height_px}", f"--user-data-dir={screenshot.parent / 'profile'}",
        f"--screenshot={screenshot}",
    ]  # fmt: skip
    done = subprocess.run(
        [program, *options, address],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=os.environ | dict(environment),
        encoding="utf-8",
    )
    messages = [message for message in CONSOLE.findall(done.stderr) if not message.startswith(DRIVER)]
    answers = [message.removeprefix(ANSWER) for message in messages if message.startswith(ANSWER)]
    console = tuple(message for message in messages if not message.startswith(ANSWER))
    return Page(console, answers[0] if answers else None, screenshot)
