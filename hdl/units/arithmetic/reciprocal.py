"""Piecewise-linear reciprocal."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.reciprocal_constants import (
    COEFFICIENT_BITS,
    FRACTION_BITS,
    OFFSET_BITS,
    SEGMENT_BITS,
    SEGMENT_SLOPES,
    SEGMENT_STARTS,
)
from hdl.units.arithmetic.round_to_format import exponent_signal, round_to_format

START_BITS = COEFFICIENT_BITS + 1
SLOPE_BITS = max(SEGMENT_SLOPES).bit_length()


@unit(x="fmt.width", y="fmt.width")
def reciprocal(x: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = 1 / x, rounded to nearest, ties to even, from eight linear segments; 1 / 0 is 0.

    x, y  numbers, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
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
    lowest_exponent = 2 * fmt.bias - 1 - fmt.max_exponent_field
    highest_exponent = 2 * fmt.bias

    segment = Signal(intbv(0)[segment_bits:])
    start = Signal(intbv(0)[START_BITS:])
    power = Signal(intbv(0)[FRACTION_BITS + 1 :])
    zero = Signal(False)
    exponent = exponent_signal(lowest_exponent, highest_exponent)
    fraction = Signal(intbv(0)[FRACTION_BITS - 1 :])

    @always_comb
    def look_up() -> None:
        segment.next = x[mantissa_bits:segment_low]

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
            offset.next = x[segment_low:offset_low]

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
    def normalise() -> None:
        # In [1/2, 1) but for 1/1: the leading one is the first bit after the point.
        zero.next = x[sign_bit:mantissa_bits] == 0
        exponent.next = highest_exponent - 1 - x[sign_bit:mantissa_bits] + power[FRACTION_BITS]
        fraction.next = power[FRACTION_BITS - 1 :]

    rounder = round_to_format(
        x(sign_bit),
        zero,
        exponent,
        fraction,
        y,
        fmt=fmt,
        fraction_bits=FRACTION_BITS - 1,
        lowest_exponent=lowest_exponent,
        highest_exponent=highest_exponent,
        instance="round",
    )

    return instances()
