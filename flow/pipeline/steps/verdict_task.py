"""The base of the sign-off checks: a step that leaves a verdict."""

from pathlib import Path
from typing import ClassVar

from flow.pipeline.steps.own_task import LibraryTask
from flow.record.result import Check
from flow.signoff.verdict import VERDICT, write_verdict


class VerdictTask(LibraryTask):
    """A check of a finished layout. Its verdict is a result: one that fails does not stop the run."""

    TOOL: ClassVar[str | None] = "signoff"

    def verdict(self) -> Check:
        """Return what the check finds; each check has its own."""
        raise NotImplementedError

    def run(self) -> int:
        """Check, and leave the verdict."""
        verdict = self.verdict()
        write_verdict(verdict, Path(VERDICT))
        print(f"{verdict.status}: {verdict.detail}")
        return 0
