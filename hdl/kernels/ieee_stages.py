"""The stages of two products per lane that differ with subnormals, Inf and NaN; others: `stages.py`.

A flag acts on the products, not on the weights: 0 * NaN is NaN.
"""

from myhdl import Signal, intbv

from hdl.ieee_format import IeeeFormat
from hdl.kernels.fa2_weights import WEIGH_WIDTHS, power_of_two
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.log2exp import LEVEL_BITS, log2exp
from hdl.units.ieee.expmul_lane import ieee_expmul_lane
from hdl.units.ieee.maximum import ieee_above
from hdl.units.ieee.multiply import ieee_multiply
from hdl.units.ieee.pwl_exp import ieee_pwl_exp
from hdl.units.registers import flag_register, register


@unit(previous="fmt.width", current="fmt.width", score_held="fmt.width")
def ieee_running_maximum(
    clk: In,
    start: In,
    live: In,
    score: In,
    previous: Out,
    current: Out,
    score_held: Out,
    *,
    fmt: IeeeFormat,
) -> Instances:
    """`running_maximum`, but that a NaN is above nothing."""
    width = fmt.width
    lowest = (1 << fmt.sign_bit) + fmt.max_finite_code
    before = Signal(intbv(0)[width:])
    after = Signal(intbv(0)[width:])
    is_above = Signal(False)

    @always_comb
    def restart() -> None:
        if start:
            before.next = lowest
        else:
            before.next = current

    compare = ieee_above(score, before, is_above, fmt=fmt, instance="above")

    @always_comb
    def choose() -> None:
        if live and is_above:
            after.next = score
        else:
            after.next = before

    previous_register = register(clk, before, previous, width=width, instance="previous_register")
    current_register = register(clk, after, current, width=width, instance="current_register")
    score_register = register(clk, score, score_held, width=width, instance="score_register")

    return instances()


@unit(x="fmt.width", weight="fmt.width")
def ieee_separate_weight(
    clk: In, x: In, drop: In, weight: Out, drop_held: Out, *, fmt: IeeeFormat
) -> Instances:
    """One clock later: weight = e^x by the piecewise-linear exponential, and drop beside it."""
    exponential_of_x = Signal(intbv(0)[fmt.width :])
    exponential = ieee_pwl_exp(x, exponential_of_x, fmt=fmt, instance="exp")
    weight_register = register(clk, exponential_of_x, weight, width=fmt.width, instance="weight_register")
    drop_register = flag_register(clk, drop, drop_held, instance="drop_register")

    return instances()


@unit(x="fmt.width", shift=LEVEL_BITS)
def ieee_fused_weight(
    clk: In, x: In, drop: In, shift: Out, drop_held: Out, *, fmt: IeeeFormat, fraction_bits: int
) -> Instances:
    """One clock later: shift = log2exp(x), and drop beside it."""
    level = Signal(intbv(0)[LEVEL_BITS:])
    # Of a subnormal x or a NaN, sign 0, the level is 0: the flushing unit's as well.
    exponential = log2exp(x, level, fmt=fmt, fraction_bits=fraction_bits, instance="log2exp")
    shift_register = register(clk, level, shift, width=LEVEL_BITS, instance="shift_register")
    drop_register = flag_register(clk, drop, drop_held, instance="drop_register")

    return instances()


@unit(**WEIGH_WIDTHS)
def ieee_weigh_separate(
    clk: In,
    start: In,
    live: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: IeeeFormat,
    d: int,
) -> Instances:
    """`weigh_separate` with subnormals, Inf and NaN: two exponentials, 2d+1 multipliers; its ports."""
    width = fmt.width
    masked = Signal(False)
    drop_sums = Signal(False)
    drop_value = Signal(False)
    sums_weight = Signal(intbv(0)[width:])
    key_weight = Signal(intbv(0)[width:])
    constant_term = Signal(intbv(0)[width:])

    @always_comb
    def invert() -> None:
        masked.next = not live

    weights = [
        ieee_separate_weight(clk, x, drop, weight, held, fmt=fmt, instance=name)
        for name, x, drop, weight, held in (
            ("rescale_weight", rescale, start, sums_weight, drop_sums),
            ("value_weight", offset, masked, key_weight, drop_value),
        )
    ]

    @always_comb
    def weigh_constant() -> None:
        # The product of the constant 1 is its weight.
        if drop_value:
            constant_term.next = 0
        else:
            constant_term.next = key_weight

    rescale_lanes = lanes(
        ieee_multiply, a=sums_weight, b=fields(sums, width), drop=drop_sums, fmt=fmt, instance="rescale"
    )
    value_lanes = lanes(
        ieee_multiply,
        a=key_weight,
        b=fields(value, width),
        drop=drop_value,
        fmt=fmt,
        instance="value",
        start=1,
    )
    rescaled_lanes = rescale_lanes.y
    weighted_lanes = joined([constant_term, *value_lanes.signals["y"]])

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return instances()


@unit(**WEIGH_WIDTHS)
def ieee_weigh_fused(
    clk: In,
    start: In,
    live: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: IeeeFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """`weigh_fused` with subnormals, Inf and NaN: 2(d+1) exponent subtractors; ports as its own."""
    width = fmt.width
    masked = Signal(False)
    drop_sums = Signal(False)
    drop_value = Signal(False)
    rescale_shift = Signal(intbv(0)[LEVEL_BITS:])
    value_shift = Signal(intbv(0)[LEVEL_BITS:])
    constant_product = Signal(intbv(0)[width:])
    constant_term = Signal(intbv(0)[width:])

    @always_comb
    def invert() -> None:
        masked.next = not live

    weights = [
        ieee_fused_weight(clk, x, drop, shift, held, fmt=fmt, fraction_bits=fraction_bits, instance=name)
        for name, x, drop, shift, held in (
            ("rescale_weight", rescale, start, rescale_shift, drop_sums),
            ("value_weight", offset, masked, value_shift, drop_value),
        )
    ]
    rescale_lanes = lanes(
        ieee_expmul_lane, v=fields(sums, width), shift=rescale_shift, drop=drop_sums, fmt=fmt,
        instance="rescale",
    )  # fmt: skip
    constant_lane = power_of_two(value_shift, constant_product, fmt=fmt, instance="value_0")

    @always_comb
    def weigh_constant() -> None:
        if drop_value:
            constant_term.next = 0
        else:
            constant_term.next = constant_product

    value_lanes = lanes(
        ieee_expmul_lane, v=fields(value, width), shift=value_shift, drop=drop_value, fmt=fmt,
        instance="value", start=1,
    )  # fmt: skip
    rescaled_lanes = rescale_lanes.y
    weighted_lanes = joined([constant_term, *value_lanes.signals["y"]])

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return instances()
