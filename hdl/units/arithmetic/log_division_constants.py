"""The table of the division by subtraction of logarithms, shared by circuit and model."""

import math


def log2_mantissas(mantissa_bits: int) -> tuple[int, ...]:
    """Return log2(1 + m / 2^M) for each mantissa m, rounded, in units of 2^-M; below 1."""
    count = 1 << mantissa_bits
    return tuple(min(count - 1, round(count * math.log2(1 + m / count))) for m in range(count))
