"""Magnitude of a number in fixed point, truncated, with the first bit that is cut off."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


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
    # In the largest binade that fits the significand's leading one is the top bit: no shift to the right.
    top_exponent = fmt.bias + integer_bits - 1
    # Below it the leading one is shifted out; exponent field 0 reads as zero.
    smallest_exponent = max(1, top_exponent - (width - 1))
    # The exponent's limits decide the rest, so the shift is known from its low bits.
    shift_bits = (width - 1).bit_length()
    low_bits = exponent_low + min(shift_bits, fmt.exponent_bits)
    shift_start = top_exponent % (1 << shift_bits) + (1 << shift_bits)
    spare_bits = width - (fmt.mantissa_bits + 1)
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
        shift.next = shift_start - number[low_bits:exponent_low]

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
