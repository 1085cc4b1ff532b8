"""One live line per step while a run goes on, with the time it takes."""

import threading
import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text
from siliconcompiler.scheduler import Scheduler
from siliconcompiler.scheduler.listener import RunListener

REFRESH_PER_SECOND = 4
DONE, FAILED, RUNNING = "done", "failed", "running"


class StepLines(RunListener):
    """Hears SiliconCompiler's scheduler and shows its steps; silent where the console is no terminal.

    `failed` holds the names of the steps that failed, in the order of their end.
    """

    def __init__(self, console: Console) -> None:
        """Write to `console`."""
        self.failed: list[str] = []
        self._console = console
        self._started: dict[str, float] = {}
        self._lock = threading.Lock()
        self._live = Live(
            console=console, get_renderable=self._running_lines, refresh_per_second=REFRESH_PER_SECOND
        )

    def __enter__(self) -> Self:
        """Start listening."""
        Scheduler.add_listener(self)
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing and listening."""
        if self._console.is_terminal:
            self._live.stop()
        Scheduler.remove_listener(self)

    def node_started(self, project: Any, step: str, index: str) -> None:
        """Note when a step started."""
        with self._lock:
            self._started[step] = time.monotonic()

    def node_finished(self, project: Any, step: str, index: str) -> None:
        """Print a step's line for good."""
        with self._lock:
            started = self._started.pop(step, None)
        status = project.get("record", "status", step=step, index=index)
        if status == "skipped":
            return
        if status != "success":
            self.failed.append(step)
        if self._console.is_terminal and started is not None:
            state = DONE if status == "success" else FAILED
            self._console.print(self._line(step, time.monotonic() - started, state))

    def _running_lines(self) -> Text:
        with self._lock:
            running = dict(self._started)
        now = time.monotonic()
        return Text("\n").join(self._line(step, now - start, RUNNING) for step, start in running.items())

    @staticmethod
    def _line(step: str, runtime_s: float, state: str) -> Text:
        style = {DONE: "green", FAILED: "red", RUNNING: "yellow"}[state]
        return Text.assemble(f"  {step:<30}", (f"{state:<8}", style), f"{runtime_s:7.1f} s")
