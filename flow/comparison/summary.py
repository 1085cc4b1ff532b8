"""The comparison as plain data: what comparison.json holds and the page shows."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from flow.comparison import figures
from flow.comparison.figures import Figure, Quantity, Row
from flow.comparison.store import kept_path
from flow.measure import DEFAULT_ACTIVITY
from flow.result import Result
from flow.steps.simulate import TIMED, ZERO_DELAY


def power_default_w(result: Result) -> float | None:
    """Total power at OpenROAD's default activity; also known where nothing was simulated."""
    if result.power:
        return figures.power_w(DEFAULT_ACTIVITY)(result)
    return result.metrics.power_total_w


QUANTITIES: dict[str, Quantity] = {
    "area_um2": figures.metric("cell_area_um2"),
    "gate_equivalents": figures.metric("gate_equivalents"),
    "power_timed_w": figures.power_w(TIMED),
    "power_zero_delay_w": figures.power_w(ZERO_DELAY),
    "power_default_w": power_default_w,
    "energy_per_key_j": figures.energy_per_key_j,
    "energy_per_query_j": figures.energy_per_query_j,
    "energy_per_key_at_fmax_j": figures.energy_per_key_at_fmax_j,
    "power_at_fmax_w": figures.power_at_fmax_w,
    "fmax_mhz": figures.metric("fmax_mhz"),
    "area_delay_um2_ns": figures.area_delay_um2_ns,
    "leakage_w": figures.metric("power_leakage_w"),
    "setup_slack_ns": figures.metric("setup_slack_ns"),
    "hold_slack_ns": figures.metric("hold_slack_ns"),
    "drc_errors": figures.metric("drc_errors"),
    "utilization_percent": figures.metric("utilization_percent"),
    "annotated_percent": lambda result: result.power[TIMED].annotated_percent if result.power else None,
}
REDUCED = (
    "area_um2",
    "power_timed_w",
    "power_zero_delay_w",
    "power_default_w",
    "energy_per_key_j",
    "energy_per_key_at_fmax_j",
    "area_delay_um2_ns",
)
HEADLINES = ("area_um2", "power_timed_w")


def summarize(rows: Sequence[Row], kernels: Sequence[str], seeds: int) -> dict[str, Any]:
    """Return everything that the comparison tells; quantities that a run lacks are None."""
    described = [describe(row, kernels) for row in rows]
    baseline, *others = kernels
    return {
        "baseline": baseline,
        "kernels": list(kernels),
        "seeds": seeds,
        "paper": {
            "area_um2": figures.PAPER_AREA_REDUCTION_PERCENT,
            "power_timed_w": figures.PAPER_POWER_REDUCTION_PERCENT,
            "mark": "P",
        },
        "mean_reduction_percent": {
            kernel: {name: mean(described, kernel, name) for name in HEADLINES} for kernel in others
        },
        "rows": described,
    }


def mean(described: Sequence[dict[str, Any]], kernel: str, quantity: str) -> float | None:
    """Return the mean reduction over the configurations through routing with the usual settings."""
    percents = [
        row["reductions"][kernel][quantity]["percent"]
        for row in described
        if row["reductions"][kernel]["power_timed_w"] and row["usual"]
    ]
    return fmean(percents) if percents else None


def describe(row: Row, kernels: Sequence[str]) -> dict[str, Any]:
    """Return one configuration."""
    baseline, *others = kernels
    measured: dict[str, dict[str, Figure | None]] = {
        kernel: {name: figures.figure(row.results[kernel], quantity) for name, quantity in QUANTITIES.items()}
        for kernel in kernels
    }
    reductions = {
        kernel: {
            name: data(figures.reduction(measured[baseline][name], measured[kernel][name], row.seeds))
            for name in REDUCED
        }
        for kernel in others
    }
    configuration = row.configuration
    return {
        "title": configuration.title,
        "pdk": configuration.pdk,
        "format": configuration.format,
        "d": configuration.d,
        "value_timing": configuration.value_timing,
        "usual": configuration.is_usual,
        "target_utilization_percent": configuration.utilization_percent,
        "clock_ns": None if configuration.own_clock else row.results[baseline][0].clock_ns,
        "depth": row.depth,
        "kernels": {kernel: describe_kernel(row.results[kernel], measured[kernel]) for kernel in kernels},
        "reductions": reductions,
    }


def describe_kernel(results: Sequence[Result], measured: dict[str, Figure | None]) -> dict[str, Any]:
    """Return one kernel's figures, its groups and where they come from."""
    groups = dict.fromkeys(group for result in results for group in result.groups)
    return {
        "clock_ns": results[0].clock_ns,
        **{name: data(figure) for name, figure in measured.items()},
        "groups": {
            group: {
                "area_um2": data(figures.figure(results, figures.group_area_um2(group))),
                "power_w": data(figures.figure(results, figures.group_power_w(group))),
            }
            for group in groups
        },
        "results": [str(kept_path(Path(), result.design, result.job, result.depth)) for result in results],
        "git_revisions": sorted({str(result.git_revision) for result in results}),
    }


def data(record: Any) -> dict[str, Any] | None:
    """Return a dataclass as a dictionary, None as it is."""
    return None if record is None else asdict(record)
