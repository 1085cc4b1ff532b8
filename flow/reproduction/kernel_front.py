"""All kernels with all their choices, as netlists and as layouts: which costs least at which error."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flow.charts.points import Point, PointChart, PointSeries, front_of
from flow.comparison.summary import QUANTITIES, misses_clock
from flow.error_study.kernel_error import kernel_error
from flow.record.result import Result
from flow.record.results_store import kept_path
from flow.reproduction.kernel_study import COSTS
from flow.reproduction.place import (
    BASELINE,
    COMMON,
    Place,
    at_place,
    baseline_error,
    is_kernel_at,
    variant_of,
)

LAYOUT, NETLIST = "gds", "synth"
# What a layout costs: quantity, title, unit, factor to it, decimals.
LAYOUT_COSTS = (*COSTS, ("area_delay_um2_ns", "area x period", "um2 ns", 1.0, 0))
ONE_PRODUCT = "products one"


def netlist_rows(results: Sequence[Result], place: Place = COMMON) -> list[dict[str, Any]]:
    """Return a row for each kept netlist at a place, the smallest first.

    `on_front`: no other has both less area and no larger error. `as_exact`: its error is not above the
    baseline's. Without a netlist of the baseline nothing is told: no rows.
    """
    baseline = at_place(results, BASELINE, {}, place).get(NETLIST)
    if baseline is None or baseline.metrics.cell_area_um2 is None:
        return []
    rows: list[dict[str, Any]] = [
        {
            "design": result.design,
            "variant": variant_of(result),
            "area_um2": area_um2,
            "change_percent": 100 * (area_um2 / baseline.metrics.cell_area_um2 - 1),
            "error": (error := kernel_error(result.design, result.parameters)),
            "as_exact": error <= baseline_error(place),
            "result": str(kept_path(Path(), result.design, result.job, result.depth)),
        }
        for result in results
        if (area_um2 := result.metrics.cell_area_um2) is not None
        and result.depth == NETLIST
        and is_kernel_at(result, place)
    ]
    rows.sort(key=lambda row: (row["area_um2"], row["error"]))
    front = front_of(Point("", row["area_um2"], row["error"]) for row in rows)
    return [row | {"on_front": Point("", row["area_um2"], row["error"]) in front} for row in rows]


def layout_rows(results: Sequence[Result], place: Place = COMMON) -> list[dict[str, Any]]:
    """Return a row for each layout to GDS at a place with its error and each of LAYOUT_COSTS."""
    return [
        {
            "design": result.design,
            "variant": variant_of(result),
            "error": (error := kernel_error(result.design, result.parameters)),
            "as_exact": error <= baseline_error(place),
            "misses_clock": misses_clock(result),
            "costs": {name: QUANTITIES[name](result) for name, *_ in LAYOUT_COSTS},
        }
        for result in results
        if result.depth == LAYOUT and is_kernel_at(result, place)
    ]


def layout_charts(rows: Sequence[dict[str, Any]], place: Place = COMMON) -> list[PointChart]:
    """Return the pictures of `layout_rows`: the error against each of LAYOUT_COSTS."""
    charts = []
    for name, cost, unit, factor, decimals in LAYOUT_COSTS:
        known = [row | {"cost": row["costs"][name] * factor} for row in rows if row["costs"][name]]
        if known:
            stem = chart_name(cost, place)
            title = f"Every kernel's layout: {place.title}"
            charts.append(front_chart(known, stem, title, f"{cost}, {unit}", decimals))
    return charts


def netlist_chart(rows: Sequence[dict[str, Any]], place: Place = COMMON) -> PointChart:
    """Return the picture of `netlist_rows`: each kernel as it is usual, the front, one product per lane."""
    return front_chart(
        [row | {"cost": row["area_um2"]} for row in rows],
        chart_name("netlist area", place),
        f"Every kernel's netlist: {place.title}",
        "cell area, um2",
        0,
    )


def chart_name(cost: str, place: Place) -> str:
    """Return the name of a picture of the kernels at a place."""
    return f"kernels_{cost.replace(' ', '_')}_{place.name}"


def front_chart(
    rows: Sequence[dict[str, Any]], name: str, title: str, cost_title: str, decimals: int
) -> PointChart:
    """Return the error against the rows' `cost`: usual kernels, the front, one product per lane."""
    points = {id(row): Point(label_of(row), row["cost"], row["error"]) for row in rows}
    front = front_of(points.values())
    shown = [
        row for row in rows if not row["variant"] or points[id(row)] in front or row["variant"] == ONE_PRODUCT
    ]
    kinds = {
        "error not above the baseline's": [row for row in shown if row["as_exact"]],
        "error above it": [row for row in shown if not row["as_exact"]],
    }
    series = tuple(
        PointSeries(title, tuple(points[id(row)] for row in of_kind))
        for title, of_kind in kinds.items()
        if of_kind
    )
    return PointChart(
        name,
        title,
        cost_title,
        "relative L2 error over real attention data",
        series,
        decimals,
        common_front=True,
    )


def label_of(row: dict[str, Any]) -> str:
    """Return a row's kernel and variant, as short as can be, and whether its layout misses its clock."""
    kernel = row["design"].removeprefix("fa2_")
    label = f"{kernel}: {row['variant']}" if row["variant"] else kernel
    return f"{label} (misses its clock)" if row.get("misses_clock") else label
