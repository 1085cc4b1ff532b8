"""ExpMul: e^x * V for one x <= 0 and a vector of lanes, by subtraction from the exponent field."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.lanes import fields
from hdl.language.lanes import lanes as side_by_side
from hdl.language.unit import In, Instances, Out, instances, unit
from hdl.models import operators as models
from hdl.operators.operator import Operator
from hdl.parameters import Integer
from hdl.registry import register as register_design
from hdl.units.arithmetic.negative_to_fixed import FRACTION_BITS_RANGE
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2exp import LEVEL_BITS, log2exp
from hdl.units.registers import register, valid_register


@unit(x="fmt.width", v="lanes * fmt.width", y="lanes * fmt.width")
def expmul(
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
    fraction_bits: int,
) -> Instances:
    """Fused e^x * V: one Log2Exp and `lanes` exponent subtractors.

    clk, rst             clock; synchronous reset of the valid bits
    valid_in, valid_out  1 where x and v, or y two clocks later, carry numbers
    x                    number, the exponent of e
    v, y                 `lanes` numbers, lane 0 in the lowest bits
    """
    width = fmt.width
    valid_held = Signal(False)
    x_held = Signal(intbv(0)[width:])
    v_held = Signal(intbv(0)[lanes * width :])
    level = Signal(intbv(0)[LEVEL_BITS:])

    register_valid_in = valid_register(clk, rst, valid_in, valid_held, instance="register_valid_in")
    register_x = register(clk, x, x_held, width=width, instance="register_x")
    register_v = register(clk, v, v_held, width=lanes * width, instance="register_v")

    exponential = log2exp(x_held, level, fmt=fmt, fraction_bits=fraction_bits, instance="log2exp")
    lane = side_by_side(expmul_lane, v=fields(v_held, width), shift=level, fmt=fmt, instance="lane")

    register_valid_out = valid_register(clk, rst, valid_held, valid_out, instance="register_valid_out")
    register_y = register(clk, lane.y, y, width=lanes * width, instance="register_y")

    return instances()


ARGUMENT_FRACTION_BITS = Integer(
    "fraction_bits",
    11,
    FRACTION_BITS_RANGE[0],
    FRACTION_BITS_RANGE[-1],
    "fraction bits of the fixed-point argument of Log2Exp",
)

EXPMUL = register_design(
    Operator(
        name="expmul",
        description="fused e^x*V: one Log2Exp, one exponent subtractor per lane",
        top=expmul,
        baseline="separate_exp_mul",
        parameters=(ARGUMENT_FRACTION_BITS,),
        groups=("log2exp", "lane", "register"),
        model=lambda x, v, p: models.expmul(x, v, p.fmt, p.fraction_bits),
    )
)
