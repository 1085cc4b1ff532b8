"""The baseline of ExpMul: a piecewise-linear exponential and a floating-point multiplier per lane."""

from myhdl import ConcatSignal, Signal, intbv

from hdl.design import Design
from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, unit
from hdl.operators.vector_operator import LATENCY_CLOCKS, VectorParameters, port_widths
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.pwl_exp import pwl_exp
from hdl.units.registers import register, valid_register


@unit
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
    product = [Signal(intbv(0)[width:]) for _ in range(lanes)]
    products = ConcatSignal(*reversed(product)) if lanes > 1 else product[0]

    register_valid_in = valid_register(clk, rst, valid_in, valid_held, instance="register_valid_in")
    register_x = register(clk, x, x_held, width=width, instance="register_x")
    register_v = register(clk, v, v_held, width=lanes * width, instance="register_v")

    exponential = pwl_exp(x_held, weight, fmt=fmt, instance="exp")
    lane = [
        multiply(
            weight,
            v_held((index + 1) * width, index * width),
            product[index],
            fmt=fmt,
            instance=f"lane_{index}",
        )
        for index in range(lanes)
    ]

    register_valid_out = valid_register(clk, rst, valid_held, valid_out, instance="register_valid_out")
    register_y = register(clk, products, y, width=lanes * width, instance="register_y")

    return register_valid_in, register_x, register_v, exponential, lane, register_valid_out, register_y


SEPARATE_EXP_MUL = Design(
    name="separate_exp_mul",
    description="separate e^x and V: one piecewise-linear exponential, one multiplier per lane",
    parameters=VectorParameters,
    top=separate_exp_mul,
    port_widths=port_widths,
    top_parameters=lambda p: {"fmt": p.fmt, "lanes": p.lanes},
    latency_clocks=lambda p: LATENCY_CLOCKS,
    groups=("exp", "lane", "register"),
)
