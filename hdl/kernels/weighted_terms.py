"""The group in which the two kernels differ: both exponentials and both products of one key.

    kept  = e^rescale * sums        the sums so far, brought to the new maximum
    added = e^offset * [1, value]   what the key adds to them

Both units have the same ports and hold their weights in registers: rescale, offset and the two flags
enter one clock before sums and value. A flag makes all of its products zero, for the first key of a query
(drop_sums) and for a masked key or no key at all (drop_value).

    clk                    clock
    drop_sums, drop_value  bools
    rescale, offset        numbers, fmt.width bits, not positive where they count
    sums                   1 + d numbers, number i = bits [i*W, (i+1)*W): the sum of weights, then o
    value                  d numbers
    kept, added            1 + d numbers
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
def fused_terms(
    clk: In,
    drop_sums: In,
    drop_value: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    kept: Out,
    added: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """ExpMul kernel: two Log2Exp and 2(d+1) exponent subtractors; ports in the module's docstring."""
    width = fmt.width
    shift_bits = max(LEVEL_BITS, fmt.exponent_bits)
    kept_shift = Signal(intbv(0)[shift_bits:])
    added_shift = Signal(intbv(0)[shift_bits:])
    kept_lane = [Signal(intbv(0)[width:]) for _ in range(d + 1)]
    added_lane = [Signal(intbv(0)[width:]) for _ in range(d + 1)]
    kept_lanes = ConcatSignal(*reversed(kept_lane))
    added_lanes = ConcatSignal(*reversed(added_lane))

    weights = [
        fused_weight(
            clk, x, drop, shift, fmt=fmt, fraction_bits=fraction_bits, shift_bits=shift_bits, instance=name
        )
        for name, x, drop, shift in (
            ("kept_weight", rescale, drop_sums, kept_shift),
            ("added_weight", offset, drop_value, added_shift),
        )
    ]
    kept_lanes_of = [
        expmul_lane(
            sums((index + 1) * width, index * width),
            kept_shift,
            kept_lane[index],
            fmt=fmt,
            instance=f"kept_{index}",
        )
        for index in range(d + 1)
    ]
    added_one = power_of_two(added_shift, added_lane[0], fmt=fmt, instance="added_0")
    added_values = [
        expmul_lane(
            value((index + 1) * width, index * width),
            added_shift,
            added_lane[index + 1],
            fmt=fmt,
            instance=f"added_{index + 1}",
        )
        for index in range(d)
    ]

    @always_comb
    def deliver() -> None:
        kept.next = kept_lanes
        added.next = added_lanes

    return weights, kept_lanes_of, added_one, added_values, deliver


@unit
def separate_terms(
    clk: In,
    drop_sums: In,
    drop_value: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    kept: Out,
    added: Out,
    *,
    fmt: FloatFormat,
    d: int,
) -> Instances:
    """Baseline: two piecewise-linear exponentials and 2d+1 multipliers; ports in the module's docstring.

    The product of the constant 1 is its weight.
    """
    width = fmt.width
    kept_weight = Signal(intbv(0)[width:])
    added_weight = Signal(intbv(0)[width:])
    kept_lane = [Signal(intbv(0)[width:]) for _ in range(d + 1)]
    added_lane = [Signal(intbv(0)[width:]) for _ in range(d)]
    kept_lanes = ConcatSignal(*reversed(kept_lane))
    added_lanes = ConcatSignal(*reversed(added_lane), added_weight)

    weights = [
        separate_weight(clk, x, drop, weight, fmt=fmt, instance=name)
        for name, x, drop, weight in (
            ("kept_exp", rescale, drop_sums, kept_weight),
            ("added_exp", offset, drop_value, added_weight),
        )
    ]
    kept_products = [
        multiply(
            kept_weight,
            sums((index + 1) * width, index * width),
            kept_lane[index],
            fmt=fmt,
            instance=f"kept_{index}",
        )
        for index in range(d + 1)
    ]
    added_products = [
        multiply(
            added_weight,
            value((index + 1) * width, index * width),
            added_lane[index],
            fmt=fmt,
            instance=f"added_{index + 1}",
        )
        for index in range(d)
    ]

    @always_comb
    def deliver() -> None:
        kept.next = kept_lanes
        added.next = added_lanes

    return weights, kept_products, added_products, deliver
