"""The baseline's exponential: e^x = 2^(x * log2 e) by four linear segments."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.negative_to_fixed import CLIP_INTEGER_BITS, negative_to_fixed
from hdl.units.arithmetic.round_to_format import exponent_signal, round_to_format
from hdl.units.exponential.pwl_exp_constants import (
    COEFFICIENT_BITS,
    FRACTION_BITS,
    LOG2E,
    LOG2E_FRACTION_BITS,
    SEGMENT_BITS,
    SEGMENT_SLOPES,
    SEGMENT_STARTS,
)

SLOPE_BITS = max(SEGMENT_SLOPES).bit_length()

# ceil(15 * log2 e): the result's exponent field lies between bias - 22 and bias.
LARGEST_SHIFT = 22


@unit(x="fmt.width", y="fmt.width")
def pwl_exp(x: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = e^x for x clipped to [-15, 0], rounded to nearest, ties to even.

    x  number, fmt.width bits
    y  number, fmt.width bits, 0 to 1; e^0 is 1
    """
    # Five adders, where a product has one for each of the eight ones of log2 e.
    assert LOG2E == (3 << 15) - (1 << 12) + (5 * 17 << 2)
    offset_bits = FRACTION_BITS - SEGMENT_BITS
    scaled_fraction_bits = FRACTION_BITS + LOG2E_FRACTION_BITS
    integer_bits = LARGEST_SHIFT.bit_length() + 1
    scaled_bits = integer_bits + scaled_fraction_bits
    fraction_low = scaled_fraction_bits - FRACTION_BITS
    segment_low = scaled_fraction_bits - SEGMENT_BITS
    bias = fmt.bias
    lowest_exponent = bias - LARGEST_SHIFT
    start_shift = FRACTION_BITS - COEFFICIENT_BITS
    slope_shift = offset_bits + COEFFICIENT_BITS - FRACTION_BITS
    one = 1 << FRACTION_BITS

    magnitude_bits = CLIP_INTEGER_BITS + FRACTION_BITS
    magnitude = Signal(intbv(0)[magnitude_bits:])
    threefold = Signal(intbv(0)[magnitude_bits + 2 :])
    fivefold = Signal(intbv(0)[magnitude_bits + 3 :])
    times_85 = Signal(intbv(0)[magnitude_bits + 7 :])
    scaled = Signal(intbv(0, min=-(1 << (scaled_bits - 1)), max=1 << (scaled_bits - 1)))
    segment = Signal(intbv(0)[SEGMENT_BITS:])
    offset = Signal(intbv(0)[offset_bits:])
    exponent = exponent_signal(lowest_exponent, bias)
    start = Signal(intbv(0)[COEFFICIENT_BITS + 1 :])
    slope = Signal(intbv(0)[SLOPE_BITS:])
    rise = Signal(intbv(0)[SLOPE_BITS + offset_bits :])
    power = Signal(intbv(0)[FRACTION_BITS + 1 :])
    fraction = Signal(intbv(0)[FRACTION_BITS:])

    to_fixed = negative_to_fixed(x, magnitude, fmt=fmt, fraction_bits=FRACTION_BITS, instance="to_fixed")

    @always_comb
    def multiply_by_3_and_5() -> None:
        threefold.next = magnitude + (magnitude << 1)
        fivefold.next = magnitude + (magnitude << 2)

    @always_comb
    def multiply_by_85() -> None:
        times_85.next = fivefold + (fivefold << 4)

    @always_comb
    def scale() -> None:
        scaled.next = (magnitude << 12) - (times_85 << 2) - (threefold << 15)

    @always_comb
    def split() -> None:
        # Rounded towards minus infinity: the integer part is the exponent, the rest is in [0, 1).
        exponent.next = bias + (scaled >> scaled_fraction_bits)
        segment.next = scaled[scaled_fraction_bits:segment_low]
        offset.next = scaled[segment_low:fraction_low]

    @always_comb
    def look_up() -> None:
        start.next = SEGMENT_STARTS[segment]
        slope.next = SEGMENT_SLOPES[segment]

    @always_comb
    def interpolate() -> None:
        rise.next = slope * offset

    @always_comb
    def add() -> None:
        power.next = (start << start_shift) + (rise >> slope_shift)

    @always_comb
    def hold_at_one() -> None:
        if power < one:
            fraction.next = 0
        else:
            fraction.next = power[FRACTION_BITS:]

    rounder = round_to_format(
        False,
        False,
        exponent,
        fraction,
        y,
        fmt=fmt,
        fraction_bits=FRACTION_BITS,
        lowest_exponent=lowest_exponent,
        highest_exponent=bias,
        instance="round",
    )

    return instances()
