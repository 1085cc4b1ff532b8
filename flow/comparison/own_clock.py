"""A kernel's own clock: the fastest that its layout at the usual clock runs at."""

from dataclasses import replace
from decimal import ROUND_CEILING, Context
from pathlib import Path

from flow.common.errors import UserError
from flow.comparison.configuration import Configuration
from flow.record.depths import POWER_DEPTHS
from flow.record.result import Result
from flow.record.results_store import find

DIGITS = 3


def own_clock_ns(usual: Result) -> float | None:
    """Return the period at the fmax of a layout made for the usual clock, rounded up to DIGITS digits."""
    if not usual.metrics.fmax_mhz:
        return None
    rounded_up = Context(prec=DIGITS, rounding=ROUND_CEILING)
    return float(rounded_up.create_decimal_from_float(1e3 / usual.metrics.fmax_mhz))


def with_clock(configuration: Configuration, kernel: str, reports: Path) -> Configuration:
    """Return `configuration` with the clock of `kernel` in it: its own from its results below `reports`.

    Raises UserError for what cannot be built, and where the own clock is not known yet.
    """
    if not configuration.own_clock:
        return configuration
    at_usual_clock = configuration.usual_clock
    for depth in reversed(POWER_DEPTHS):
        usual = find(reports, at_usual_clock.settings(kernel, 0, depth, reports))
        clock_ns = own_clock_ns(usual) if usual else None
        if clock_ns is not None:
            return replace(at_usual_clock, clock_ns=clock_ns)
    raise UserError(
        f"--clock own: {kernel} has no routed result at the usual clock yet: run the same without --clock"
    )
