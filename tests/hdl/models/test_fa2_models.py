import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdl.designs import get_design
from hdl.formats import BF16, E4M3
from hdl.models.arithmetic import add, dot_product, reciprocal_real
from hdl.models.attention import attention_exact
from hdl.models.codes import decode, encode

# paper.md [S]: relative L2 error of the output, N = 512, d = 64, all BF16, by score sigma.
PUBLISHED_ERRORS = {"fa2_expmul": {1: 0.37, 2: 0.21, 3: 0.13}, "fa2_baseline": {1: 0.15, 2: 0.10, 3: 0.05}}


def attend(kernel, q, k, v, key_valid=True, **parameters):
    design = get_design(kernel)
    return design.attend(design.make_parameters(parameters), q, k, v, key_valid)


def random_queries(sigma: float, queries: int, keys: int, d: int, seed: int, fmt=BF16):
    rng = np.random.default_rng(seed)
    q = rng.normal(size=(queries, d)) * sigma / np.sqrt(d)
    return [encode(a, fmt) for a in (q, *rng.normal(size=(2, queries, keys, d)))]


@pytest.mark.parametrize("kernel", PUBLISHED_ERRORS)
@pytest.mark.parametrize("sigma", [1, 2, 3])
def test_error_against_float64_is_that_of_the_note(kernel, sigma):
    codes = random_queries(sigma, 64, 512, 64, seed=sigma)
    exact = attention_exact(*(decode(array, BF16) for array in codes))
    error = decode(attend(kernel, *codes), BF16) - exact
    relative = np.linalg.norm(error) / np.linalg.norm(exact)
    assert relative == pytest.approx(PUBLISHED_ERRORS[kernel][sigma], rel=0.2)


def test_scores_rising_slowly_never_decay_with_expmul():
    keys, d = 512, 4
    k = np.zeros((keys, d))
    k[:, 0] = 0.3 * np.arange(keys)
    v = np.outer(np.arange(keys), [1.0, -2.0, 3.0, 4.0])
    codes = [encode(a, BF16) for a in (np.eye(d)[0], k, v)]
    steps = -np.diff(decode(dot_product(codes[0], codes[1], BF16), BF16))
    # BF16 cannot tell such scores apart beyond 64; below, each step is too small for ExpMul to see.
    count = int(np.flatnonzero(np.abs(steps) >= 0.348)[0])
    assert count > 50
    shortened = codes[0], codes[1][:count], codes[2][:count]
    exact = attention_exact(*(decode(a, BF16) for a in shortened))
    mean = decode(shortened[2], BF16).mean(axis=0)
    fused = decode(attend("fa2_expmul", *shortened), BF16)
    separate = decode(attend("fa2_baseline", *shortened), BF16)
    assert np.linalg.norm(fused - mean) < 0.05 * np.linalg.norm(mean)
    assert np.linalg.norm(separate - exact) < 0.05 * np.linalg.norm(exact)
    assert np.linalg.norm(mean - exact) > 0.4 * np.linalg.norm(exact)


@pytest.mark.parametrize("kernel", PUBLISHED_ERRORS)
def test_masked_keys_do_not_count(kernel):
    q, k, v = random_queries(2, 6, 40, 8, seed=3)
    mask = np.random.default_rng(4).random(40) > 0.5
    left_out = attend(kernel, q, k[:, mask], v[:, mask])
    np.testing.assert_array_equal(attend(kernel, q, k, v, mask), left_out)
    assert not attend(kernel, q, k, v, False).any()


def test_heads_and_queries_are_axes():
    rng = np.random.default_rng(6)
    q = encode(rng.normal(size=(3, 5, 8)), E4M3)
    k, v = encode(rng.normal(size=(2, 3, 1, 20, 8)), E4M3)
    together = attend("fa2_expmul", q, k, v, format="e4m3")
    assert together.shape == (3, 5, 8)
    for head in range(3):
        for query in range(5):
            alone = attend("fa2_expmul", q[head, query], k[head, 0], v[head, 0], format="e4m3")
            np.testing.assert_array_equal(together[head, query], alone)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)), min_size=2, max_size=33))
def test_dot_product_loses_less_than_a_last_bit_of_the_largest_product(pairs):
    a, b = np.array(pairs).T
    terms = [
        Fraction(x) * Fraction(y)
        for x, y in zip(decode(a, BF16).tolist(), decode(b, BF16).tolist(), strict=True)
    ]
    fields = [(x >> 7 & 255) + (y >> 7 & 255) for x, y, t in zip(a, b, terms, strict=True) if t]
    exponent = int(max(fields, default=0)) - 2 * 127
    lost = Fraction(2) ** (exponent - 14)
    total = sum(terms)
    bounds = [float(Fraction(total + sign * lost)) for sign in (-1, 1)]
    low, high = decode(encode(bounds, BF16), BF16)
    assert low <= decode(dot_product(a, b, BF16), BF16) <= high


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_sum_is_the_nearest_number(a, b):
    x, y = (Fraction(float(decode(code, BF16))) for code in (a, b))
    result = int(add(a, b, BF16))
    exponent = result >> 7 & 255
    if exponent == 0 or result & 0x7FFF == BF16.max_finite_code:
        return
    error = abs(Fraction(float(decode(result, BF16))) - (x + y))
    half = Fraction(2) ** (exponent - 127 - 7 - 1)
    assert error < half or (error == half and result & 1 == 0) or (result & 0x7F == 0 and error <= half)


@pytest.mark.parametrize(("mantissa_bits", "largest_percent"), [(7, 0.24), (10, 0.26)])
def test_reciprocal_has_the_documented_error(mantissa_bits, largest_percent):
    x = np.ldexp(np.arange(1 << mantissa_bits, 2 << mantissa_bits), -mantissa_bits)
    error = np.abs(reciprocal_real(x) * x - 1)
    assert 100 * error.max() == pytest.approx(largest_percent, abs=0.005)
    assert reciprocal_real(np.array([1.0, 2.0, 0.25])).tolist() == [1.0, 0.5, 4.0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"d": 1}, "d must be an integer from 2 to 256, not 1"),
        ({"value_timing": "late"}, "value_timing must be with_key or when_needed, not 'late'"),
        ({"format": "e8m11"}, "format e8m11: a kernel's mantissa has at most 10 bits"),
        ({"fraction_bits": 0}, "fraction_bits must be an integer from 1 to 16, not 0"),
    ],
)
def test_impossible_kernel_is_refused(parameters, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        get_design("fa2_expmul").make_parameters(parameters)
