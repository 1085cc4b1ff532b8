"""H-FA: sums of signs and logarithms. Circuits against models, models against rational definitions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_bench import compile_unit

from hdl.designs import get_design
from hdl.formats import BF16, parse_format
from hdl.kernel_bench import compile_kernel, mixed_queries, run_kernel
from hdl.models.attention import LOG2_E, attention_exact
from hdl.models.codes import decode, encode
from hdl.models.hfa import log_difference, power
from hdl.units.exponential.hfa_constants import integer_bits
from hdl.units.exponential.log_correction import (
    correction_bits,
    inferred_correction,
    sound_correction,
)

pytestmark = pytest.mark.spread

HFA = get_design("fa2_hfa")
LOG_SUMS = ("sound", "inferred")


def attend(q, k, v, key_valid=True, **given):
    return HFA.attend(HFA.make_parameters(given), q, k, v, key_valid)


def error(results, exact):
    """Mean over queries of the relative L2 error."""
    return float(np.mean(np.linalg.norm(results - exact, axis=-1) / np.linalg.norm(exact, axis=-1)))


def decrease(distance, fraction_bits):
    """-log2(1 - 2^-x) of one integer, from its definition."""
    quarter = 2 ** (fraction_bits - 2)

    def exact(x):
        return round(-(2**fraction_bits) * math.log2(1 - 2**-x))

    if distance < 4 * quarter:
        return exact(distance / (4 * quarter))
    segment, offset = divmod(distance, quarter)
    if segment >= 48:
        return 0
    if segment >= 32:
        return exact((segment + 0.5) / 4)
    fall = exact(segment / 4) - exact((segment + 1) / 4)
    return exact(segment / 4) - math.ceil(fall * offset / quarter - 0.5)


def weight(distance, fraction_bits):
    """2^-x by eight chords of one integer, from its definition."""
    binades, fraction = divmod(distance, 2**fraction_bits)
    eighth = 2 ** (fraction_bits - 3)
    segment, offset = divmod(fraction, eighth)
    start, end = (round(2 ** (fraction_bits + 2) * 2 ** (-i / 8)) for i in (segment, segment + 1))
    chord = start - (start - end) * offset // eighth
    return (chord // 2 // 2**binades + 1) // 2


@pytest.mark.parametrize("fraction_bits", [4, 7, 10])
def test_models_of_both_corrections_equal_their_definitions_on_every_distance(fraction_bits):
    distances = np.arange(1, 20 << fraction_bits)
    listed = distances.tolist()
    assert log_difference(distances, fraction_bits).tolist() == [decrease(x, fraction_bits) for x in listed]
    assert power(distances, fraction_bits).tolist() == [weight(x, fraction_bits) for x in listed]


@pytest.mark.parametrize("fraction_bits", [4, 7, 10])
def test_circuit_of_the_difference_equals_its_definition_on_every_distance(fraction_bits, tmp_path):
    width = 6 + fraction_bits
    widths = {
        "distance": width, "opposite": 1, "correction": correction_bits(fraction_bits), "cancels": 1,
    }  # fmt: skip
    simulation = compile_unit(sound_correction, tmp_path, widths, fraction_bits=fraction_bits)
    distances = np.arange(1 << width)
    outputs = simulation.run({"distance": distances, "opposite": np.ones_like(distances)})
    assert outputs["cancels"].tolist() == (distances == 0).tolist()
    expected = [decrease(x, fraction_bits) for x in distances[1:].tolist()]
    assert outputs["correction"][1:].tolist() == expected


@pytest.mark.parametrize("fraction_bits", [4, 7, 12])
def test_circuit_of_the_inferred_correction_equals_its_definition_on_every_distance(fraction_bits, tmp_path):
    width = 6 + fraction_bits
    widths = {"distance": width, "correction": fraction_bits + 1}
    simulation = compile_unit(inferred_correction, tmp_path, widths, fraction_bits=fraction_bits)
    distances = np.arange(1 << width)
    expected = [weight(x, fraction_bits) for x in distances.tolist()]
    assert simulation.run({"distance": distances})["correction"].tolist() == expected


def by_definition(fmt, fraction_bits, log_sum, q, k, v, valid):
    """One query in Python's integers, key by key: numbers are (sign, logarithm), None is zero."""
    design_score = get_design("fa2_intmax").model
    unit, bias, mantissa_bits = 1 << fraction_bits, fmt.bias, fmt.mantissa_bits
    floor = -(unit << integer_bits(fmt) - 1)
    parameters = HFA.make_parameters({"format": fmt.name, "fraction_bits": fraction_bits, "d": len(q)})
    scores = design_score(parameters).score(np.array(q)[None], np.array(k)).tolist()

    def logarithm(code):
        magnitude = code & (1 << fmt.sign_bit) - 1
        if magnitude < 1 << mantissa_bits:
            return None
        return code >> fmt.sign_bit, (magnitude << fraction_bits - mantissa_bits) - bias * unit

    def times(number, exponent):
        if number is None or number[1] + exponent <= floor:
            return None
        return number[0], number[1] + exponent

    def plus(a, b):
        if a is None or b is None:
            return b if a is None else a
        distance = abs(a[1] - b[1])
        sign, larger = a if a[1] >= b[1] else b
        if log_sum == "inferred":
            step = weight(distance, fraction_bits)
        elif a[0] == b[0]:
            step = sum_step(distance, fraction_bits)
        elif distance == 0:
            return None
        else:
            step = decrease(distance, fraction_bits)
        total = larger + step if a[0] == b[0] else larger - step
        return None if total <= floor else (sign, total)

    maximum, sums = None, [None] * (len(q) + 1)
    for score, row, counts in zip(scores, v, valid, strict=True):
        if not counts:
            continue
        before = maximum
        maximum = score if before is None else max(before, score)
        rescale = 0 if before is None else max(before - maximum, -31 * unit)
        offset = max(score - maximum, -31 * unit)
        terms = [times(logarithm(int(code)), offset) for code in [fmt.one_code, *row]]
        sums = [plus(times(total, rescale), term) for total, term in zip(sums, terms, strict=True)]
    result = []
    for number in sums[1:]:
        if number is None or sums[0] is None:
            result.append(0)
            continue
        step = 1 << fraction_bits - mantissa_bits
        code = (number[1] - sums[0][1] + bias * unit + step // 2) // step
        flushed = code < 1 << mantissa_bits
        result.append(0 if flushed else min(code, fmt.max_finite_code) | number[0] << fmt.sign_bit)
    return result


def sum_step(distance, fraction_bits):
    """log2(1 + 2^-x) by chords of one integer, from its definition."""
    quarter = 2 ** (fraction_bits - 2)

    def exact(x):
        return round(2**fraction_bits * math.log2(1 + 2**-x))

    segment, offset = divmod(distance, quarter)
    if segment >= 48:
        return 0
    if segment >= 32:
        return exact((segment + 0.5) / 4)
    fall = exact(segment / 4) - exact((segment + 1) / 4)
    return exact(segment / 4) - math.ceil(fall * offset / quarter - 0.5)


@pytest.mark.parametrize("log_sum", LOG_SUMS)
@pytest.mark.parametrize(("name", "fraction_bits"), [("e3m2", 4), ("e4m3", 7), ("bf16", 7), ("bf16", 10)])
@given(data=st.data())
@settings(max_examples=25)
def test_model_equals_the_definition_key_by_key(log_sum, name, fraction_bits, data):
    fmt = parse_format(name)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    spread = data.draw(st.sampled_from([0.5, 2.0, 30.0]))
    size = data.draw(st.sampled_from([1.0, 60.0]))
    q = encode(random.normal(size=3) * spread, fmt)
    k = encode(random.normal(size=(9, 3)), fmt)
    # Values that repeat and differ in sign alone: terms that cancel.
    v = encode(np.round(random.normal(size=(9, 3)), 1) * size, fmt)
    valid = random.random(9) < 0.8
    parameters = {"format": name, "fraction_bits": fraction_bits, "log_sum": log_sum}
    results = attend(q, k, v, valid, **parameters)
    assert results.tolist() == by_definition(fmt, fraction_bits, log_sum, q, k, v, valid)


def scores_of(rows, d=4):
    """Codes of q, k, v whose scores in the log2 domain are `rows`, [queries, keys]."""
    q = np.zeros((len(rows), d))
    q[:, 0] = 1.0
    k = np.zeros((*rows.shape, d))
    k[..., 0] = rows
    v = np.random.default_rng(1).normal(size=k.shape)
    return [encode(array, BF16) for array in (q, k, v)]


@pytest.mark.parametrize("log_sum", LOG_SUMS)
def test_verilog_equals_model_on_ramps_sinks_saturated_scores_and_masked_stretches(log_sum, tmp_path):
    keys = 256
    random = np.random.default_rng(2)
    ramps = [step * LOG2_E * np.arange(keys) for step in (0.1, 0.3, -0.5)]
    sink = random.normal(size=keys)
    sink[0] += 25
    saturated = np.where(random.random(keys) < 0.5, 300.0, 255.0)
    sunken = np.where(random.random(keys) < 0.5, -1e30, -300.0)
    rows = np.array([*ramps, sink, saturated, sunken, *random.normal(scale=40, size=(4, keys))])
    simulation, values = compile_kernel(HFA, tmp_path, format="bf16", d=4, log_sum=log_sum)
    q, k, v = scores_of(rows)
    v[-2:] |= 0x7F00
    masks = np.ones((3, *k.shape[:2]), bool)
    masks[1, :, 50:200] = masks[1, :, 0] = False
    masks[2] = False
    for mask in masks:
        expected = HFA.attend(values, q, k, v, mask)
        results, _ = run_kernel(HFA, simulation, values, q, k, v, mask, gap_rate=0.1)
        np.testing.assert_array_equal(results, expected)
    assert not expected.any()


@pytest.mark.parametrize("log_sum", LOG_SUMS)
@pytest.mark.parametrize(("name", "fraction_bits"), [("e3m2", 4), ("e5m2", 7), ("e4m3", 10)])
def test_verilog_equals_model_with_other_fraction_bits(log_sum, name, fraction_bits, tmp_path):
    given = {"format": name, "d": 2, "fraction_bits": fraction_bits, "log_sum": log_sum}
    simulation, values = compile_kernel(HFA, tmp_path, **given)
    queries = mixed_queries(values.fmt, 2, 60, 20, seed=fraction_bits)
    results, _ = run_kernel(HFA, simulation, values, *queries, gap_rate=0.1)
    np.testing.assert_array_equal(results, HFA.attend(values, *queries))


# With the default, the sound correction of 7 bits, test_fa2_circuits.py does the same.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("log_sum", "name", "fraction_bits"),
    [("inferred", "bf16", 7), ("sound", "bf16", 10), ("inferred", "bf16", 10), ("inferred", "e4m3", 7)],
)
def test_verilog_equals_model_on_200_queries_of_128_keys(log_sum, name, fraction_bits, tmp_path):
    given = {"format": name, "d": 16, "fraction_bits": fraction_bits, "log_sum": log_sum}
    simulation, values = compile_kernel(HFA, tmp_path, **given)
    queries = mixed_queries(values.fmt, 16, 200, 128, seed=1)
    results, _ = run_kernel(HFA, simulation, values, *queries)
    np.testing.assert_array_equal(results, HFA.attend(values, *queries))


