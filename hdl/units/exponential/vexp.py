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
    bias = fmt.bias
    # Of the scaled significand, to half a unit of y: from 7 bits at an exponent of 6 to 30, where 0 is left.
    half_shift = bias + LOG2E_FRACTION_BITS - 1
    shift_max = 30
    lowest_field = half_shift - shift_max
    highest_field = bias + 6

    significand = Signal(intbv(0)[8:])
    threefold = Signal(intbv(0)[10:])
    fivefold = Signal(intbv(0)[11:])
    # Settling, the threefold may be that of the number before.
    times_23 = Signal(modbv(0)[13:])
    times_85 = Signal(intbv(0)[15:])
    scaled = Signal(intbv(0)[23:])
    shift = Signal(intbv(0)[5:])
    halves = Signal(intbv(0)[17:])
    rounded = Signal(intbv(0)[17:])
    magnitude = Signal(intbv(0)[15:])
    power = Signal(intbv(0, min=-(1 << 15), max=1 << 15))
    exponent = Signal(intbv(0, min=-256, max=256))
    fraction = Signal(intbv(0)[7:])
    doubled = Signal(intbv(0)[7:])
    factor = Signal(intbv(0)[10:])
    start = Signal(intbv(0)[9:])
    product = Signal(intbv(0)[19:])
    mantissa = Signal(intbv(0)[7:])
    below_range = Signal(False)

    @always_comb
    def complete() -> None:
        significand.next = 128 + x[7:]

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
        shift.next = (half_shift - x[12:7]) & 31
        below_range.next = x[15] and x[15:7] > highest_field

    @always_comb
    def shift_right() -> None:
        halves.next = (scaled >> shift) & 131071

    @always_comb
    def round_half_up() -> None:
        rounded.next = (halves + 1) & 131071

    @always_comb
    def limit() -> None:
        if x[15] == 0 or x[15:7] < lowest_field or x[15:7] > highest_field:
            magnitude.next = 0
        else:
            magnitude.next = rounded[16:1]

    @always_comb
    def negate() -> None:
        power.next = -magnitude

    @always_comb
    def split() -> None:
        # Rounded towards minus infinity: the rest is in [0, 1).
        exponent.next = bias + power[16:7].signed()
        fraction.next = power[7:]

    @always_comb
    def choose_half() -> None:
        if fraction[6]:
            doubled.next = (fraction[6:] << 1) ^ 127
            start.next = HIGH_START + fraction
        else:
            doubled.next = fraction[6:] << 1
            start.next = LOW_START + fraction

    @always_comb
    def multiply_slope() -> None:
        if fraction[6]:
            factor.next = (doubled << 3) - doubled
        else:
            factor.next = doubled << 2

    @always_comb
    def multiply_start() -> None:
        product.next = factor * start

    @always_comb
    def correct() -> None:
        if fraction[6]:
            mantissa.next = product[19:PRODUCT_SHIFT] ^ 127
        else:
            mantissa.next = product[19:PRODUCT_SHIFT]

    @always_comb
    def assemble() -> None:
        if below_range or exponent <= 0:
            y.next = 0
        else:
            y.next = (exponent[8:] << 7) + mantissa

    return instances()
