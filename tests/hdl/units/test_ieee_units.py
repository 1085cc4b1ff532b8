import numpy as np
import pytest
from ieee_reference import BYTE_FORMATS, all_pairs, pairs_of_every_exponent, reference
from operator_bench import compile_unit

from hdl.ieee_format import ROUNDINGS, ieee_format
from hdl.models import ieee
from hdl.units.ieee.add import ieee_add, ieee_subtract
from hdl.units.ieee.multiply import ieee_multiply

FORMATS = (*BYTE_FORMATS, "bf16")
OTHER_FORMATS = ("e3m2", "e3m5", "e5m10", "e6m4")
UNITS = {"add": ieee_add, "subtract": ieee_subtract, "multiply": ieee_multiply}
MODELS = {"add": ieee.add, "subtract": ieee.subtract, "multiply": ieee.multiply}


def pairs(fmt, count=1_000_000):
    return all_pairs(fmt) if fmt.width <= 8 else pairs_of_every_exponent(fmt, count, seed=3)


def run_unit(operation, fmt, a, b, folder):
    widths = dict.fromkeys("aby", fmt.width) | ({"drop": 1} if operation == "multiply" else {})
    simulation = compile_unit(UNITS[operation], folder, widths, fmt=fmt)
    drop = {"drop": np.zeros(len(a), np.uint32)} if operation == "multiply" else {}
    return simulation.run({"a": a, "b": b, **drop})["y"]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("operation", UNITS)
def test_circuit_and_model_equal_an_independent_implementation(operation, name, rounding, tmp_path):
    fmt = ieee_format(name, rounding)
    a, b = pairs(fmt)
    expected = reference(operation, a, b, fmt)
    np.testing.assert_array_equal(MODELS[operation](a, b, fmt), expected)
    np.testing.assert_array_equal(run_unit(operation, fmt, a, b, tmp_path), expected)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", OTHER_FORMATS)
@pytest.mark.parametrize("operation", ["add", "multiply"])
def test_circuit_equals_the_model_in_other_formats(operation, name, rounding, tmp_path):
    fmt = ieee_format(name, rounding)
    a, b = pairs(fmt, 200_000)
    np.testing.assert_array_equal(run_unit(operation, fmt, a, b, tmp_path), MODELS[operation](a, b, fmt))


def test_vectors_hold_every_exponent_and_every_kind_of_result():
    fmt = ieee_format("bf16")
    a, b = pairs_of_every_exponent(fmt, 1_000_000, seed=3)
    for codes in (a, b):
        assert len(np.unique(codes >> fmt.mantissa_bits & fmt.max_exponent_field)) == 256
    for operation in ("add", "multiply"):
        result = reference(operation, a, b, fmt) & (1 << fmt.sign_bit) - 1
        assert np.count_nonzero((result > 0) & (result < 1 << fmt.mantissa_bits)) > 2_000
        assert np.count_nonzero(result == fmt.infinity_code) > 500
        assert np.count_nonzero(result == fmt.nan_code) > 1_000


@pytest.mark.parametrize("name", ["e4m3", "e4m3_ieee"])
def test_dropped_product_is_a_zero_with_its_sign(name, tmp_path):
    fmt = ieee_format(name)
    a, b = all_pairs(fmt)
    simulation = compile_unit(ieee_multiply, tmp_path, dict.fromkeys("aby", 8) | {"drop": 1}, fmt=fmt)
    results = simulation.run({"a": a, "b": b, "drop": np.ones(len(a), np.uint32)})["y"]
    np.testing.assert_array_equal(results, (a ^ b) & 0x80)
    np.testing.assert_array_equal(results, ieee.multiply(a, b, fmt, drop=True))


def test_named_codes():
    codes = {
        name: (fmt.max_finite_code, fmt.overflow_code, fmt.nan_code)
        for name in FORMATS
        for fmt in [ieee_format(name)]
    }
    assert codes == {
        "e4m3": (0x7E, 0x7F, 0x7F),
        "e4m3_ieee": (0x77, 0x78, 0x7C),
        "e5m2": (0x7B, 0x7C, 0x7E),
        "bf16": (0x7F7F, 0x7F80, 0x7FC0),
    }
    assert [ieee_format(name, "truncate").overflow_code for name in FORMATS] == [0x7E, 0x77, 0x7B, 0x7F7F]


@pytest.mark.parametrize(
    ("name", "rounding", "message"),
    [
        ("e2m3", "nearest", "format e2m3_nearest: with subnormals an exponent has at least 3 bits"),
        ("e5m1", "nearest", "format e5m1_nearest: with subnormals a mantissa has 2 to 10 bits"),
        ("bf16", "up", "rounding must be nearest or truncate, not 'up'"),
    ],
)
def test_what_cannot_be_is_said(name, rounding, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        ieee_format(name, rounding)
