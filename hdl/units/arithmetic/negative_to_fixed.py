"""Float to fixed point for the argument of an exponential: the magnitude of x in [-15, 0]."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.fixed_alignment import FixedAlignment

CLIP_MAGNITUDE = 15
CLIP_INTEGER_BITS = CLIP_MAGNITUDE.bit_length()
FRACTION_BITS_RANGE = range(1, 17)


@unit(x="fmt.width", magnitude=lambda p: CLIP_INTEGER_BITS + p.fraction_bits)
def negative_to_fixed(x: In, magnitude: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """magnitude = min(max(-x, 0), 15) in fixed point, truncated.

    x          number, fmt.width bits
    magnitude  unsigned, 4 integer and fraction_bits fraction bits; 15.0 at most
    """
    width = CLIP_INTEGER_BITS + fraction_bits
    sign_bit = fmt.sign_bit
    exponent_low = fmt.mantissa_bits

    alignment = FixedAlignment(fmt, CLIP_INTEGER_BITS, width)
    top_exponent, smallest_exponent = alignment.top_exponent, alignment.smallest_exponent
    shift_bits, shift_start = alignment.shift_bits, alignment.shift_start
    exponent_end, spare_bits = alignment.exponent_end, alignment.spare_bits
    hidden_one = 1 << fmt.mantissa_bits
    clipped = CLIP_MAGNITUDE << fraction_bits

    aligned = Signal(intbv(0)[width:])
    shift = Signal(intbv(0)[shift_bits + 1 :])
    shifted = Signal(intbv(0)[width:])

    if spare_bits >= 0:

        @always_comb
        def align() -> None:
            aligned.next = (hidden_one + x[exponent_low:]) << spare_bits
    else:

        @always_comb
        def align() -> None:
            aligned.next = (hidden_one + x[exponent_low:]) >> (-spare_bits)

    @always_comb
    def find_shift() -> None:
        shift.next = shift_start - x[exponent_end:exponent_low]

    @always_comb
    def shift_right() -> None:
        shifted.next = aligned >> shift[shift_bits:]

    @always_comb
    def clip() -> None:
        if x[sign_bit] == 0 or x[sign_bit:exponent_low] < smallest_exponent:
            magnitude.next = 0
        elif x[sign_bit:exponent_low] > top_exponent or shifted[width:fraction_bits] == CLIP_MAGNITUDE:
            magnitude.next = clipped
        else:
            magnitude.next = shifted

    return instances()
