"""VEXP's exponential, for BF16 alone: e^x = 2^(x * log2 e), the fraction corrected by a parabola a half."""

from myhdl import Signal, intbv, modbv

from hdl.formats import BF16, FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.vexp_constants import (
    HIGH_SLOPE,
    HIGH_START,
    LOG2E,
    LOG2E_FRACTION_BITS,
    LOW_SLOPE,
    LOW_START,
    PRODUCT_SHIFT,
)


@unit(x="fmt.width", y="fmt.width")
def vexp(x: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = e^x for x <= 0 over the whole range of exponents; x > 0 is taken as 0.

    x  number, 16 bits
    y  number, 16 bits, 0 to 1; e^0 is 1, what lies below the smallest normal number is 0
    """
    assert fmt == BF16
    # Five adders for log2 e: 23 is 3 * 8 - 1, 85 is 5 * 17.
    assert LOG2E == (23 << 10) + 85
    assert (LOW_SLOPE, HIGH_SLOPE) == (4, 7)
    bias, sign_bit, mantissa_bits = fmt.bias, fmt.sign_bit, fmt.mantissa_bits
    hidden_one, mantissa_ones, half_bit = 1 << mantissa_bits, (1 << mantissa_bits) - 1, mantissa_bits - 1
    # Of the scaled significand, to half a unit of y: from 7 bits at an exponent of 6 to 30, where 0 is left.
    half_shift = bias + LOG2E_FRACTION_BITS - 1
    exponent_bits = fmt.exponent_bits
    shift_bits = 5
    shift_max, shift_ones = 30, (1 << shift_bits) - 1
    shift_end = mantissa_bits + shift_bits
    lowest_field = half_shift - shift_max
    highest_field = bias + 6

    # y is below 2^8 where it counts; it has mantissa_bits fraction bits, and one more before it is rounded.
    power_bits = mantissa_bits + 8
    halves_bits = power_bits + 2
    halves_ones = (1 << halves_bits) - 1
    power_end, rounded_top = power_bits + 1, halves_bits - 1
    product_bits = 19

    significand = Signal(intbv(0)[mantissa_bits + 1 :])
    threefold = Signal(intbv(0)[mantissa_bits + 3 :])
    fivefold = Signal(intbv(0)[mantissa_bits + 4 :])
    # Settling, the threefold may be that of the number before.
    times_23 = Signal(modbv(0)[mantissa_bits + 6 :])
    times_85 = Signal(intbv(0)[mantissa_bits + 8 :])
    scaled = Signal(intbv(0)[mantissa_bits + 16 :])
    shift = Signal(intbv(0)[shift_bits:])
    halves = Signal(intbv(0)[halves_bits:])
    rounded = Signal(intbv(0)[halves_bits:])
    magnitude = Signal(intbv(0)[power_bits:])
    power = Signal(intbv(0, min=-(1 << power_bits), max=1 << power_bits))
    exponent = Signal(intbv(0, min=-256, max=256))
    fraction = Signal(intbv(0)[mantissa_bits:])
    doubled = Signal(intbv(0)[mantissa_bits:])
    factor = Signal(intbv(0)[mantissa_bits + 3 :])
    start = Signal(intbv(0)[mantissa_bits + 2 :])
    product = Signal(intbv(0)[product_bits:])
    mantissa = Signal(intbv(0)[mantissa_bits:])
    below_range = Signal(False)

    @always_comb
    def complete() -> None:
        significand.next = hidden_one + x[mantissa_bits:]

    @always_comb
    def multiply_by_3_and_5() -> None:
        threefold.next = significand + (significand << 1)
        fivefold.next = significand + (significand << 2)

    @always_comb
    def multiply_by_23_and_85() -> None:
        times_23.next = (threefold << 3) - significand
        times_85.next = fivefold + (fivefold << 4)

    @always_comb
    def scale() -> None:
        scaled.next = (times_23 << 10) + times_85

    @always_comb
    def find_shift() -> None:
        # The field lies within the shift's range where it counts, so that low bits do.
        shift.next = (half_shift - x[shift_end:mantissa_bits]) & shift_ones
        below_range.next = x[sign_bit] and x[sign_bit:mantissa_bits] > highest_field

    @always_comb
    def shift_right() -> None:
        halves.next = (scaled >> shift) & halves_ones

    @always_comb
    def round_half_up() -> None:
        rounded.next = (halves + 1) & halves_ones

    @always_comb
    def limit() -> None:
        if (
            x[sign_bit] == 0
            or x[sign_bit:mantissa_bits] < lowest_field
            or x[sign_bit:mantissa_bits] > highest_field
        ):
            magnitude.next = 0
        else:
            magnitude.next = rounded[rounded_top:1]

    @always_comb
    def negate() -> None:
        power.next = -magnitude

    @always_comb
    def split() -> None:
        # Rounded towards minus infinity: the rest is in [0, 1).
        exponent.next = bias + power[power_end:mantissa_bits].signed()
        fraction.next = power[mantissa_bits:]

    @always_comb
    def choose_half() -> None:
        if fraction[half_bit]:
            doubled.next = (fraction[half_bit:] << 1) ^ mantissa_ones
            start.next = HIGH_START + fraction
        else:
            doubled.next = fraction[half_bit:] << 1
            start.next = LOW_START + fraction

    @always_comb
    def multiply_slope() -> None:
        if fraction[half_bit]:
            factor.next = (doubled << 3) - doubled
        else:
            factor.next = doubled << 2

    @always_comb
    def multiply_start() -> None:
        product.next = factor * start

    @always_comb
    def correct() -> None:
        if fraction[half_bit]:
            mantissa.next = product[product_bits:PRODUCT_SHIFT] ^ mantissa_ones
        else:
            mantissa.next = product[product_bits:PRODUCT_SHIFT]

    @always_comb
    def assemble() -> None:
        if below_range or exponent <= 0:
            y.next = 0
        else:
            y.next = (exponent[exponent_bits:] << mantissa_bits) + mantissa

    return instances()
