"""What stages promise and a kernel's output does not show."""

import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.formats import parse_format
from hdl.kernels.drain import drain
from hdl.kernels.log2_maximum import log2_difference
from hdl.models.log2 import weigh_key
from hdl.simulation import pack_lanes, unpack_lanes


@pytest.mark.parametrize("ceiling", [False, True])
def test_a_score_is_far_above_31_binades_below_the_maximum_and_not_at_31(ceiling, tmp_path):
    fraction_bits = 2
    bits, score_bits = 9 + ceiling, 9 + fraction_bits
    widths = {
        "clk": 1, "previous": bits, "current": bits, "score_held": score_bits,
        "rescale": 5, "distance": 5, "fraction": fraction_bits, "far": 1,
    }  # fmt: skip
    parameters = {"fraction_bits": fraction_bits, "ceiling": ceiling}
    simulation = compile_unit(log2_difference, tmp_path, widths, **parameters)
    below, previous = (grid.ravel() for grid in np.meshgrid(np.arange(0, 40 * 4 + 1), np.arange(60, 101)))
    score = 100 * 4 - below
    maximum, key = weigh_key(previous, score, np.ones(score.shape, bool), **parameters)
    outputs = simulation.run(
        {
            "previous": np.append(previous, 0) % (1 << bits),
            "current": np.append(maximum, 0) % (1 << bits),
            "score_held": np.append(score, 0) % (1 << score_bits),
        }
    )
    distance = maximum - (score >> fraction_bits)
    assert {31, 32} <= set(distance.tolist())
    np.testing.assert_array_equal(outputs["far"][1:], distance > 31)
    np.testing.assert_array_equal(outputs["far"][1:], ~key.counts)
    near = key.counts
    for name in ("rescale", "distance", "fraction"):
        np.testing.assert_array_equal(outputs[name][1:][near], getattr(key, name)[near])


def test_what_follows_the_last_sum_of_a_drain_is_zero(tmp_path):
    fmt, lanes, sum_bits = parse_format("e4m3"), 3, 13
    widths = {"clk": 1, "rst": 1, "finish": 1, "sums": lanes * sum_bits, "drained": 1, "numbers": lanes * 8}
    parameters = {"lanes": lanes, "sum_bits": sum_bits, "sum_fraction_bits": 10}
    simulation = compile_unit(drain, tmp_path, widths, fmt=fmt, **parameters)
    clocks = 3 * lanes + 2
    finish = np.zeros(clocks, np.uint32)
    finish[0] = 1
    sums = np.random.default_rng(1).integers(1 << 10, 1 << 12, (clocks, lanes))
    outputs = simulation.run(
        {"rst": np.zeros(clocks, np.uint32), "finish": finish, "sums": pack_lanes(sums, sum_bits)}
    )
    assert np.flatnonzero(outputs["drained"]).tolist() == [lanes + 1]
    numbers = unpack_lanes(outputs["numbers"], lanes, fmt.width)
    assert (numbers[lanes + 1] != 0).all()
    assert (numbers[2 * lanes + 1 :] == 0).all()
