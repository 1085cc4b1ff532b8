"""The comparison as plain data: what comparison.json holds and the page shows."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from flow.attention_data.workload import kernel_data_sha256
from flow.comparison import rows as figures
from flow.comparison.kept_rows import representative_rows
from flow.comparison.rows import Figure, Quantity, Row
from flow.error_study.kernel_error import kernel_error
from flow.record.activities import DEFAULT_ACTIVITY, TIMED, ZERO_DELAY
from flow.record.result import Result
from flow.record.results_store import kept_path


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
    "max_slew_violations": figures.metric("max_slew_violations"),
    "max_capacitance_violations": figures.metric("max_capacitance_violations"),
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
    representing = representative_rows(rows)
    counted = [description for row, description in zip(rows, described, strict=True) if row in representing]
    return {
        "baseline": baseline,
        "kernels": list(kernels),
        "seeds": seeds,
        "paper": {
            "area_um2": figures.PAPER_AREA_REDUCTION_PERCENT,
            "power_timed_w": figures.PAPER_POWER_REDUCTION_PERCENT,
            "mark": "P",
        },
        "mean_reductions": {kernel: mean_reductions(counted, kernel) for kernel in others},
        "rows": described,
    }


def mean_reductions(described: Sequence[dict[str, Any]], kernel: str) -> list[dict[str, Any]]:
    """Return the mean reductions in percent over the routed ones of rows, one of each configuration.

    One entry per `format`, with the number of its `rows`, and where there are several formats a last one,
    of format None, over all rows.
    """
    counted = [row for row in described if all(row["reductions"][kernel][name] for name in HEADLINES)]
    formats: list[str | None] = list(dict.fromkeys(row["format"] for row in counted))
    if len(formats) > 1:
        formats.append(None)
    means = []
    for fmt in formats:
        reductions = [row["reductions"][kernel] for row in counted if fmt in (None, row["format"])]
        over_rows = {
            name: fmean(reduction[name]["percent"] for reduction in reductions) for name in HEADLINES
        }
        means.append({"format": fmt, "rows": len(reductions)} | over_rows)
    return means


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
        **({"frame": dict(configuration.frame)} if configuration.frame else {}),
        "usual": configuration.is_usual,
        "target_utilization_percent": configuration.utilization_percent,
        "clock_ns": None if configuration.own_clock else row.results[baseline][0].clock_ns,
        "depth": row.depth,
        "older_data": any(
            result.data_sha256 != kernel_data_sha256(configuration.d)
            for results in row.results.values()
            for result in results
            if result.power
        ),
        "kernels": {
            kernel: describe_kernel(kernel, row.results[kernel], measured[kernel]) for kernel in kernels
        },
        "reductions": reductions,
    }


def describe_kernel(
    kernel: str, results: Sequence[Result], measured: dict[str, Figure | None]
) -> dict[str, Any]:
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
        "misses_clock": any(misses_clock(result) for result in results),
        "relative_l2_error": kernel_error(kernel, results[0].parameters),
        "checks": checks(results),
        "results": [str(kept_path(Path(), result.design, result.job, result.depth)) for result in results],
        "git_revisions": sorted({str(result.git_revision) for result in results}),
    }


def misses_clock(result: Result) -> bool:
    """Whether a layout is too slow for its clock, so that its repair has made it larger than it need be."""
    return (result.metrics.setup_slack_ns or 0.0) < 0


def checks(results: Sequence[Result]) -> dict[str, str]:
    """Return each sign-off check's status over the results: fail before not run before pass."""
    by_result = [result.checks.named() for result in results]
    order = ("fail", "not run", "pass")
    in_all = [name for name in by_result[0] if all(name in verdicts for verdicts in by_result)]
    return {name: min((verdicts[name].status for verdicts in by_result), key=order.index) for name in in_all}


def data(record: Any) -> dict[str, Any] | None:
    """Return a dataclass as a dictionary, None as it is."""
    return None if record is None else asdict(record)
