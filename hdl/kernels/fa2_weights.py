"""The weights of the paper's two kernels, held in registers for all lanes."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.parameters import PIECEWISE, VEXP
from hdl.units.exponential.log2exp import LEVEL_BITS, log2exp
from hdl.units.exponential.pwl_exp import pwl_exp
from hdl.units.exponential.vexp import vexp
from hdl.units.registers import register

# Ports of a unit that weighs with two products a lane. What they mean is in the units' docstrings, which
# the Verilog carries as comments.
WEIGH_WIDTHS = {
    "rescale": "fmt.width",
    "offset": "fmt.width",
    "sums": "(d + 1) * fmt.width",
    "value": "d * fmt.width",
    "rescaled": "(d + 1) * fmt.width",
    "weighted": "(d + 1) * fmt.width",
}


@unit(x="fmt.width", weight="fmt.width")
def separate_weight(
    clk: In, x: In, drop: In, weight: Out, *, fmt: FloatFormat, exponential: str = PIECEWISE
) -> Instances:
    """One clock later: weight = e^x by the exponential that is chosen, or 0 for drop = 1."""
    exponential_of_x = Signal(intbv(0)[fmt.width :])
    chosen = Signal(intbv(0)[fmt.width :])

    unit_of = vexp if exponential == VEXP else pwl_exp
    find_exponential = unit_of(x, exponential_of_x, fmt=fmt, instance="exp")

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = 0
        else:
            chosen.next = exponential_of_x

    weight_register = register(clk, chosen, weight, width=fmt.width, instance="weight_register")

    return instances()


@unit(x="fmt.width", shift="shift_bits")
def fused_weight(
    clk: In, x: In, drop: In, shift: Out, *, fmt: FloatFormat, fraction_bits: int, shift_bits: int
) -> Instances:
    """One clock later: shift = log2exp(x), or all ones, which takes any exponent to zero, for drop = 1."""
    assert shift_bits >= LEVEL_BITS and (1 << shift_bits) - 1 >= fmt.max_exponent_field
    all_ones = (1 << shift_bits) - 1
    level = Signal(intbv(0)[LEVEL_BITS:])
    chosen = Signal(intbv(0)[shift_bits:])

    exponential = log2exp(x, level, fmt=fmt, fraction_bits=fraction_bits, instance="log2exp")

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = all_ones
        else:
            chosen.next = level

    shift_register = register(clk, chosen, shift, width=shift_bits, instance="shift_register")

    return instances()


@unit
def power_of_two(shift: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = 2^-shift, or 0 below the format's range: the ExpMul lane of the constant 1.

    shift  unsigned, any width
    y      number, fmt.width bits
    """
    largest_shift = (1 << len(shift)) - 1
    bias = fmt.bias
    mantissa_bits = fmt.mantissa_bits
    exponent = Signal(intbv(0, min=-largest_shift, max=largest_shift + fmt.max_exponent_field))

    @always_comb
    def subtract() -> None:
        exponent.next = bias - shift

    @always_comb
    def assemble() -> None:
        y.next = 0
        if exponent > 0:
            y.next = exponent[fmt.exponent_bits :] << mantissa_bits

    return instances()
