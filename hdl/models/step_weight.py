"""Bit-accurate models of a score in a fixed window and of a weight of three shifts, from their definition."""

from dataclasses import dataclass

from hdl.formats import FloatFormat
from hdl.models.codes import as_codes
from hdl.models.numpy_when_used import CodeArray, IntArray, np
from hdl.units.arithmetic.windowed_dot_product import WINDOW_GUARD_BITS, dropped_mean, near_bits
from hdl.units.exponential.step_weight_constants import index_bits, step_weights


def windowed_log2_score(
    q: CodeArray,
    k: CodeArray,
    fmt: FloatFormat,
    fraction_bits: int,
    product_integer_bits: int,
    dropped_columns: int,
) -> IntArray:
    """Return the sum of q * k over the last axis in units of 2^-F, cut off; the other axes broadcast.

    A product leaves its lowest columns out, has its magnitude cut off at the window's last bit, and is
    one's complement where it is negative. Its magnitude is at most all ones.
    """
    a, b = np.broadcast_arrays(as_codes(q, fmt).astype(np.int64), as_codes(k, fmt).astype(np.int64))
    hidden_one = 1 << fmt.mantissa_bits
    exponent_a, exponent_b = (codes >> fmt.mantissa_bits & fmt.max_exponent_field for codes in (a, b))
    significand_a, significand_b = (codes & hidden_one - 1 | hidden_one for codes in (a, b))
    product = np.full(a.shape, dropped_mean(dropped_columns), np.int64)
    for row in range(fmt.mantissa_bits + 1):
        partial = (significand_a >> row & 1) * (significand_b << row >> dropped_columns)
        product += partial
    window_fraction_bits = fraction_bits + WINDOW_GUARD_BITS
    largest = (1 << product_integer_bits + 1 + window_fraction_bits) - 1
    exponent = exponent_a + exponent_b - 2 * fmt.bias
    lift = exponent - 2 * fmt.mantissa_bits + dropped_columns + window_fraction_bits
    magnitude = np.where(lift >= 0, product << np.clip(lift, 0, 40), product >> np.clip(-lift, 0, 63))
    magnitude = np.where(exponent >= product_integer_bits, largest, magnitude)
    out = (1 << near_bits(product_integer_bits, fraction_bits)) - 1
    counts = (exponent_a != 0) & (exponent_b != 0) & (product_integer_bits - 1 - exponent < out)
    magnitude = np.where(counts, magnitude, 0)
    negative = (a ^ b) >> fmt.sign_bit == 1
    total: IntArray = np.where(negative, ~magnitude, magnitude).sum(axis=-1) >> WINDOW_GUARD_BITS
    return total


@dataclass(frozen=True)
class Step:
    """What a mean moves by, and the shift that the weight is made of."""

    rounded: IntArray
    halvings: IntArray


def step_weight(difference: IntArray, below: IntArray, fraction_bits: int, guard_bits: int) -> Step:
    """Return difference (..., d) times 2^-below (..., 1), below >= 0 in units of 2^-F, rounded.

    The difference is cut off `guard_bits` below the last bit. Its quarter or eighth and its sixteenth or
    thirty-second are cut off there towards zero, of a negative one the one's complement. The sum is rounded
    half up: so a step never leads away from where it goes, nor beyond.
    """
    steps = step_weights(fraction_bits)
    index = (below & (1 << fraction_bits) - 1) >> fraction_bits - index_bits(fraction_bits)
    halvings = (below >> fraction_bits) + np.array([step.halvings for step in steps], np.int64)[index]
    moved = (difference << guard_bits) >> np.minimum(halvings, 63)
    total = moved + (1 << guard_bits >> 1)
    for digits in ([step.coarse for step in steps], [step.fine for step in steps]):
        sign = np.array([digit.sign for digit in digits], np.int64)[index]
        shift = np.array([digit.shift for digit in digits], np.int64)[index]
        part = np.where(moved < 0, ~moved, moved) >> shift
        total = total + sign * np.where(moved < 0, -part, part)
    return Step(total >> guard_bits, halvings)
