"""Units in MyHDL's own simulation, which stops where a value does not fit its signal, equal the models."""

from fractions import Fraction

import numpy as np
import pytest
from myhdl import Simulation, StopSimulation, delay, instance
from rational import nearest_code

from hdl.formats import E4M3, parse_format
from hdl.kernels.fa2_log2_fixed import saturating_add
from hdl.language.unit import Port
from hdl.models import arithmetic, log2, operators
from hdl.units.arithmetic.add import add, subtract
from hdl.units.arithmetic.dot_product import REGISTER_RANKS, dot_product
from hdl.units.arithmetic.multiply import multiply
from hdl.units.arithmetic.normalise import normalise
from hdl.units.arithmetic.reciprocal import reciprocal
from hdl.units.arithmetic.round_to_format import round_to_format
from hdl.units.arithmetic.trees import maximum_tree, sum_tree
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.exponential.log2_score import log2_score
from hdl.units.exponential.log2exp import log2exp
from hdl.units.exponential.pwl_exp import pwl_exp

E2M1 = parse_format("e2m1")
by_format = pytest.mark.parametrize("fmt", [E2M1, E4M3], ids=lambda fmt: fmt.name)
ROWS = 300


def simulate(unit, inputs, signed=(), widths=(), **parameters):
    """The outputs, lists by port, for rows of `inputs`, one each clock; `signed` names ports, too."""
    sizes = {port: unit.width_of(port, parameters) for port in unit.directions} | dict(widths)
    ports = {
        name: Port(
            name, way, sizes[name], name not in unit.widths and name not in dict(widths), name in signed
        )
        for name, way in unit.directions.items()
    }
    signals = {name: port.signal() for name, port in ports.items()}
    circuit = unit(**signals, **parameters)
    outputs = {name: [] for name, way in unit.directions.items() if way == "output"}

    @instance
    def bench():
        for row in zip(*inputs.values(), strict=True):
            for name, value in zip(inputs, row, strict=True):
                signals[name].next = int(value)
            yield delay(1)
            for name, values in outputs.items():
                values.append(int(signals[name]))
            if "clk" in signals:
                for level in (True, False):
                    signals["clk"].next = level
                    yield delay(1)
        raise StopSimulation

    Simulation(circuit, bench).run(quiet=1)
    return outputs


def random_codes(fmt, *shape):
    """Codes with all exponents; a zero has no mantissa, as every unit's result."""
    codes = np.random.default_rng(9).integers(0, 1 << fmt.width, shape)
    zero = codes >> fmt.mantissa_bits & fmt.max_exponent_field == 0
    return np.where(zero, codes & 1 << fmt.sign_bit, codes)


@by_format
@pytest.mark.parametrize(
    ("unit", "model"),
    [(add, arithmetic.add), (subtract, arithmetic.subtract), (multiply, operators.multiply)],
    ids=["add", "subtract", "multiply"],
)
def test_operation(unit, model, fmt):
    a, b = random_codes(fmt, 2, ROWS)
    assert simulate(unit, {"a": a, "b": b}, fmt=fmt)["y"] == model(a, b, fmt).tolist()


@by_format
@pytest.mark.parametrize(
    ("unit", "model"), [(reciprocal, arithmetic.reciprocal), (pwl_exp, operators.pwl_exp)],
    ids=["reciprocal", "pwl_exp"],
)  # fmt: skip
def test_function_on_every_code(unit, model, fmt):
    x = np.arange(1 << fmt.width)
    assert simulate(unit, {"x": x}, fmt=fmt)["y"] == model(x, fmt).tolist()


@by_format
@pytest.mark.parametrize("fraction_bits", [1, 11])
def test_log2exp_on_every_code(fraction_bits, fmt):
    x = np.arange(1 << fmt.width)
    levels = simulate(log2exp, {"x": x}, fmt=fmt, fraction_bits=fraction_bits)["level"]
    assert levels == operators.log2exp(x, fmt, fraction_bits).tolist()


@by_format
def test_log2_score_on_every_code(fmt):
    codes = np.arange(1 << fmt.width)
    bits = fmt.mantissa_bits
    fixed = simulate(log2_score, {"score": codes}, ["fixed"], fmt=fmt, fraction_bits=bits)["fixed"]
    assert fixed == log2.log2_score(codes, fmt, bits).tolist()


