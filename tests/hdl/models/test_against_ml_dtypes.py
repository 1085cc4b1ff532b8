"""The models of codes, sum and product against ml_dtypes, an implementation by others.

Where its result is a normal number, ours is its code. The policy of hdl/README.md differs in four cases,
and these rules are checked with its rounding:

  an input with exponent field 0                     zero with its sign (ml_dtypes: subnormal)
  an input that stands for an infinity or a NaN      the number of the next binade
  a result that rounds, as if the exponent had no    zero with its sign
  limits, to below the smallest normal number
  a result that rounds to above the largest number   that number with its sign (ml_dtypes: infinity, NaN)
"""

import ml_dtypes
import numpy as np
import pytest

from hdl.formats import BF16, E4M3, E5M2
from hdl.models import arithmetic, operators
from hdl.models.codes import decode, encode

THEIRS = {BF16: ml_dtypes.bfloat16, E4M3: ml_dtypes.float8_e4m3fn, E5M2: ml_dtypes.float8_e5m2}
by_format = pytest.mark.parametrize("fmt", THEIRS, ids=lambda fmt: fmt.name)

OPERATIONS = {
    "add": (arithmetic.add, np.add),
    "subtract": (arithmetic.subtract, np.subtract),
    "multiply": (operators.multiply, np.multiply),
}


def all_codes(fmt):
    return np.arange(1 << fmt.width)


def exponent_field(codes, fmt):
    return codes >> fmt.mantissa_bits & fmt.max_exponent_field


def theirs(codes, fmt):
    """The numbers of codes in ml_dtypes."""
    dtype = np.dtype(THEIRS[fmt])
    return np.asarray(codes).astype(f"u{dtype.itemsize}").view(dtype)


def as_float64(numbers):
    with np.errstate(invalid="ignore"):  # NumPy warns of a NaN
        return numbers.astype(np.float64)


def codes_of(numbers):
    return numbers.view(f"u{numbers.dtype.itemsize}").astype(np.int64)


def flushed(codes, fmt):
    return np.where(exponent_field(codes, fmt) == 0, codes & 1 << fmt.sign_bit, codes)


def values(codes, fmt):
    """The value of every code by the first two rules, from ml_dtypes' numbers; float64."""
    numbers = as_float64(theirs(flushed(codes, fmt), fmt))
    # Half of a number is its code with an exponent field less by one.
    half = theirs(codes - (1 << fmt.mantissa_bits) * (exponent_field(codes, fmt) > 0), fmt)
    return np.where(np.isfinite(numbers), numbers, 2 * as_float64(half))


def limited(exact, fmt):
    """What becomes of an exact result, float64: ml_dtypes' rounding in [1/2, 1), then the last two rules."""
    fraction, exponent = np.frexp(exact)
    rounded = np.ldexp(fraction.astype(THEIRS[fmt]).astype(np.float64), exponent)
    info = ml_dtypes.finfo(THEIRS[fmt])
    magnitude = np.minimum(np.abs(rounded), float(info.max))
    return np.copysign(np.where(magnitude < float(info.smallest_normal), 0.0, magnitude), exact)


def bits(numbers):
    """The bits of float64 numbers, so that the sign of a zero counts."""
    return numbers.view(np.int64)


def pairs(fmt):
    """All pairs; of BF16 pairs of every two exponents, and near ones, where sums cancel and round."""
    if fmt.width == 8:
        return [grid.ravel() for grid in np.meshgrid(all_codes(fmt), all_codes(fmt))]
    rng = np.random.default_rng(8)
    fields = [np.repeat(grid.ravel(), 4) for grid in np.meshgrid(np.arange(256), np.arange(256))]
    below = rng.integers(0, 256, 200_000)
    fields[0] = np.concatenate([fields[0], below])
    fields[1] = np.concatenate([fields[1], np.clip(below + rng.integers(-10, 11, below.size), 0, 255)])
    return [
        field << fmt.mantissa_bits
        | rng.integers(0, 2, field.size) << fmt.sign_bit
        | rng.integers(0, 1 << fmt.mantissa_bits, field.size)
        for field in fields
    ]


@by_format
def test_every_code_has_the_value_that_ml_dtypes_gives_it_or_the_rules_do(fmt):
    codes = all_codes(fmt)
    np.testing.assert_array_equal(bits(decode(codes, fmt)), bits(values(codes, fmt)))
    assert float(ml_dtypes.finfo(THEIRS[fmt]).max) == decode(fmt.max_finite_code, fmt)
    reserved = codes[~np.isfinite(as_float64(theirs(codes, fmt)))]
    first = {BF16: 0x7F80, E4M3: 0x7F, E5M2: 0x7C}[fmt]
    assert reserved.tolist() == [code for code in codes if code & ~(1 << fmt.sign_bit) >= first]


@by_format
def test_numbers_between_codes_are_rounded_as_ml_dtypes_does(fmt):
    codes = all_codes(fmt)[1 << fmt.mantissa_bits : fmt.max_finite_code + 1]
    numbers = theirs(codes, fmt).astype(np.float32)
    middle = numbers[:-1] + (numbers[1:] - numbers[:-1]) / 2
    # Neighbours in float32: ml_dtypes rounds a float64 to that first.
    for between in (middle, np.nextafter(middle, np.float32(0)), np.nextafter(middle, np.float32(np.inf))):
        for signed in (between, -between):
            np.testing.assert_array_equal(encode(signed, fmt), codes_of(signed.astype(THEIRS[fmt])))


@by_format
@pytest.mark.parametrize("name", OPERATIONS)
def test_results_are_those_of_ml_dtypes_or_of_the_rules(fmt, name):
    our_operation, their_operation = OPERATIONS[name]
    a, b = pairs(fmt)
    ours = our_operation(a, b, fmt).astype(np.int64)
    exact = their_operation(values(a, fmt), values(b, fmt))
    np.testing.assert_array_equal(bits(decode(ours, fmt)), bits(limited(exact, fmt)))

    with np.errstate(all="ignore"):
        results = their_operation(theirs(flushed(a, fmt), fmt), theirs(flushed(b, fmt), fmt))
    finite = np.isfinite(as_float64(results))
    # The steps of subnormals are coarse: they round to the smallest normal number what is a zero here.
    normal = finite & ((exponent_field(codes_of(results), fmt) > 1) | (exact == 0))
    assert normal.mean() > 0.4
    np.testing.assert_array_equal(ours[normal], codes_of(results)[normal])

    magnitude = ours & ~(1 << fmt.sign_bit)
    assert ((magnitude == 0) & (exact != 0)).any(), "no result is flushed"
    assert ((magnitude == fmt.max_finite_code) & ~finite).any(), "no result is limited"
