"""The models against exact arithmetic and the figures of the paper's reference page."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdl.formats import BF16, E4M3, E5M2, parse_format
from hdl.models import operators as models
from hdl.models.codes import decode, encode
from hdl.units.exponential import pwl_exp_constants as pwl

FORMATS = [BF16, E4M3, E5M2, parse_format("e2m1"), parse_format("e3m2")]
by_name = pytest.mark.parametrize("fmt", FORMATS, ids=lambda f: f.name)


def real_arguments():
    return -np.linspace(0.0, 15.0, 3_000_001)


@by_name
def test_every_finite_code_survives_decode_and_encode(fmt):
    magnitude = np.arange(1 << fmt.mantissa_bits, fmt.max_finite_code + 1)
    codes = np.concatenate([[0], magnitude, [1 << fmt.sign_bit], magnitude | 1 << fmt.sign_bit])
    assert np.array_equal(encode(decode(codes, fmt), fmt), codes)


@by_name
def test_exponent_field_zero_reads_as_zero_with_its_sign(fmt):
    codes = np.arange(1 << fmt.mantissa_bits)
    assert np.array_equal(encode(decode(codes, fmt), fmt), np.zeros_like(codes))
    negative = codes | 1 << fmt.sign_bit
    assert np.array_equal(encode(decode(negative, fmt), fmt), np.full_like(codes, 1 << fmt.sign_bit))


def test_known_codes_of_the_named_formats():
    assert decode([0x3F80, 0x4049, 0x7F80], BF16).tolist() == [1.0, 3.140625, 2.0**128]
    assert decode([0x38, 0x7E, 0x7F, 0xB8], E4M3).tolist() == [1.0, 448.0, 480.0, -1.0]
    assert decode([0x3C, 0x7B], E5M2).tolist() == [1.0, 57344.0]
    limits = [(BF16, 0x7F7F), (E4M3, 0x7E), (E5M2, 0x7B)]
    assert all(encode([1e300, np.inf], fmt).tolist() == [code, code] for fmt, code in limits)


@by_name
@given(data=st.data())
def test_encode_takes_the_nearest_number_and_the_even_one_of_two(fmt, data):
    exponent = data.draw(st.integers(-fmt.bias - 2, fmt.max_exponent_field - fmt.bias + 2))
    significand = data.draw(st.integers(1 << (fmt.mantissa_bits + 3), (1 << (fmt.mantissa_bits + 4)) - 1))
    value = Fraction(significand, 1 << (fmt.mantissa_bits + 3)) * Fraction(2) ** exponent
    unit = Fraction(2) ** (exponent - fmt.mantissa_bits)
    rounded = round(value / unit) * unit  # Python rounds a Fraction to the nearest, ties to even
    smallest, largest = Fraction(2) ** (1 - fmt.bias), Fraction(float(decode(fmt.max_finite_code, fmt)))
    expected = Fraction(0) if rounded < smallest else min(rounded, largest)
    code = int(encode(float(value), fmt))
    assert Fraction(float(decode(code, fmt))) == expected
    assert int(encode(-float(value), fmt)) == code | 1 << fmt.sign_bit


@by_name
@given(data=st.data())
def test_multiply_is_the_exact_product_rounded_once(fmt, data):
    codes = st.integers(0, (1 << fmt.width) - 1)
    a, b = data.draw(codes), data.draw(codes)
    left, right = (Fraction(float(decode(code, fmt))) for code in (a, b))
    expected = int(encode(float(left * right), fmt))
    if (a ^ b) >> fmt.sign_bit and left * right == 0:
        expected = 1 << fmt.sign_bit
    assert int(models.multiply(a, b, fmt)) == expected


def test_codes_outside_the_format_are_refused():
    with pytest.raises(ValueError, match=r"^codes of e4m3 must be 0 to 255$"):
        decode([256], E4M3)
    with pytest.raises(ValueError, match=r"^codes of e4m3 must be integers, not float64$"):
        decode([1.0], E4M3)
    with pytest.raises(ValueError, match=r"^NaN has no code$"):
        encode(np.nan, E4M3)


def test_expmul_error_has_the_published_limits():
    x = real_arguments()
    error = 2.0 ** -models.level_of(x, 11) / np.exp(x) - 1
    assert error.min() == pytest.approx(-0.292, abs=0.0006)
    assert error.max() == pytest.approx(0.493, abs=0.0006)
    assert error.mean() == pytest.approx(0.052, abs=0.001)


def test_expmul_of_bf16_numbers_stays_within_those_limits():
    x = np.arange(1 << 16, dtype=np.uint32)
    value = decode(x, BF16)
    inside = (value >= -15) & (value <= 0)
    v = np.full((int(inside.sum()), 1), BF16.one_code, np.uint32)
    result = decode(models.expmul(x[inside], v, BF16), BF16)
    error = result / models.exact(x[inside], v, BF16) - 1
    assert error.min() >= -0.2930
    assert error.max() <= 0.4935


def test_expmul_clips_positive_x_to_one_and_large_x_to_two_to_the_minus_22():
    v = np.array([BF16.one_code], np.uint32)
    for x, level in (
        (0x0000, 0),
        (0x8000, 0),
        (0x7F80, 0),
        (0x4170, 0),
        (0xC170, 22),
        (0xFF80, 22),
        (0xC180, 22),
    ):
        assert int(models.log2exp(x, BF16)) == level
        assert float(decode(models.expmul(x, v, BF16), BF16)[0]) == 2.0**-level


def test_expmul_flushes_to_zero_with_the_sign_and_passes_all_else_at_level_zero():
    v = np.arange(1 << 16, dtype=np.uint32)
    same = models.expmul(0, v, BF16)
    field = v >> 7 & 0xFF
    assert np.array_equal(same, np.where(field == 0, v & 0x8000, v))
    lowest = models.expmul(0xC170, v, BF16)
    assert np.array_equal(lowest, np.where(field <= 22, v & 0x8000, v - (22 << 7)))


def test_pwl_exponential_is_within_0_24_percent_before_rounding():
    x = real_arguments()
    error = models.pwl_exp_real(x) / np.exp(x) - 1
    assert np.abs(error).max() <= 0.0024
    assert np.abs(error).max() >= 0.0018
    assert models.pwl_exp_real(np.array([0.0, 1.0])).tolist() == [1.0, 1.0]


def test_pwl_coefficients_have_the_smallest_largest_error_of_all():
    count = 1 << (pwl.FRACTION_BITS - pwl.SEGMENT_BITS)
    offset = np.arange(count)
    cut = pwl.COEFFICIENT_BITS - pwl.SEGMENT_BITS
    for segment, (start, slope) in enumerate(zip(pwl.SEGMENT_STARTS, pwl.SEGMENT_SLOPES, strict=True)):
        truth = 2.0 ** ((segment + offset / count) / 4)
        starts = np.arange(start - 8, start + 9)[:, None, None]
        slopes = np.arange(slope - 12, slope + 13)[None, :, None]
        power = np.maximum((starts << 2) + (slopes * offset >> cut), 4096) / 4096
        error = np.abs(power / truth - 1).max(axis=2)
        assert error[8, 12] == error.min()


def test_baseline_error_is_the_exponential_and_two_roundings():
    rng = np.random.default_rng(5)
    x = encode(-rng.uniform(0, 15, 20_000), BF16)
    v = encode(rng.normal(size=(20_000, 4)), BF16)
    error = decode(models.separate_exp_mul(x, v, BF16), BF16) / models.exact(x, v, BF16) - 1
    assert np.abs(error).max() <= 0.0024 + 2 * 2.0**-8 + 1e-4
