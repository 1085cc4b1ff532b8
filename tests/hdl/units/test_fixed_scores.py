"""Numbers and sums to fixed point, circuits against fractions: every code, every place of the sum."""

from fractions import Fraction

import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.formats import parse_format
from hdl.models.codes import decode
from hdl.units.arithmetic.aligned_dot_product import aligned_total_bits
from hdl.units.arithmetic.signed_fixed import number_to_fixed
from hdl.units.exponential.aligned_log2_score import aligned_log2_score


def to_fixed(value, fraction_bits, magnitude_bits):
    """Half away from zero, saturated, in two's complement."""
    magnitude = min(int(abs(value) * 2**fraction_bits + Fraction(1, 2)), 2**magnitude_bits - 1)
    return (-magnitude if value < 0 else magnitude) % 2 ** (magnitude_bits + 1)


@pytest.mark.parametrize(
    ("name", "fixed_bits", "fraction_bits"),
    [("e4m3", 16, 12), ("e4m3", 6, 1), ("bf16", 16, 12), ("e2m1", 28, 26)],
)
def test_every_number_is_rounded_half_up_and_saturates(name, fixed_bits, fraction_bits, tmp_path):
    fmt = parse_format(name)
    simulation = compile_unit(
        number_to_fixed, tmp_path, {"number": fmt.width, "fixed": fixed_bits}, fmt=fmt, fixed_bits=fixed_bits,
        fraction_bits=fraction_bits,
    )  # fmt: skip
    codes = np.arange(1 << fmt.width)
    expected = [
        to_fixed(Fraction(value), fraction_bits, fixed_bits - 1) for value in decode(codes, fmt).tolist()
    ]
    assert simulation.run({"number": codes})["fixed"].tolist() == expected


@pytest.mark.parametrize(
    ("name", "d", "fraction_bits"), [("e4m3", 2, 10), ("e3m2", 5, 3), ("bf16", 2, 10), ("e5m10", 3, 12)]
)
def test_a_sum_of_any_scale_becomes_the_score_by_one_rounding(name, d, fraction_bits, tmp_path):
    fmt = parse_format(name)
    sum_bits = aligned_total_bits(fmt, d)
    scale_bits = fmt.exponent_bits + 1
    simulation = compile_unit(
        aligned_log2_score, tmp_path, {"total": sum_bits, "scale": scale_bits, "fixed": 9 + fraction_bits},
        fmt=fmt, d=d, fraction_bits=fraction_bits,
    )  # fmt: skip
    random = np.random.default_rng(1)
    scales = np.repeat(np.arange(2 * fmt.max_exponent_field + 1), 60)
    # Magnitudes of every length, as after any cancellation.
    totals = random.integers(0, 1 << sum_bits - 1, len(scales)) >> random.integers(0, sum_bits, len(scales))
    totals = np.where(random.random(len(scales)) < 0.5, -totals, totals)
    top_weight = 1 + (d - 1).bit_length()
    expected = [
        to_fixed(Fraction(total) * Fraction(2) ** (scale - 2 * fmt.bias + top_weight - (sum_bits - 2)),
                 fraction_bits, 8 + fraction_bits)
        for total, scale in zip(totals.tolist(), scales.tolist(), strict=True)
    ]  # fmt: skip
    assert len(set(expected)) > 200
    results = simulation.run({"total": totals % (1 << sum_bits), "scale": scales})["fixed"]
    assert results.tolist() == expected
