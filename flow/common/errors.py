"""The two ways in which a run ends badly, each one line to the user."""

from pathlib import Path


class UserError(Exception):
    """The user's mistake, or something that the user has to provide; exit code 2."""

    exit_code = 2


class StepError(Exception):
    """A step of the flow failed; exit code 1."""

    exit_code = 1

    def __init__(self, step: str, reason: str, log: Path | None = None) -> None:
        """Say which step failed, its last error line and where its log lies."""
        where = f" (log: {log})" if log else ""
        super().__init__(f"step {step} failed: {reason}{where}")
        self._given = (step, reason, log)

    def __reduce__(self) -> tuple[type["StepError"], tuple[str, str, Path | None]]:
        """Return what makes it again: a cluster's worker hands it on as bytes."""
        return StepError, self._given
