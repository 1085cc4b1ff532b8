"""Bit-accurate model of the addition in the log2 domain, from its specification, on integers."""

from hdl.models.numpy_when_used import IntArray, np
from hdl.units.exponential.log_addition_constants import (
    CHORD_END,
    END,
    SEGMENT_BITS,
    log_addition_table,
)


def log_addition(distance: IntArray, fraction_bits: int) -> IntArray:
    """Return T(distance) ~ log2(1 + 2^-distance), both in units of 2^-F, any shape; distance >= 0."""
    starts, falls = (np.array(column, np.int64) for column in log_addition_table(fraction_bits))
    offset_bits = fraction_bits - SEGMENT_BITS
    inside = np.minimum(distance, END << fraction_bits)
    segment = inside >> offset_bits
    offset = inside & (1 << offset_bits) - 1
    fallen = (falls[segment] * offset + (1 << offset_bits >> 1) - 1) >> offset_bits
    chord = starts[segment] - fallen
    increase: IntArray = np.where(inside < CHORD_END << fraction_bits, chord, starts[segment])
    return increase


def log_sum(a: IntArray, b: IntArray, fraction_bits: int) -> IntArray:
    """Return log2(2^a + 2^b), all in units of 2^-F; shapes broadcast."""
    total: IntArray = np.maximum(a, b) + log_addition(np.abs(a - b), fraction_bits)
    return total
