"""The metrics of a result, each once: title, unit, which way is better, and its METRICS2.1 name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flow.common.numeric import change_percent, is_number, signed_percent
from flow.record.depths import reaches
from flow.record.result import Result
from pdk_configs.corners import ORDER

LOWER, HIGHER = "lower", "higher"


@dataclass(frozen=True)
class Metric:
    """One metric of `flow.record.result.Metrics`.

    A value is shown as value * `factor` with so many `decimals`, in `unit`. `better` is LOWER, HIGHER or None
    where neither is; a `critical` one comes first wherever changes are listed. `standard_name` is its
    name in METRICS2.1, the exchange vocabulary of open-source flows; None where it has none. Runs to depth
    `since` and deeper have it. `relative`: a change of it is told in percent. One whose usual value is zero,
    or either side of it, changes in its own unit. `of` is the metric that this one is at one of the PDK's
    corners; not every PDK has data of them.
    """

    name: str
    title: str
    unit: str = ""
    factor: float = 1.0
    decimals: int = 0
    better: str | None = None
    critical: bool = False
    standard_name: str | None = None
    since: str = "place"
    relative: bool = True
    of: str | None = None

    def show(self, value: float) -> str:
        """Return `value` with its unit."""
        return f"{value * self.factor:z,.{self.decimals}f} {self.unit}".rstrip()

    def show_change(self, value: float, base: float, decimals: int = 2) -> str:
        """Return the change from `base` with its sign: percent of the magnitude of `base`, or in the unit."""
        percent = change_percent(value, base) if self.relative else None
        if percent is not None:
            return signed_percent(percent, decimals)
        return f"{(value - base) * self.factor:+z,.{self.decimals}f} {self.unit}".rstrip()

    def value_in(self, metrics: Mapping[str, Any]) -> float | None:
        """Return the metric's value among `metrics`; None where it is missing or not finite."""
        value = metrics.get(self.name)
        return value if is_number(value) else None


METRICS = (
    Metric(
        "cell_area_um2", "cell area", "um2", 1.0, 1, LOWER, True, "design__instance__area__stdcell", "synth"
    ),
    Metric("gate_equivalents", "gate equivalents", better=LOWER, since="synth"),
    Metric("cells", "cells", better=LOWER, standard_name="design__instance__count__stdcell", since="synth"),
    Metric("registers", "registers", standard_name="design__instance__count__class:sequential_cell"),
    Metric("power_total_w", "power, total", "mW", 1e3, 3, LOWER, True, "power__total"),
    Metric("power_internal_w", "  internal", "mW", 1e3, 3, LOWER, False, "power__internal__total"),
    Metric("power_switching_w", "  switching", "mW", 1e3, 3, LOWER, False, "power__switching__total"),
    Metric("power_leakage_w", "  leakage", "mW", 1e3, 3, LOWER, False, "power__leakage__total"),
    Metric("setup_slack_ns", "setup slack", "ns", 1.0, 3, HIGHER, True, "timing__setup__ws", relative=False),
    Metric("hold_slack_ns", "hold slack", "ns", 1.0, 3, HIGHER, True, "timing__hold__ws", "route", False),
    Metric("fmax_mhz", "fmax", "MHz", 1.0, 1, HIGHER, True),
    Metric("die_area_um2", "die area", "um2", 1.0, 1, LOWER, False, "design__die__area"),
    Metric("utilization_percent", "utilization", "%", 1.0, 1),
    Metric("wire_length_um", "wire length", "um", 1.0, 0, LOWER, False, "route__wirelength", "route"),
    Metric("vias", "vias", "", 1.0, 0, LOWER, False, "route__vias", "route"),
    Metric("drc_errors", "DRC errors", "", 1.0, 0, LOWER, True, "route__drc_errors", "route", False),
    Metric("max_slew_violations", "slew violations", better=LOWER, relative=False),
    Metric("max_capacitance_violations", "capacitance violations", better=LOWER, relative=False),
    Metric("failed_checks", "failed sign-off checks", "", 1.0, 0, LOWER, True, None, "route", False),
    Metric("runtime_s", "run time", "s", 1.0, 1, LOWER, False, "flow__runtime__total", "verilog"),
)
AT_CORNERS = ("setup_slack_ns", "hold_slack_ns", "fmax_mhz", "power_total_w", "power_leakage_w")
# At the corners leakage spans orders of magnitude.
MICROWATTS: dict[str, Any] = {"unit": "uW", "factor": 1e6, "decimals": 4}
CORNER_METRICS = tuple(
    replace(
        metric,
        name=f"{corner}_{metric.name}",
        title=f"{metric.title.strip()} at {corner}",
        critical=False,
        standard_name=None if metric.standard_name is None else f"{metric.standard_name}__corner:{corner}",
        since="route",
        of=metric.name,
        **(MICROWATTS if metric.name == "power_leakage_w" else {}),
    )
    for corner in ORDER
    for metric in METRICS
    if metric.name in AT_CORNERS
)
ALL_METRICS = METRICS + CORNER_METRICS
BY_NAME = {metric.name: metric for metric in ALL_METRICS}


def measured_at(depth: str) -> tuple[Metric, ...]:
    """Return the metrics that a run to `depth` has on every PDK: none at a corner."""
    return tuple(metric for metric in METRICS if reaches(depth, metric.since))


def metrics_of(result: Result) -> dict[str, Any]:
    """Return the metrics that `result` has by name, flat: those at corners too where there are several."""
    flat = result.metrics.model_dump(exclude_none=True)
    if len(result.corners) > 1:
        for corner, figures in result.corners.items():
            values = {name: getattr(figures, name) for name in AT_CORNERS}
            flat |= {f"{corner}_{name}": value for name, value in values.items() if value is not None}
    return flat
