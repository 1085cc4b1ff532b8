"""ExpMul: e^x * V for one x <= 0 and a vector of lanes, by subtraction from the exponent field."""

from dataclasses import dataclass

from myhdl import ConcatSignal, Signal, intbv

from hdl.design import Design, check_range
from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, unit
from hdl.operators.vector_operator import LATENCY_CLOCKS, VectorParameters, port_widths
from hdl.units.arithmetic.negative_to_fixed import FRACTION_BITS_RANGE
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2exp import LEVEL_BITS, log2exp
from hdl.units.registers import register, valid_register


@unit
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
    product = [Signal(intbv(0)[width:]) for _ in range(lanes)]
    products = ConcatSignal(*reversed(product)) if lanes > 1 else product[0]

    register_valid_in = valid_register(clk, rst, valid_in, valid_held, instance="register_valid_in")
    register_x = register(clk, x, x_held, width=width, instance="register_x")
    register_v = register(clk, v, v_held, width=lanes * width, instance="register_v")

    exponential = log2exp(x_held, level, fmt=fmt, fraction_bits=fraction_bits, instance="log2exp")
    lane = [
        expmul_lane(
            v_held((index + 1) * width, index * width),
            level,
            product[index],
            fmt=fmt,
            instance=f"lane_{index}",
        )
        for index in range(lanes)
    ]

    register_valid_out = valid_register(clk, rst, valid_held, valid_out, instance="register_valid_out")
    register_y = register(clk, products, y, width=lanes * width, instance="register_y")

    return register_valid_in, register_x, register_v, exponential, lane, register_valid_out, register_y


@dataclass(frozen=True)
class ExpMulParameters(VectorParameters):
    """`fraction_bits`: fraction bits of the fixed-point argument of Log2Exp."""

    fraction_bits: int = 11

    def __post_init__(self) -> None:
        """Check the ranges at once."""
        super().__post_init__()
        check_range("fraction_bits", self.fraction_bits, FRACTION_BITS_RANGE[0], FRACTION_BITS_RANGE[-1])


EXPMUL = Design(
    name="expmul",
    description="fused e^x*V: one Log2Exp, one exponent subtractor per lane",
    parameters=ExpMulParameters,
    top=expmul,
    port_widths=port_widths,
    top_parameters=lambda p: {"fmt": p.fmt, "lanes": p.lanes, "fraction_bits": p.fraction_bits},
    latency_clocks=lambda p: LATENCY_CLOCKS,
    groups=("log2exp", "lane", "register"),
)
