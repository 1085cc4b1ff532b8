"""Bit-accurate models of H-FA's sums of logarithms and of its output, from the specification, on integers."""

from hdl.formats import FloatFormat
from hdl.models.codes import as_codes
from hdl.models.log_addition import log_addition
from hdl.models.numpy_when_used import ArrayLike, CodeArray, IntArray, np
from hdl.units.exponential.hfa_constants import (
    POWER_GUARD_BITS,
    POWER_SEGMENT_BITS,
    correction_tables,
    logarithm_bits,
    near_decreases,
    power_tables,
)
from hdl.units.exponential.log_addition_constants import CHORD_END, END, SEGMENT_BITS


def zero_logarithm(fmt: FloatFormat, fraction_bits: int) -> int:
    """Return what stands for the logarithm of zero: the most negative value."""
    return -(1 << logarithm_bits(fmt, fraction_bits) - 1)


def logarithm(codes: ArrayLike, fmt: FloatFormat, fraction_bits: int) -> IntArray:
    """Return log2 of the magnitudes of `codes` by Mitchell, in units of 2^-F, any shape."""
    magnitude = as_codes(codes, fmt).astype(np.int64) & (1 << fmt.sign_bit) - 1
    of_number = magnitude - fmt.one_code << fraction_bits - fmt.mantissa_bits
    result: IntArray = np.where(
        magnitude >> fmt.mantissa_bits == 0, zero_logarithm(fmt, fraction_bits), of_number
    )
    return result


def log_difference(distance: IntArray, fraction_bits: int) -> IntArray:
    """Return -log2(1 - 2^-distance), both in units of 2^-F, any shape; distance > 0."""
    starts, falls = (np.array(column, np.int64) for column in correction_tables(fraction_bits))
    offset_bits = fraction_bits - SEGMENT_BITS
    near = np.array(near_decreases(fraction_bits), np.int64)
    inside = np.minimum(distance, END << fraction_bits)
    segment = (inside >> offset_bits) + len(starts) // 2
    offset = inside & (1 << offset_bits) - 1
    fallen = (falls[segment] * offset + (1 << offset_bits >> 1) - 1) >> offset_bits
    fallen = np.where(inside < CHORD_END << fraction_bits, fallen, 0)
    steps = 1 << fraction_bits
    decrease: IntArray = np.where(
        inside < steps, near[np.minimum(inside, steps - 1)], starts[segment] - fallen
    )
    return decrease


def power(distance: IntArray, fraction_bits: int) -> IntArray:
    """Return 2^-distance by eight chords of its fraction, both in units of 2^-F, rounded half up."""
    starts, falls = (np.array(column, np.int64) for column in power_tables(fraction_bits))
    offset_bits = fraction_bits - POWER_SEGMENT_BITS
    fraction = distance & (1 << fraction_bits) - 1
    segment = fraction >> offset_bits
    of_fraction = starts[segment] - (falls[segment] * (fraction & (1 << offset_bits) - 1) >> offset_bits)
    binades = np.minimum(distance >> fraction_bits, 62)
    rounded: IntArray = ((of_fraction >> POWER_GUARD_BITS - 1 >> binades) + 1) >> 1
    return rounded


def add_in_logarithms(
    a: IntArray, a_sign: IntArray, b: IntArray, b_sign: IntArray, zero: int, fraction_bits: int, sound: bool
) -> tuple[IntArray, IntArray]:
    """Return logarithm and sign of the sum of two numbers given so; `zero` and less is a zero.

    sound  with both corrections; else 2^-distance in the place of both
    """
    larger_is_a = a >= b
    larger = np.where(larger_is_a, a, b)
    distance = np.abs(a - b)
    opposite = a_sign != b_sign
    if sound:
        difference = larger - log_difference(np.maximum(distance, 1), fraction_bits)
        difference = np.where(distance == 0, zero, difference)
        total = np.where(opposite, difference, larger + log_addition(distance, fraction_bits))
    else:
        correction = power(distance, fraction_bits)
        total = np.where(opposite, larger - correction, larger + correction)
    # A zero adds nothing.
    total = np.where((a <= zero) | (b <= zero), larger, total)
    return np.maximum(total, zero), np.where(larger_is_a, a_sign, b_sign)


def quotients_of_logarithms(
    logarithms: IntArray, signs: IntArray, fmt: FloatFormat, fraction_bits: int
) -> CodeArray:
    """Return the codes of 2^(L_o - L_l) with o's sign; `logarithms` are [L_l, L_o] over the last axis.

    The difference is rounded half up to the mantissa's bits, and read as a code: Mitchell again. +0 where it
    lies below the smallest normal number and where l is zero; the largest finite number where it lies above.
    """
    total = logarithms[..., :1]
    left_out = fraction_bits - fmt.mantissa_bits
    code = logarithms[..., 1:] - total + (fmt.one_code << left_out) + (1 << left_out >> 1) >> left_out
    nothing = (code < 1 << fmt.mantissa_bits) | (total == zero_logarithm(fmt, fraction_bits))
    signed = np.minimum(code, fmt.max_finite_code) | signs[..., 1:] << fmt.sign_bit
    result: CodeArray = np.where(nothing, 0, signed).astype(np.uint32)
    return result
