"""Bit-accurate models of the log2-domain kernels and of their units, from the specification."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.formats import FloatFormat
from hdl.models.codes import CodeArray, FloatArray, IntArray, as_codes, decode, encode
from hdl.models.fa2 import BoolArray, add, divide, dot_product
from hdl.models.operators import multiply, scale_down
from hdl.units.exponential.log2_constants import (
    DISTANCE_MAX,
    MAXIMUM_START,
    SCORE_INTEGER_BITS,
    WEIGHT_TABLE_BITS,
    power_mantissas,
)

LOG2_E = 1.4426950408889634


def log2_score(score: npt.ArrayLike, fmt: FloatFormat, fraction_bits: int) -> IntArray:
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


def log2_scale(v: npt.ArrayLike, step: npt.ArrayLike, fmt: FloatFormat, fraction_bits: int) -> CodeArray:
    """Return the codes of v with `step`, in units of 2^-F, weighted to exponent and top F mantissa bits.

    Shapes broadcast. A zero v and an exponent field of 0 or less give zero with the sign; a carry out of the
    exponent field leaves all ones in it and in the top F mantissa bits.
    """
    codes = as_codes(v, fmt).astype(np.int64)
    low_bits = fmt.mantissa_bits - fraction_bits
    sign = codes & (1 << fmt.sign_bit)
    field = (codes ^ sign) >> low_bits
    moved = np.minimum(field + np.asarray(step, np.int64), (1 << fmt.exponent_bits + fraction_bits) - 1)
    zero = (field >> fraction_bits == 0) | (moved >> fraction_bits <= 0)
    scaled: CodeArray = np.where(zero, sign, sign | moved << low_bits | codes & ((1 << low_bits) - 1)).astype(
        np.uint32
    )
    return scaled


@dataclass(frozen=True)
class KeyStep:
    """What a key does to the integer maximum, arrays of one value per query.

    `rescale` is how far the maximum has risen, at most 31. The score lies `distance`, at most 31, below it
    but for `fraction`, in units of 2^-F; `step` is both together. `counts` is False where the key is masked
    or too far below.
    """

    rescale: IntArray
    distance: IntArray
    fraction: IntArray
    step: IntArray
    counts: BoolArray


def key_steps(
    scores: IntArray, key_valid: npt.ArrayLike, fraction_bits: int, ceiling: bool
) -> Iterator[KeyStep]:
    """Yield what each key does, of fixed-point `scores` (..., keys).

    `ceiling`: the maximum is of the scores' ceilings instead of their floors.
    """
    valid = np.broadcast_to(np.asarray(key_valid, np.bool_), scores.shape)
    maximum = np.full(scores.shape[:-1], MAXIMUM_START, np.int64)
    raised = (1 << fraction_bits) - 1 if ceiling else 0
    for index in range(scores.shape[-1]):
        score, live = scores[..., index], valid[..., index]
        top = (score + raised) >> fraction_bits
        previous, maximum = maximum, np.where(live, np.maximum(maximum, top), maximum)
        distance = np.where(live, maximum - (score >> fraction_bits), DISTANCE_MAX + 1)
        counts = distance <= DISTANCE_MAX
        distance = np.minimum(distance, DISTANCE_MAX)
        fraction = score & ((1 << fraction_bits) - 1)
        rescale = np.minimum(maximum - previous, DISTANCE_MAX)
        yield KeyStep(rescale, distance, fraction, fraction - (distance << fraction_bits), counts)


def log2_attention(
    q: npt.ArrayLike,
    k: npt.ArrayLike,
    v: npt.ArrayLike,
    fmt: FloatFormat,
    key_valid: npt.ArrayLike = True,
    fraction_bits: int = 3,
    multiplied: bool = False,
) -> CodeArray:
    """Return the codes that fa2_log2, or with `multiplied` fa2_intmax, gives for each query, shape (..., d).

    q          codes, (..., d), log2(e)/sqrt(d) included
    k, v       codes, (..., keys, d)
    key_valid  bools, (..., keys): False where the key is masked; leading axes of all four broadcast
    """
    queries, keys, values = as_codes(q, fmt), as_codes(k, fmt), as_codes(v, fmt)
    scores = log2_score(dot_product(queries[..., None, :], keys, fmt), fmt, fraction_bits)
    values = np.broadcast_to(values, (*scores.shape, values.shape[-1]))
    sums = np.zeros((*scores.shape[:-1], values.shape[-1] + 1), np.uint32)
    for index, key in enumerate(key_steps(scores, key_valid, fraction_bits, ceiling=False)):
        weight = power_weight(key.distance, key.fraction, fmt, fraction_bits)[..., None]
        value = values[..., index, :]
        if multiplied:
            product = multiply(weight, value, fmt)
        else:
            product = log2_scale(value, key.step[..., None], fmt, fraction_bits)
        weighted = np.where(key.counts[..., None], np.concatenate([weight, product], axis=-1), 0)
        sums = add(scale_down(sums, key.rescale[..., None], fmt), weighted.astype(np.uint32), fmt)
    return divide(sums, fmt)


def log2_fixed_attention(
    q: npt.ArrayLike,
    k: npt.ArrayLike,
    v: npt.ArrayLike,
    fmt: FloatFormat,
    key_valid: npt.ArrayLike = True,
    fraction_bits: int = 3,
    sum_bits: int = 24,
    sum_fraction_bits: int = 12,
) -> CodeArray:
    """Return the codes that fa2_log2_fixed gives for each query; arguments as in `log2_attention`."""
    queries, keys, values = as_codes(q, fmt), as_codes(k, fmt), as_codes(v, fmt)
    scores = log2_score(dot_product(queries[..., None, :], keys, fmt), fmt, fraction_bits)
    values = np.broadcast_to(values, (*scores.shape, values.shape[-1]))
    sums = np.zeros((*scores.shape[:-1], values.shape[-1] + 1), np.int64)
    largest = (1 << sum_bits - 1) - 1
    for index, key in enumerate(key_steps(scores, key_valid, fraction_bits, ceiling=True)):
        weight = fixed_weight(key.distance, key.fraction, fraction_bits, sum_fraction_bits)[..., None]
        scaled = log2_scale(values[..., index, :], key.step[..., None], fmt, fraction_bits)
        product = to_fixed(decode(scaled, fmt), sum_bits, sum_fraction_bits)
        weighted = np.where(key.counts[..., None], np.concatenate([weight, product], axis=-1), 0)
        sums = np.clip((sums >> key.rescale[..., None]) + weighted, -largest - 1, largest)
    return divide(encode(np.ldexp(sums.astype(np.float64), -sum_fraction_bits), fmt), fmt)


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
    magnitude = np.floor(np.ldexp(np.abs(values), sum_fraction_bits) + 0.5)
    beyond = np.abs(values) >= np.ldexp(1.0, sum_bits - 1 - sum_fraction_bits)
    magnitude = np.where(beyond, (1 << sum_bits - 1) - 1, magnitude)
    fixed: IntArray = np.where(np.signbit(values), -magnitude, magnitude).astype(np.int64)
    return fixed
