"""Pages in headless Chromium: what they write, what they answer, what they look like.

One browser serves all questions of a test process, by the DevTools protocol over two pipes; each page has a
context of its own, as if no other had been open. The browser ends with its owner.
"""

import atexit
import base64
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from needs import skip_without

from flow.common.supervise import end_with_parent
from flow.tools.chromium import SOFTWARE_WEBGL, find_chromium
from flow.tools.debian_packages import PackageError

ONLY_HERE = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
DRIVER = "[.WebGL-"  # what a driver says of its speed
# Far beyond what a busy machine needs: for an answer, and for a condition of a question.
ANSWER_LIMIT_S = 400
CONDITION_LIMIT_MS = 180_000
# A question waits for what it needs, by `await until(what, condition)`; `await frames()` lets the page draw.
HELPERS = f"""
const until = async (what, condition, limitMs = {CONDITION_LIMIT_MS}) => {{
  const end = performance.now() + limitMs;
  for (;;) {{
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited for ${{what}}`);
    await new Promise((done) => setTimeout(done, 20));
  }}
}};
const frames = async (count = 2) => {{
  for (let frame = 0; frame < count; frame++) await new Promise((done) => requestAnimationFrame(done));
}};
"""


@dataclass(frozen=True)
class Page:
    """A page after its scripts have run: what it wrote to the console, the answer to what was asked of it."""

    console: tuple[str, ...]
    answer: Any


class Chromium:
    """A browser, and the two pipes to it; a message is JSON that ends with a zero byte."""

    def __init__(self) -> None:
        """Start it; skips the test where there is none."""
        try:
            program, environment = find_chromium()
        except PackageError:
            skip_without("chromium")
        self.folder = tempfile.TemporaryDirectory(prefix="expmul-chromium-")
        its_input, self.to_it = os.pipe()
        self.from_it, its_output = os.pipe()
        self.unread = b""
        self.number = 0
        options = [
            "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", *SOFTWARE_WEBGL,
            f"--host-resolver-rules={ONLY_HERE}", f"--user-data-dir={self.folder.name}",
            "--remote-debugging-pipe",
        ]  # fmt: skip
        # Chromium reads from file 3 and writes to file 4.
        on_files = f'exec "$@" 3<&{its_input} 4>&{its_output}'
        self.process = subprocess.Popen(
            ["bash", "-c", on_files, "bash", program, *options],
            pass_fds=(its_input, its_output),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Its pipes alone do not tell it: a process that this one forks has them too.
            preexec_fn=partial(end_with_parent, signal.SIGKILL),
            env=os.environ | dict(environment),
        )
        os.close(its_input)
        os.close(its_output)

    def end(self) -> None:
        """End it and remove its profile."""
        os.close(self.to_it)
        os.close(self.from_it)
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> int:
        """Send a command and return its number."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self.to_it, rest) :]
        return self.number

    def next_message(self, deadline_s: float) -> dict[str, Any]:
        """Return the browser's next message; fails where none comes in time."""
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.from_it], [], [], max(0.0, deadline_s - time.monotonic()))
            assert ready, f"Chromium said nothing within {ANSWER_LIMIT_S} s"
            came = os.read(self.from_it, 1 << 20)
            assert came, "Chromium has ended"
            self.unread += came
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)


class Tab:
    """One page of the browser, in a context of its own."""

    def __init__(self, browser: Chromium, width_px: int, height_px: int, dark: bool) -> None:
        self.browser = browser
        self.session: str | None = None
        self.console: list[str] = []
        self.loaded = False
        self.context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=self.context)[
            "targetId"
        ]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        size = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def call(self, method: str, **parameters: Any) -> Mapping[str, Any]:
        """Return the result of a command of the page's, or of the browser's before there is one."""
        number = self.browser.ask(method, self.session, **parameters)
        deadline_s = time.monotonic() + ANSWER_LIMIT_S
        while True:
            message = self.browser.next_message(deadline_s)
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.hear(message)

    def go_to(self, address: str) -> None:
        """Go there and wait until it has loaded."""
        failure = self.call("Page.navigate", url=address).get("errorText")
        assert not failure, f"{address}: {failure}"
        deadline_s = time.monotonic() + ANSWER_LIMIT_S
        while not self.loaded:
            self.hear(self.browser.next_message(deadline_s))

    def hear(self, message: Mapping[str, Any]) -> None:
        """Note what the page says without being asked."""
        if message.get("sessionId") != self.session:
            return
        event, told = message.get("method"), message.get("params", {})
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Page.javascriptDialogOpening":
            self.console.append(f"{told['type']}: {told['message']}")
            self.browser.ask("Page.handleJavaScriptDialog", self.session, accept=True)
        elif event == "Runtime.consoleAPICalled":
            parts = (part.get("value", part.get("description")) for part in told["args"])
            self.console.append(" ".join(map(str, parts)))
        elif event == "Runtime.exceptionThrown":
            self.console.append(as_text(told["exceptionDetails"]))
        elif event == "Log.entryAdded" and DRIVER not in told["entry"]["text"]:
            self.console.append(told["entry"]["text"])

    def answer(self, question: str) -> Any:
        """Return what the question, the body of a JavaScript function that may await, returns as JSON."""
        expression = f"(async () => {{ {HELPERS} {question} }})()"
        done = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, as_text(done["exceptionDetails"])
        return done["result"].get("value")

    def draw(self, screenshot: Path) -> None:
        """Write what it looks like."""
        screenshot.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        """Close it, with all that it has kept."""
        self.session = None
        self.call("Target.disposeBrowserContext", browserContextId=self.context)


def as_text(thrown: Mapping[str, Any]) -> str:
    """Return what an exception of a page says."""
    return f"{thrown['text']} {thrown.get('exception', {}).get('description', '')}"


@cache
def browser() -> Chromium:
    """Return this process's browser, started at first use."""
    started = Chromium()
    atexit.register(started.end)
    return started


@contextmanager
def tab(width_px: int, height_px: int, dark: bool) -> Iterator[Tab]:
    """Open a page; after a failure the next one has a new browser, for this one may hang."""
    opened = None
    try:
        opened = Tab(browser(), width_px, height_px, dark)
        yield opened
        opened.close()
    except BaseException:
        if opened is not None:
            atexit.unregister(opened.browser.end)
            opened.browser.end()
            browser.cache_clear()
        raise


def open_page(path: Path, *, place: str = "", **options: Any) -> Page:
    """Open the HTML file as `open_address` does; `place` is what stands behind the address's #."""
    return open_address(path.resolve().as_uri() + (f"#{place}" if place else ""), **options)


def open_address(
    address: str,
    *,
    question: str = "return 0;",
    screenshot: Path | None = None,
    dark: bool = False,
    width_px: int = 1200,
    height_px: int = 1600,
) -> Page:
    """Open the address with no network but this machine and return what became of it.

    `question` is the body of a JavaScript function that runs when the page has loaded; it may await, and has
    HELPERS. What it returns comes back as JSON does. `screenshot` is drawn after it.
    """
    with tab(width_px, height_px, dark) as page:
        page.go_to(address)
        answer = page.answer(question)
        if screenshot:
            page.draw(screenshot)
    return Page(tuple(page.console), answer)
