"""The dot product's circuit alone: a kernel's output hides most of its last bits."""

from fractions import Fraction

import numpy as np
import pytest
from operator_bench import compile_unit
from rational import fields, nearest_code

from hdl.formats import parse_format
from hdl.models.arithmetic import dot_product as model
from hdl.simulation import pack_lanes
from hdl.units.arithmetic.dot_product import REGISTER_RANKS, dot_product


def reference(q, k, fmt):
    """The score by the unit's definition, in rational arithmetic."""
    products = []
    for a, b in zip(q.tolist(), k.tolist(), strict=True):
        (sign_a, field_a, mantissa_a), (sign_b, field_b, mantissa_b) = fields(a, fmt), fields(b, fmt)
        if field_a and field_b:
            one = 1 << fmt.mantissa_bits
            magnitude = Fraction((one + mantissa_a) * (one + mantissa_b), one * one)
            scale = field_a + field_b - 2 * fmt.bias
            products.append(((-1) ** (sign_a + sign_b), magnitude * Fraction(2) ** scale, scale))
    if not products:
        return 0
    # Kept of each product: 2 M bits after the point of the largest one's scale, and ceil(log2(d)) more.
    kept_bits = 2 * fmt.mantissa_bits + (len(q) - 1).bit_length()
    last_bit = Fraction(2) ** (max(scale for _, _, scale in products) - kept_bits)
    return nearest_code(sum(sign * (size // last_bit) * last_bit for sign, size, _ in products), fmt)


@pytest.mark.parametrize(
    ("name", "d", "count"),
    [("e4m3", 2, 100_000), ("e3m2", 5, 40_000), ("e4m3", 4, 40_000), ("bf16", 3, 40_000)],
)
def test_score_equals_the_model_and_rational_arithmetic(name, d, count, tmp_path):
    fmt = parse_format(name)
    vector = d * fmt.width
    widths = {"clk": 1, "start": 1, "q": vector, "k": vector, "score": fmt.width}
    simulation = compile_unit(dot_product, tmp_path, widths, fmt=fmt, d=d)
    rng = np.random.default_rng(d)
    q, k = rng.integers(0, 1 << fmt.width, (2, count, d), dtype=np.uint32)
    # A zero factor beside one with a large exponent; products of one magnitude and two signs; near exponents.
    q[::5, 0] &= ~np.uint32(fmt.max_exponent_field << fmt.mantissa_bits)
    q[1::5, 0], k[1::5, 0] = q[1::5, 1], k[1::5, 1] ^ (1 << fmt.sign_bit)
    for codes in (q, k):
        near = codes[2::5]
        near &= ~np.uint32(fmt.max_exponent_field << fmt.mantissa_bits)
        near |= rng.integers(fmt.bias - 1, fmt.bias + 3, near.shape, dtype=np.uint32) << fmt.mantissa_bits
    start = rng.integers(0, 2, count, dtype=np.uint32)
    start[0] = 1
    idle = np.zeros((REGISTER_RANKS, d), np.uint32)
    scores = simulation.run(
        {
            "start": np.concatenate([start, idle[:, 0]]),
            "q": pack_lanes(np.concatenate([q, idle]), fmt.width),
            "k": pack_lanes(np.concatenate([k, idle]), fmt.width),
        }
    )["score"][REGISTER_RANKS:]
    stored = np.maximum.accumulate(np.where(start, np.arange(count), 0))
    np.testing.assert_array_equal(scores, model(q[stored], k, fmt))
    rational = [reference(q[stored[row]], k[row], fmt) for row in range(2000)]
    np.testing.assert_array_equal(scores[:2000], rational)


def test_rational_reference_rounds_once_to_nearest_even():
    fmt = parse_format("e4m3")
    cases = [(1, 0x38), (Fraction(17, 16), 0x38), (Fraction(19, 16), 0x3A), (Fraction(31, 16), 0x40)]
    cases += [
        (Fraction(1, 64), 0x08),
        (Fraction(1, 65), 0x08),
        (Fraction(1, 70), 0x00),
        (449, 0x7E),
        (-480, 0xFE),
    ]
    assert [nearest_code(Fraction(value), fmt) for value, _ in cases] == [code for _, code in cases]
