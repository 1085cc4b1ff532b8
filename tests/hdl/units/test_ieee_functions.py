"""Exponential, ExpMul's lane, comparison, reciprocal and dot product with subnormals, Inf and NaN."""

import numpy as np
import pytest
from ieee_reference import all_pairs, pairs_of_every_exponent, reference, values_of
from operator_bench import compile_unit

from hdl.formats import parse_format
from hdl.ieee_format import ROUNDINGS, ieee_format
from hdl.models import arithmetic, ieee, operators
from hdl.simulation import pack_lanes
from hdl.units.ieee.dot_product import ieee_dot_product
from hdl.units.ieee.expmul_lane import ieee_expmul_lane
from hdl.units.ieee.maximum import ieee_above
from hdl.units.ieee.pwl_exp import ieee_pwl_exp
from hdl.units.ieee.reciprocal import ieee_reciprocal

FORMATS = ("e4m3", "e4m3_ieee", "e5m2", "bf16")
CASES = [(name, rounding) for name in FORMATS for rounding in ROUNDINGS]
OTHER_CASES = [("e3m2", "nearest"), ("e5m10", "nearest"), ("e5m10", "truncate")]


@pytest.mark.parametrize(("name", "rounding"), CASES + OTHER_CASES)
@pytest.mark.parametrize(
    ("unit", "model"), [(ieee_pwl_exp, ieee.pwl_exp), (ieee_reciprocal, ieee.reciprocal)]
)
def test_function_equals_its_model_on_every_code(unit, model, name, rounding, tmp_path):
    fmt = ieee_format(name, rounding)
    x = np.arange(1 << fmt.width)
    simulation = compile_unit(unit, tmp_path, dict.fromkeys("xy", fmt.width), fmt=fmt)
    np.testing.assert_array_equal(simulation.run({"x": x})["y"], model(x, fmt))


@pytest.mark.parametrize(("name", "rounding"), CASES)
def test_functions_lie_within_their_segments_error(name, rounding):
    fmt = ieee_format(name, rounding)
    codes = np.arange(1 << fmt.width)
    x = values_of(codes, fmt).astype(np.float64)
    finite = np.isfinite(x) & (x != 0)
    units = np.ldexp(1.0, 1 - fmt.bias - fmt.mantissa_bits)
    largest = ieee.decode(fmt.max_finite_code, fmt)
    with np.errstate(all="ignore"):
        cases = [(ieee.pwl_exp(codes, fmt), np.exp(np.clip(x, -15, 0))), (ieee.reciprocal(codes, fmt), 1 / x)]
    for result, exact in cases:
        value = values_of(result, fmt).astype(np.float64)
        inside = finite & (np.abs(exact) <= largest) & np.isfinite(value)
        # Segments within 0.27 %, then one rounding, of half a place or of a whole one.
        place = np.maximum(np.ldexp(np.abs(exact), -fmt.mantissa_bits), units)
        allowed = 0.0027 * np.abs(exact) + place * (1 if fmt.truncates else 0.5) * 1.01
        assert (np.abs(value - exact)[inside] <= allowed[inside]).all()
        assert np.count_nonzero(inside) > 0.4 * np.count_nonzero(finite)


@pytest.mark.parametrize("name", FORMATS)
def test_functions_of_what_is_no_finite_number(name):
    fmt = ieee_format(name)
    minus = 1 << fmt.sign_bit
    assert ieee.pwl_exp([0, minus, fmt.nan_code], fmt).tolist() == [fmt.one_code, fmt.one_code, fmt.nan_code]
    assert ieee.reciprocal([0, minus, fmt.nan_code], fmt).tolist() == [0, minus, fmt.nan_code]
    if fmt.has_infinity:
        infinity = fmt.infinity_code
        clipped = ieee.encode(operators.pwl_exp_real(np.array(-15.0)), fmt)
        assert ieee.pwl_exp([infinity, minus + infinity], fmt).tolist() == [fmt.one_code, clipped]
        assert ieee.reciprocal([infinity, minus + infinity], fmt).tolist() == [0, minus]


@pytest.mark.parametrize("name", FORMATS)
def test_expmul_lane_equals_its_model_on_every_code_and_shift(name, tmp_path):
    fmt = ieee_format(name)
    v, shift, drop = (
        grid.ravel() for grid in np.meshgrid(np.arange(1 << fmt.width), np.arange(32), np.arange(2))
    )
    widths = {"v": fmt.width, "shift": 5, "drop": 1, "y": fmt.width}
    simulation = compile_unit(ieee_expmul_lane, tmp_path, widths, fmt=fmt)
    results = simulation.run({"v": v, "shift": shift, "drop": drop})["y"]
    np.testing.assert_array_equal(results, ieee.scale_down(v, shift, fmt, drop.astype(bool)))
    # By values: exact where the result is normal, zero where it is not.
    x = values_of(v, fmt).astype(np.float64)
    y = values_of(results, fmt).astype(np.float64)
    with np.errstate(invalid="ignore"):
        exact = np.ldexp(x, -shift)
    exact = np.where((np.abs(exact) < np.ldexp(1.0, 1 - fmt.bias)) & (shift > 0), 0.0, exact)
    np.testing.assert_array_equal(y, np.where(drop == 1, 0.0, exact))
    np.testing.assert_array_equal(results >> fmt.sign_bit, v >> fmt.sign_bit)


