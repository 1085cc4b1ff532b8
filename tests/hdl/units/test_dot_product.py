"""The dot product's circuit alone: a kernel's output hides most of its last bits."""

import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.formats import parse_format
from hdl.models.arithmetic import dot_product as model
from hdl.simulation import pack_lanes
from hdl.units.arithmetic.dot_product import REGISTER_RANKS, dot_product


@pytest.mark.parametrize(
    ("name", "d", "count"), [("e4m3", 2, 100_000), ("e3m2", 5, 40_000), ("bf16", 3, 40_000)]
)
def test_score_equals_the_model_on_all_codes_zeros_and_cancelling_products(name, d, count, tmp_path):
    fmt = parse_format(name)
    vector = d * fmt.width
    widths = {"clk": 1, "start": 1, "q": vector, "k": vector, "score": fmt.width}
    simulation = compile_unit(dot_product, tmp_path, widths, fmt=fmt, d=d)
    rng = np.random.default_rng(d)
    q, k = rng.integers(0, 1 << fmt.width, (2, count, d), dtype=np.uint32)
    # A zero factor beside one with a large exponent; products of one magnitude and two signs.
    q[::5, 0] &= ~np.uint32(fmt.max_exponent_field << fmt.mantissa_bits)
    q[1::5, 0], k[1::5, 0] = q[1::5, 1], k[1::5, 1] ^ (1 << fmt.sign_bit)
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
