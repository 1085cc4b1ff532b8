"""A sign-off check's verdict: from differences to pass or fail, and where a step leaves it."""

from collections.abc import Iterable
from pathlib import Path

from flow.record.result import Check

# Where a check's step leaves its verdict.
VERDICT = "reports/verdict.json"
# Differences that a verdict names; all are counted.
NAMED_MAX = 3


def verdict_of(differences: Iterable[str], passed: str, figures: dict[str, int]) -> Check:
    """Return fail with the first `differences` named, or pass with what `passed` says."""
    told = list(differences)
    if not told:
        return Check(status="pass", detail=passed, figures=figures)
    more = f"; {len(told) - NAMED_MAX} more" if len(told) > NAMED_MAX else ""
    detail = "; ".join(told[:NAMED_MAX]) + more
    return Check(status="fail", detail=detail, figures=figures | {"differences": len(told)})


def failed(error: Exception) -> Check:
    """Return fail for input that cannot be read."""
    return Check(status="fail", detail=" ".join(str(error).split()))


def not_run(reason: str) -> Check:
    """Return not run, with the reason."""
    return Check(status="not run", detail=reason)


def write_verdict(verdict: Check, path: Path) -> None:
    """Write `verdict` as JSON."""
    path.write_text(verdict.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_verdict(path: Path) -> Check:
    """Return the verdict in `path`, not run where there is none."""
    if not path.is_file():
        return not_run("its step left no verdict")
    return Check.model_validate_json(path.read_text(encoding="utf-8"))
