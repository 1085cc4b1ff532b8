"""Bit-accurate models of the arithmetic units that kernels share, from their specification."""

from typing import Any

from hdl.formats import FloatFormat
from hdl.models.codes import as_codes, decode, encode
from hdl.models.numpy_when_used import ArrayLike, CodeArray, FloatArray, IntArray, np
from hdl.models.operators import multiply
from hdl.units.arithmetic.reciprocal_constants import (
    COEFFICIENT_BITS,
    FRACTION_BITS,
    OFFSET_BITS,
    SEGMENT_BITS,
    SEGMENT_SLOPES,
    SEGMENT_STARTS,
)


def add(a: ArrayLike, b: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of a + b, rounded to nearest even; an exact zero is -0 only for (-0) + (-0)."""
    # Where the float64 sum is inexact the smaller operand lies far below half a unit of the larger.
    return encode(decode(a, fmt) + decode(b, fmt), fmt)


def subtract(a: ArrayLike, b: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of a - b, rounded to nearest even."""
    return encode(decode(a, fmt) - decode(b, fmt), fmt)


def dot_product(q: ArrayLike, k: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of the sum of q * k over the last axis, rounded once to nearest even; a zero is +0."""
    total, scale = aligned_sum(q, k, fmt)
    return encode(np.ldexp(total.astype(np.float64), scale), fmt)


def aligned_sum(q: ArrayLike, k: ArrayLike, fmt: FloatFormat) -> tuple[IntArray, Any]:
    """Return the sum of q * k over the last axis as integer and exponent; the other axes broadcast.

    Products are exact. Each is aligned to the product with the largest sum of exponent fields and its
    magnitude cut off ceil(log2(d)) bits below that product's last bit; the sum is exact.
    """
    a, b = np.broadcast_arrays(as_codes(q, fmt).astype(np.int64), as_codes(k, fmt).astype(np.int64))
    guard_bits = (a.shape[-1] - 1).bit_length()
    exponent_a, significand_a = _unpack(a, fmt)
    exponent_b, significand_b = _unpack(b, fmt)
    nonzero = (exponent_a > 0) & (exponent_b > 0)
    exponent = np.where(nonzero, exponent_a + exponent_b, 0)
    largest = exponent.max(axis=-1, keepdims=True)
    product = np.where(nonzero, significand_a * significand_b, 0) << guard_bits
    magnitude = product >> np.minimum(largest - exponent, 63)
    negative = (a ^ b) >> fmt.sign_bit == 1
    total: IntArray = np.where(negative, -magnitude, magnitude).sum(axis=-1)
    scale = largest[..., 0] - 2 * (fmt.bias + fmt.mantissa_bits) - guard_bits
    return total, scale.astype(np.int32)


def reciprocal(x: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of the piecewise-linear 1 / x, rounded to nearest even; 1 / 0 is 0."""
    codes = as_codes(x, fmt)
    exponent, _ = _unpack(codes.astype(np.int64), fmt)
    value = np.where(exponent > 0, reciprocal_real(decode(codes, fmt)), 0.0)
    return encode(np.copysign(value, decode(codes, fmt)), fmt)


def reciprocal_real(x: FloatArray) -> FloatArray:
    """Return the piecewise-linear 1 / |x| before it is rounded to a format; 0 for 0."""
    fraction, exponent = np.frexp(np.abs(x))
    position_bits = SEGMENT_BITS + OFFSET_BITS
    position = np.floor(np.ldexp(np.maximum(2 * fraction - 1, 0.0), position_bits)).astype(np.int64)
    segment = position >> OFFSET_BITS
    offset = position & ((1 << OFFSET_BITS) - 1)
    start = np.array(SEGMENT_STARTS, np.int64)[segment] << FRACTION_BITS - COEFFICIENT_BITS
    fall = (
        np.array(SEGMENT_SLOPES, np.int64)[segment] * offset << FRACTION_BITS - COEFFICIENT_BITS
    ) >> OFFSET_BITS
    power = np.where(x == 0, 0, start - fall).astype(np.float64)
    value: FloatArray = np.ldexp(power, (1 - exponent - FRACTION_BITS).astype(np.int32))
    return value


def divide(sums: CodeArray, fmt: FloatFormat) -> CodeArray:
    """Return the codes of sums[1:] / sums[0] over the last axis, by the reciprocal; a zero is +0."""
    quotient = multiply(sums[..., 1:], reciprocal(sums[..., :1], fmt), fmt)
    return np.where(quotient == 1 << fmt.sign_bit, np.uint32(0), quotient)


def _unpack(codes: IntArray, fmt: FloatFormat) -> tuple[IntArray, IntArray]:
    """Return exponent fields and significands with their leading one."""
    exponent = codes >> fmt.mantissa_bits & fmt.max_exponent_field
    significand = codes & ((1 << fmt.mantissa_bits) - 1) | 1 << fmt.mantissa_bits
    return exponent, significand