@pytest.mark.parametrize("name", FORMATS)
def test_comparison_orders_values_and_leaves_nan_out(name, tmp_path):
    fmt = ieee_format(name)
    a, b = all_pairs(fmt) if fmt.width == 8 else pairs_of_every_exponent(fmt, 300_000, seed=9)
    x, y = (values_of(codes, fmt).astype(np.float64) for codes in (a, b))
    zeros = (x == 0) & (y == 0)
    used = ~np.isnan(y) & ~zeros
    simulation = compile_unit(ieee_above, tmp_path, {"a": fmt.width, "b": fmt.width, "above": 1}, fmt=fmt)
    above = simulation.run({"a": a, "b": b})["above"].astype(bool)
    np.testing.assert_array_equal(above[used], (x > y)[used])


@pytest.mark.parametrize("name", ["bf16", "e5m2"])
def test_log2exp_of_the_flushing_unit_is_that_of_subnormals_too(name):
    fmt, plain = ieee_format(name), parse_format(name)
    x = np.arange(1 << fmt.width)
    nan = np.isnan(ieee.decode(x, fmt))
    np.testing.assert_array_equal(ieee.log2exp(x, fmt)[~nan], operators.log2exp(x, plain)[~nan])
    assert operators.log2exp(fmt.nan_code, plain) == ieee.log2exp(fmt.nan_code, fmt) == 0


@pytest.mark.parametrize(("name", "rounding"), CASES)
def test_dot_product_of_one_pair_is_the_product_and_of_all_ones_the_sum(name, rounding):
    """Independent of the model: with one pair nothing is cut off; with factors of 1 near sums neither.

    An exact zero is +0; a sum that rounds to zero keeps its sign.
    """
    fmt = ieee_format(name, rounding)
    a, b = all_pairs(fmt) if fmt.width == 8 else pairs_of_every_exponent(fmt, 200_000, seed=8)
    zero, one = np.zeros_like(a), np.full_like(a, fmt.one_code)

    magnitude_bits = (1 << fmt.sign_bit) - 1
    exact_zero = ((a & magnitude_bits) == 0) | ((b & magnitude_bits) == 0)
    product = ieee.dot_product(np.stack([a, zero], -1), np.stack([b, zero], -1), fmt)
    expected = reference("multiply", a, b, fmt)
    minus_zero = expected == 1 << fmt.sign_bit
    np.testing.assert_array_equal(product, np.where(exact_zero & minus_zero, 0, expected))
    fields = [
        np.maximum(codes >> fmt.mantissa_bits & fmt.max_exponent_field, 1).astype(int) for codes in (a, b)
    ]
    near = np.abs(fields[0] - fields[1]) <= fmt.mantissa_bits
    total = ieee.dot_product(np.stack([a, b], -1), np.stack([one, one], -1), fmt)
    expected = reference("add", a, b, fmt)
    expected = np.where(expected == 1 << fmt.sign_bit, 0, expected)
    np.testing.assert_array_equal(total[near], expected[near])


@pytest.mark.parametrize(("name", "rounding"), CASES)
@pytest.mark.parametrize("d", [2, 5])
def test_dot_product_circuit_equals_the_model(name, rounding, d, tmp_path):
    fmt = ieee_format(name, rounding)
    rng = np.random.default_rng(d)
    count = 60_000
    q, k = rng.integers(0, 1 << fmt.width, (2, count, d)).astype(np.uint32)
    # Some near each other, some small, some with few Inf and NaN; every exponent in all.
    usual = rng.integers(0, 12 << fmt.mantissa_bits, (count, d)) % (1 << fmt.sign_bit)
    signs = rng.integers(0, 2, (count, d)) << fmt.sign_bit
    k[::3] = (usual | signs)[::3]
    q[::2] = np.roll(usual | signs, 1, axis=0)[::2]
    q[1::4] = (q[1::4] & (1 << fmt.sign_bit | 15)) + fmt.one_code
    ranks = 3
    widths = {"clk": 1, "start": 1, "q": d * fmt.width, "k": d * fmt.width, "score": fmt.width}
    simulation = compile_unit(ieee_dot_product, tmp_path, widths, fmt=fmt, d=d)
    idle = np.zeros((ranks, d), np.uint32)
    outputs = simulation.run(
        {
            "start": np.ones(count + ranks, np.uint32),
            "q": pack_lanes(np.concatenate([q, idle]), fmt.width),
            "k": pack_lanes(np.concatenate([k, idle]), fmt.width),
        }
    )
    expected = ieee.dot_product(q, k, fmt)
    np.testing.assert_array_equal(outputs["score"][ranks:], expected)
    magnitude = expected & (1 << fmt.sign_bit) - 1
    assert np.count_nonzero((magnitude > 0) & (magnitude < 1 << fmt.mantissa_bits)) > 20
    assert np.count_nonzero(expected == fmt.nan_code) > 100


def test_dot_product_equals_the_flushing_one_where_all_is_normal():
    fmt, plain = ieee_format("bf16"), parse_format("bf16")
    rng = np.random.default_rng(11)
    q, k = rng.integers(0x3000, 0x4800, (2, 50_000, 16)) ^ rng.integers(0, 2, (2, 50_000, 16)) << 15
    np.testing.assert_array_equal(ieee.dot_product(q, k, fmt), arithmetic.dot_product(q, k, plain))
