"""The generated Verilog against the models, bit for bit."""

import numpy as np
import pytest
from operator_bench import compile_design, compile_unit, run_operator

from hdl.formats import BF16, E4M3, E5M2, parse_format
from hdl.models import operators as models
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.pwl_exp import pwl_exp

pytestmark = pytest.mark.spread

LANES = 8


def assert_equal(measured, expected, x, v):
    wrong = np.argwhere(measured != expected)
    if len(wrong):
        row, lane = wrong[0]
        x_code, v_code, is_code, must_code = x[row], v[row, lane], measured[row, lane], expected[row, lane]
        pytest.fail(f"{len(wrong)} differ; x {x_code:#x} v {v_code:#x}: {is_code:#x}, not {must_code:#x}")


def model(design, x, v, fmt):
    return models.expmul(x, v, fmt) if design == "expmul" else models.separate_exp_mul(x, v, fmt)


def every_pair(fmt):
    """Every x with every v, eight of them a row."""
    codes = np.arange(1 << fmt.width, dtype=np.uint32)
    rows = codes.reshape(-1, LANES)
    return np.repeat(codes, len(rows)), np.tile(rows, (len(codes), 1))


def bf16_vectors(seed, repeats=16):
    """Every x, `repeats` times, with v of every exponent and v on both sides of the flush to zero."""
    rng = np.random.default_rng(seed)
    x = np.tile(np.arange(1 << BF16.width, dtype=np.uint32), repeats)
    count = len(x)
    flush = models.log2exp(x, BF16)
    field = rng.integers(0, 256, (count, LANES))
    field[:, 0] = np.arange(count) // 256 % 256
    for lane, distance in ((1, 0), (2, 1), (3, 2)):
        field[:, lane] = flush + distance
    field[:, 4] = rng.integers(0, 26, count)
    field[:, 5] = rng.integers(250, 256, count)
    other_bits = rng.integers(0, 2, (count, LANES)) << BF16.sign_bit | rng.integers(0, 128, (count, LANES))
    other_bits[:, 3] |= 0x7F
    return x, (field << BF16.mantissa_bits | other_bits).astype(np.uint32)


@pytest.mark.parametrize("design", ["expmul", "separate_exp_mul"])
@pytest.mark.parametrize(
    "fmt", [E4M3, E5M2, parse_format("e2m1"), parse_format("e3m2")], ids=lambda f: f.name
)
def test_small_format_matches_model_for_every_x_and_every_v(design, fmt, tmp_path):
    simulation = compile_design(design, tmp_path, format=fmt.name, lanes=LANES)
    x, v = every_pair(fmt)
    assert_equal(run_operator(simulation, x, v, fmt.width), model(design, x, v, fmt), x, v)


@pytest.mark.parametrize("design", ["expmul", "separate_exp_mul"])
def test_bf16_matches_model_on_a_million_vectors(design, tmp_path):
    simulation = compile_design(design, tmp_path, format="bf16", lanes=LANES)
    x, v = bf16_vectors(seed=14314)
    assert len(x) >= 10**6
    exponents = v >> BF16.mantissa_bits & 0xFF
    level = models.log2exp(x, BF16)[:, None]
    assert set(np.unique(exponents)) == set(np.unique(x >> BF16.mantissa_bits & 0xFF)) == set(range(256))
    # Both sides of the flush, for every level.
    for distance in (0, 1, 2):
        levels = np.broadcast_to(level, v.shape)[exponents == level + distance]
        assert set(np.unique(levels)) == set(range(23))
    assert_equal(run_operator(simulation, x, v, BF16.width), model(design, x, v, BF16), x, v)


@pytest.mark.parametrize("fraction_bits", [1, 4, 16])
def test_expmul_matches_model_at_other_fraction_widths(fraction_bits, tmp_path):
    simulation = compile_design("expmul", tmp_path, lanes=1, fraction_bits=fraction_bits)
    x = np.arange(1 << BF16.width, dtype=np.uint32)
    v = np.full((len(x), 1), BF16.one_code, np.uint32)
    assert_equal(run_operator(simulation, x, v, BF16.width), models.expmul(x, v, BF16, fraction_bits), x, v)


