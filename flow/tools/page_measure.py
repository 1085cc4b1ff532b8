"""What a page says of itself by the clock, in headless Chromium."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from flow.common.errors import UserError
from flow.common.processes import supervised
from flow.tools.chromium import find_chromium

LIMIT_S = 120


def measured_by_page(
    page: Path, answer: re.Pattern[str], window: tuple[int, int], options: Sequence[str], title: str
) -> re.Match[str]:
    """Return the first line of the page's console that `answer` finds; `window` is its size in pixels.

    Raises UserError, which calls the page `title`, where it says none within the time limit.
    """
    program, environment = find_chromium()
    with tempfile.TemporaryDirectory() as profile:
        words = [
            *("--headless", "--no-sandbox", "--disable-dev-shm-usage", "--enable-logging=stderr"),
            *options,
            f"--window-size={window[0]},{window[1]}",
            *(f"--user-data-dir={profile}", "--remote-debugging-port=0"),
        ]
        # It stays open until it is ended: time in a page that is to end by itself is not the clock's.
        browser = subprocess.Popen(
            supervised([program, *words, page.as_uri()]),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | dict(environment),
        )
        limit = threading.Timer(LIMIT_S, browser.terminate)
        limit.start()
        try:
            assert browser.stderr is not None
            measured = next(filter(None, map(answer.search, browser.stderr)), None)
        finally:
            limit.cancel()
            browser.terminate()
            browser.wait()
    if measured is None:
        raise UserError(f"{title} did not come up within {LIMIT_S} s")
    return measured