@by_format
def test_expmul_lane(fmt):
    v, shift = random_codes(fmt, ROWS), np.arange(ROWS) % 32
    y = simulate(expmul_lane, {"v": v, "shift": shift}, widths={"shift": 5}, fmt=fmt)["y"]
    assert y == operators.scale_down(v, shift, fmt).tolist()


@by_format
@pytest.mark.parametrize("fraction_bits", [0, 1])
def test_log2_lane(fraction_bits, fmt):
    v = random_codes(fmt, ROWS)
    factor = np.arange(ROWS) % (32 << fraction_bits) - (31 << fraction_bits)
    bits = 6 + fraction_bits
    inputs = {"v": v, "log2_factor": factor % (1 << bits), "drop": np.zeros(ROWS)}
    y = simulate(log2_lane, inputs, widths={"log2_factor": bits}, fmt=fmt, fraction_bits=fraction_bits)["y"]
    assert y == log2.log2_scale(v, factor, fmt, fraction_bits).tolist()


@pytest.mark.parametrize("spare_bits", [-1, 0, 1, 2, 4])
def test_rounding_of_any_fraction_and_every_exponent(spare_bits):
    fraction_bits = E4M3.mantissa_bits + spare_bits
    lowest, highest = -2, E4M3.max_exponent_field + 2
    exponents, fractions = (
        grid.ravel() for grid in np.meshgrid(np.arange(lowest, highest + 1), np.arange(1 << fraction_bits))
    )
    rows = len(exponents)
    y = simulate(
        round_to_format,
        {"sign": np.arange(rows) % 2, "zero": np.zeros(rows), "exponent": exponents, "fraction": fractions},
        signed=["exponent"],
        fmt=E4M3,
        fraction_bits=fraction_bits,
        lowest_exponent=lowest,
        highest_exponent=highest,
    )["y"]
    expected = [
        nearest_code(
            Fraction(2) ** (exponent - E4M3.bias) * (1 + Fraction(fraction, 1 << fraction_bits)), E4M3
        )
        | row % 2 << E4M3.sign_bit
        for row, (exponent, fraction) in enumerate(zip(exponents.tolist(), fractions.tolist(), strict=True))
    ]
    assert y == expected


@pytest.mark.parametrize("width", [3, 5, 8])
def test_normaliser(width):
    outputs = simulate(normalise, {"value": range(1 << width)}, width=width)
    zeros = [width - value.bit_length() for value in range(1, 1 << width)]
    assert outputs["zeros"][1:] == zeros
    assert outputs["normalised"] == [0, *(value + 1 << count for value, count in enumerate(zeros))]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_trees(count):
    values = np.random.default_rng(count).integers(0, 16, (ROWS, count))
    packed = (values << 4 * np.arange(count)).sum(axis=1)
    signed = np.where(values > 7, values - 16, values)
    largest = simulate(maximum_tree, {"values": packed}, count=count, width=4)["largest"]
    total = simulate(sum_tree, {"terms": packed}, count=count, width=4, is_signed=False)["total"]
    signed_total = simulate(sum_tree, {"terms": packed}, ["total"], count=count, width=4, is_signed=True)[
        "total"
    ]
    assert largest == values.max(axis=1).tolist()
    assert total == values.sum(axis=1).tolist()
    assert signed_total == signed.sum(axis=1).tolist()


def test_saturating_sum():
    bits = 4
    rows = np.arange(1 << 2 * bits + 1)
    rescaled, term, carry = rows % 16, rows // 16 % 16, rows // 256
    y = simulate(
        saturating_add, {"rescaled": rescaled, "term": term, "carry": carry}, sum_bits=bits
    )["y"]  # fmt: skip
    signed = (np.where(field > 7, field - 16, field) for field in (rescaled, term))
    assert y == (np.clip(sum(signed) + carry, -8, 7) % 16).tolist()


@pytest.mark.parametrize(("fmt", "d"), [(E2M1, 3), (E4M3, 2)], ids=["e2m1", "e4m3"])
def test_dot_product(fmt, d):
    q, k = random_codes(fmt, 2, ROWS, d)
    shifts = fmt.width * np.arange(d)
    packed = [(codes << shifts).sum(axis=1) for codes in (q, k)]
    scores = simulate(
        dot_product, {"start": np.ones(ROWS), "q": packed[0], "k": packed[1]}, fmt=fmt, d=d
    )["score"]  # fmt: skip
    assert scores[REGISTER_RANKS:] == arithmetic.dot_product(q, k, fmt)[:-REGISTER_RANKS].tolist()
