"""The group weigh of the log2-domain kernels: exact rescale of the sums, and the weighted value.

    rescaled  = 2^-rescale * sums                              exact: exponents are lowered
    weighted = 2^(fraction / 2^F - distance) * [1, value]     fa2_log2 adds, fa2_intmax multiplies

Weights are held in registers: rescale, distance, fraction, far and the flags enter one clock before sums and
value. drop_sums and drop_value make all of their products zero, as in `weigh`.
"""

from myhdl import ConcatSignal, Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, unit
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2_constants import DISTANCE_BITS, DISTANCE_MAX, power_mantissas
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.registers import flag_register, register


@unit
def rescale_shift(clk: In, rescale: In, drop: In, shift: Out, *, shift_bits: int) -> Instances:
    """One clock later: shift = rescale, or all ones, which takes any exponent to zero, for drop = 1."""
    all_ones = (1 << shift_bits) - 1
    chosen = Signal(intbv(0)[shift_bits:])

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = all_ones
        else:
            chosen.next = rescale

    shift_register = register(clk, chosen, shift, width=shift_bits, instance="shift_register")

    return choose, shift_register


@unit
def power_weight(
    clk: In,
    distance: In,
    fraction: In,
    far: In,
    drop: In,
    weight: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
) -> Instances:
    """One clock later: weight = 2^(fraction / 2^F - distance), rounded, or 0 for drop or far.

    distance  unsigned, 5 bits
    fraction  unsigned, F bits
    weight    number, fmt.width bits: the mantissa of 2^(fraction / 2^F) from a table
    """
    mantissas = power_mantissas(fraction_bits, fmt.mantissa_bits)
    mantissa_bits = fmt.mantissa_bits
    bias = fmt.bias
    mantissa = Signal(intbv(0)[mantissa_bits:])
    exponent = Signal(intbv(0, min=-DISTANCE_MAX - 1, max=fmt.max_exponent_field + 1))
    chosen = Signal(intbv(0)[fmt.width :])

    @always_comb
    def look_up() -> None:
        mantissa.next = mantissas[fraction]

    @always_comb
    def subtract() -> None:
        exponent.next = bias - distance

    @always_comb
    def choose() -> None:
        if drop or far or exponent <= 0:
            chosen.next = 0
        else:
            chosen.next = (exponent[fmt.exponent_bits :] << mantissa_bits) + mantissa

    weight_register = register(clk, chosen, weight, width=fmt.width, instance="weight_register")

    return look_up, subtract, choose, weight_register


@unit
def log2_weight(
    clk: In,
    distance: In,
    fraction: In,
    far: In,
    drop: In,
    log2_factor: Out,
    zero: Out,
    *,
    fraction_bits: int,
) -> Instances:
    """One clock later: log2_factor = fraction - distance * 2^F, two's complement; zero = drop or far."""
    difference = Signal(modbv(0)[DISTANCE_BITS + fraction_bits + 1 :])
    no_weight = Signal(False)

    @always_comb
    def subtract() -> None:
        difference.next = fraction - (distance << fraction_bits)
        no_weight.next = drop or far

    log2_weight_register = register(
        clk, difference, log2_factor, width=len(log2_factor), instance="log2_weight_register"
    )
    zero_register = flag_register(clk, no_weight, zero, instance="zero_register")

    return subtract, log2_weight_register, zero_register


@unit
def rescale_sums(
    clk: In, rescale: In, drop: In, sums: In, rescaled: Out, *, fmt: FloatFormat, lanes: int
) -> Instances:
    """rescaled = 2^-rescale * sums, `lanes` numbers each; rescale and drop of one clock before."""
    width = fmt.width
    shift_bits = max(DISTANCE_BITS, fmt.exponent_bits)
    shift = Signal(intbv(0)[shift_bits:])
    lane = [Signal(intbv(0)[width:]) for _ in range(lanes)]
    together = ConcatSignal(*reversed(lane))

    hold = rescale_shift(clk, rescale, drop, shift, shift_bits=shift_bits, instance="shift")
    lower = [
        expmul_lane(sums((i + 1) * width, i * width), shift, lane[i], fmt=fmt, instance=f"lane_{i}")
        for i in range(lanes)
    ]

    @always_comb
    def deliver() -> None:
        rescaled.next = together

    return hold, lower, deliver


@unit
def weigh_log2(
    clk: In,
    drop_sums: In,
    drop_value: In,
    rescale: In,
    distance: In,
    fraction: In,
    far: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """fa2_log2: an adder per lane of v, a table for the lane of the constant 1."""
    width = fmt.width
    log2_factor = Signal(intbv(0)[DISTANCE_BITS + fraction_bits + 1 :])
    zero = Signal(False)
    weight = Signal(intbv(0)[width:])
    lane = [Signal(intbv(0)[width:]) for _ in range(d)]
    together = ConcatSignal(*reversed(lane), weight)

    rescale_of_sums = rescale_sums(
        clk, rescale, drop_sums, sums, rescaled, fmt=fmt, lanes=d + 1, instance="rescale"
    )
    log2_weight_of_value = log2_weight(
        clk, distance, fraction, far, drop_value, log2_factor, zero, fraction_bits=fraction_bits,
        instance="log2_weight",
    )  # fmt: skip
    constant_lane = power_weight(
        clk, distance, fraction, far, drop_value, weight, fmt=fmt, fraction_bits=fraction_bits,
        instance="value_0",
    )  # fmt: skip
    value_lanes = [
        log2_lane(
            value((i + 1) * width, i * width), log2_factor, zero, lane[i],
            fmt=fmt, fraction_bits=fraction_bits,
            instance=f"value_{i + 1}",
        )
        for i in range(d)
    ]  # fmt: skip

    @always_comb
    def deliver() -> None:
        weighted.next = together

    return rescale_of_sums, log2_weight_of_value, constant_lane, value_lanes, deliver


@unit
def weigh_intmax(
    clk: In,
    drop_sums: In,
    drop_value: In,
    rescale: In,
    distance: In,
    fraction: In,
    far: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """fa2_intmax: a rounded weight and a multiplier per lane of v."""
    width = fmt.width
    weight = Signal(intbv(0)[width:])
    lane = [Signal(intbv(0)[width:]) for _ in range(d)]
    together = ConcatSignal(*reversed(lane), weight)

    rescale_of_sums = rescale_sums(
        clk, rescale, drop_sums, sums, rescaled, fmt=fmt, lanes=d + 1, instance="rescale"
    )
    constant_lane = power_weight(
        clk, distance, fraction, far, drop_value, weight, fmt=fmt, fraction_bits=fraction_bits,
        instance="value_0",
    )  # fmt: skip
    value_lanes = [
        multiply(weight, value((i + 1) * width, i * width), lane[i], fmt=fmt, instance=f"value_{i + 1}")
        for i in range(d)
    ]

    @always_comb
    def deliver() -> None:
        weighted.next = together

    return rescale_of_sums, constant_lane, value_lanes, deliver
