"""What a search can make small: each a figure of a run's result, known from some depth on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flow.common.errors import UserError
from flow.common.numeric import is_number
from flow.error_study.kernel_error import kernel_error
from flow.record.depths import reaches
from flow.record.misses import missed
from flow.record.result import Result
from flow.record.settings import Settings
from hdl.designs import kernels
from hdl.known_names import unknown_name

MODEL, ERROR = "model", "error"


@dataclass(frozen=True)
class Objective:
    """A figure of which less is better, shown as value * `factor` in `unit`; runs to `since` have it."""

    name: str
    title: str
    unit: str
    factor: float
    decimals: int
    since: str
    of_result: Callable[[Result], float | None]

    def known_at(self, depth: str) -> bool:
        """Whether a run to `depth` gives the figure; MODEL is before every run."""
        return self.since == MODEL or (depth != MODEL and reaches(depth, self.since))

    def show(self, value: float) -> str:
        """Return `value` with its unit."""
        return f"{value * self.factor:,.{self.decimals}f} {self.unit}".rstrip()


def energy_per_clock_j(result: Result) -> float | None:
    """Return the energy of a clock; a kernel takes a key per clock. Before routing: at default activity."""
    power_w = result.metrics.power_total_w
    return None if power_w is None else power_w * result.clock_ns * 1e-9


def delay_ns(result: Result) -> float | None:
    """Return the shortest clock period."""
    return 1e3 / result.metrics.fmax_mhz if result.metrics.fmax_mhz else None


def attention_error(result: Result) -> float | None:
    """Return the relative L2 error of a kernel's output on real attention data; None for another design."""
    return kernel_error(result.design, result.parameters) if result.design in kernels() else None


OBJECTIVES = {
    objective.name: objective
    for objective in (
        Objective("area", "cell area", "um2", 1.0, 1, "synth", lambda result: result.metrics.cell_area_um2),
        Objective("die", "die area", "um2", 1.0, 1, "place", lambda result: result.metrics.die_area_um2),
        Objective("energy", "energy per key", "pJ", 1e12, 4, "place", energy_per_clock_j),
        Objective("delay", "shortest clock", "ns", 1.0, 3, "place", delay_ns),
        Objective("wire", "wire length", "um", 1.0, 0, "route", lambda result: result.metrics.wire_length_um),
        Objective(ERROR, "attention error", "", 1.0, 5, MODEL, attention_error),
    )
}


def find_objectives(names: list[str], settings: Settings) -> list[Objective]:
    """Return the objectives of those names; raises UserError for one that a run of `settings` has not."""
    for name in names:
        if name not in OBJECTIVES:
            raise UserError(unknown_name("objective", name, OBJECTIVES))
        if not OBJECTIVES[name].known_at(settings.depth):
            raise UserError(f"--objectives {name}: runs to {settings.depth} do not have it; go --to deeper")
        if name == ERROR and settings.design.name not in kernels():
            raise UserError(f"--objectives error: {settings.design.name} is no kernel, it has no attention")
    return [OBJECTIVES[name] for name in names]


def values_of(result: Result, objectives: list[Objective]) -> dict[str, float]:
    """Return by name the objectives that the result has, as finite numbers."""
    values = {}
    for objective in objectives:
        value = objective.of_result(result) if objective.known_at(result.depth) else None
        if value is not None and is_number(value):
            values[objective.name] = float(value)
    return values


def why_no_good(result: Result, objectives: list[Objective]) -> str | None:
    """Return why a finished result is not to be chosen, whatever its figures; None where it may be."""
    lacking = [each.name for each in objectives if each.known_at(result.depth)]
    lacking = [name for name in lacking if name not in values_of(result, objectives)]
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    if result.checks.failed:
        return f"sign-off fails: {', '.join(result.checks.failed)}"
    if result.metrics.drc_errors:
        return f"{result.metrics.drc_errors} DRC errors"
    return missed(result.metrics, result.worst_corners)


def beats(first: Mapping[str, float], second: Mapping[str, float], margin: float = 0.0) -> bool:
    """Whether `first` is better than `second` in every figure of `second`, by the share `margin` of it.

    Without a margin: nowhere worse and somewhere better.
    """
    pairs = [(first[name], value) for name, value in second.items() if name in first]
    if not pairs or len(pairs) < len(second):
        return False
    if margin:
        return all(better < value - margin * abs(value) for better, value in pairs)
    return all(better <= value for better, value in pairs) and any(better < value for better, value in pairs)