def random_attention(keys, sigma, queries=24, d=64, seed=3):
    """Codes in BF16 and the exact attention of scores with a deviation of `sigma`."""
    random = np.random.default_rng(seed)
    q = random.normal(size=(queries, d)) * sigma / math.sqrt(d)
    k, v = random.normal(size=(2, queries, keys, d))
    codes = [encode(array, BF16) for array in (q * LOG2_E, k, v)]
    return codes, attention_exact(q, k, v)


def test_the_inferred_correction_has_no_bound_where_terms_cancel_and_the_sound_one_has():
    codes, exact = random_attention(128, 1.0)
    sound, inferred = (error(decode(attend(*codes, log_sum=word), BF16), exact) for word in LOG_SUMS)
    assert sound < 0.04
    assert inferred > 0.4
    # Two keys of equal score whose values cancel: exactly zero, or half of one of them.
    q, k, v = (np.zeros((1, 2)), np.zeros((1, 2, 2)), np.array([[[1.0, 2.0], [-1.0, -2.0]]]))
    pair = [encode(array, BF16) for array in (q, k, v)]
    assert decode(attend(*pair, log_sum="sound"), BF16).tolist() == [[0, 0]]
    assert decode(attend(*pair, log_sum="inferred"), BF16).tolist() == [[0.25, 0.5]]


