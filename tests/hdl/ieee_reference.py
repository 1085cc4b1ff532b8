"""Sums and products of codes as ml_dtypes rounds them, and truncated: independent of the models."""

import ml_dtypes
import numpy as np

from hdl.ieee_format import IeeeFormat

TYPES = {
    "bf16": ml_dtypes.bfloat16,
    "e4m3": ml_dtypes.float8_e4m3fn,
    "e4m3_ieee": ml_dtypes.float8_e4m3,
    "e5m2": ml_dtypes.float8_e5m2,
}
BYTE_FORMATS = ("e4m3", "e4m3_ieee", "e5m2")


def type_of(fmt: IeeeFormat):
    return TYPES[fmt.name.rsplit("_", 1)[0]]


def values_of(codes, fmt: IeeeFormat):
    """Codes as numbers of ml_dtypes, any NaN as a quiet one: the others are invalid to every conversion."""
    codes = np.asarray(codes)
    if fmt.has_infinity:
        codes = np.where(codes & (1 << fmt.sign_bit) - 1 > fmt.infinity_code, fmt.nan_code, codes)
    return codes.astype(np.uint8 if fmt.width == 8 else np.uint16).view(type_of(fmt))


def codes_of(values, fmt: IeeeFormat):
    """Numbers of ml_dtypes as codes, any NaN as the canonical one."""
    codes = values.view(np.uint8 if fmt.width == 8 else np.uint16).astype(np.uint32)
    return np.where(np.isnan(values.astype(np.float64)), fmt.nan_code, codes).astype(np.uint32)


def _scaled_integers(codes, fmt: IeeeFormat):
    """The exact values of finite codes as Python's integers, in units of the smallest subnormal number."""
    codes = np.asarray(codes).astype(np.int64)
    exponent = codes >> fmt.mantissa_bits & fmt.max_exponent_field
    mantissa = codes & (1 << fmt.mantissa_bits) - 1
    significand = mantissa + ((exponent > 0) << fmt.mantissa_bits)
    magnitude = significand.astype(object) << np.maximum(exponent - 1, 0).astype(object)
    return np.where(codes >> fmt.sign_bit & 1, -magnitude, magnitude)


def reference(operation: str, a, b, fmt: IeeeFormat):
    """Codes of a + b, a - b or a * b, rounded as `fmt` says; `operation` is add, subtract or multiply."""
    function = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply}[operation]
    x, y = values_of(a, fmt), values_of(b, fmt)
    with np.errstate(all="ignore"):
        nearest = codes_of(function(x, y), fmt)
    if not fmt.truncates:
        return nearest
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(x.astype(np.float64)) & np.isfinite(y.astype(np.float64))
    left, right = (_scaled_integers(np.where(finite, codes, 0), fmt) for codes in (a, b))
    scale = 1
    if operation == "multiply":
        # In units of the smallest subnormal number's square.
        exact = left * right
        scale = 1 << fmt.bias - 1 + fmt.mantissa_bits
    else:
        exact = left + right if operation == "add" else left - right
    magnitude = nearest & (1 << fmt.sign_bit) - 1
    overflowed = finite & (magnitude > fmt.max_finite_code)
    rounded = np.abs(_scaled_integers(np.where(finite & ~overflowed, nearest, 0), fmt)) * scale
    away = (finite & ~overflowed & (rounded > np.abs(exact))).astype(bool)
    sign = (exact < 0).astype(np.uint32) << np.uint32(fmt.sign_bit)
    truncated = np.where(away, nearest - np.uint32(1), nearest)
    return np.where(overflowed, sign | np.uint32(fmt.max_finite_code), truncated).astype(np.uint32)


def all_pairs(fmt: IeeeFormat):
    codes = np.arange(1 << fmt.width, dtype=np.uint32)
    return tuple(grid.ravel() for grid in np.meshgrid(codes, codes))


def pairs_of_every_exponent(fmt: IeeeFormat, count: int, seed: int):
    """Pairs of codes: random ones, near ones that cancel, and ones whose product lies near the subnormals."""
    rng = np.random.default_rng(seed)
    codes = 1 << fmt.width
    a, b = rng.integers(0, codes, (2, count))
    spread = (fmt.mantissa_bits + 4) << fmt.mantissa_bits
    near = (a + rng.integers(-spread, spread, count)) % codes ^ rng.integers(0, 2, count) << fmt.sign_bit
    exponent = a >> fmt.mantissa_bits & fmt.max_exponent_field
    low = np.clip(
        fmt.bias - exponent + rng.integers(-fmt.mantissa_bits - 4, 4, count), 0, fmt.max_exponent_field
    )
    deep = b & ~(fmt.max_exponent_field << fmt.mantissa_bits) | low << fmt.mantissa_bits
    # Near 1 / a: products around the overflow are rare among random pairs.
    high = np.clip(3 * fmt.bias - exponent + rng.integers(-2, 3, count), 0, fmt.max_exponent_field)
    large = b & ~(fmt.max_exponent_field << fmt.mantissa_bits) | high << fmt.mantissa_bits
    kind = np.arange(count) % 5
    b = np.select([kind == 1, kind == 2, kind == 3], [near, deep, large], b)
    # Both small: sums below the normal numbers.
    field = fmt.max_exponent_field << fmt.mantissa_bits
    small = rng.integers(0, fmt.mantissa_bits + 3, (2, count)) << fmt.mantissa_bits
    a = np.where(kind == 4, a & ~field | small[0], a)
    b = np.where(kind == 4, b & ~field | small[1], b)
    return a.astype(np.uint32), b.astype(np.uint32)
