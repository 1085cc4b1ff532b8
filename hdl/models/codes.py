"""Codes of a format and float64, both ways, by the policy of hdl/README.md."""

from dataclasses import replace

from hdl.formats import FloatFormat
from hdl.ieee_format import NEAREST, IeeeFormat
from hdl.models import ieee_codes
from hdl.models.numpy_when_used import ArrayLike, CodeArray, FloatArray, np


def as_codes(values: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return `values` as an array of codes; raise ValueError for one outside 0..2^width - 1."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise ValueError(f"codes of {fmt.name} must be integers, not {array.dtype}")
    if array.size and (int(array.min()) < 0 or int(array.max()) >> fmt.width):
        raise ValueError(f"codes of {fmt.name} must be 0 to {(1 << fmt.width) - 1}")
    return array.astype(np.uint32)


def decode(codes: ArrayLike, fmt: FloatFormat) -> FloatArray:
    """Return the float64 values of `codes`, any shape; exactly, and with the sign of zero.

    Exponent field 0 is zero, any other, all ones included, is a binade of normal numbers; but an
    `IeeeFormat` has subnormals, Inf and NaN.
    """
    if isinstance(fmt, IeeeFormat):
        return ieee_codes.decode(as_codes(codes, fmt), fmt)
    integers = as_codes(codes, fmt).astype(np.int64)
    exponent = (integers >> fmt.mantissa_bits) & fmt.max_exponent_field
    mantissa = integers & ((1 << fmt.mantissa_bits) - 1)
    significand = np.where(exponent == 0, 0, mantissa + (1 << fmt.mantissa_bits)).astype(np.float64)
    magnitude = np.ldexp(significand, (exponent - fmt.bias - fmt.mantissa_bits).astype(np.int32))
    values: FloatArray = np.where(integers >> fmt.sign_bit == 1, -magnitude, magnitude)
    return values


def encode(values: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of float64 `values`, any shape, rounded to nearest, ties to even.

    The mantissa is rounded as if the exponent had no limits; then what lies below the smallest normal
    number is a zero, what lies beyond `fmt.max_finite_code` is that number, both with the sign.
    Raises ValueError for NaN. An `IeeeFormat` has subnormals, Inf and NaN; data are rounded to nearest
    whatever becomes of its results (`ieee_codes.encode`).
    """
    if isinstance(fmt, IeeeFormat):
        return ieee_codes.encode(values, replace(fmt, rounding=NEAREST))
    array = np.asarray(values, np.float64)
    if np.isnan(array).any():
        raise ValueError("NaN has no code")
    largest = float(decode(fmt.max_finite_code, fmt))
    smallest = np.ldexp(1.0, 1 - fmt.bias)
    fraction, exponent = np.frexp(np.where(np.isinf(array), 0.0, np.abs(array)))
    significand = np.rint(np.ldexp(fraction, fmt.mantissa_bits + 1))
    magnitude = np.ldexp(significand, exponent - fmt.mantissa_bits - 1)
    magnitude = np.minimum(np.where(np.isinf(array), largest, magnitude), largest)
    normal = magnitude >= smallest
    # The rounded magnitude is exact in the format, so its own exponent and significand make the code.
    fraction, exponent = np.frexp(np.where(normal, magnitude, smallest))
    significand_code = np.ldexp(fraction, fmt.mantissa_bits + 1).astype(np.int64)
    field = exponent.astype(np.int64) - 1 + fmt.bias
    code = (field << fmt.mantissa_bits) + significand_code - (1 << fmt.mantissa_bits)
    sign = np.signbit(array).astype(np.int64) << fmt.sign_bit
    codes: CodeArray = (np.where(normal, code, 0) | sign).astype(np.uint32)
    return codes
