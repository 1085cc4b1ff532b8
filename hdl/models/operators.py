"""Bit-accurate models of the operators, from their specification, on arrays of codes."""

from hdl.formats import FloatFormat
from hdl.models.codes import as_codes, decode, encode
from hdl.models.numpy_when_used import ArrayLike, CodeArray, FloatArray, IntArray, np
from hdl.units.exponential.pwl_exp_constants import (
    COEFFICIENT_BITS,
    FRACTION_BITS,
    LOG2E,
    LOG2E_FRACTION_BITS,
    SEGMENT_BITS,
    SEGMENT_SLOPES,
    SEGMENT_STARTS,
)

LARGEST_MAGNITUDE = 15.0


def clipped_fixed(x: FloatArray, fraction_bits: int) -> IntArray:
    """Return -x, clipped to [0, 15] and truncated, in units of 2^-fraction_bits."""
    scaled: FloatArray = np.floor(np.ldexp(np.clip(-x, 0.0, LARGEST_MAGNITUDE), fraction_bits))
    fixed: IntArray = scaled.astype(np.int64)
    return fixed


def level_of(x: FloatArray, fraction_bits: int) -> IntArray:
    """Return round(-x * 1.4375), 0 to 22, of real x: the shift-and-add of Log2Exp, rounded half up."""
    y = clipped_fixed(x, fraction_bits)
    level: IntArray = (y + (y >> 1) - (y >> 4) + (1 << fraction_bits >> 1)) >> fraction_bits
    return level


def log2exp(x: ArrayLike, fmt: FloatFormat, fraction_bits: int = 11) -> IntArray:
    """Return Log2Exp of codes `x`, any shape: the amounts, 0 to 22, that ExpMul takes from exponents."""
    return level_of(decode(x, fmt), fraction_bits)


def scale_down(v: ArrayLike, level: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of v * 2^-level, `level` >= 0; shapes broadcast.

    Sign and mantissa stay; where the exponent field would fall to 0 or below the result is a zero with the
    sign. A reserved code passes through, as a number of that binade does.
    """
    codes = as_codes(v, fmt).astype(np.int64)
    sign = codes & (1 << fmt.sign_bit)
    magnitude = (codes ^ sign) - (np.asarray(level, np.int64) << fmt.mantissa_bits)
    scaled: CodeArray = (np.where(magnitude >> fmt.mantissa_bits > 0, magnitude, 0) | sign).astype(np.uint32)
    return scaled


def expmul(x: ArrayLike, v: ArrayLike, fmt: FloatFormat, fraction_bits: int = 11) -> CodeArray:
    """Return ExpMul's codes of e^x * v: x of shape S, v and the result of shape S + (lanes,)."""
    return scale_down(v, log2exp(x, fmt, fraction_bits)[..., None], fmt)


def pwl_exp_real(x: FloatArray) -> FloatArray:
    """Return the baseline's e^x of real x, clipped to [-15, 0], before it is rounded to a format."""
    # Shifts to the right of negative numbers round towards minus infinity.
    scaled = (-clipped_fixed(x, FRACTION_BITS) * LOG2E) >> LOG2E_FRACTION_BITS
    exponent = scaled >> FRACTION_BITS
    offset_bits = FRACTION_BITS - SEGMENT_BITS
    segment = (scaled >> offset_bits) & ((1 << SEGMENT_BITS) - 1)
    offset = scaled & ((1 << offset_bits) - 1)
    start = np.array(SEGMENT_STARTS, np.int64)[segment] << (FRACTION_BITS - COEFFICIENT_BITS)
    rise = (np.array(SEGMENT_SLOPES, np.int64)[segment] * offset) >> (COEFFICIENT_BITS - SEGMENT_BITS)
    power = np.maximum(start + rise, 1 << FRACTION_BITS)
    value: FloatArray = np.ldexp(power.astype(np.float64), (exponent - FRACTION_BITS).astype(np.int32))
    return value


def pwl_exp(x: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of the baseline's e^x, rounded to nearest even; any shape."""
    return encode(pwl_exp_real(decode(x, fmt)), fmt)


def multiply(a: ArrayLike, b: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of a * b, rounded to nearest even; shapes broadcast."""
    # Two significands of 24 bits at most: the float64 product is exact.
    return encode(decode(a, fmt) * decode(b, fmt), fmt)


def separate_exp_mul(x: ArrayLike, v: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the baseline's codes of e^x * v: x of shape S, v and the result of shape S + (lanes,)."""
    return multiply(pwl_exp(x, fmt)[..., None], v, fmt)


def exact(x: ArrayLike, v: ArrayLike, fmt: FloatFormat) -> FloatArray:
    """Return e^x * v in float64, x > 0 taken as 0 and else unclipped; shapes as in `expmul`."""
    return np.exp(np.minimum(decode(x, fmt), 0.0))[..., None] * decode(v, fmt)
