import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_bench import compile_unit
from successor_reference import Kernel, fixed, floating

from hdl.designs import get_design
from hdl.formats import BF16, parse_format
from hdl.kernel_bench import compile_kernel, mixed_queries, run_kernel
from hdl.models.attention import LOG2_E, attention_exact
from hdl.models.codes import decode, encode
from hdl.models.log2 import log2_scale, log2_score
from hdl.units.exponential.log2_constants import power_mantissas
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.exponential.log2_score import log2_score as log2_score_unit

pytestmark = pytest.mark.spread

KERNELS = ("fa2_log2", "fa2_log2_fixed", "fa2_intmax")
KEYS = 512


def attend(kernel, q, k, v, key_valid=True, **parameters):
    """What the kernel's model gives with these parameters of the design, its defaults for the others."""
    design = get_design(kernel)
    return design.attend(design.make_parameters(parameters), q, k, v, key_valid)


def scores_of(rows, d=4):
    """Codes of q, k, v whose scores in the log2 domain are `rows`, [queries, keys], as BF16 has them."""
    q = np.zeros((len(rows), d))
    q[:, 0] = 1.0
    k = np.zeros((*rows.shape, d))
    k[..., 0] = rows
    v = np.random.default_rng(1).normal(size=k.shape) + np.linspace(-2, 2, rows.shape[1])[:, None]
    return [encode(array, BF16) for array in (q, k, v)]


def hard_scores():
    """Ramps that break ExpMul, sinks, saturation of S on both sides, and all of them under a mask."""
    random = np.random.default_rng(2)
    ramps = [step * LOG2_E * np.arange(KEYS) for step in (0.1, 0.3, 0.5)]
    sink = random.normal(size=KEYS)
    sink[0] += 25
    saturated = np.where(random.random(KEYS) < 0.5, 300.0, 255.0)
    sunken = np.where(random.random(KEYS) < 0.5, -1e30, -300.0)
    return np.array([*ramps, sink, saturated, sunken, *random.normal(scale=40, size=(4, KEYS))])


@pytest.mark.parametrize("kernel", KERNELS)
def test_verilog_equals_model_on_ramps_sinks_saturated_scores_and_masked_stretches(kernel, tmp_path):
    simulation, values = compile_kernel(get_design(kernel), tmp_path, format="bf16", d=4)
    q, k, v = scores_of(hard_scores())
    v[-2:] |= 0x7F00  # sums that saturate
    masks = np.ones((3, *k.shape[:2]), bool)
    masks[1, :, 100:400] = False
    masks[2] = False
    for mask in masks:
        expected = get_design(kernel).attend(values, q, k, v, mask)
        results, _ = run_kernel(get_design(kernel), simulation, values, q, k, v, mask, gap_rate=0.1)
        np.testing.assert_array_equal(results, expected)
    assert not expected.any()


@pytest.mark.parametrize(
    ("name", "fraction_bits"), [("e4m3", 3), ("e4m3", 0), ("e5m2", 2), ("bf16", 3), ("bf16", 7)]
)
def test_score_to_fixed_point_equals_the_model_on_every_code(name, fraction_bits, tmp_path):
    fmt = parse_format(name)
    widths = {"score": fmt.width, "fixed": 9 + fraction_bits}
    simulation = compile_unit(log2_score_unit, tmp_path, widths, fmt=fmt, fraction_bits=fraction_bits)
    codes = np.arange(1 << fmt.width)
    expected = log2_score(codes, fmt, fraction_bits)
    assert expected.min() == -expected.max()
    results = simulation.run({"score": codes})["fixed"].astype(np.int64)
    np.testing.assert_array_equal(results, expected % (1 << 9 + fraction_bits))


@pytest.mark.parametrize(("name", "fraction_bits"), [("e4m3", 3), ("e4m3", 0), ("e5m2", 1), ("bf16", 3)])
def test_lane_equals_the_model_on_every_code_and_step(name, fraction_bits, tmp_path):
    fmt = parse_format(name)
    step_bits = 6 + fraction_bits
    widths = {"v": fmt.width, "log2_factor": step_bits, "drop": 1, "y": fmt.width}
    simulation = compile_unit(log2_lane, tmp_path, widths, fmt=fmt, fraction_bits=fraction_bits)
    steps = np.arange(-(31 << fraction_bits), 1 << fraction_bits)
    codes = (
        np.arange(1 << fmt.width) if fmt.width <= 8 else np.random.default_rng(3).integers(0, 1 << 16, 4096)
    )
    v, step = (grid.ravel() for grid in np.meshgrid(codes, steps))
    results = simulation.run({"v": v, "log2_factor": step % (1 << step_bits), "drop": np.zeros_like(v)})["y"]
    np.testing.assert_array_equal(results, log2_scale(v, step, fmt, fraction_bits))
    without_value = simulation.run({"v": v, "log2_factor": step % (1 << step_bits), "drop": np.ones_like(v)})[
        "y"
    ]
    np.testing.assert_array_equal(without_value, v & 1 << fmt.sign_bit)


