"""Bit-accurate models of the log2-domain kernels and of their units, from the specification."""

from dataclasses import dataclass

from hdl.formats import FloatFormat
from hdl.models.codes import as_codes, decode
from hdl.models.numpy_when_used import ArrayLike, BoolArray, CodeArray, FloatArray, IntArray, np
from hdl.units.exponential.log2_constants import (
    DISTANCE_MAX,
    SCORE_INTEGER_BITS,
    WEIGHT_TABLE_BITS,
    power_mantissas,
)


def log2_score(score: ArrayLike, fmt: FloatFormat, fraction_bits: int) -> IntArray:
    """Return S of codes `score`: units of 2^-F, rounded half away from zero, |S| <= 2^(8+F) - 1."""
    value = decode(score, fmt)
    magnitude = np.floor(np.ldexp(np.abs(value), fraction_bits) + 0.5)
    largest = (1 << SCORE_INTEGER_BITS + fraction_bits) - 1
    fixed: IntArray = (np.sign(value) * np.minimum(magnitude, largest)).astype(np.int64)
    return fixed


def power_weight(distance: IntArray, fraction: IntArray, fmt: FloatFormat, fraction_bits: int) -> CodeArray:
    """Return the codes of 2^(fraction / 2^F - distance), rounded; 0 below the smallest normal number."""
    mantissa = np.array(power_mantissas(fraction_bits, fmt.mantissa_bits), np.int64)[fraction]
    exponent = fmt.bias - distance
    weight: CodeArray = np.where(exponent > 0, (exponent << fmt.mantissa_bits) + mantissa, 0).astype(
        np.uint32
    )
    return weight


def log2_scale(v: ArrayLike, log2_factor: ArrayLike, fmt: FloatFormat, fraction_bits: int) -> CodeArray:
    """Return the codes of v with `log2_factor`, in units of 2^-F, added to exponent and top F bits.

    Shapes broadcast. A zero v and an exponent field of 0 or less give zero with the sign; a carry out of the
    exponent field leaves all ones in it and in the top F mantissa bits.
    """
    codes = as_codes(v, fmt).astype(np.int64)
    low_bits = fmt.mantissa_bits - fraction_bits
    sign = codes & (1 << fmt.sign_bit)
    field = (codes ^ sign) >> low_bits
    moved = np.minimum(
        field + np.asarray(log2_factor, np.int64), (1 << fmt.exponent_bits + fraction_bits) - 1
    )
    zero = (field >> fraction_bits == 0) | (moved >> fraction_bits <= 0)
    scaled: CodeArray = np.where(zero, sign, sign | moved << low_bits | codes & ((1 << low_bits) - 1)).astype(
        np.uint32
    )
    return scaled


@dataclass(frozen=True)
class KeyWeight:
    """What a key does to the integer maximum, arrays of one value per query.

    `rescale` is how far the maximum has risen, at most 31. The score lies `distance`, at most 31, below it
    but for `fraction`, in units of 2^-F; `log2_factor` is both together. `counts` is False where the key is
    masked or too far below.
    """

    rescale: IntArray
    distance: IntArray
    fraction: IntArray
    log2_factor: IntArray
    counts: BoolArray


def weigh_key(
    maximum: IntArray, score: IntArray, live: BoolArray, fraction_bits: int, ceiling: bool
) -> tuple[IntArray, KeyWeight]:
    """Return the integer maximum after a key of fixed-point `score`, and what the key does.

    `ceiling`: the maximum is of the scores' ceilings instead of their floors.
    """
    raised = (1 << fraction_bits) - 1 if ceiling else 0
    top = (score + raised) >> fraction_bits
    previous, maximum = maximum, np.where(live, np.maximum(maximum, top), maximum)
    distance = np.where(live, maximum - (score >> fraction_bits), DISTANCE_MAX + 1)
    counts = distance <= DISTANCE_MAX
    distance = np.minimum(distance, DISTANCE_MAX)
    fraction = score & ((1 << fraction_bits) - 1)
    rescale = np.minimum(maximum - previous, DISTANCE_MAX)
    log2_factor = fraction - (distance << fraction_bits)
    return maximum, KeyWeight(rescale, distance, fraction, log2_factor, counts)


def fixed_weight(
    distance: IntArray, fraction: IntArray, fraction_bits: int, sum_fraction_bits: int
) -> IntArray:
    """Return 2^(fraction / 2^F - distance) by the table of ten bits, in units of 2^-sum_fraction_bits."""
    table = np.array(power_mantissas(fraction_bits, WEIGHT_TABLE_BITS), np.int64)
    doubled = ((1 << WEIGHT_TABLE_BITS) + table[fraction]) << sum_fraction_bits + 1 - WEIGHT_TABLE_BITS
    weight: IntArray = ((doubled >> distance) + 1) >> 1
    return weight


def to_fixed(values: FloatArray, sum_bits: int, sum_fraction_bits: int) -> IntArray:
    """Return `values` in units of 2^-sum_fraction_bits, magnitudes rounded half up, within the range."""
    rounded = np.floor(np.ldexp(np.abs(values), sum_fraction_bits) + 0.5)
    magnitude = np.minimum(rounded, (1 << sum_bits - 1) - 1)
    fixed: IntArray = np.where(np.signbit(values), -magnitude, magnitude).astype(np.int64)
    return fixed
