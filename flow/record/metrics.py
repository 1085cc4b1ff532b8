"""The metrics of a result, each once: title, unit, which way is better, and its METRICS2.1 name."""

from dataclasses import dataclass

LOWER, HIGHER = "lower", "higher"


@dataclass(frozen=True)
class Metric:
    """One metric of `flow.record.result.Metrics`.

    A value is shown as value * `factor` with `digits` after the point, in `unit`. `better` is LOWER, HIGHER
    or None where neither is; a `critical` one comes first wherever changes are listed. `standard_name` is its
    name in METRICS2.1, the exchange vocabulary of open-source flows; None where it has none.
    """

    name: str
    title: str
    unit: str = ""
    factor: float = 1.0
    digits: int = 0
    better: str | None = None
    critical: bool = False
    standard_name: str | None = None

    def show(self, value: float) -> str:
        """Return `value` with its unit."""
        return f"{value * self.factor:,.{self.digits}f} {self.unit}".rstrip()


METRICS = (
    Metric("cell_area_um2", "cell area", "um2", 1.0, 1, LOWER, True, "design__instance__area__stdcell"),
    Metric("gate_equivalents", "gate equivalents", better=LOWER),
    Metric("cells", "cells", better=LOWER, standard_name="design__instance__count__stdcell"),
    Metric("registers", "registers", standard_name="design__instance__count__class:sequential_cell"),
    Metric("power_total_w", "power, total", "mW", 1e3, 3, LOWER, True, "power__total"),
    Metric("power_internal_w", "  internal", "mW", 1e3, 3, LOWER, False, "power__internal__total"),
    Metric("power_switching_w", "  switching", "mW", 1e3, 3, LOWER, False, "power__switching__total"),
    Metric("power_leakage_w", "  leakage", "mW", 1e3, 3, LOWER, False, "power__leakage__total"),
    Metric("setup_slack_ns", "setup slack", "ns", 1.0, 3, HIGHER, True, "timing__setup__ws"),
    Metric("hold_slack_ns", "hold slack", "ns", 1.0, 3, HIGHER, True, "timing__hold__ws"),
    Metric("fmax_mhz", "fmax", "MHz", 1.0, 1, HIGHER, True),
    Metric("die_area_um2", "die area", "um2", 1.0, 1, LOWER, False, "design__die__area"),
    Metric("utilization_percent", "utilization", "%", 1.0, 1),
    Metric("wire_length_um", "wire length", "um", 1.0, 0, LOWER, False, "route__wirelength"),
    Metric("vias", "vias", "", 1.0, 0, LOWER, False, "route__vias"),
    Metric("drc_errors", "DRC errors", "", 1.0, 0, LOWER, True, "route__drc_errors"),
    Metric("max_slew_violations", "slew violations", "", 1.0, 0, LOWER),
    Metric("max_capacitance_violations", "capacitance violations", "", 1.0, 0, LOWER),
    Metric("failed_checks", "failed sign-off checks", "", 1.0, 0, LOWER, True),
    Metric("runtime_s", "run time", "s", 1.0, 1, LOWER, False, "flow__runtime__total"),
)
BY_NAME = {metric.name: metric for metric in METRICS}