def test_lane_is_within_the_error_of_mitchells_approximation():
    v = np.arange(BF16.one_code, BF16.one_code + 128)
    for step in range(-16, 8):
        ratio = decode(log2_scale(v, step, BF16, 3), BF16) / (decode(v, BF16) * 2.0 ** (step / 8))
        # (1 + a)(1 + b) against 1 + a + b, halved beyond 2: at most 1/9 below, and 2^x against 1 + x above.
        assert ratio.max() < 1.062
        assert ratio.min() > 0.88
        if step % 8 == 0:
            assert (ratio == 1).all()


def test_table_of_the_constant_lane_is_that_of_the_definition():
    assert power_mantissas(3, 7) == (0, 12, 24, 38, 53, 69, 87, 107)
    assert power_mantissas(3, 10) == (0, 93, 194, 304, 424, 555, 698, 854)
    assert max(power_mantissas(7, 7)) < 128


def test_scores_rising_slowly_decay_where_expmul_takes_the_plain_mean():
    q, k, v = scores_of(np.array([0.3 * LOG2_E * np.arange(60)]))
    # q carries log2 e, so the truth is a softmax to the base 2.
    exact = attention_exact(decode(q, BF16) / LOG2_E, *(decode(codes, BF16) for codes in (k, v)))
    results = decode(attend("fa2_log2", q, k, v), BF16)
    assert np.linalg.norm(results - exact) < 0.1 * np.linalg.norm(exact)


def test_an_exact_weight_is_at_least_as_good_as_an_added_logarithm():
    random = np.random.default_rng(4)
    q, k, v = (random.normal(size=shape) for shape in ((32, 16), (32, 128, 16), (32, 128, 16)))
    exact = attention_exact(q, k, v)
    codes = [encode(array, BF16) for array in (q * LOG2_E, k, v)]
    errors = [
        np.linalg.norm(decode(attend(kernel, *codes, fraction_bits=bits), BF16) - exact)
        for bits, kernel in ((7, "fa2_intmax"), (3, "fa2_log2"), (0, "fa2_log2"))
    ]
    assert errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("name", "fraction_bits"), [("e3m2", 0), ("e3m2", 2), ("e4m3", 1), ("e4m3", 3), ("bf16", 3), ("bf16", 7)]
)
@given(data=st.data())
@settings(max_examples=25)
def test_model_equals_the_definition_key_by_key(kernel, name, fraction_bits, data):
    fmt = parse_format(name)
    seed = data.draw(st.integers(0, 2**32 - 1))
    scale = data.draw(st.sampled_from([0.5, 2.0, 30.0]))
    random = np.random.default_rng(seed)
    q, k, v = (
        encode(random.normal(size=shape) * factor, fmt)
        for shape, factor in (
            ((1, 3), scale),
            ((1, 9, 3), 1.0),
            ((1, 9, 3), data.draw(st.sampled_from([1.0, 60.0]))),
        )
    )
    valid = random.random((1, 9)) < 0.8
    expected = {
        "fa2_log2": lambda kernel: floating(kernel, q[0], k[0], v[0], valid[0], with_multiplier=False),
        "fa2_log2_fixed": lambda kernel: fixed(kernel, q[0], k[0], v[0], valid[0]),
        "fa2_intmax": lambda kernel: floating(kernel, q[0], k[0], v[0], valid[0], with_multiplier=True),
    }[kernel](Kernel(fmt, fraction_bits))
    results = attend(kernel, q, k, v, valid, format=name, fraction_bits=fraction_bits)
    assert results[0].tolist() == expected


@pytest.mark.parametrize("kernel", KERNELS)
def test_masked_keys_do_not_count_however_high_their_score(kernel):
    random = np.random.default_rng(5)
    q, k, v = (random.normal(size=shape) for shape in ((6, 8), (6, 40, 8), (6, 40, 8)))
    mask = random.random(40) > 0.5
    k[:, ~mask] += 8 * q[:, None]
    q, k, v = (encode(array, BF16) for array in (q, k, v))
    left_out = attend(kernel, q, k[:, mask], v[:, mask])
    np.testing.assert_array_equal(attend(kernel, q, k, v, mask), left_out)
    assert not attend(kernel, q, k, v, False).any()


