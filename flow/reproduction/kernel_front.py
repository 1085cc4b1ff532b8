"""All kernels with all their choices, as netlists and as layouts: which costs least at which error."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flow.charts.points import Point, PointChart, PointSeries, front_of
from flow.comparison.summary import QUANTITIES
from flow.error_study.kernel_error import kernel_error
from flow.record.result import Result
from flow.record.results_store import kept_path
from flow.reproduction.kernel_study import COSTS
from flow.reproduction.peers import BASELINE, FORMAT, PDK, D, has_usual_settings, parameters_of
from hdl.designs import kernels
from hdl.kernels.frame import WITH_KEY

CHART = "kernels_front"
LAYOUT = "gds"
PLACE = f"{PDK}, {FORMAT.upper()}, d = {D}"
# What a layout costs: quantity, title, unit, factor to it, decimals.
LAYOUT_COSTS = (*COSTS, ("area_delay_um2_ns", "area x period", "um2 ns", 1.0, 0))
ONE_PRODUCT = "products one"
# What every variant has: not what tells them apart.
COMMON = {"format": FORMAT, "d": D, "value_timing": WITH_KEY}


def netlist_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return a row for each kept netlist at the common settings, the smallest first.

    `on_front`: no other has both less area and no larger error. `as_exact`: its error is not above the
    baseline's. Without a netlist of the baseline nothing is told: no rows.
    """
    rows: list[dict[str, Any]] = []
    least_error = baseline_area_um2 = baseline_error = float("inf")
    measured = [
        (area_um2, kernel_error(result.design, result.parameters), result)
        for result in results
        if (area_um2 := result.metrics.cell_area_um2) is not None
        and result.depth == "synth"
        and is_common(result)
    ]
    for area_um2, error, result in measured:
        if (result.design, variant_of(result)) == (BASELINE, ""):
            baseline_area_um2, baseline_error = area_um2, error
    if baseline_area_um2 == float("inf"):
        return []
    for area_um2, error, result in sorted(measured, key=lambda entry: entry[:2]):
        rows.append(
            {
                "design": result.design,
                "variant": variant_of(result),
                "area_um2": area_um2,
                "change_percent": 100 * (area_um2 / baseline_area_um2 - 1),
                "error": error,
                "on_front": error < least_error,
                "as_exact": error <= baseline_error,
                "result": str(kept_path(Path(), result.design, result.job, result.depth)),
            }
        )
        least_error = min(least_error, error)
    return rows


def is_common(result: Result) -> bool:
    """Whether a result is of a kernel at the settings at which all are compared, to whatever depth."""
    return (
        result.design in kernels()
        and has_usual_settings(result)
        and all(result.parameters.get(name) == value for name, value in COMMON.items())
    )


def layout_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return a row for each layout to GDS at the common settings with its error and each of LAYOUT_COSTS."""
    baseline_error = kernel_error(BASELINE, dict(parameters_of(BASELINE, {}).items))
    return [
        {
            "design": result.design,
            "variant": variant_of(result),
            "error": (error := kernel_error(result.design, result.parameters)),
            "as_exact": error <= baseline_error,
            "costs": {name: QUANTITIES[name](result) for name, *_ in LAYOUT_COSTS},
        }
        for result in results
        if result.depth == LAYOUT and is_common(result)
    ]


def layout_charts(rows: Sequence[dict[str, Any]]) -> list[PointChart]:
    """Return the pictures of `layout_rows`: the error against each of LAYOUT_COSTS."""
    charts = []
    for name, cost, unit, factor, decimals in LAYOUT_COSTS:
        known = [row | {"cost": row["costs"][name] * factor} for row in rows if row["costs"][name]]
        if known:
            stem = f"kernels_{cost.replace(' ', '_')}_front"
            title = f"Every kernel's layout: {PLACE}"
            charts.append(front_chart(known, stem, title, f"{cost}, {unit}", decimals))
    return charts


def netlist_chart(rows: Sequence[dict[str, Any]]) -> PointChart:
    """Return the picture of `netlist_rows`: each kernel as it is usual, the front, one product per lane."""
    return front_chart(
        [row | {"cost": row["area_um2"]} for row in rows],
        CHART,
        f"Every kernel's netlist: {PLACE}",
        "cell area, um2",
        0,
    )


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
    """Return a row's kernel and variant, as short as can be."""
    kernel = row["design"].removeprefix("fa2_")
    return f"{kernel}: {row['variant']}" if row["variant"] else kernel


def variant_of(result: Result) -> str:
    """Return in words the parameters that are not a kernel's defaults."""
    kernel = kernels()[result.design]
    usual = kernel.make_parameters({"format": FORMAT, "d": D})
    chosen = kernel.make_parameters(result.parameters)
    return ", ".join(
        f"{name} {word}".replace("_", " ") for name, word in chosen.items if word != getattr(usual, name)
    )
