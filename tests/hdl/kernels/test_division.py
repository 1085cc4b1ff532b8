import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.formats import parse_format
from hdl.ieee_format import ieee_format
from hdl.kernels.constant_division import constant_quotient_lane, divide_by_constants
from hdl.kernels.division import (
    divide_at_every_key,
    divide_by_logarithms,
    divide_serially,
    log_divisor,
    log_quotient_lane,
)
from hdl.kernels.stages import divide
from hdl.models import arithmetic, ieee
from hdl.models.codes import decode, encode
from hdl.models.division import divide_by_constant, divide_by_log, divide_sums
from hdl.parameters import CONSTANTS, LOG
from hdl.simulation import pack_lanes, unpack_lanes
from hdl.units.arithmetic.log_division_constants import log2_mantissas


def test_table_of_logarithms_is_that_of_the_note():
    assert log2_mantissas(3) == (0, 1, 3, 4, 5, 6, 6, 7)
    table = log2_mantissas(7)
    assert len(table) == 128 and table[64] == 75 and table[127] == 127 and list(table) == sorted(table)


def quotient_by_definition(o, total, fmt):
    """One quotient from the definition, in whole numbers and fractions."""
    mask = (1 << fmt.mantissa_bits) - 1
    exponents = [code >> fmt.mantissa_bits & fmt.max_exponent_field for code in (o, total)]
    if 0 in exponents:
        return 0
    ones = Fraction(1 << fmt.mantissa_bits)
    logarithm = min(mask, math.floor(math.log2(1 + (total & mask) / float(ones)) * float(ones) + 0.5))
    # Logarithms in units of 2^-M: of o by its code, of total by its exponent and the table.
    log_o = Fraction(o & (1 << fmt.sign_bit) - 1) / ones - fmt.bias
    log_total = exponents[1] - fmt.bias + Fraction(logarithm) / ones
    code = (log_o - log_total + fmt.bias) * ones
    if code < 1 << fmt.mantissa_bits:
        return 0
    return (o & 1 << fmt.sign_bit) | min(int(code), fmt.max_finite_code)


@pytest.mark.parametrize("name", ["e4m3", "e5m2", "bf16"])
def test_model_of_log_division_follows_the_definition(name):
    fmt = parse_format(name)
    rng = np.random.default_rng(1)
    o = rng.integers(0, 1 << fmt.width, 20_000)
    total = rng.integers(0, 1 << fmt.sign_bit, 20_000)
    expected = [quotient_by_definition(int(a), int(b), fmt) for a, b in zip(o, total, strict=True)]
    np.testing.assert_array_equal(divide_by_log(o, total, fmt), expected)


@pytest.mark.parametrize(("name", "error"), [("e4m3", 0.08), ("bf16", 0.0275)])
def test_log_division_errs_as_little_as_the_note_says(name, error):
    fmt = parse_format(name)
    mantissas = np.arange(1 << fmt.mantissa_bits)
    o, total = (grid.ravel() + fmt.one_code for grid in np.meshgrid(mantissas, mantissas))
    relative = decode(divide_by_log(o, total, fmt), fmt) * decode(total, fmt) / decode(o, fmt) - 1
    assert np.sqrt(np.mean(relative**2)) < error
    assert np.abs(relative).max() < 2.5 * error


def every_pair(fmt):
    """FP8: every o and l. BF16: every l with o's of all binades, every o with l's of all mantissas."""
    codes, totals = 1 << fmt.width, 1 << fmt.sign_bit
    if fmt.width <= 8:
        o, total = (grid.ravel() for grid in np.meshgrid(np.arange(codes), np.arange(totals)))
    else:
        rng = np.random.default_rng(2)
        exponents = np.arange(fmt.max_exponent_field + 1) << fmt.mantissa_bits
        every_total, every_exponent = (
            grid.ravel() for grid in np.meshgrid(np.arange(totals), exponents[::4])
        )
        moving = every_exponent + rng.integers(0, 4 << fmt.mantissa_bits, len(every_exponent))
        every_o, every_mantissa = (
            grid.ravel() for grid in np.meshgrid(np.arange(codes), np.arange(0, 1 << fmt.mantissa_bits, 4))
        )
        near_one = (
            every_mantissa
            + rng.integers(0, 4, len(every_o))
            + (rng.integers(fmt.bias - 3, fmt.bias + 12, len(every_o)) << fmt.mantissa_bits)
        )
        o = np.concatenate([moving ^ rng.integers(0, 2, len(moving)) << fmt.sign_bit, every_o])
        total = np.concatenate([every_total, near_one])
    return o, total


@pytest.mark.parametrize("name", ["e4m3", "e5m2", "bf16"])
def test_log_division_circuit_equals_the_model(name, tmp_path):
    fmt = parse_format(name)
    o, total = every_pair(fmt)
    folders = [tmp_path / "divisor", tmp_path / "lane"]
    for folder in folders:
        folder.mkdir()
    width = fmt.width
    divisor = compile_unit(log_divisor, folders[0], {"total": width, "divisor": width + 1}, fmt=fmt)
    lane = compile_unit(
        log_quotient_lane, folders[1], {"divisor": width + 1, "numerator": width, "y": width}, fmt=fmt
    )
    divisors = divisor.run({"total": total})["divisor"]
    results = lane.run({"divisor": divisors, "numerator": o})["y"]
    np.testing.assert_array_equal(results, divide_by_log(o, total, fmt))


