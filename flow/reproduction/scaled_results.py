"""The measured kernels at 28 nm: gate equivalents, and ranges by two published models."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flow.charts.bars import BarChart, Series
from flow.comparison.rows import Row
from flow.record.activities import TIMED
from flow.record.result import Result
from flow.record.results_store import kept_path
from flow.reproduction.scaling_models import Range, scale_to_28nm


def scaled_kernel(result: Result) -> dict[str, Any]:
    """Return a routed kernel's gate equivalents and its estimates at 28 nm.

    Power is dynamic, at the clock of the run: energy's factor. Leakage stays as it was measured. Raises
    ValueError for a node that the models do not have.
    """
    scaling = scale_to_28nm(result.node_nm, result.voltage_v)
    metrics, power = result.metrics, result.power[TIMED]
    dynamic_w = power.internal_w + power.switching_w
    return {
        "design": result.design,
        "result": str(kept_path(Path(), result.design, result.job, result.depth)),
        "gate_equivalents": metrics.gate_equivalents,
        "nand2_cell": result.nand2_cell,
        "area_um2": times(scaling.area, metrics.cell_area_um2),
        "period_ns": times(scaling.delay, 1e3 / metrics.fmax_mhz if metrics.fmax_mhz else None),
        "dynamic_energy_per_key_j": times(scaling.energy, dynamic_w * result.clock_ns * 1e-9),
        "dynamic_power_w": times(scaling.energy, dynamic_w),
        "measured_dynamic_w": dynamic_w,
        "leakage_w": power.leakage_w,
    }


def times(factors: Range, value: float | None) -> dict[str, float] | None:
    """Return `value` times both ends of `factors`."""
    if value is None:
        return None
    return {"smallest": factors.smallest * value, "largest": factors.largest * value}


def scaled_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the routed rows whose node the models have, each kernel scaled; the factors beside them."""
    scaled = []
    for row in rows:
        first = next(iter(row.results.values()))[0]
        try:
            factors = asdict(scale_to_28nm(first.node_nm, first.voltage_v))
        except ValueError:
            continue
        if first.power:
            kernels = [scaled_kernel(results[0]) for results in row.results.values()]
            scaled.append(
                {
                    "title": row.configuration.title,
                    "pdk": first.pdk,
                    "node_nm": first.node_nm,
                    "voltage_v": first.voltage_v,
                    "clock_ns": first.clock_ns,
                    "factors": factors,
                    "kernels": kernels,
                }
            )
    return scaled


def scaling_chart(
    scaled: Sequence[dict[str, Any]], quantity: str, name: str, title: str, unit: str
) -> BarChart:
    """Return the ranges of `quantity`, shown in `unit`, as bars around their middle."""
    factor = UNIT_FACTORS[unit]
    kernels = [kernel["design"] for kernel in scaled[0]["kernels"]]
    series = []
    for position, kernel in enumerate(kernels):
        ranges = [row["kernels"][position][quantity] for row in scaled]
        low = tuple(ends["smallest"] * factor for ends in ranges)
        high = tuple(ends["largest"] * factor for ends in ranges)
        middle = tuple((smallest + largest) / 2 for smallest, largest in zip(low, high, strict=True))
        series.append(Series(kernel, middle, low, high))
    return BarChart(name, title, unit, tuple(row["title"] for row in scaled), tuple(series), decimals=0)


UNIT_FACTORS = {"um2": 1.0, "pJ": 1e12}
