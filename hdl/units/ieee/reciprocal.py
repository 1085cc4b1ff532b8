"""Piecewise-linear reciprocal with subnormals, Inf and NaN."""

from myhdl import Signal, concat, intbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.normalise import normalise, zeros_bits
from hdl.units.arithmetic.reciprocal import SLOPE_BITS, START_BITS
from hdl.units.arithmetic.reciprocal_constants import (
    COEFFICIENT_BITS,
    FRACTION_BITS,
    OFFSET_BITS,
    SEGMENT_BITS,
    SEGMENT_SLOPES,
    SEGMENT_STARTS,
)
from hdl.units.arithmetic.round_to_format import exponent_signal
from hdl.units.ieee.rounding import ieee_round_any
from hdl.units.ieee.unpack import ieee_is_infinite, ieee_is_nan, ieee_unpack


@unit(x="fmt.width", y="fmt.width")
def ieee_reciprocal(x: In, y: Out, *, fmt: IeeeFormat) -> Instances:
    """y = 1 / x from eight linear segments, rounded once; numbers of fmt.width bits.

    1 / 0 is 0 with x's sign, not Inf (mark [I] in hdl/README.md): only a query whose keys are all masked
    divides by zero, and its result is zero. 1 / Inf is 0, of NaN comes NaN.
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    significand_bits = mantissa_bits + 1
    segment_bits = min(SEGMENT_BITS, mantissa_bits)
    segment_low = mantissa_bits - segment_bits
    offset_bits = min(OFFSET_BITS, segment_low)
    offset_low = segment_low - offset_bits
    starts = SEGMENT_STARTS[:: 1 << (SEGMENT_BITS - segment_bits)]
    slopes = SEGMENT_SLOPES[:: 1 << (SEGMENT_BITS - segment_bits)]
    start_shift = FRACTION_BITS - COEFFICIENT_BITS
    # A slope times an offset has COEFFICIENT_BITS + offset_bits bits after the point.
    fall_down = max(0, offset_bits - start_shift)
    fall_up = max(0, start_shift - offset_bits)
    count_bits = zeros_bits(significand_bits)
    # Of 1 / 1; each step of x's exponent to either side takes the result's one step to the other.
    one_exponent = 2 * fmt.bias - 1
    lowest_exponent = one_exponent - fmt.max_exponent_field
    highest_exponent = one_exponent + (1 << count_bits)

    x_exponent = Signal(intbv(0)[fmt.exponent_bits :])
    x_significand = Signal(intbv(0)[significand_bits:])
    normalised = Signal(intbv(0)[significand_bits:])
    zeros = Signal(intbv(0)[count_bits:])
    infinite = Signal(False)
    nan = Signal(False)
    segment = Signal(intbv(0)[segment_bits:])
    start = Signal(intbv(0)[START_BITS:])
    power = Signal(intbv(0)[FRACTION_BITS + 1 :])
    zero = Signal(False)
    exponent = exponent_signal(lowest_exponent, highest_exponent)
    significand = Signal(intbv(0)[FRACTION_BITS:])

    unpack = ieee_unpack(x, x_exponent, x_significand, fmt=fmt, instance="unpack")
    find_infinite = ieee_is_infinite(x, infinite, fmt=fmt, instance="is_infinite")
    find_nan = ieee_is_nan(x, nan, fmt=fmt, instance="is_nan")
    normaliser = normalise(x_significand, normalised, zeros, width=significand_bits, instance="normalise")

    @always_comb
    def look_up() -> None:
        segment.next = normalised[mantissa_bits:segment_low]

    @always_comb
    def find_start() -> None:
        start.next = starts[segment]

    if offset_bits:
        slope = Signal(intbv(0)[SLOPE_BITS:])
        offset = Signal(intbv(0)[offset_bits:])
        fall = Signal(intbv(0)[SLOPE_BITS + offset_bits :])

        @always_comb
        def find_slope() -> None:
            slope.next = slopes[segment]
            offset.next = normalised[segment_low:offset_low]

        @always_comb
        def multiply_slope() -> None:
            fall.next = slope * offset

        @always_comb
        def interpolate() -> None:
            power.next = (start << start_shift) - ((fall << fall_up) >> fall_down)
    else:

        @always_comb
        def interpolate() -> None:
            power.next = start << start_shift

    @always_comb
    def place() -> None:
        # In [1/2, 1) but for 1/1: the leading one is the first bit after the point.
        zero.next = infinite or not normalised[mantissa_bits]
        exponent.next = one_exponent - x_exponent + zeros + power[FRACTION_BITS]
        significand.next = concat(True, power[FRACTION_BITS - 1 :])

    rounder = ieee_round_any(
        x(sign_bit),
        zero,
        False,
        nan,
        exponent,
        significand,
        y,
        fmt=fmt,
        significand_bits=FRACTION_BITS,
        lowest_exponent=lowest_exponent,
        highest_exponent=highest_exponent,
        instance="round",
    )

    return instances()
