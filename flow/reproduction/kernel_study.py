"""The five kernels side by side: what their attention errs by, against what they cost."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from flow.charts.points import Point, PointChart, PointSeries
from flow.charts.ranges import Span
from flow.comparison.kept_rows import first_seed, representative_rows
from flow.comparison.rows import Figure, Quantity, Row, figure
from flow.comparison.summary import QUANTITIES
from flow.error_study.model import LONG_TOKENS
from flow.record.result import Result

FIVE_KERNELS = ("fa2_baseline", "fa2_expmul", "fa2_log2", "fa2_log2_fixed", "fa2_intmax")
# The accuracy study's arm of each kernel; {} is the number of fraction bits.
ARMS = {
    "fa2_baseline": "fa2_baseline",
    "fa2_expmul": "fa2_expmul",
    "fa2_log2": "fa2_log2_f{}",
    "fa2_log2_fixed": "fa2_log2_fixed_f{}",
    "fa2_intmax": "fa2_intmax",
}
# What the study of the five kernels lays out.
STUDY_FORMAT = "bf16"
STUDY_PDKS, STUDY_DIMS = ("nangate45", "sky130"), (16, 32)
SIGMA, KEYS = 2, 512
# Horizontal axes: quantity, title, unit, factor to it, decimals.
COSTS = (
    ("area_um2", "cell area", "um2", 1.0, 0),
    ("energy_per_key_j", "energy per key", "pJ", 1e12, 1),
)


def arm_of(result: Result) -> str:
    """Return the name of the arm that the accuracy study has for a kernel's result."""
    return ARMS[result.design].format(result.parameters.get("fraction_bits"))


def arms_of(rows: Sequence[Row]) -> dict[str, str]:
    """Return the accuracy study's arm of each kernel in `rows`."""
    return {kernel: arm_of(results[0]) for row in rows for kernel, results in row.results.items()}


def common_clock_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the routed rows in the study's format with the usual settings, one of each configuration."""
    return [
        row for row in representative_rows(rows) if row.is_routed and row.configuration.format == STUDY_FORMAT
    ]


def netlists_of(row: Row, rows: Sequence[Row]) -> Mapping[str, Sequence[Result]]:
    """Return each kernel's netlists of `row`'s configuration with more than one seed; empty without.

    The utilization is none of the netlist's.
    """
    usual = row.configuration.usual_utilization
    for candidate in rows:
        of_configuration = candidate.configuration.usual_utilization == usual
        if of_configuration and candidate.depth == "synth" and candidate.seeds > 1:
            return candidate.results
    return {}


def errors_on_random_scores(accuracy: dict[str, Any], sigma: int, keys: int) -> dict[str, dict[str, float]]:
    """Return each arm's error on random scores, over the study's seeds."""
    (errors,) = (
        entry["errors"] for entry in accuracy["synthetic"] if (entry["sigma"], entry["keys"]) == (sigma, keys)
    )
    return dict(errors)


def errors_by_layer(accuracy: dict[str, Any], text: str, arm: str) -> list[float]:
    """Return an arm's error in each layer of the model on its "short" or "long" text."""
    return [layer[arm]["all_rows"] for layer in accuracy["model"][text]["layers"]]


def synthetic_error(accuracy: dict[str, Any], arm: str) -> Figure:
    """Return an arm's error on random scores of SIGMA and KEYS, over the study's seeds."""
    return Figure(**errors_on_random_scores(accuracy, SIGMA, KEYS)[arm])


def text_error(accuracy: dict[str, Any], arm: str) -> Figure | None:
    """Return an arm's error on the model's longest text, its mean and extremes over the layers."""
    if accuracy["model"] is None:
        return None
    errors = errors_by_layer(accuracy, "long", arm)
    return Figure(fmean(errors), min(errors), max(errors))


ErrorOf = Callable[[dict[str, Any], str], Figure | None]
ERRORS: dict[str, ErrorOf] = {
    f"random scores, σ = {SIGMA}, {KEYS} keys; bars: seeds": synthetic_error,
    f"MiniLM, {LONG_TOKENS} tokens, mean of the layers; bars: layers": text_error,
}


def pareto_charts(rows: Sequence[Row], accuracy: dict[str, Any]) -> list[PointChart]:
    """Return for each routed row of `rows` the attention error against area, and against energy per key.

    A kernel stands where its first seed's layout is, as in the tables. The row's other seeds, and the other
    rows' netlists, tell how far the seed moves it.
    """
    charts = []
    for row in common_clock_rows(rows):
        configuration = row.configuration
        netlists = netlists_of(row, rows)
        for name, cost, unit, factor, decimals in COSTS:
            series = [
                PointSeries(title, points(row, netlists, QUANTITIES[name], factor, accuracy, error))
                for title, error in ERRORS.items()
            ]
            charts.append(
                PointChart(
                    f"pareto_{name.partition('_')[0]}_{configuration.pdk}_{configuration.format}_d{configuration.d}",
                    f"Attention error against {cost}: {configuration.title}",
                    f"{cost}, {unit}",
                    "relative L2 error of the attention output",
                    tuple(drawn for drawn in series if drawn.points),
                    decimals,
                )
            )
    return charts


def describe_pareto(chart: PointChart) -> dict[str, Any]:
    """Return what the templates tell of one of `pareto_charts`, plain.

    `fronts` has for each error the kernels that no other beats in both; `seed_shares` how far the seed
    moves each kernel's cost, largest against smallest as a share of the cost, where it is known.
    """
    points = chart.series[0].points
    return {
        "name": chart.name,
        "title": chart.title,
        "fronts": {series.name: [point.label for point in series.front()] for series in chart.series},
        "seed_shares": {
            point.label: (point.x_range[1] - point.x_range[0]) / point.x for point in points if point.x_range
        },
    }


def points(
    row: Row,
    netlists: Mapping[str, Sequence[Result]],
    cost: Quantity,
    factor: float,
    accuracy: dict[str, Any],
    error: ErrorOf,
) -> tuple[Point, ...]:
    """Return a point for each kernel of which both its cost and its error are known."""
    known = []
    for kernel, laid_out in first_seed(row).results.items():
        x, y = figure(laid_out, cost), error(accuracy, arm_of(laid_out[0]))
        if x is not None and y is not None:
            spread = seed_range(row.results[kernel], netlists.get(kernel, ()), cost)
            x_range = spread and (spread[0] * factor, spread[1] * factor)
            known.append(Point(kernel, x.median * factor, y.median, x_range, (y.smallest, y.largest)))
    return tuple(known)


def seed_range(routed: Sequence[Result], netlists: Sequence[Result], cost: Quantity) -> Span | None:
    """Return how far the seed moves a cost: the layouts' own range, or the netlists' for the one layout.

    The netlists' range is taken as a share of the netlist that the layout was made of. None where neither
    is known.
    """
    own = figure(routed, cost)
    if len(routed) > 1 and own is not None:
        return own.smallest, own.largest
    varied = figure(netlists, cost)
    laid_out = figure([netlist for netlist in netlists if netlist.seed == routed[0].seed], cost)
    if own is None or varied is None or laid_out is None:
        return None
    # The ratio first: of the laid out netlist itself it is 1, and the layout stays within its range.
    smallest, largest = (end / laid_out.median for end in (varied.smallest, varied.largest))
    return smallest * own.median, largest * own.median
