"""log2(1 + 2^-x) in fixed point: circuit, model and tables against `math`, on every argument."""

import math

import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.models.log_addition import log_addition, log_sum
from hdl.units.exponential.log_addition import log_addition as log_addition_unit
from hdl.units.exponential.log_addition_constants import FRACTION_BITS_RANGE, log_addition_table

every_fraction = pytest.mark.parametrize("fraction_bits", FRACTION_BITS_RANGE)


def increase(distance, fraction_bits):
    """T of one integer, from its definition."""
    quarter = 2 ** (fraction_bits - 2)
    segment, offset = divmod(distance, quarter)

    def t(x):
        return round(2**fraction_bits * math.log2(1 + 2**-x))

    if distance >= 12 * 4 * quarter:
        return 0
    if distance >= 8 * 4 * quarter:
        return t((segment + 0.5) / 4)
    fall = t(segment / 4) - t((segment + 1) / 4)
    # Rounded to nearest, a half downwards.
    return t(segment / 4) - math.ceil(fall * offset / quarter - 0.5)


@every_fraction
def test_model_equals_the_definition_on_every_distance(fraction_bits):
    distances = np.arange(17 << fraction_bits)
    expected = [increase(distance, fraction_bits) for distance in distances.tolist()]
    assert log_addition(distances, fraction_bits).tolist() == expected


@pytest.mark.parametrize(("fraction_bits", "width"), [(3, 7), (7, 17), (10, 20), (12, 16)])
def test_circuit_equals_the_definition_on_every_distance(fraction_bits, width, tmp_path):
    simulation = compile_unit(
        log_addition_unit, tmp_path, {"distance": width, "increase": fraction_bits + 1},
        fraction_bits=fraction_bits,
    )  # fmt: skip
    near = [increase(distance, fraction_bits) for distance in range(16 << fraction_bits)]
    results = simulation.run({"distance": np.arange(1 << width)})["increase"].tolist()
    assert results == near + [0] * ((1 << width) - len(near))


@pytest.mark.parametrize(("fraction_bits", "largest"), [(3, 0.65), (7, 0.93), (10, 2.1), (12, 6.0)])
def test_error_in_units_is_what_the_documentation_says(fraction_bits, largest):
    distances = np.arange(20 << fraction_bits)
    exact = np.log2(1 + 2.0 ** -(distances / 2**fraction_bits)) * 2**fraction_bits
    error = np.abs(log_addition(distances, fraction_bits) - exact).max()
    assert 0.98 * largest < error <= largest


def test_tables_of_ten_bits_are_those_of_the_specification():
    starts, falls = log_addition_table(10)
    chords = [
        1024, 902, 790, 689, 599, 518, 447, 385, 330, 282, 240, 205, 174, 148, 125, 106,
        90, 76, 64, 54, 45, 38, 32, 27, 23, 19, 16, 14, 11, 10, 8, 7, 6,
    ]  # fmt: skip
    assert list(starts[:32]) == chords[:-1]
    assert falls[:32] == tuple(np.diff(chords) * -1)
    assert starts[32:48] == (5, 4, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0)
    assert not any(starts[48:])
    assert not any(falls[32:])


@every_fraction
def test_sum_of_logarithms_never_lies_below_the_larger_nor_a_binade_above(fraction_bits):
    a = np.arange(-(20 << fraction_bits), 20 << fraction_bits, 7)
    total = log_sum(a, np.zeros_like(a), fraction_bits)
    assert (total >= np.maximum(a, 0)).all()
    assert (total <= np.maximum(a, 0) + (1 << fraction_bits)).all()
    assert (total == log_sum(np.zeros_like(a), a, fraction_bits)).all()
