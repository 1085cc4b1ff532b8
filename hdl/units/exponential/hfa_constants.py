"""Widths and tables of H-FA's sums of logarithms; hdl/HFA_KERNEL.md says what they are for.

In units of 2^-F, F = `fraction_bits`.
"""

import math
from itertools import pairwise

from hdl.formats import FloatFormat
from hdl.units.exponential.log_addition_constants import CHORD_END, END, SEGMENT_BITS, log_addition_table

# Weights of a key or of the sums: 2^-31 at least, unless they are dropped.
DROP_MAX = 31
DROP_BITS = DROP_MAX.bit_length() + 1
# 2^20 keys of the largest number add 20 to its logarithm.
KEYS_LOG2_MAX = 20

# 2^-f for f in [0, 1): eight chords.
POWER_SEGMENT_BITS = 3
# Bits of it below those of a logarithm.
POWER_GUARD_BITS = 2


def integer_bits(fmt: FloatFormat) -> int:
    """Return the integer bits of a logarithm, its sign included: those of the numbers, and growth."""
    return ((1 << fmt.exponent_bits - 1) + KEYS_LOG2_MAX).bit_length() + 1


def logarithm_bits(fmt: FloatFormat, fraction_bits: int) -> int:
    """Return the bits of a logarithm, two's complement; its most negative value stands for zero."""
    return integer_bits(fmt) + fraction_bits


def correction_tables(fraction_bits: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return starts and falls of log2(1 + 2^-x), then of -log2(1 - 2^-x), for 64 quarters of x each.

    The second below 1 is 0: `near_decreases` has it.
    """
    starts, falls = log_addition_table(fraction_bits)
    quarters = 1 << SEGMENT_BITS
    ends = [_decrease(i / quarters, fraction_bits) for i in range(quarters, CHORD_END * quarters + 1)]
    # Beyond the chords as the sum has it: else terms far below would count only where they add.
    far = [
        _decrease((i + 0.5) / quarters, fraction_bits) for i in range(CHORD_END * quarters, END * quarters)
    ]
    values = [*[0] * quarters, *ends[:-1], *far]
    chord_falls = [*[0] * quarters, *(start - end for start, end in pairwise(ends))]
    return (*starts, *_filled(values, len(starts))), (*falls, *_filled(chord_falls, len(falls)))


def near_decreases(fraction_bits: int) -> tuple[int, ...]:
    """Return -log2(1 - 2^-x) for each x below 1, and 0 for x = 0, where the difference is zero."""
    steps = 1 << fraction_bits
    return (0, *(_decrease(x / steps, fraction_bits) for x in range(1, steps)))


def power_tables(fraction_bits: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return starts and falls of 2^-f in eighths of [0, 1), in units of 2^-(F + 2)."""
    segments = 1 << POWER_SEGMENT_BITS
    one = 1 << fraction_bits + POWER_GUARD_BITS
    ends = [round(one * 2 ** (-i / segments)) for i in range(segments + 1)]
    return tuple(ends[:-1]), tuple(start - end for start, end in pairwise(ends))


def _filled(values: list[int], length: int) -> list[int]:
    return values + [0] * (length - len(values))


def _decrease(x: float, fraction_bits: int) -> int:
    return round(-(1 << fraction_bits) * math.log2(1 - 2.0**-x))
