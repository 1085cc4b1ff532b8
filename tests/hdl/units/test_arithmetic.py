import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.formats import parse_format
from hdl.models import arithmetic
from hdl.models.codes import decode, encode
from hdl.units.arithmetic.add import add, subtract
from hdl.units.arithmetic.normalise import normalise
from hdl.units.arithmetic.reciprocal import reciprocal
from hdl.units.arithmetic.trees import maximum_tree, sum_tree

SMALL = ("e2m1", "e3m2", "e4m3", "e5m2")


def canonical(codes, fmt):
    exponent = codes >> fmt.mantissa_bits & fmt.max_exponent_field
    return np.where(exponent == 0, codes & 1 << fmt.sign_bit, codes)


def all_pairs(fmt):
    codes = np.arange(1 << fmt.width)
    return tuple(canonical(grid.ravel(), fmt) for grid in np.meshgrid(codes, codes))


def close_pairs(fmt, count, seed):
    """Pairs over all codes, most of them of near exponents, where sums cancel and round."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 1 << fmt.width, (2, count))
    spread = 12 << fmt.mantissa_bits
    near = (a + rng.integers(-spread, spread, count)) % (1 << fmt.width) ^ rng.integers(
        0, 2, count
    ) << fmt.sign_bit
    return canonical(a, fmt), canonical(np.where(np.arange(count) % 4, near, b), fmt)


@pytest.mark.parametrize("name", [*SMALL, "bf16"])
@pytest.mark.parametrize(("unit", "model"), [(add, arithmetic.add), (subtract, arithmetic.subtract)])
def test_adder_and_subtractor_equal_the_model(unit, model, name, tmp_path):
    fmt = parse_format(name)
    a, b = all_pairs(fmt) if fmt.width <= 8 else close_pairs(fmt, 300_000, seed=7)
    simulation = compile_unit(unit, tmp_path, dict.fromkeys("aby", fmt.width), fmt=fmt)
    np.testing.assert_array_equal(simulation.run({"a": a, "b": b})["y"], model(a, b, fmt))


@pytest.mark.parametrize("name", [*SMALL, "e5m4", "e5m10", "bf16"])
def test_reciprocal_equals_the_model_on_every_code(name, tmp_path):
    fmt = parse_format(name)
    x = np.arange(1 << fmt.width)
    simulation = compile_unit(reciprocal, tmp_path, dict.fromkeys("xy", fmt.width), fmt=fmt)
    results = simulation.run({"x": x})["y"]
    np.testing.assert_array_equal(results, arithmetic.reciprocal(x, fmt))
    exact = np.divide(1.0, decode(x, fmt), out=np.zeros(len(x)), where=decode(x, fmt) != 0)
    off = np.abs(results.astype(np.int64) - encode(exact, fmt).astype(np.int64))
    normal = exact != 0
    # 0.25 % is at most that part of a unit in the last place of the result.
    assert off[normal].max() <= 1 + (1 << fmt.mantissa_bits) * 0.005


@pytest.mark.parametrize("width", [5, 8, 12])
def test_normaliser_moves_the_leading_one_to_the_top(width, tmp_path):
    bits = (width - 1).bit_length()
    widths = {"value": width, "normalised": width, "zeros": bits}
    simulation = compile_unit(normalise, tmp_path, widths, width=width)
    outputs = simulation.run({"value": np.arange(1 << width)})
    zeros = [width - value.bit_length() for value in range(1, 1 << width)]
    assert outputs["zeros"].tolist() == [(1 << bits) - 1, *zeros]
    assert outputs["normalised"].tolist() == [
        0,
        *(v << z for v, z in zip(range(1, 1 << width), zeros, strict=True)),
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_trees_give_sum_and_maximum_of_all_fields(count, tmp_path):
    width = 4
    levels = (count - 1).bit_length()
    fields = np.random.default_rng(count).integers(0, 1 << width, (2000, count))
    packed = (fields << width * np.arange(count)).sum(axis=1)
    cases = [
        (sum_tree, "terms", "total", width + levels, {"is_signed": False}, fields.sum(axis=1)),
        (maximum_tree, "values", "largest", width, {}, fields.max(axis=1)),
    ]
    for unit, source, sink, bits, parameters, expected in cases:
        folder = tmp_path / source
        folder.mkdir()
        widths = {source: count * width, sink: bits}
        simulation = compile_unit(unit, folder, widths, count=count, width=width, **parameters)
        np.testing.assert_array_equal(simulation.run({source: packed})[sink], expected)
