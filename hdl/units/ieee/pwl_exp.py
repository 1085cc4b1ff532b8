"""The baseline's exponential on numbers with subnormals, Inf and NaN."""

from myhdl import Signal, concat, intbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.negative_to_fixed import CLIP_INTEGER_BITS, CLIP_MAGNITUDE
from hdl.units.arithmetic.round_to_format import exponent_signal
from hdl.units.exponential.pwl_exp import LARGEST_SHIFT, SLOPE_BITS
from hdl.units.exponential.pwl_exp_constants import (
    COEFFICIENT_BITS,
    FRACTION_BITS,
    LOG2E,
    LOG2E_FRACTION_BITS,
    SEGMENT_BITS,
    SEGMENT_SLOPES,
    SEGMENT_STARTS,
)
from hdl.units.ieee.rounding import ieee_round_any
from hdl.units.ieee.unpack import ieee_is_nan, ieee_unpack

MAGNITUDE_BITS = CLIP_INTEGER_BITS + FRACTION_BITS


@unit
def ieee_negative_to_fixed(
    negative: In, exponent: In, significand: In, magnitude: Out, *, fmt: IeeeFormat
) -> Instances:
    """magnitude = min(max(-x, 0), 15) in fixed point, truncated; Inf counts as a number beyond the clip.

    negative               bool: x's sign
    exponent, significand  of x, as `ieee_unpack` gives them
    magnitude              unsigned, 4 integer and FRACTION_BITS fraction bits
    """
    # In the binade [8, 16) the significand's leading one is the result's top bit.
    top_exponent = fmt.bias + CLIP_INTEGER_BITS - 1
    spare_bits = MAGNITUDE_BITS - (fmt.mantissa_bits + 1)
    assert spare_bits >= 0
    lowest_exponent = max(1, top_exponent - (MAGNITUDE_BITS - 1))
    shift_bits = (MAGNITUDE_BITS - 1).bit_length()
    shift_mask = (1 << shift_bits) - 1
    clipped = CLIP_MAGNITUDE << FRACTION_BITS

    shift = Signal(intbv(0)[shift_bits:])
    aligned = Signal(intbv(0)[MAGNITUDE_BITS:])
    shifted = Signal(intbv(0)[MAGNITUDE_BITS:])

    @always_comb
    def align() -> None:
        aligned.next = significand << spare_bits
        shift.next = (top_exponent - exponent) & shift_mask

    @always_comb
    def shift_right() -> None:
        shifted.next = aligned >> shift

    @always_comb
    def clip() -> None:
        if not negative or exponent < lowest_exponent:
            magnitude.next = 0
        elif exponent > top_exponent or shifted[MAGNITUDE_BITS:FRACTION_BITS] == CLIP_MAGNITUDE:
            magnitude.next = clipped
        else:
            magnitude.next = shifted

    return instances()


@unit
def power_by_segments(magnitude: In, exponent: Out, fraction: Out, *, bias: int) -> Instances:
    """e^-magnitude = 1.fraction * 2^(exponent - bias), by four linear segments of 2^u.

    magnitude  unsigned, 4 integer and FRACTION_BITS fraction bits, 15.0 at most
    exponent   signed exponent field, bias - 22 to bias
    fraction   FRACTION_BITS bits
    """
    # Five adders, where a product has one for each of the eight ones of log2 e.
    assert LOG2E == (3 << 15) - (1 << 12) + (5 * 17 << 2)
    offset_bits = FRACTION_BITS - SEGMENT_BITS
    scaled_fraction_bits = FRACTION_BITS + LOG2E_FRACTION_BITS
    scaled_bits = LARGEST_SHIFT.bit_length() + 1 + scaled_fraction_bits
    fraction_low = scaled_fraction_bits - FRACTION_BITS
    segment_low = scaled_fraction_bits - SEGMENT_BITS
    start_shift = FRACTION_BITS - COEFFICIENT_BITS
    slope_shift = offset_bits + COEFFICIENT_BITS - FRACTION_BITS
    one = 1 << FRACTION_BITS

    threefold = Signal(intbv(0)[MAGNITUDE_BITS + 2 :])
    fivefold = Signal(intbv(0)[MAGNITUDE_BITS + 3 :])
    times_85 = Signal(intbv(0)[MAGNITUDE_BITS + 7 :])
    scaled = Signal(intbv(0, min=-(1 << (scaled_bits - 1)), max=1 << (scaled_bits - 1)))
    segment = Signal(intbv(0)[SEGMENT_BITS:])
    offset = Signal(intbv(0)[offset_bits:])
    start = Signal(intbv(0)[COEFFICIENT_BITS + 1 :])
    slope = Signal(intbv(0)[SLOPE_BITS:])
    rise = Signal(intbv(0)[SLOPE_BITS + offset_bits :])
    power = Signal(intbv(0)[FRACTION_BITS + 1 :])

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

    return instances()


@unit(x="fmt.width", y="fmt.width")
def ieee_pwl_exp(x: In, y: Out, *, fmt: IeeeFormat) -> Instances:
    """y = e^x for x clipped to [-15, 0], -Inf too, rounded once; e^0 is 1, e^NaN is NaN.

    x, y  numbers, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    lowest_exponent = fmt.bias - LARGEST_SHIFT
    x_exponent = Signal(intbv(0)[fmt.exponent_bits :])
    x_significand = Signal(intbv(0)[fmt.mantissa_bits + 1 :])
    nan = Signal(False)
    magnitude = Signal(intbv(0)[MAGNITUDE_BITS:])
    exponent = exponent_signal(lowest_exponent, fmt.bias)
    fraction = Signal(intbv(0)[FRACTION_BITS:])
    significand = Signal(intbv(0)[FRACTION_BITS + 1 :])

    unpack = ieee_unpack(x, x_exponent, x_significand, fmt=fmt, instance="unpack")
    find_nan = ieee_is_nan(x, nan, fmt=fmt, instance="is_nan")

    to_fixed = ieee_negative_to_fixed(
        x(sign_bit), x_exponent, x_significand, magnitude, fmt=fmt, instance="to_fixed"
    )
    power = power_by_segments(magnitude, exponent, fraction, bias=fmt.bias, instance="power")

    @always_comb
    def complete() -> None:
        significand.next = concat(True, fraction)

    rounder = ieee_round_any(
        False,
        False,
        False,
        nan,
        exponent,
        significand,
        y,
        fmt=fmt,
        significand_bits=FRACTION_BITS + 1,
        lowest_exponent=lowest_exponent,
        highest_exponent=fmt.bias,
        instance="round",
    )

    return instances()
