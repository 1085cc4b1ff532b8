"""VEXP's exponential: circuit and model on every x <= 0 in BF16, against integers and against `math`."""

import math
from fractions import Fraction

import numpy as np
import pytest
from operator_bench import compile_unit

from hdl.formats import BF16
from hdl.models.codes import decode
from hdl.models.vexp import vexp
from hdl.units.exponential.vexp import vexp as vexp_unit

CODES = np.arange(1 << 16)
NEGATIVE = CODES[CODES >> 15 == 1]
BF16_SMALLEST = 2.0**-126


def by_definition(code):
    """VEXP's steps on one code, in rational numbers."""
    field, mantissa = code >> 7 & 255, code & 127
    if code >> 15 == 0 or field == 0:
        return BF16.one_code
    exact = Fraction(128 + mantissa, 128) * Fraction(2) ** (field - 127) * Fraction(23637, 2**14)
    y = -math.floor(exact * 128 + Fraction(1, 2))
    exponent, f = y // 128, y % 128
    lower_half, upper_half = f * 2 * 4 * (363 + f), (255 - 2 * f) * 7 * (278 + f)
    correction = lower_half // 4096 if f < 64 else 127 - upper_half // 4096
    return (exponent + 127) * 128 + correction if exponent + 127 > 0 else 0


EXPECTED = np.array([by_definition(code) for code in CODES.tolist()])


def test_model_equals_the_definition_on_every_code():
    assert vexp(CODES).tolist() == EXPECTED.tolist()


def test_circuit_equals_the_definition_on_every_code(tmp_path):
    simulation = compile_unit(vexp_unit, tmp_path, {"x": 16, "y": 16}, fmt=BF16)
    assert simulation.run({"x": CODES})["y"].tolist() == EXPECTED.tolist()


@pytest.mark.parametrize(
    ("lowest", "smallest", "largest", "rms"), [(-15, -0.0071, 0.0053, 0.0024), (-87, -0.0071, 0.0055, 0.0025)]
)
def test_relative_error_is_what_the_documentation_says(lowest, smallest, largest, rms):
    x = decode(NEGATIVE, BF16)
    inside = x >= lowest
    error = decode(vexp(NEGATIVE[inside]), BF16) / np.exp(x[inside]) - 1
    assert (error.min(), error.max()) == pytest.approx((smallest, largest), abs=5e-5)
    # The codes lie closer near 0: each counts with its distance to the next, as uniform numbers would.
    share = np.maximum(np.abs(x[inside]), BF16_SMALLEST)
    share = 2.0 ** np.floor(np.log2(share))
    assert np.sqrt(np.average(error**2, weights=share)) == pytest.approx(rms, abs=5e-5)


def test_zero_gives_one_and_what_lies_below_the_range_gives_zero():
    assert vexp(np.array([0x8000, 0x0000, 0x4040])).tolist() == [BF16.one_code] * 3
    assert vexp(np.array([0xC2C8, 0xFF80, 0xFFFF])).tolist() == [0, 0, 0]
    assert (np.diff(EXPECTED[1 << 15 :]) <= 0).all(), "e^x does not fall with x"
