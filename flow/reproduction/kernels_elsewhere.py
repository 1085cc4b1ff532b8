"""The kernels at other places: other formats, dimensions and PDKs, each with its usual parameters."""

from collections.abc import Sequence
from typing import Any

from flow.charts.points import PointChart
from flow.error_study.kernel_error import kernel_error
from flow.record.result import Result
from flow.reproduction.kernel_front import LAYOUT, layout_charts, layout_rows, netlist_chart, netlist_rows
from flow.reproduction.peers import against
from flow.reproduction.place import (
    BASELINE,
    COMMON,
    Place,
    at_place,
    baseline_error,
    deepest_common,
    parameters_of,
)
from hdl.designs import kernels

# A place with fewer kernels beside the baseline says nothing of a front.
LEAST_KERNELS = 3


def places_elsewhere(results: Sequence[Result]) -> list[Place]:
    """Return the places but the common one with LEAST_KERNELS or more beside the baseline, by name."""
    places = {Place(result.pdk, result.parameters["format"], result.parameters["d"]) for result in results}
    return sorted(place for place in places - {COMMON} if len(pairs_at(results, place)) > LEAST_KERNELS)


def pairs_at(results: Sequence[Result], place: Place) -> dict[str, tuple[Result, Result]]:
    """Return by kernel the baseline's result at a place and its own, of the deepest depth that both have."""
    baselines = at_place(results, BASELINE, {}, place)
    pairs = {}
    for design in kernels():
        measured = at_place(results, design, {}, place)
        depth = deepest_common(baselines, measured)
        if depth is not None:
            pairs[design] = baselines[depth], measured[depth]
    return pairs


def kernel_rows(results: Sequence[Result], place: Place) -> list[dict[str, Any]]:
    """Return a row for each kernel at a place with its usual parameters, the smallest first.

    Figures are of the deepest depth that both the kernel and the baseline have: `depth`. Beside what
    `against` says: `design`, `error` over the real data, and whether it is `as_exact` as the baseline.
    """
    rows = [
        {
            "design": design,
            "depth": measured.depth,
            "error": (error := kernel_error(design, dict(parameters_of(design, {}, place).items))),
            "as_exact": error <= baseline_error(place),
            **against(baseline, measured),
        }
        for design, (baseline, measured) in pairs_at(results, place).items()
    ]
    return sorted(rows, key=lambda row: float(row["area_um2"]["median"]))


def place_charts(results: Sequence[Result], place: Place) -> list[PointChart]:
    """Return the pictures of a place: of its layouts if all its kernels have one, else of its netlists."""
    if all(measured.depth == LAYOUT for _, measured in pairs_at(results, place).values()):
        return layout_charts(layout_rows(results, place), place)
    return [netlist_chart(netlist_rows(results, place), place)]
