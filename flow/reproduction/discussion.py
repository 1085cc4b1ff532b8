"""Why the figures differ from the paper's: what the results say in words, with their figures."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

from flow.common.templates import open_template
from flow.comparison.page import percent, signed
from flow.error_study.model import LONG_TOKENS
from flow.record.depths import CHECK_STEPS, GEOMETRY_CHECK_STEPS
from flow.reproduction.kernel_study import (
    COSTS,
    KEYS,
    SIGMA,
    STUDY_DIMS,
    STUDY_PDKS,
    errors_by_layer,
    errors_on_random_scores,
    synthetic_error,
    text_error,
)

Described = Mapping[str, Any]
# The sign-off checks of the netlist after layout, and those of the GDS.
NETLIST_CHECKS, GEOMETRY_CHECKS = tuple(CHECK_STEPS), tuple(GEOMETRY_CHECK_STEPS)


def discussion(context: Mapping[str, Any]) -> str:
    """Return the text; `context` is the report's."""
    rows, routed, (baseline, expmul) = context["rows"], context["routed"], context["kernels"]
    accuracy = context["accuracy"]

    def row(pdk: str, fmt: str, d: int) -> Described | None:
        return next((row for row in rows if (row["pdk"], row["format"], row["d"]) == (pdk, fmt, d)), None)

    layers = partial(errors_by_layer, accuracy)

    def layer_ratio(kind: str, arm: str, other: str) -> tuple[float, float]:
        ratios = [error / base for error, base in zip(layers(kind, arm), layers(kind, other), strict=True)]
        return min(ratios), max(ratios)

    template = open_template("discussion.md.j2", "flow.reproduction", percent=percent, signed=signed)
    return str(
        template.render(
            context,
            baseline=baseline,
            expmul=expmul,
            row=row,
            random=partial(errors_on_random_scores, accuracy),
            layer_ratio=layer_ratio,
            layer_range=lambda kind, arm: (min(layers(kind, arm)), max(layers(kind, arm))),
            random_error=partial(synthetic_error, accuracy),
            text_error=partial(text_error, accuracy),
            kept_share=partial(kept_share, context["successors"], expmul),
            sigma=SIGMA,
            error_keys=KEYS,
            long_tokens=LONG_TOKENS,
            median=median,
            total_area=lambda row, kernel: median(row, kernel, "area_um2"),
            group_area=lambda row, kernel, group: group_median(row, kernel, group, "area_um2"),
            group_power=lambda row, kernel, group: group_median(row, kernel, group, "power_w"),
            default_savings=[row["reductions"][expmul]["power_default_w"]["percent"] for row in routed],
            default_factors=[
                median(row, kernel, "power_default_w") / median(row, kernel, "power_timed_w")
                for row in routed
                for kernel in (baseline, expmul)
            ],
            older=[row for row in routed if row["older_data"]],
            unchecked=[row for row in routed if "not run" in statuses(row, NETLIST_CHECKS)],
            without_geometry=[row for row in routed if "not run" in statuses(row, GEOMETRY_CHECKS)],
            not_laid_out=not_laid_out(context["successors"]),
            within_seed=partial(within_seed, context["successors"], context["pareto"][:: len(COSTS)]),
        )
    )


def not_laid_out(laid_out: Sequence[Described]) -> list[tuple[str, int]]:
    """Return PDK and d of what the study of the five kernels wants routed and `laid_out` has not."""
    there = {(row["pdk"], row["d"]) for row in laid_out}
    return [pair for pair in product(STUDY_PDKS, STUDY_DIMS) if pair not in there]


def within_seed(
    rows: Sequence[Described], area_charts: Sequence[Described], kernel: str, other: str
) -> list[str]:
    """Return the titles of the rows whose areas of two kernels differ by less than the seed moves either.

    `area_charts` are the rows' own, as `describe_pareto` makes them; without a chart nothing is known.
    """
    titles = []
    for row, chart in zip(rows, area_charts, strict=False):
        area, other_area = (median(row, name, "area_um2") for name in (kernel, other))
        shares = chart["seed_shares"]
        if abs(area - other_area) < max(shares.get(kernel, 0) * area, shares.get(other, 0) * other_area):
            titles.append(str(row["title"]))
    return titles


def kept_share(rows: Sequence[Described], expmul: str, kernel: str, quantity: str) -> str:
    """Return how much of ExpMul's saving a kernel has, from the smallest to the largest of `rows`."""
    shares = [
        100 * row["reductions"][kernel][quantity]["percent"] / row["reductions"][expmul][quantity]["percent"]
        for row in rows
    ]
    return f"{min(shares):.0f} to {max(shares):.0f} %"


def median(row: Described, kernel: str, quantity: str) -> float:
    """Return a kernel's quantity."""
    return float(row["kernels"][kernel][quantity]["median"])


def group_median(row: Described, kernel: str, group: str, quantity: str) -> float:
    """Return a group's area or power."""
    return float(row["kernels"][kernel]["groups"][group][quantity]["median"])


def statuses(row: Described, checks: Sequence[str]) -> set[str]:
    """Return the statuses of those of the kernels' sign-off checks."""
    return {kernel["checks"][name] for kernel in row["kernels"].values() for name in checks}
