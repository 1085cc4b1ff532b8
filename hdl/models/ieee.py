"""Bit-accurate models of the units with subnormals, Inf and NaN, from `hdl/ieee_format.py`'s table.

Codes in and out, arrays of any shape.
"""

from hdl.ieee_format import IeeeFormat
from hdl.models.arithmetic import reciprocal_real
from hdl.models.codes import as_codes, decode
from hdl.models.ieee_codes import encode
from hdl.models.numpy_when_used import ArrayLike, CodeArray, FloatArray, IntArray, np
from hdl.models.operators import level_of, pwl_exp_real


def add(a: ArrayLike, b: ArrayLike, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of a + b; an exact zero is -0 only for (-0) + (-0)."""
    return encode(_sum(decode(a, fmt), decode(b, fmt)), fmt)


def subtract(a: ArrayLike, b: ArrayLike, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of a - b."""
    return encode(_sum(decode(a, fmt), -decode(b, fmt)), fmt)


def multiply(a: ArrayLike, b: ArrayLike, fmt: IeeeFormat, drop: ArrayLike = False) -> CodeArray:
    """Return the codes of a * b; where `drop`, a zero with the product's sign. Shapes broadcast."""
    with np.errstate(invalid="ignore"):
        # Two significands of 11 bits at most: the float64 product is exact.
        product = encode(decode(a, fmt) * decode(b, fmt), fmt)
    sign = (as_codes(a, fmt) ^ as_codes(b, fmt)) & np.uint32(1 << fmt.sign_bit)
    return np.where(drop, sign, product).astype(np.uint32)


def pwl_exp(x: ArrayLike, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of the baseline's e^x, x clipped to [-15, 0], rounded once; e^NaN is NaN."""
    values = decode(x, fmt)
    powers = pwl_exp_real(np.where(np.isnan(values), 0.0, values))
    return encode(np.where(np.isnan(values), np.nan, powers), fmt)


def reciprocal(x: ArrayLike, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of the piecewise-linear 1 / x, rounded once; 1 / 0 and 1 / Inf are 0 with the sign."""
    values = decode(x, fmt)
    usable = np.isfinite(values) & (values != 0)
    magnitude = np.where(usable, reciprocal_real(np.where(usable, values, 1.0)), 0.0)
    return encode(np.where(np.isnan(values), np.nan, np.copysign(magnitude, values)), fmt)


def dot_product(q: ArrayLike, k: ArrayLike, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of the sum of q * k over the last axis; the other axes broadcast.

    Products are exact; a subnormal factor counts with exponent field 1 and is not normalised. Each product is
    aligned to the largest sum of exponent fields and its magnitude cut off ceil(log2(d)) bits below the last
    bit of such a product; the sum is exact and rounded once. An exact zero is +0. NaN, 0 * Inf and infinite
    products of both signs give NaN.
    """
    a, b = np.broadcast_arrays(as_codes(q, fmt).astype(np.int64), as_codes(k, fmt).astype(np.int64))
    guard_bits = (a.shape[-1] - 1).bit_length()
    exponent_a, significand_a = _unpack(a, fmt)
    exponent_b, significand_b = _unpack(b, fmt)
    product = significand_a * significand_b
    exponent = np.where(product > 0, exponent_a + exponent_b, 0)
    largest = exponent.max(axis=-1, keepdims=True)
    magnitude = (product << guard_bits) >> np.minimum(largest - exponent, 63)
    negative = (a ^ b) >> fmt.sign_bit == 1
    total = np.where(negative, -magnitude, magnitude).sum(axis=-1)
    scale = largest[..., 0] - 2 * (fmt.bias + fmt.mantissa_bits) - guard_bits
    value = np.ldexp(total.astype(np.float64), scale.astype(np.int32))
    with np.errstate(invalid="ignore"):
        products = decode(a, fmt) * decode(b, fmt)
        special = np.where(np.isfinite(products), 0.0, products).sum(axis=-1)
    return encode(np.where(np.isfinite(special), value, special), fmt)


def divide(sums: CodeArray, fmt: IeeeFormat) -> CodeArray:
    """Return the codes of sums[1:] / sums[0] over the last axis, by the reciprocal; a zero is +0."""
    quotient = multiply(sums[..., 1:], reciprocal(sums[..., :1], fmt), fmt)
    return np.where(quotient == 1 << fmt.sign_bit, np.uint32(0), quotient)


def log2exp(x: ArrayLike, fmt: IeeeFormat, fraction_bits: int = 11) -> IntArray:
    """Return Log2Exp of codes `x`: 0 to 22; of a NaN, whose sign is 0 where a unit makes it, 0."""
    values = decode(x, fmt)
    return level_of(np.where(np.isnan(values), 0.0, values), fraction_bits)


def scale_down(v: ArrayLike, level: ArrayLike, fmt: IeeeFormat, drop: ArrayLike = False) -> CodeArray:
    """Return the codes of the ExpMul lane: v less `level` in its exponent field; shapes broadcast.

    Level 0, Inf and NaN leave v as it is. Else a field that falls to 0 or below gives a zero with the sign,
    as `drop` does.
    """
    codes = as_codes(v, fmt).astype(np.int64)
    levels = np.asarray(level, np.int64)
    sign = codes & (1 << fmt.sign_bit)
    magnitude = codes ^ sign
    reserved = fmt.infinity_code if fmt.has_infinity else fmt.nan_code
    lowered = magnitude - (levels << fmt.mantissa_bits)
    lowered = np.where(lowered >> fmt.mantissa_bits > 0, lowered, 0)
    scaled = np.where((levels == 0) | (magnitude >= reserved), magnitude, lowered)
    result: CodeArray = (np.where(drop, 0, scaled) | sign).astype(np.uint32)
    return result


def _unpack(codes: IntArray, fmt: IeeeFormat) -> tuple[IntArray, IntArray]:
    """Return exponent fields, at least 1, and significands of codes."""
    field = codes >> fmt.mantissa_bits & fmt.max_exponent_field
    mantissa = codes & (1 << fmt.mantissa_bits) - 1
    return np.maximum(field, 1), mantissa + ((field > 0).astype(np.int64) << fmt.mantissa_bits)


def _sum(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a + b in float64, rounded towards zero where it is inexact.

    The formats have few enough bits for it to round as the exact sum does, to nearest as well: an inexact
    sum has its smaller operand far below half a unit of the larger one's last place.
    """
    with np.errstate(invalid="ignore"):
        total = a + b
        larger = np.where(np.abs(a) >= np.abs(b), a, b)
        smaller = np.where(np.abs(a) >= np.abs(b), b, a)
        lost = smaller - (total - larger)
        away = np.isfinite(total) & (lost != 0) & (np.signbit(lost) != np.signbit(total))
    inward: FloatArray = np.where(away, np.nextafter(total, 0.0), total)
    return inward
