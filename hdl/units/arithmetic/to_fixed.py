"""Magnitude of a number in fixed point, truncated, with the first bit that is cut off."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.fixed_alignment import FixedAlignment


@unit(number="fmt.width", truncated="integer_bits + fraction_bits")
def to_fixed(
    number: In, truncated: Out, round_bit: Out, *, fmt: FloatFormat, integer_bits: int, fraction_bits: int
) -> Instances:
    """truncated = floor(|number| * 2^fraction_bits), at most all ones; round_bit is the bit below.

    number  fmt.width bits
    truncated   unsigned, integer_bits + fraction_bits bits
    round_bit    bool; 0 where the magnitude is beyond the range
    """
    truncated_bits = integer_bits + fraction_bits
    sign_bit = fmt.sign_bit
    exponent_low = fmt.mantissa_bits
    width = truncated_bits + 1
    alignment = FixedAlignment(fmt, integer_bits, width)
    top_exponent, smallest_exponent = alignment.top_exponent, alignment.smallest_exponent
    shift_bits, shift_start = alignment.shift_bits, alignment.shift_start
    exponent_end, spare_bits = alignment.exponent_end, alignment.spare_bits
    hidden_one = 1 << fmt.mantissa_bits
    largest = (1 << truncated_bits) - 1

    aligned = Signal(intbv(0)[width:])
    shift = Signal(intbv(0)[shift_bits + 1 :])
    shifted = Signal(intbv(0)[width:])

    if spare_bits >= 0:

        @always_comb
        def align() -> None:
            aligned.next = (hidden_one + number[exponent_low:]) << spare_bits
    else:

        @always_comb
        def align() -> None:
            aligned.next = (hidden_one + number[exponent_low:]) >> (-spare_bits)

    @always_comb
    def find_shift() -> None:
        shift.next = shift_start - number[exponent_end:exponent_low]

    @always_comb
    def shift_right() -> None:
        shifted.next = aligned >> shift[shift_bits:]

    @always_comb
    def clip() -> None:
        round_bit.next = False
        if number[sign_bit:exponent_low] < smallest_exponent:
            truncated.next = 0
        elif number[sign_bit:exponent_low] > top_exponent:
            truncated.next = largest
        else:
            truncated.next = shifted[width:1]
            round_bit.next = shifted[0]

    return instances()