def quotient_by_constant(o, total, fmt):
    """One quotient from the definition, in fractions: to nearest, ties to even."""
    ones = 1 << fmt.mantissa_bits
    exponents = [code >> fmt.mantissa_bits & fmt.max_exponent_field for code in (o, total)]
    if 0 in exponents:
        return 0
    exact = Fraction("0.568") + (Fraction(1, 4) if total % ones < ones // 2 else 0)
    inverse = Fraction(math.floor(exact * 2 * ones + Fraction(1, 2)), 2 * ones)
    quotient = Fraction(ones + o % ones, ones) * inverse
    exponent = exponents[0] - exponents[1] + fmt.bias
    if quotient < 1:
        quotient, exponent = 2 * quotient, exponent - 1
    code = exponent * ones + round((quotient - 1) * ones)  # to even, and a carry goes on into the exponent
    if code < ones:
        return 0
    return (o & 1 << fmt.sign_bit) | min(code, fmt.max_finite_code)


@pytest.mark.parametrize("name", ["e4m3", "e5m2", "e2m1", "bf16"])
def test_division_by_constants_follows_the_definition_in_model_and_circuit(name, tmp_path):
    fmt = parse_format(name)
    o, total = every_pair(fmt)
    model = divide_by_constant(o, total, fmt)
    some = np.random.default_rng(4).permutation(len(o))[:20_000]
    expected = [quotient_by_constant(int(o[i]), int(total[i]), fmt) for i in some]
    np.testing.assert_array_equal(model[some], expected)
    divisor_bits = fmt.exponent_bits + 1
    ports = {"divisor": divisor_bits, "numerator": fmt.width, "y": fmt.width}
    lane = compile_unit(constant_quotient_lane, tmp_path, ports, fmt=fmt)
    results = lane.run({"divisor": total >> (fmt.mantissa_bits - 1), "numerator": o})["y"]
    np.testing.assert_array_equal(results, model)


FLUSH, IEEE = parse_format("e4m3"), ieee_format("e4m3_ieee")
DIVISIONS = [
    (divide, {"fmt": FLUSH}, arithmetic.divide),
    (divide_at_every_key, {"fmt": FLUSH}, arithmetic.divide),
    (divide_at_every_key, {"fmt": IEEE}, ieee.divide),
    (divide, {"fmt": IEEE}, ieee.divide),
    (divide_by_logarithms, {"fmt": FLUSH, "every_key": False}, partial(divide_sums, LOG)),
    (divide_by_logarithms, {"fmt": FLUSH, "every_key": True}, partial(divide_sums, LOG)),
    (divide_by_constants, {"fmt": FLUSH, "every_key": False}, partial(divide_sums, CONSTANTS)),
    (divide_by_constants, {"fmt": FLUSH, "every_key": True}, partial(divide_sums, CONSTANTS)),
    (divide_serially, {"fmt": FLUSH}, arithmetic.divide),
    (divide_serially, {"fmt": IEEE}, ieee.divide),
]


@pytest.mark.parametrize(("unit", "parameters", "model"), DIVISIONS)
def test_quotients_come_when_due_and_are_held(unit, parameters, model, tmp_path):
    fmt, d = parameters["fmt"], 5
    serial = unit is divide_serially
    latency = d + 1 if serial else 2
    rng = np.random.default_rng(5)
    clocks = 6_000
    # Now and then queries follow each other as closely as may be.
    gaps = rng.choice([d if serial else 1, 7, 23], clocks)
    at = np.cumsum(gaps)
    at = at[at < clocks - latency]
    finish = np.zeros(clocks, np.uint32)
    finish[at] = 1
    sums = rng.integers(0, 1 << fmt.width, (clocks, d + 1)).astype(np.uint32)
    sums[:, 0] &= (1 << fmt.sign_bit) - 1
    sums[::9, 0] = 0
    usual = rng.random(clocks) < 0.5
    sums[usual, 0] = encode(rng.uniform(1, 8, np.count_nonzero(usual)), FLUSH)
    widths = {"clk": 1, "rst": 1, "finish": 1, "valid_out": 1}
    widths |= {"sums": (d + 1) * fmt.width, "o": d * fmt.width}
    simulation = compile_unit(unit, tmp_path, widths, d=d, **parameters)
    outputs = simulation.run(
        {"rst": np.zeros(clocks, np.uint32), "finish": finish, "sums": pack_lanes(sums, fmt.width)}
    )
    assert np.flatnonzero(outputs["valid_out"]).tolist() == (at + latency).tolist()
    o = unpack_lanes(outputs["o"], d, fmt.width)
    expected = model(sums[at], fmt)
    np.testing.assert_array_equal(o[at + latency], expected)
    ends = np.append(at[1:], clocks - latency) + latency - 1
    for start, end, codes in zip(at + latency, ends, expected, strict=True):
        assert (o[start : end + 1] == codes).all()


def test_a_reset_ends_a_serial_division(tmp_path):
    d = 4
    widths = {"clk": 1, "rst": 1, "finish": 1, "valid_out": 1, "sums": (d + 1) * 8, "o": d * 8}
    simulation = compile_unit(divide_serially, tmp_path, widths, fmt=FLUSH, d=d)
    finish, rst = np.zeros(30, np.uint32), np.zeros(30, np.uint32)
    finish[[2, 12]] = 1
    rst[4] = 1
    sums = pack_lanes(np.full((30, d + 1), FLUSH.one_code, np.uint32), 8)
    outputs = simulation.run({"rst": rst, "finish": finish, "sums": sums})
    assert np.flatnonzero(outputs["valid_out"]).tolist() == [12 + d + 1]
