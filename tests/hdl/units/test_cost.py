"""What units and stages cost in E4M3: a useless bit passes every test of numbers, and none of these.

Flip-flops: a formula of the widths. ANDs: as measured. A larger number needs a reason, a smaller one is
written down here, so that it stays.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from cell_counts import count_cells, unit_verilog

from hdl.designs import kernels
from hdl.formats import BF16, E4M3
from hdl.language.unit import Unit
from hdl.units.arithmetic import add as adder_file
from hdl.units.arithmetic.add import add, subtract
from hdl.units.arithmetic.multiply import multiply
from hdl.units.arithmetic.negative_to_fixed import negative_to_fixed
from hdl.units.arithmetic.normalise import normalise
from hdl.units.arithmetic.reciprocal import reciprocal
from hdl.units.arithmetic.round_to_format import round_to_format
from hdl.units.arithmetic.signed_fixed import number_to_fixed
from hdl.units.arithmetic.trees import maximum_tree, sum_tree
from hdl.units.delays import delay_line, enabled_register
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.exponential.log2_score import log2_score
from hdl.units.exponential.log2exp import log2exp
from hdl.units.exponential.log_addition import log_addition
from hdl.units.exponential.pwl_exp import pwl_exp

E, M, W = E4M3.exponent_bits, E4M3.mantissa_bits, E4M3.width
D = 2
LANES = D + 1

# Bits of a score in the log2 kernels: integer part with its sign, fraction, distance to the maximum.
INTEGER, F, DISTANCE = 9, 3, 5
HFA_INTEGER, HFA_F = 6, 7  # bits of a logarithm of H-FA
SUM, SUM_FRACTION = 24, 12  # bits of a fixed-point sum

# Of a running mean: fraction bits of the sum's logarithm, mantissa bits of a weight, bits of v and o.
LOG_F, WEIGHT, VALUE = 10, 3, 16
DOT_PRODUCT_FLIP_FLOPS = (
    2 * D * W  # q, k
    + D * (1 + 1 + (E + 1) + 2 * (M + 1))  # of each product: sign, zero, exponent, significand
    + (E + 1)  # the largest exponent
    + (2 * (M + 1) + 1 + 1 + 1)  # the sum: a significand, a guard bit, a sign, a bit for two terms
    + (E + 1)  # and its exponent
)

TEST = "test_unit_costs_what_it_did"

# A count may be smaller by this part before the figure has to follow: names and their order move it so much.
SLACK = 0.03


@dataclass(frozen=True)
class Figure:
    """A unit and what it may cost; `widths` of ports that take any."""

    unit: Unit
    parameters: dict[str, Any]
    ands: int
    flip_flops: int = 0
    widths: dict[str, int] = field(default_factory=dict)


UNITS = {
    "add": Figure(add, {"fmt": E4M3}, 437),
    "subtract": Figure(subtract, {"fmt": E4M3}, 442),
    "multiply": Figure(multiply, {"fmt": E4M3}, 241),
    "reciprocal": Figure(reciprocal, {"fmt": E4M3}, 108),
    "normalise": Figure(normalise, {"width": 8}, 61),
    "maximum_tree": Figure(maximum_tree, {"count": 2, "width": 5}, 44),
    "sum_tree": Figure(sum_tree, {"count": 2, "width": 5, "is_signed": True}, 38),
    "negative_to_fixed": Figure(negative_to_fixed, {"fmt": E4M3, "fraction_bits": 11}, 118),
    "log2exp": Figure(log2exp, {"fmt": E4M3, "fraction_bits": 11}, 344),
    "pwl_exp": Figure(pwl_exp, {"fmt": E4M3}, 1663),
    "log2_score": Figure(log2_score, {"fmt": E4M3, "fraction_bits": F}, 248),
    "expmul_lane": Figure(expmul_lane, {"fmt": E4M3}, 45, widths={"shift": 5}),
    "log2_lane": Figure(log2_lane, {"fmt": E4M3, "fraction_bits": F}, 143, widths={"log2_factor": 9}),
    "log_addition": Figure(log_addition, {"fraction_bits": 7}, 347, widths={"distance": 17}),
    "number_to_fixed": Figure(number_to_fixed, {"fmt": E4M3, "fixed_bits": 16, "fraction_bits": 12}, 246),
    # A register costs its bits and no gate, one with an enable too: the flip-flop has it.
    "enabled_register": Figure(enabled_register, {"width": 5}, 0, 5),
    "delay_line": Figure(delay_line, {"width": 5, "clocks": 3}, 0, 3 * 5),
}

# By kernel and stage, d = 2; what kernels share stands once.
STAGES = {
    ("fa2_baseline", "dot_product"): (DOT_PRODUCT_FLIP_FLOPS, 1002),
    ("fa2_baseline", "maximum"): (3 * W, 129),  # before, after, the score
    ("fa2_baseline", "difference"): (2 * W, 870),
    ("fa2_baseline", "weigh"): (2 * (W - 1), 4495),  # two weights; e^x has no sign
    ("fa2_baseline", "accumulate"): (LANES * W, 1305),
    ("fa2_baseline", "divide"): (W + 2 * D * W + 2, 592),  # 1 / l, o before and after, valid twice
    ("fa2_expmul", "weigh"): (2 * 5, 926),  # two levels
    ("fa2_log2", "maximum"): (3 * INTEGER + F, 347),  # before, after, the score
    ("fa2_log2", "difference"): (2 * DISTANCE + F + 1, 216),  # rescale, distance, fraction, far
    ("fa2_log2", "weigh"): (DISTANCE + (1 + DISTANCE + F + 1) + W - 1, 470),
    ("fa2_intmax", "weigh"): (DISTANCE + W - 1, 644),  # an exponent's shift, a weight without sign
    ("fa2_log2_fixed", "maximum"): (2 * (INTEGER + 1) + INTEGER + F, 409),
    ("fa2_log2_fixed", "difference"): (2 * DISTANCE + F + 1, 238),
    ("fa2_log2_fixed", "weigh"): (
        (DISTANCE + 1)  # a shift, and whether it clears
        + (1 + DISTANCE + F + 1)  # a logarithm, and whether it counts
        + (SUM_FRACTION + 1 + 1),  # a weight up to 1, its carry
        1892,
    ),
    ("fa2_log2_fixed", "accumulate"): (LANES * SUM, 921),
    ("fa2_hfa", "maximum"): (1 + 2 * (INTEGER + HFA_F), 542),  # rises, the maximum, the lower of the two
    ("fa2_hfa", "difference"): (DISTANCE + 1 + HFA_F + HFA_INTEGER + HFA_F + 1, 250),  # two weights
    ("fa2_hfa", "accumulate"): (LANES * (1 + HFA_INTEGER + HFA_F) - 1, 4335),  # of l no sign
    ("fa2_hfa", "divide"): (D * W + 1, 491),  # o, valid
    ("fa2_log2_fixed", "drain"): (LANES * (SUM + W) + LANES + 1, 739),  # sums, numbers, the flag
    ("fa2_flashd", "quantise"): (INTEGER + LOG_F, 399),
    ("fa2_flashd", "log_sum"): (
        INTEGER + 1 + LOG_F + INTEGER + LOG_F + 1,
        1343,
    ),  # the sum, the score, a flag
    ("fa2_flashd", "weigh"): (W - 1 + D * W + 1, 1823),  # a weight without sign, v, whether o is cleared
    ("fa2_flashd", "accumulate"): (D * W, 870),
    ("fa2_flashd", "deliver"): (D * W + 1, 12),
    ("fa2_flashd_fixed", "dot_product"): (DOT_PRODUCT_FLIP_FLOPS, 718),
    ("fa2_flashd_fixed", "quantise"): (INTEGER + LOG_F, 460),
    ("fa2_flashd_fixed", "weigh"): (WEIGHT + 1 + DISTANCE + D * VALUE, 2660),  # significand, shift, v
    ("fa2_flashd_fixed", "accumulate"): (D * VALUE, 282),
    ("fa2_flashd_fixed", "deliver"): (
        2  # whether a key has counted, and had at the end
        + D.bit_length()
        + 1  # the counter, valid
        + D * (VALUE + W),  # o before and after
        466,
    ),
}


def stage_figure(kernel, group):
    flip_flops, ands = STAGES[kernel, group]
    parameters = kernels()[kernel].make_parameters({"format": "e4m3", "d": D})
    stage = next(s for s, _ in kernels()[kernel].schedule(parameters).stages if s.group == group)
    return Figure(stage.unit, stage.unit_parameters(parameters), ands, flip_flops)


FIGURES = UNITS | {f"{kernel}-{group}": stage_figure(kernel, group) for kernel, group in STAGES}


def verilog(figure):
    return unit_verilog(figure.unit, figure.widths, **figure.parameters)


@pytest.fixture(scope="module")
def counted(request, tmp_path_factory):
    """The cells of all units that are asked for, from one process."""
    asked = [item for item in request.session.items if item.path == request.path]
    names = [item.callspec.params["name"] for item in asked if item.originalname == TEST]
    return count_cells({name: verilog(FIGURES[name]) for name in names}, tmp_path_factory.mktemp("cost"))


@pytest.mark.parametrize("name", FIGURES)
def test_unit_costs_what_it_did(name, counted):
    assert_costs(FIGURES[name], counted[name])


def assert_costs(figure, cells):
    assert cells.flip_flops == figure.flip_flops
    assert cells.ands <= figure.ands, "costs more: for what?"
    assert cells.ands >= (1 - SLACK) * figure.ands, "costs less: write it down"


@pytest.mark.parametrize("useless_bits", [1, 3])
def test_a_useless_bit_of_an_adder_is_found(useless_bits, tmp_path, monkeypatch):
    monkeypatch.setattr(adder_file, "EXTRA_BITS", adder_file.EXTRA_BITS + useless_bits)
    cells = count_cells({"add": verilog(UNITS["add"])}, tmp_path)["add"]
    with pytest.raises(AssertionError, match="costs more"):
        assert_costs(UNITS["add"], cells)


def test_limits_that_an_exponent_cannot_reach_cost_nothing(tmp_path):
    limits = {"neither": (1, 200), "underflow": (0, 200), "overflow": (1, 254)}
    cells = count_cells(
        {
            name: unit_verilog(
                round_to_format, fmt=BF16, fraction_bits=9, lowest_exponent=lowest, highest_exponent=highest
            )
            for name, (lowest, highest) in limits.items()
        },
        tmp_path,
    )
    assert cells["neither"].ands < min(cells["underflow"].ands, cells["overflow"].ands)
