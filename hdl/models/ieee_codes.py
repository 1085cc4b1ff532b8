"""Codes of a format with subnormals, Inf and NaN, and float64, both ways: `hdl/ieee_format.py`'s table."""

from hdl.ieee_format import IeeeFormat
from hdl.models.numpy_when_used import ArrayLike, BoolArray, CodeArray, FloatArray, IntArray, np


def decode(codes: ArrayLike, fmt: IeeeFormat) -> FloatArray:
    """Return the float64 values of `codes`, any shape: exactly, with the sign of zero, Inf and NaN."""
    integers = np.asarray(codes, np.int64)
    magnitude_code = integers & (1 << fmt.sign_bit) - 1
    exponent = magnitude_code >> fmt.mantissa_bits
    mantissa = magnitude_code & (1 << fmt.mantissa_bits) - 1
    significand = np.where(exponent == 0, mantissa, mantissa + (1 << fmt.mantissa_bits)).astype(np.float64)
    place = np.maximum(exponent, 1) - fmt.bias - fmt.mantissa_bits
    magnitude = np.ldexp(significand, place.astype(np.int32))
    if fmt.has_infinity:
        magnitude = np.where(magnitude_code == fmt.infinity_code, np.inf, magnitude)
    magnitude = np.where(_is_nan(magnitude_code, fmt), np.nan, magnitude)
    values: FloatArray = np.where(integers >> fmt.sign_bit == 1, -magnitude, magnitude)
    return values


def encode(values: ArrayLike, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of float64 `values`, any shape, rounded once as `fmt` says; any NaN is `nan_code`."""
    array = np.asarray(values, np.float64)
    finite = np.where(np.isfinite(array), np.abs(array), 0.0)
    _, exponent = np.frexp(finite)
    # The last place: of the number's own binade, or of the subnormals where that lies higher.
    place = np.maximum(exponent - 1, 1 - fmt.bias) - fmt.mantissa_bits
    units = np.ldexp(finite, -place)
    units = np.floor(units) if fmt.truncates else np.rint(units)
    rounded = np.ldexp(units, place)
    _, exponent = np.frexp(rounded)
    place = np.where(rounded == 0, 1 - fmt.bias, np.maximum(exponent - 1, 1 - fmt.bias))
    significand = np.ldexp(rounded, fmt.mantissa_bits - place).astype(np.int64)
    # A subnormal has no leading one: its significand alone is the code.
    code = (place.astype(np.int64) + fmt.bias - 1 << fmt.mantissa_bits) + significand
    sign = np.signbit(array).astype(np.int64) << fmt.sign_bit
    overflow = code > fmt.max_finite_code
    code = np.where(overflow, fmt.overflow_code, code) | sign
    infinity = fmt.infinity_code if fmt.has_infinity else fmt.nan_code
    code = np.where(np.isinf(array), infinity | sign, code)
    invalid = np.isnan(array) | _is_nan(code & (1 << fmt.sign_bit) - 1, fmt)
    codes: CodeArray = np.where(invalid, fmt.nan_code, code).astype(np.uint32)
    return codes


def _is_nan(magnitude_code: IntArray, fmt: IeeeFormat) -> BoolArray:
    nan: BoolArray = magnitude_code > (fmt.infinity_code if fmt.has_infinity else fmt.max_finite_code)
    return nan
