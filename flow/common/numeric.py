"""Numbers as a reader expects them: finite or missing, signed by their magnitude, never minus zero."""

import math
from typing import Any

# What OpenSTA calls infinite, in whatever unit it is told: the slack of a design without a path.
INFINITE = 1e30


def is_number(value: Any) -> bool:
    """Whether `value` is a finite int or float; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False


def is_infinite(value: Any) -> bool:
    """Whether `value` is a float that is not finite, NaN among them."""
    return isinstance(value, float) and not math.isfinite(value)


def read_number(value: Any) -> float | None:
    """Return the number that a tool gave, as a number or as text; None where it is not finite or is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < INFINITE else None  # false for NaN


def change_percent(value: float, base: float) -> float | None:
    """Return the change in percent of the magnitude of `base`: positive is up. None where `base` is zero."""
    return 100 * (value - base) / abs(base) if base else None


def signed_percent(percent: float, decimals: int) -> str:
    """Return a change in percent with its sign; one that rounds to zero is +0."""
    return f"{percent:+z.{decimals}f} %"
