"""Slow drift over many nights: a step that no single night's band shows.

A cumulative sum after Page. Deviations from the median of the first runs, in units of the noise between
neighbouring runs, add up beyond an allowance. Where the sum passes the threshold there was a step. It began
where the sum last left zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from flow.common.numeric import change_percent, is_number

REFERENCE_RUNS = 4
ALLOWANCE = 0.5
THRESHOLD = 5.0
# Noise is never taken as less than this share of the value: identical runs have none.
NOISE_FLOOR = 5e-4


@dataclass(frozen=True)
class Step:
    """A lasting change: `index` is its first run, the values are the medians before it and from it on."""

    index: int
    before: float
    after: float

    @property
    def percent(self) -> float | None:
        """The change in percent of the magnitude before; None from zero."""
        return change_percent(self.after, self.before)


def find_step(values: Sequence[float]) -> Step | None:
    """Return the first lasting change of `values`, None where there is none or too few runs.

    Values that are not finite are passed over: `index` counts them all the same.
    """
    finite = [index for index, value in enumerate(values) if is_number(value)]
    if len(finite) < len(values):
        step = find_step([values[index] for index in finite])
        return None if step is None else replace(step, index=finite[step.index])
    if len(values) <= REFERENCE_RUNS:
        return None
    reference = median(values[:REFERENCE_RUNS])
    jumps = [abs(value - next_value) for value, next_value in pairwise(values)]
    noise = max(1.4826 * median(jumps) / 2**0.5, NOISE_FLOOR * abs(reference), 1e-300)
    up = down = 0.0
    up_start = down_start = REFERENCE_RUNS
    for index, value in enumerate(values[REFERENCE_RUNS:], REFERENCE_RUNS):
        deviation = (value - reference) / noise
        up, down = max(0.0, up + deviation - ALLOWANCE), max(0.0, down - deviation - ALLOWANCE)
        up_start = index + 1 if up == 0 else up_start
        down_start = index + 1 if down == 0 else down_start
        start = up_start if up > THRESHOLD else down_start if down > THRESHOLD else None
        if start is not None:
            return Step(start, reference, median(values[start:]))
    return None