@pytest.mark.parametrize("design", ["expmul", "separate_exp_mul"])
@pytest.mark.parametrize("name", ["e8m23", "e5m10"])
def test_wide_mantissa_matches_model_on_random_vectors(design, name, tmp_path):
    fmt = parse_format(name)
    simulation = compile_design(design, tmp_path, format=name, lanes=3)
    rng = np.random.default_rng(3)
    x = rng.integers(0, 1 << fmt.width, 20_000, dtype=np.uint32)
    v = rng.integers(0, 1 << fmt.width, (20_000, 3), dtype=np.uint32)
    # A uniform exponent seldom lands in the interval that the clip leaves open.
    field = rng.integers(fmt.bias - 14, fmt.bias + 6, 10_000).clip(0, fmt.max_exponent_field)
    x[:10_000] = 1 << fmt.sign_bit | field << fmt.mantissa_bits | x[:10_000] % (1 << fmt.mantissa_bits)
    assert_equal(run_operator(simulation, x, v, fmt.width), model(design, x, v, fmt), x, v)


@pytest.mark.parametrize("fmt", [E4M3, E5M2, parse_format("e3m2")], ids=lambda f: f.name)
def test_multiplier_matches_model_for_every_pair(fmt, tmp_path):
    simulation = compile_unit(multiply, tmp_path, {"a": fmt.width, "b": fmt.width, "y": fmt.width}, fmt=fmt)
    codes = np.arange(1 << fmt.width, dtype=np.uint32)
    a, b = np.repeat(codes, len(codes)), np.tile(codes, len(codes))
    y = simulation.run({"a": a, "b": b})["y"]
    assert np.array_equal(y, models.multiply(a, b, fmt))


def test_bf16_multiplier_matches_model_at_overflow_underflow_and_ties(tmp_path):
    simulation = compile_unit(multiply, tmp_path, {"a": 16, "b": 16, "y": 16}, fmt=BF16)
    rng = np.random.default_rng(7)
    count = 1_000_000
    a = rng.integers(0, 1 << 16, count, dtype=np.uint32)
    b = rng.integers(0, 1 << 16, count, dtype=np.uint32)
    # The sum of the exponent fields runs through both limits of the result.
    total = np.where(rng.integers(0, 2, count) == 0, BF16.bias, BF16.bias + 254) + rng.integers(-2, 3, count)
    field = (total - (a >> 7 & 0xFF).astype(np.int64)).clip(0, 255)
    b[: count // 2] = (b & 0x807F | field << 7)[: count // 2]
    y = simulation.run({"a": a, "b": b})["y"]
    expected = models.multiply(a, b, BF16)
    assert np.array_equal(y, expected)
    magnitude = expected & 0x7FFF
    assert (magnitude == BF16.max_finite_code).any()
    assert (magnitude == 0).any()
    assert (magnitude == 1 << 7).any()


def test_pwl_exponential_matches_model_for_every_bf16(tmp_path):
    simulation = compile_unit(pwl_exp, tmp_path, {"x": 16, "y": 16}, fmt=BF16)
    x = np.arange(1 << 16, dtype=np.uint32)
    assert np.array_equal(simulation.run({"x": x})["y"], models.pwl_exp(x, BF16))


@pytest.mark.parametrize("design", ["expmul", "separate_exp_mul"])
def test_reset_clears_the_valid_bits_and_leaves_the_data(design, tmp_path):
    simulation = compile_design(design, tmp_path, format="e4m3", lanes=2)
    rng = np.random.default_rng(11)
    count = 2000
    rst, valid_in = rng.integers(0, 2, (2, count), dtype=np.uint32)
    x = rng.integers(0, 256, count, dtype=np.uint32)
    v = rng.integers(0, 256, (count, 2), dtype=np.uint32)
    outputs = simulation.run({"rst": rst, "valid_in": valid_in, "x": x, "v": v[:, 0] | v[:, 1] << 8})
    # Row i shows what the edges of rows i-2 and i-1 stored.
    assert outputs["valid_out"][2:].tolist() == (valid_in[:-2] & ~rst[:-2] & ~rst[1:-1] & 1).tolist()
    expected = model(design, x, v, E4M3)
    assert np.array_equal(outputs["y"][2:], (expected[:, 0] | expected[:, 1] << 8)[:-2])
