"""What the report says first: the saving in the paper's frame, and against the strongest exact baseline."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flow.comparison.kept_rows import first_seed, order
from flow.comparison.rows import Row
from flow.comparison.summary import describe, mean_reductions
from flow.record.results_store import COMPARABLE
from flow.reproduction.frames import PAPER, STRONGEST


def answer(rows: Sequence[Row], kernels: Sequence[str]) -> dict[str, Any]:
    """Return the rows that answer, described: the routed ones, or where there are none each at its deepest.

    paper      rows in the paper's frame, results to nearest or truncated
    exact      rows whose baseline has one product per lane, so that its codes are those of two
    strongest  those that divide with one multiplier too
    own        rows in this project's frame of the same PDKs and dimensions
    spread     rows in this project's frame with several seeds, routed: how far the seed moves the saving
    means      mean reductions of ExpMul over the routed rows in the paper's frame
    """
    by_configuration: dict[Any, Row] = {}
    for row in sorted(rows, key=lambda row: COMPARABLE.index(row.depth)):
        if replace(row.configuration, frame=()).is_usual:
            by_configuration.setdefault(row.configuration, row)
    usual_settings = sorted(by_configuration.values(), key=order)
    framed = {"paper": [], "exact": [], "strongest": []}  # type: dict[str, list[Row]]
    for row in usual_settings:
        frame = dict(row.configuration.frame)
        if frame == STRONGEST:
            framed["strongest"].append(row)
        elif frame.pop("products", "two") == "one":
            framed["exact"].append(row)
        elif frame and {**frame, "rounding": "nearest"} == PAPER | {"rounding": "nearest"}:
            framed["paper"].append(row)
    framed = {kind: [row for row in found if row.is_routed] or found for kind, found in framed.items()}
    places = {(row.configuration.pdk, row.configuration.d) for found in framed.values() for row in found}
    framed["own"] = [
        row
        for row in usual_settings
        if row.configuration.is_usual and (row.configuration.pdk, row.configuration.d) in places
    ]
    framed["spread"] = [row for row in rows if row.configuration.is_usual and row.is_routed and row.seeds > 1]
    shown: dict[str, Any] = {
        kind: [describe(row if kind == "spread" else first_seed(row), kernels) for row in found]
        for kind, found in framed.items()
    }
    return shown | {"means": mean_reductions(shown["paper"], kernels[1])}
