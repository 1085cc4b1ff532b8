"""Stages between maximum and output that several kernels share, in the arithmetic of their format."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat, argument_format
from hdl.language.lanes import fields
from hdl.language.lanes import lanes as side_by_side
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.add import add, subtract
from hdl.units.arithmetic.multiply import multiply
from hdl.units.arithmetic.reciprocal import reciprocal
from hdl.units.delays import enabled_register, valid_delay_line
from hdl.units.ieee.add import ieee_add, ieee_subtract
from hdl.units.ieee.multiply import ieee_multiply
from hdl.units.ieee.reciprocal import ieee_reciprocal
from hdl.units.registers import register


@unit(
    previous="fmt.width", current="fmt.width", score_held="fmt.width", rescale="fmt.width", offset="fmt.width"
)
def difference(
    clk: In, previous: In, current: In, score_held: In, rescale: Out, offset: Out, *, fmt: FloatFormat
) -> Instances:
    """One clock later: rescale = previous - current and offset = score_held - current, numbers."""
    width = fmt.width
    rescale_sum = Signal(intbv(0)[width:])
    offset_sum = Signal(intbv(0)[width:])

    unit_of = ieee_subtract if isinstance(fmt, IeeeFormat) else subtract
    of_x = argument_format(fmt)
    subtract_rescale = unit_of(previous, current, rescale_sum, fmt=of_x, instance="subtract_rescale")
    subtract_offset = unit_of(score_held, current, offset_sum, fmt=of_x, instance="subtract_offset")
    rescale_register = register(clk, rescale_sum, rescale, width=width, instance="rescale_register")
    offset_register = register(clk, offset_sum, offset, width=width, instance="offset_register")

    return instances()


@unit(rescaled="lanes * fmt.width", weighted="lanes * fmt.width", sums="lanes * fmt.width")
def accumulate(clk: In, rescaled: In, weighted: In, sums: Out, *, fmt: FloatFormat, lanes: int) -> Instances:
    """One clock later: sums = rescaled + weighted; `lanes` numbers each, lane i = bits [i*W, (i+1)*W)."""
    width = fmt.width
    unit_of = ieee_add if isinstance(fmt, IeeeFormat) else add
    adders = side_by_side(
        unit_of, a=fields(rescaled, width), b=fields(weighted, width), fmt=fmt, instance="add"
    )
    sums_register = register(clk, adders.y, sums, width=lanes * width, instance="sums_register")

    return instances()


@unit(a="fmt.width", b="fmt.width", y="fmt.width")
def multiply_unsigned_zero(a: In, b: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = a * b as `multiply` gives it, but that a zero is +0; numbers of fmt.width bits."""
    sign_bit = fmt.sign_bit
    product = Signal(intbv(0)[fmt.width :])
    if isinstance(fmt, IeeeFormat):
        multiplier = ieee_multiply(a, b, False, product, fmt=fmt, instance="multiply")
    else:
        multiplier = multiply(a, b, product, fmt=fmt, instance="multiply")

    @always_comb
    def clear_sign() -> None:
        if product[sign_bit:] == 0:
            y.next = 0
        else:
            y.next = product

    return instances()


@unit(sums="(d + 1) * fmt.width", o="d * fmt.width")
def divide(
    clk: In, rst: In, finish: In, sums: In, valid_out: Out, o: Out, *, fmt: FloatFormat, d: int
) -> Instances:
    """Two clocks later: o = sums[1..d] / sums[0], by one reciprocal and d multipliers.

    finish     bool: the sums are those of a whole query; they are taken, else nothing switches
    sums       1 + d numbers, number i = bits [i*W, (i+1)*W)
    valid_out  finish, two clocks later
    o          d numbers, +0 where zero, and all +0 where sums[0] is zero
    """
    width = fmt.width
    inverse = Signal(intbv(0)[width:])
    inverse_held = Signal(intbv(0)[width:])
    numerator = Signal(intbv(0)[d * width :])

    unit_of = ieee_reciprocal if isinstance(fmt, IeeeFormat) else reciprocal
    invert = unit_of(sums(width, 0), inverse, fmt=fmt, instance="reciprocal")
    inverse_register = enabled_register(
        clk, finish, inverse, inverse_held, width=width, instance="inverse_register"
    )
    numerator_register = enabled_register(
        clk, finish, sums((d + 1) * width, width), numerator, width=d * width, instance="numerator_register"
    )
    multipliers = side_by_side(
        multiply_unsigned_zero, a=inverse_held, b=fields(numerator, width), fmt=fmt, instance="multiply"
    )
    output_register = register(clk, multipliers.y, o, width=d * width, instance="output_register")
    valid = valid_delay_line(clk, rst, finish, valid_out, clocks=2, instance="valid")

    return instances()
