"""From results to the figures of a comparison: medians over the seeds, reductions, spread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from flow.attention_data.workload import KEYS_PER_QUERY
from flow.common.numeric import is_number
from flow.comparison.configuration import Configuration
from flow.record.activities import TIMED
from flow.record.depths import POWER_DEPTHS
from flow.record.result import Result

# The paper's two kernels, the baseline first.
PAPER_KERNELS = ("fa2_baseline", "fa2_expmul")
# The paper's averages over its configurations (its abstract; mark [P] in paper.md), in percent.
PAPER_AREA_REDUCTION_PERCENT = 28.8
PAPER_POWER_REDUCTION_PERCENT = 17.6


@dataclass(frozen=True)
class Row:
    """One configuration: every kernel's results, one per seed and in the order of the seeds."""

    configuration: Configuration
    depth: str
    results: Mapping[str, tuple[Result, ...]]

    @property
    def is_routed(self) -> bool:
        """Whether the layouts have wires, so power over real data."""
        return self.depth in POWER_DEPTHS

    @property
    def seeds(self) -> int:
        """How many results each kernel has."""
        return min(map(len, self.results.values()))


Quantity = Callable[[Result], float | None]


def metric(name: str) -> Quantity:
    """Return the quantity: a field of the result's metrics."""
    return lambda result: getattr(result.metrics, name)


def power_w(activity: str) -> Quantity:
    """Return the quantity: total power at `activity`."""

    def total(result: Result) -> float | None:
        return result.power[activity].total_w if activity in result.power else None

    return total


def energy_per_key_j(result: Result) -> float | None:
    """Energy of a clock at timed activity: the kernels take a key per clock."""
    return result.power[TIMED].energy_per_clock_j if TIMED in result.power else None


def energy_per_query_j(result: Result) -> float | None:
    """Energy of the queries of the workload, each of KEYS_PER_QUERY keys; there is no bubble between."""
    energy_j = energy_per_key_j(result)
    return None if energy_j is None else energy_j * KEYS_PER_QUERY


def area_delay_um2_ns(result: Result) -> float | None:
    """Cell area times the shortest clock period of the layout made for the run's clock."""
    area_um2, fmax_mhz = result.metrics.cell_area_um2, result.metrics.fmax_mhz
    return None if area_um2 is None or not fmax_mhz else area_um2 * 1e3 / fmax_mhz


def energy_per_key_at_fmax_j(result: Result) -> float | None:
    """Energy of a key at timed activity with the layout clocked at its fmax.

    The energy of switching is that of the run's clock, glitches included; leakage lasts for the shorter
    period.
    """
    if TIMED not in result.power or not result.metrics.fmax_mhz:
        return None
    power = result.power[TIMED]
    switched_j = (power.internal_w + power.switching_w) * result.clock_ns * 1e-9
    return switched_j + power.leakage_w / (result.metrics.fmax_mhz * 1e6)


def power_at_fmax_w(result: Result) -> float | None:
    """Power at timed activity with the layout clocked at its fmax: a key per clock."""
    energy_j, fmax_mhz = energy_per_key_at_fmax_j(result), result.metrics.fmax_mhz
    return None if energy_j is None or not fmax_mhz else energy_j * fmax_mhz * 1e6


def group_area_um2(group: str) -> Quantity:
    """Return the quantity: cell area of a group."""
    return lambda result: result.groups[group].cell_area_um2 if group in result.groups else None


def group_power_w(group: str) -> Quantity:
    """Return the quantity: a group's power at timed activity."""
    return lambda result: result.power[TIMED].groups_w.get(group) if TIMED in result.power else None


@dataclass(frozen=True)
class Figure:
    """A quantity over the seeds."""

    median: float
    smallest: float
    largest: float

    @property
    def spread(self) -> float:
        """Distance between the extremes."""
        return self.largest - self.smallest


def figure(results: Sequence[Result], quantity: Quantity) -> Figure | None:
    """Return the quantity over `results`, None where one of them lacks it or it is not finite."""
    values = [value for value in map(quantity, results) if value is not None and is_number(value)]
    if not values or len(values) < len(results):
        return None
    return Figure(median(values), min(values), max(values))


@dataclass(frozen=True)
class Reduction:
    """How far a kernel lies below the baseline, in percent of the baseline's median.

    `smallest` and `largest` pair the seeds at their worst. `within_spread` tells that the kernels differ
    by less than one of them varies with the seed; None with one seed, when nothing is known of it.
    """

    percent: float
    smallest: float
    largest: float
    within_spread: bool | None


def reduction(baseline: Figure | None, other: Figure | None, seeds: int) -> Reduction | None:
    """Return the reduction from `baseline` to `other`, None where one is missing or the baseline is zero."""
    if baseline is None or other is None or 0 in (baseline.median, baseline.smallest, baseline.largest):
        return None
    within = None
    if seeds > 1:
        within = abs(baseline.median - other.median) < max(baseline.spread, other.spread)
    return Reduction(
        100 * (1 - other.median / baseline.median),
        100 * (1 - other.largest / baseline.smallest),
        100 * (1 - other.smallest / baseline.largest),
        within,
    )
