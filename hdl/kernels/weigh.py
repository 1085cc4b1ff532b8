"""The group in which the two kernels differ: both exponentials and both products of one key.

    rescaled  = e^rescale * sums        the sums so far, brought to the new maximum
    weighted = e^offset * [1, value]   what the key adds to them

Both units have the same ports and hold their weights in registers: rescale, offset and the two flags
enter one clock before sums and value. A flag makes all of its products zero, for the first key of a query
(drop_sums) and for a masked key or no key at all (drop_value).

    clk                    clock
    drop_sums, drop_value  bools
    rescale, offset        numbers, fmt.width bits, not positive where they count
    sums                   1 + d numbers, number i = bits [i*W, (i+1)*W): the sum of weights, then o
    value                  d numbers
    rescaled, weighted            1 + d numbers
"""

from myhdl import ConcatSignal, Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, unit
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2exp import LEVEL_BITS, log2exp
from hdl.units.exponential.pwl_exp import pwl_exp
from hdl.units.registers import register


@unit
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

    return exponential, choose, shift_register


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

    return subtract, assemble


@unit
def separate_weight(clk: In, x: In, drop: In, weight: Out, *, fmt: FloatFormat) -> Instances:
    """One clock later: weight = e^x by the piecewise-linear exponential, or 0 for drop = 1."""
    exponential_of_x = Signal(intbv(0)[fmt.width :])
    chosen = Signal(intbv(0)[fmt.width :])

    exponential = pwl_exp(x, exponential_of_x, fmt=fmt, instance="exp")

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = 0
        else:
            chosen.next = exponential_of_x

    weight_register = register(clk, chosen, weight, width=fmt.width, instance="weight_register")

    return exponential, choose, weight_register


@unit
def weigh_fused(
    clk: In,
    drop_sums: In,
    drop_value: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """ExpMul kernel: two Log2Exp and 2(d+1) exponent subtractors; ports in the module's docstring."""
    width = fmt.width
    shift_bits = max(LEVEL_BITS, fmt.exponent_bits)
    rescale_shift = Signal(intbv(0)[shift_bits:])
    value_shift = Signal(intbv(0)[shift_bits:])
    rescaled_lane = [Signal(intbv(0)[width:]) for _ in range(d + 1)]
    weighted_lane = [Signal(intbv(0)[width:]) for _ in range(d + 1)]
    rescaled_lanes = ConcatSignal(*reversed(rescaled_lane))
    weighted_lanes = ConcatSignal(*reversed(weighted_lane))

    weights = [
        fused_weight(
            clk, x, drop, shift, fmt=fmt, fraction_bits=fraction_bits, shift_bits=shift_bits, instance=name
        )
        for name, x, drop, shift in (
            ("rescale_weight", rescale, drop_sums, rescale_shift),
            ("value_weight", offset, drop_value, value_shift),
        )
    ]
    rescale_lanes = [
        expmul_lane(
            sums((index + 1) * width, index * width),
            rescale_shift,
            rescaled_lane[index],
            fmt=fmt,
            instance=f"rescale_{index}",
        )
        for index in range(d + 1)
    ]
    constant_lane = power_of_two(value_shift, weighted_lane[0], fmt=fmt, instance="value_0")
    value_lanes = [
        expmul_lane(
            value((index + 1) * width, index * width),
            value_shift,
            weighted_lane[index + 1],
            fmt=fmt,
            instance=f"value_{index + 1}",
        )
        for index in range(d)
    ]

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return weights, rescale_lanes, constant_lane, value_lanes, deliver


@unit
def weigh_separate(
    clk: In,
    drop_sums: In,
    drop_value: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
) -> Instances:
    """Baseline: two piecewise-linear exponentials and 2d+1 multipliers; ports in the module's docstring.

    The product of the constant 1 is its weight.
    """
    width = fmt.width
    rescale_weight = Signal(intbv(0)[width:])
    value_weight = Signal(intbv(0)[width:])
    rescaled_lane = [Signal(intbv(0)[width:]) for _ in range(d + 1)]
    weighted_lane = [Signal(intbv(0)[width:]) for _ in range(d)]
    rescaled_lanes = ConcatSignal(*reversed(rescaled_lane))
    weighted_lanes = ConcatSignal(*reversed(weighted_lane), value_weight)

    weights = [
        separate_weight(clk, x, drop, weight, fmt=fmt, instance=name)
        for name, x, drop, weight in (
            ("rescale_weight", rescale, drop_sums, rescale_weight),
            ("value_weight", offset, drop_value, value_weight),
        )
    ]
    rescale_products = [
        multiply(
            rescale_weight,
            sums((index + 1) * width, index * width),
            rescaled_lane[index],
            fmt=fmt,
            instance=f"rescale_{index}",
        )
        for index in range(d + 1)
    ]
    value_products = [
        multiply(
            value_weight,
            value((index + 1) * width, index * width),
            weighted_lane[index],
            fmt=fmt,
            instance=f"value_{index + 1}",
        )
        for index in range(d)
    ]

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return weights, rescale_products, value_products, deliver