@pytest.mark.parametrize("kernel", KERNELS)
def test_attention_lies_near_float64(kernel):
    random = np.random.default_rng(8)
    q, k, v = (random.normal(size=shape) for shape in ((64, 16), (64, 128, 16), (64, 128, 16)))
    codes = [encode(array, BF16) for array in (q * LOG2_E / 4, k, v)]
    exact = attention_exact(q / 4, *(decode(array, BF16) for array in codes[1:]))
    results = decode(attend(kernel, *codes), BF16)
    assert np.linalg.norm(results - exact) < 0.045 * np.linalg.norm(exact)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("name", "fraction_bits"), [("e3m2", 0), ("e3m2", 1), ("bf16", 7), ("e5m10", 5)])
def test_verilog_equals_model_with_other_fraction_bits(kernel, name, fraction_bits, tmp_path):
    simulation, values = compile_kernel(
        get_design(kernel), tmp_path, format=name, d=2, fraction_bits=fraction_bits
    )
    queries = mixed_queries(values.fmt, 2, 60, 20, seed=fraction_bits)
    expected = get_design(kernel).attend(values, *queries)
    results, _ = run_kernel(get_design(kernel), simulation, values, *queries, gap_rate=0.1)
    np.testing.assert_array_equal(results, expected)


@pytest.mark.parametrize("kernel", KERNELS)
def test_fraction_bits_fit_the_mantissa(kernel):
    assert get_design(kernel).make_parameters({"format": "e4m3"}).fraction_bits == 3
    assert get_design(kernel).make_parameters({}).fraction_bits == (7 if kernel == "fa2_intmax" else 3)
    with pytest.raises(ValueError, match="fraction_bits must be an integer from 0 to 3, not 4"):
        get_design(kernel).make_parameters({"format": "e4m3", "fraction_bits": 4})


@pytest.mark.parametrize("kernel", ["fa2_log2", "fa2_intmax"])
def test_ports_and_latency_are_those_of_the_papers_kernels(kernel):
    baseline, other = get_design("fa2_baseline"), get_design(kernel)
    parameters = [design.make_parameters({"d": 8}) for design in (baseline, other)]
    assert baseline.ports(parameters[0]) == other.ports(parameters[1])
    assert baseline.latency_clocks(parameters[0]) == other.latency_clocks(parameters[1])
    assert baseline.groups == other.groups


def test_fixed_point_kernel_has_the_ports_and_the_groups_of_the_others_and_its_drain():
    baseline, fixed = get_design("fa2_baseline"), get_design("fa2_log2_fixed")
    parameters = [design.make_parameters({"d": 8}) for design in (baseline, fixed)]
    assert baseline.ports(parameters[0]) == fixed.ports(parameters[1])
    assert fixed.latency_clocks(parameters[1]) == baseline.latency_clocks(parameters[0]) + 8 + 2
    assert set(fixed.groups) - set(baseline.groups) == {"drain"}


def assert_fixed_equals_its_model(tmp_path, queries, keys, seed, **parameters):
    """`fa2_log2_fixed` gives its model's results on queries of any codes, each after its latency."""
    design = get_design("fa2_log2_fixed")
    simulation, values = compile_kernel(design, tmp_path, format="e4m3", **parameters)
    random = np.random.default_rng(seed)
    shapes = ((queries, values.d), (queries, keys, values.d), (queries, keys, values.d))
    q, k, v = (random.integers(0, 256, shape) for shape in shapes)
    results, delays = run_kernel(design, simulation, values, q, k, v, np.ones((queries, keys), bool))
    np.testing.assert_array_equal(results, design.attend(values, q, k, v))
    assert set(delays) == {design.latency_clocks(values)}


def test_queries_of_d_plus_1_keys_follow_each_other_through_the_drain(tmp_path):
    assert_fixed_equals_its_model(tmp_path, queries=60, keys=6, seed=6, d=5)


@pytest.mark.parametrize(("sum_bits", "sum_fraction_bits"), [(24, 12), (13, 10), (30, 27)])
def test_narrow_and_wide_sums_equal_the_model_where_they_saturate(sum_bits, sum_fraction_bits, tmp_path):
    parameters = {"d": 3, "sum_bits": sum_bits, "sum_fraction_bits": sum_fraction_bits}
    assert_fixed_equals_its_model(tmp_path, queries=50, keys=80, seed=7, **parameters)


def test_sums_keep_their_range():
    with pytest.raises(ValueError, match="sum_fraction_bits must be an integer from 10 to 21, not 22"):
        get_design("fa2_log2_fixed").make_parameters({"sum_fraction_bits": 22})
