"""Bit-accurate model of VEXP's exponential, from its specification."""

from hdl.formats import BF16
from hdl.models.codes import as_codes
from hdl.models.numpy_when_used import ArrayLike, CodeArray, np
from hdl.units.exponential.vexp_constants import (
    HIGH_SLOPE,
    HIGH_START,
    LOG2E,
    LOG2E_FRACTION_BITS,
    LOW_SLOPE,
    LOW_START,
    PRODUCT_SHIFT,
)


def vexp(x: ArrayLike, fmt: object = BF16) -> CodeArray:
    """Return the codes of VEXP's e^x in BF16, any shape; x > 0 is taken as 0."""
    assert fmt == BF16
    codes = as_codes(x, BF16).astype(np.int64)
    field = codes >> 7 & 255
    product = ((codes & 127) + 128) * LOG2E
    # A field of 134 and more is 128 and more: below any weight. One below 100 rounds to 0.
    right = LOG2E_FRACTION_BITS + BF16.bias - np.clip(field, 100, 134)
    y = np.where((codes >> 15 == 0) | (field < 100), 0, ((product >> right - 1) + 1) >> 1)
    exponent = (-y >> 7) + BF16.bias
    f = -y & 127
    low = (f << 1 & 127) * LOW_SLOPE * (LOW_START + f) >> PRODUCT_SHIFT
    high = ~((~(f << 1) & 127) * HIGH_SLOPE * (HIGH_START + f) >> PRODUCT_SHIFT)
    mantissa = np.where(f < 64, low, high) & 127
    result: CodeArray = np.where(exponent > 0, (exponent << 7) + mantissa, 0).astype(np.uint32)
    return result
