"""From a raw result, sign, exponent and a long fraction, to a number of the format: the one rounder."""

from typing import Any

from myhdl import Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


def exponent_width(lowest: int, highest: int) -> int:
    """Return the bits of a signed exponent field of lowest..highest, and highest + 1 after a carry."""
    return max((highest + 1).bit_length(), (-lowest - 1).bit_length() if lowest < 0 else 0) + 1


def exponent_signal(lowest: int, highest: int) -> Any:
    """Return a signed signal for an exponent field of lowest..highest before rounding."""
    half = 1 << (exponent_width(lowest, highest) - 1)
    return Signal(intbv(0, min=-half, max=half))


@unit(
    exponent=lambda p: exponent_width(p.lowest_exponent, p.highest_exponent),
    fraction="fraction_bits",
    y="fmt.width",
)
def round_to_format(
    sign: In,
    zero: In,
    exponent: In,
    fraction: In,
    y: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
    lowest_exponent: int,
    highest_exponent: int,
) -> Instances:
    """y = (-1)^sign * 1.fraction * 2^(exponent - bias), rounded to nearest, ties to even.

    A result below the smallest normal number after rounding is zero, one beyond the largest finite
    number is that number; both keep the sign.

    sign, zero  bools; zero = 1 makes the result zero
    exponent    signed exponent field before rounding, lowest_exponent to highest_exponent
    fraction    unsigned, fraction_bits bits; the last may stand for all beyond it (sticky)
    y           number, fmt.width bits
    """
    width = exponent_width(lowest_exponent, highest_exponent)
    mantissa_bits = fmt.mantissa_bits
    dropped_bits = fraction_bits - mantissa_bits
    sign_bit = fmt.sign_bit
    code_width = width + mantissa_bits
    code_sign = code_width - 1
    largest = fmt.max_finite_code
    # What the exponent's range rules out needs no hardware.
    can_underflow = lowest_exponent < 1
    can_overflow = (highest_exponent + 1) << mantissa_bits > largest

    # Exponent field and mantissa side by side: a carry out of the mantissa raises the exponent.
    rounded = Signal(modbv(0)[code_width:])

    if dropped_bits > 1:

        @always_comb
        def round_nearest_even() -> None:
            rounded.next = concat(exponent[width:], fraction[fraction_bits:dropped_bits]) + (
                fraction[dropped_bits - 1] and (fraction[dropped_bits - 1 :] != 0 or fraction[dropped_bits])
            )
    elif dropped_bits == 1:

        @always_comb
        def round_nearest_even() -> None:
            rounded.next = concat(exponent[width:], fraction[fraction_bits:1]) + (fraction[0] and fraction[1])
    else:

        @always_comb
        def round_nearest_even() -> None:
            rounded.next = concat(exponent[width:], fraction) << -dropped_bits

    @always_comb
    def limit() -> None:
        y.next[sign_bit] = sign
        if zero or (can_underflow and (rounded[code_sign] or rounded[code_sign:mantissa_bits] == 0)):
            y.next[sign_bit:] = 0
        elif can_overflow and rounded[code_sign:] > largest:
            y.next[sign_bit:] = largest
        else:
            y.next[sign_bit:] = rounded[sign_bit:]

    return instances()
