"""`fa2_mean`: model from the definition, circuit on what is hard, errors against the baseline's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mean_reference import mean
from test_flashd_kernels import error, hard_scores, queries_of, random_queries

from hdl.designs import get_design
from hdl.formats import BF16, E4M3
from hdl.kernel_bench import compile_kernel, mixed_queries, run_kernel
from hdl.kernels.fa2_mean import STEP_GUARD_BITS
from hdl.models.attention import LOG2_E, attention_exact
from hdl.models.codes import decode, encode
from hdl.models.step_weight import step_weight, windowed_log2_score
from hdl.units.exponential.step_weight_constants import step_weights

pytestmark = pytest.mark.spread

KERNEL = get_design("fa2_mean")
VARIANTS = (
    {},
    {"fraction_bits": 12, "value_bits": 28, "value_cut_bits": 0},
    {"fraction_bits": 3, "product_integer_bits": 3},
    {"value_bits": 6, "value_fraction_bits": 2, "product_integer_bits": 9},
)


def mean_error(q, k, v, fmt=BF16, **parameters):
    """Mean relative L2 error of the rows against float64; q, k, v are real numbers."""
    values = KERNEL.make_parameters({"format": fmt.name, "d": q.shape[-1], **parameters})
    codes = KERNEL.attend(values, encode(q * LOG2_E, fmt), encode(k, fmt), encode(v, fmt))
    exact = attention_exact(q, k, v)
    return float(
        np.mean(np.linalg.norm(decode(codes, fmt) - exact, axis=-1) / np.linalg.norm(exact, axis=-1))
    )


@pytest.mark.parametrize("given_parameters", VARIANTS, ids=str)
@pytest.mark.parametrize("name", ["e3m2", "e4m3", "bf16"])
@given(data=st.data())
@settings(max_examples=12)
def test_model_equals_the_definition_key_by_key(given_parameters, name, data):
    columns = data.draw(st.integers(0, 2 if name == "e3m2" else 3))
    p = KERNEL.make_parameters({"format": name, "d": 3, "dropped_columns": columns, **given_parameters})
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scale = data.draw(st.sampled_from([0.5, 2.0, 30.0]))
    spread = data.draw(st.sampled_from([1.0, 60.0]))
    q, k, v = (
        encode(random.normal(size=shape) * factor, p.fmt)
        for shape, factor in (((3,), scale), ((9, 3), 1.0), ((9, 3), spread))
    )
    if data.draw(st.booleans()):  # any code, subnormal and reserved ones too
        k, v = (random.integers(0, 1 << p.fmt.width, (9, 3), np.uint32) for _ in range(2))
    valid = random.random(9) < data.draw(st.sampled_from([0.8, 0.2]))
    assert KERNEL.attend(p, q, k, v, valid).tolist() == mean(p, q, k, v, valid)


def test_verilog_equals_model_on_ramps_sinks_saturated_scores_and_masked_stretches(tmp_path):
    simulation, values = compile_kernel(KERNEL, tmp_path, format="bf16", d=4)
    q, k, v = queries_of(hard_scores())
    v[-1] |= 0x7F00  # the largest numbers and beyond
    masks = np.ones((3, *k.shape[:2]), bool)
    masks[1, :, :400] = False
    masks[2] = False
    for mask in masks:
        expected = KERNEL.attend(values, q, k, v, mask)
        results, _ = run_kernel(KERNEL, simulation, values, q, k, v, mask, gap_rate=0.1)
        np.testing.assert_array_equal(results, expected)
    assert not expected.any()
    queries = mixed_queries(BF16, 4, 200, 128, seed=4)
    results, _ = run_kernel(KERNEL, simulation, values, *queries)
    np.testing.assert_array_equal(results, KERNEL.attend(values, *queries))


@pytest.mark.parametrize(
    "given_parameters",
    [
        {"format": "e5m10", "fraction_bits": 12, "product_integer_bits": 9, "value_bits": 28},
        {
            "format": "e2m1",
            "fraction_bits": 3,
            "value_bits": 6,
            "value_cut_bits": 0,
            "output": "side_by_side",
        },
        {"format": "e4m3", "dropped_columns": 3, "value_bits": 8, "value_cut_bits": 3},
    ],
    ids=str,
)
def test_verilog_equals_model_at_the_ends_of_the_parameters(given_parameters, tmp_path):
    simulation, values = compile_kernel(KERNEL, tmp_path, d=6, **given_parameters)
    queries = mixed_queries(values.fmt, 6, 60, 20, seed=3)
    results, _ = run_kernel(KERNEL, simulation, values, *queries, gap_rate=0.1)
    np.testing.assert_array_equal(results, KERNEL.attend(values, *queries))


@pytest.mark.parametrize(
    ("keys", "sigma"), [(128, 1), (128, 2), (128, 3), (512, 1), (512, 2), (512, 3), (2048, 1)]
)
def test_in_bf16_it_errs_no_more_than_the_baseline(keys, sigma):
    queries = random_queries(keys, sigma, queries=6 if keys == 2048 else 12, d=64)
    assert mean_error(*queries) < error("fa2_baseline", *queries)


@pytest.mark.parametrize("sigma", [1, 2])
def test_in_e4m3_it_errs_a_tenth_of_the_baseline_beside_its_inputs(sigma):
    q, k, v = random_queries(512, sigma, d=64)
    # What rounding of the inputs costs no kernel can mend: the truth is that of the rounded ones.
    q = decode(encode(q * LOG2_E, E4M3), E4M3) / LOG2_E
    k, v = (decode(encode(values, E4M3), E4M3) for values in (k, v))
    assert 10 * mean_error(q, k, v, E4M3) < error("fa2_baseline", q, k, v, E4M3)


def test_masked_keys_do_not_count_however_high_their_score():
    q, k, v = random_queries(keys=40, sigma=2)
    mask = np.random.default_rng(5).random(40) > 0.5
    mask[:3] = False
    k[:, ~mask] += 8 * q[:, None]
    q, k, v = (encode(array, BF16) for array in (q, k, v))
    p = KERNEL.make_parameters({"d": 32})
    np.testing.assert_array_equal(
        KERNEL.attend(p, q, k, v, mask), KERNEL.attend(p, q, k[:, mask], v[:, mask])
    )


@pytest.mark.parametrize("fraction_bits", [3, 7, 8, 12])
def test_weights_come_near_powers_of_two_and_never_exceed_one(fraction_bits):
    weights = [2.0**weight.exponent for weight in step_weights(fraction_bits)]
    assert weights[0] == 1 and max(weights[1:]) <= 1
    steps = len(weights)
    middle = 0.5 if fraction_bits > 7 else 0.0
    ratios = [w * 2 ** ((i + middle) / steps) - 1 for i, w in enumerate(weights)]
    assert np.sqrt(np.mean(np.square(ratios))) < 0.0125
    assert np.abs(ratios).max() < 0.026


@given(
    mean=st.integers(-(1 << 14), (1 << 14) - 1),
    value=st.integers(-(1 << 14), (1 << 14) - 1),
    below=st.integers(0, 40 << 8),
)
@settings(max_examples=300)
def test_a_mean_stays_between_itself_and_the_value(mean, value, below):
    step = step_weight(np.array([value - mean]), np.array([below]), 8, STEP_GUARD_BITS)
    moved = mean + int(step.rounded[0])
    assert min(mean, value) <= moved <= max(mean, value)
    if below == 0:
        assert moved == value


def test_a_product_beyond_the_window_counts_as_its_largest():
    q, k = (encode(np.array([[number, 0.0]]), BF16) for number in (100.0, 100.0))
    largest = (1 << 7 + 8 + 2) - 1
    assert windowed_log2_score(q, k, BF16, 8, 6, 7).tolist() == [largest - 0 >> 2]
    assert windowed_log2_score(q ^ 0x8000, k, BF16, 8, 6, 7).tolist() == [-1 - largest - 1 >> 2]


@pytest.mark.parametrize(
    ("product_integer_bits", "exponent", "score"), [(5, -10, 2), (6, -10, 2), (5, -11, 1), (6, -11, 2)]
)
def test_a_product_counts_down_to_the_last_place_that_its_register_can_name(
    product_integer_bits, exponent, score
):
    # In units of 2^-10: 5, and three of 2.25 or of 1.125, cut off. A window of 5 integer bits has 15 places.
    q = encode(np.array([[1.5, 1.5, 1.5, 1.0]]), BF16)
    k = encode(np.array([[1.5 * 2.0**exponent] * 3 + [1.25 * 2.0**-8]]), BF16)
    assert windowed_log2_score(q, k, BF16, 8, product_integer_bits, 0).tolist() == [score]


@pytest.mark.parametrize(
    ("given_parameters", "message"),
    [
        ({"product_integer_bits": 10}, "product_integer_bits must be an integer from 3 to 9, not 10"),
        ({"format": "e4m3", "dropped_columns": 4}, "dropped_columns must be an integer from 0 to 3, not 4"),
        ({"value_bits": 5}, "value_bits must be an integer from 6 to 28, not 5"),
        ({"value_bits": 6, "value_cut_bits": 2}, "value_cut_bits must be an integer from 0 to 1, not 2"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_in_a_line(given_parameters, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        KERNEL.make_parameters(given_parameters)


def test_a_value_waits_two_ranks_less_than_in_the_baseline():
    baseline = get_design("fa2_baseline")
    ranks = [d.schedule(d.make_parameters({})).value_rank for d in (baseline, KERNEL)]
    assert ranks[0] - ranks[1] == 5
    assert KERNEL.latency_clocks(KERNEL.make_parameters({"d": 16})) == 4 + 17
