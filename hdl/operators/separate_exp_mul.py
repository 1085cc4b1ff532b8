"""The baseline of ExpMul: a piecewise-linear exponential and a floating-point multiplier per lane."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.lanes import fields
from hdl.language.lanes import lanes as side_by_side
from hdl.language.unit import In, Instances, Out, instances, unit
from hdl.models import operators as models
from hdl.operators.operator import Operator
from hdl.registry import register as register_design
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.pwl_exp import pwl_exp
from hdl.units.registers import register, valid_register


@unit(x="fmt.width", v="lanes * fmt.width", y="lanes * fmt.width")
def separate_exp_mul(
    clk: In,
    rst: In,
    valid_in: In,
    x: In,
    v: In,
    valid_out: Out,
    y: Out,
    *,
    fmt: FloatFormat,
    lanes: int,
) -> Instances:
    """e^x * V: one piecewise-linear exponential, rounded to the format, and `lanes` multipliers.

    clk, rst             clock; synchronous reset of the valid bits
    valid_in, valid_out  1 where x and v, or y two clocks later, carry numbers
    x                    number, the exponent of e
    v, y                 `lanes` numbers, lane 0 in the lowest bits
    """
    width = fmt.width
    valid_held = Signal(False)
    x_held = Signal(intbv(0)[width:])
    v_held = Signal(intbv(0)[lanes * width :])
    weight = Signal(intbv(0)[width:])

    register_valid_in = valid_register(clk, rst, valid_in, valid_held, instance="register_valid_in")
    register_x = register(clk, x, x_held, width=width, instance="register_x")
    register_v = register(clk, v, v_held, width=lanes * width, instance="register_v")

    exponential = pwl_exp(x_held, weight, fmt=fmt, instance="exp")
    lane = side_by_side(multiply, a=weight, b=fields(v_held, width), fmt=fmt, instance="lane")

    register_valid_out = valid_register(clk, rst, valid_held, valid_out, instance="register_valid_out")
    register_y = register(clk, lane.y, y, width=lanes * width, instance="register_y")

    return instances()


SEPARATE_EXP_MUL = register_design(
    Operator(
        name="separate_exp_mul",
        description="separate e^x and V: one piecewise-linear exponential, one multiplier per lane",
        top=separate_exp_mul,
        groups=("exp", "lane", "register"),
        model=lambda x, v, p: models.separate_exp_mul(x, v, p.fmt),
    )
)
