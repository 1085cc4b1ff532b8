"""Whether the saving holds at the slow and the fast corner: the same layouts, timed and powered there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flow.comparison.rows import Figure, Quantity, Row, figure, reduction
from flow.comparison.summary import data
from flow.record.result import Result
from flow.record.results_store import kept_path

QUANTITIES = ("power_total_w", "power_leakage_w", "fmax_mhz", "setup_slack_ns", "hold_slack_ns")
REDUCED = ("power_total_w", "power_leakage_w", "fmax_mhz")


def at_corner(corner: str, name: str) -> Quantity:
    """Return the quantity: a field of the result's figures at `corner`."""

    def value(result: Result) -> float | None:
        figures = result.corners[corner].model_dump()
        return None if figures[name] is None else float(figures[name])

    return value


def savings_at_corners(rows: Sequence[Row], kernels: Sequence[str]) -> list[dict[str, Any]]:
    """Return an entry per row and corner, slow to fast, of rows whose layouts were all timed at several."""
    entries = []
    for row in rows:
        results = [result for kernel in kernels for result in row.results[kernel]]
        first = results[0].corners
        corners = [corner for corner in first if all(corner in result.corners for result in results)]
        if len(corners) > 1:
            entries += [describe_corner(row, kernels, corner) for corner in corners]
    return entries


def describe_corner(row: Row, kernels: Sequence[str], corner: str) -> dict[str, Any]:
    """Return a row's figures at one corner, and how far each kernel lies below the baseline there."""
    baseline, *others = kernels
    measured: dict[str, dict[str, Figure | None]] = {
        kernel: {name: figure(row.results[kernel], at_corner(corner, name)) for name in QUANTITIES}
        for kernel in kernels
    }
    return {
        "title": row.configuration.title,
        "corner": corner,
        "conditions": row.results[baseline][0].corners[corner].conditions,
        "kernels": {
            kernel: {name: data(value) for name, value in measured[kernel].items()}
            | {
                "results": [
                    str(kept_path(Path(), result.design, result.job, result.depth))
                    for result in row.results[kernel]
                ]
            }
            for kernel in kernels
        },
        "reductions": {
            kernel: {
                name: data(reduction(measured[baseline][name], measured[kernel][name], row.seeds))
                for name in REDUCED
            }
            for kernel in others
        },
    }