def test_values_of_one_sign_do_not_show_it():
    random = np.random.default_rng(4)
    q, k, v = (random.normal(size=shape) for shape in ((24, 16), (24, 128, 16), (24, 128, 16)))
    codes = [encode(array, BF16) for array in (q / 4 * LOG2_E, k, np.abs(v))]
    exact = attention_exact(q / 4, k, np.abs(v))
    for word in LOG_SUMS:
        assert error(decode(attend(*codes, log_sum=word), BF16), exact) < 0.1


@pytest.mark.parametrize(("keys", "fraction_bits", "largest"), [(128, 7, 0.04), (2048, 10, 0.06)])
def test_long_inputs_lose_nothing_with_enough_fraction_bits(keys, fraction_bits, largest):
    codes, exact = random_attention(keys, 1.0, queries=8)
    results = decode(attend(*codes, fraction_bits=fraction_bits), BF16)
    assert error(results, exact) < largest


def test_seven_fraction_bits_stagnate_beyond_some_hundred_keys():
    codes, exact = random_attention(2048, 1.0, queries=8)
    assert error(decode(attend(*codes), BF16), exact) > 0.3


def test_masked_keys_do_not_count_however_high_their_score():
    random = np.random.default_rng(5)
    q, k, v = (random.normal(size=shape) for shape in ((6, 8), (6, 40, 8), (6, 40, 8)))
    mask = random.random(40) > 0.5
    k[:, ~mask] += 8 * q[:, None]
    q, k, v = (encode(array, BF16) for array in (q, k, v))
    np.testing.assert_array_equal(attend(q, k, v, mask), attend(q, k[:, mask], v[:, mask]))
    assert not attend(q, k, v, False).any()


def test_a_result_comes_two_clocks_before_the_baselines_and_ports_are_the_same():
    baseline = get_design("fa2_baseline")
    parameters = [design.make_parameters({"d": 8}) for design in (baseline, HFA)]
    assert baseline.ports(parameters[0]) == HFA.ports(parameters[1])
    assert HFA.latency_clocks(parameters[1]) == baseline.latency_clocks(parameters[0]) - 2


def test_fraction_bits_hold_the_mantissa():
    assert HFA.make_parameters({"format": "e4m3"}).fraction_bits == 7
    assert HFA.make_parameters({"format": "e5m10"}).fraction_bits == 10
    with pytest.raises(ValueError, match="fraction_bits must be an integer from 7 to 12, not 6"):
        HFA.make_parameters({"fraction_bits": 6})
