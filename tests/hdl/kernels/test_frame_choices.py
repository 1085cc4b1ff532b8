"""The frame's choices: what goes together, what a run says of them, which formats they make."""

import re

import pytest

from hdl.designs import kernels
from hdl.formats import parse_format
from hdl.ieee_format import ieee_format
from hdl.kernels.frame_choices import FA2_CHOICES
from hdl.verilog import verilog_text


def parameters(name="fa2_baseline", **given):
    return kernels()[name].make_parameters(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rounding": "truncate"}, "rounding truncate does not go with arithmetic flush"),
        ({"arithmetic": "ieee", "division": "log"}, "division log does not go with arithmetic ieee"),
        (
            {"arithmetic": "ieee", "division": "constants"},
            "division constants does not go with arithmetic ieee",
        ),
        (
            {"division": "serial", "division_activity": "every_key"},
            "division_activity every_key does not go with division serial",
        ),
        ({"exponential": "vexp", "format": "e4m3"}, "exponential vexp is for format bf16 alone, not e4m3"),
        (
            {"exponential": "vexp", "arithmetic": "ieee"},
            "exponential vexp does not go with arithmetic ieee",
        ),
        ({"exponential": "exact"}, "exponential must be piecewise or vexp, not 'exact'"),
        ({"products": "three"}, "products must be two or one, not 'three'"),
        ({"division": 1}, "division must be multipliers or serial or log or constants, not 1"),
        (
            {"arithmetic": "ieee", "format": "e2m3"},
            "arithmetic ieee: format e2m3_nearest: with subnormals an exponent has at least 3 bits",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_line_that_names_the_parameter(given, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parameters(**given)


def test_a_kernel_without_a_choice_names_those_it_has():
    with pytest.raises(
        ValueError, match=r"no parameter 'arithmetic': there are format, d, .*, division, division_act"
    ):
        parameters("fa2_log2", arithmetic="ieee")


@pytest.mark.parametrize(
    "name", [name for name in kernels() if "division" in kernels()[name].parameter_names]
)
def test_a_run_says_of_the_frame_what_is_not_the_default(name):
    kernel = kernels()[name]
    usual = kernel.said_parameters(parameters(name))
    assert not {choice.name for choice in FA2_CHOICES} & usual.keys()
    defaults = {one.name: one.words[0] for one in FA2_CHOICES if one.name in kernel.parameter_names}
    assert kernel.said_parameters(parameters(name, **defaults)) == usual
    if "division" not in kernel.parameter_names:
        return
    said = kernel.said_parameters(parameters(name, division="serial"))
    assert said == usual | {"division": "serial"}
    assert parameters(name, **said) == parameters(name, division="serial")


def test_the_format_is_that_of_the_arithmetic():
    assert parameters().fmt == parse_format("bf16")
    assert parameters(arithmetic="ieee").fmt == ieee_format("bf16")
    truncated = parameters(arithmetic="ieee", rounding="truncate", format="e4m3_ieee").fmt
    assert (truncated.max_finite_code, truncated.truncates) == (0x77, True)
    assert parameters("fa2_log2", format="e4m3_ieee").fmt.max_finite_code == 0x77


@pytest.mark.parametrize("choice", FA2_CHOICES, ids=lambda choice: choice.name)
def test_each_choice_makes_another_circuit(choice):
    given = {"format": "e5m2", "d": 2}
    if choice.name == "rounding":
        given["arithmetic"] = "ieee"
    texts = {verilog_text("fa2_expmul", given | {choice.name: word}) for word in choice.words}
    assert len(texts) == len(choice.words)


@pytest.mark.parametrize(("name", "given"), [("fa2_baseline", {}), ("fa2_log2_fixed", {})])
def test_a_serial_division_wants_a_key_per_lane_and_takes_a_clock_for_each(name, given):
    kernel = kernels()[name]
    serial, usual = (parameters(name, d=7, division=word) for word in ("serial", "multipliers"))
    assert kernel.fewest_keys(serial) >= 7
    assert kernel.latency_clocks(serial) == kernel.latency_clocks(usual) + 6
