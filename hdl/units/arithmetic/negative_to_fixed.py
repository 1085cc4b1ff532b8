"""Float to fixed point for the argument of an exponential: the magnitude of x in [-15, 0]."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit

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

    # In the binade [8, 16) the significand's leading one is the result's top bit: no shift to the right.
    top_exponent = fmt.bias + CLIP_INTEGER_BITS - 1
    # Below it the leading one is shifted out; exponent field 0 reads as zero.
    smallest_exponent = max(1, top_exponent - (width - 1))
    # The exponent's limits decide the rest, so the shift is known from its low bits.
    shift_bits = (width - 1).bit_length()
    low_bits = exponent_low + min(shift_bits, fmt.exponent_bits)
    shift_start = top_exponent % (1 << shift_bits) + (1 << shift_bits)
    spare_bits = width - (fmt.mantissa_bits + 1)
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
        shift.next = shift_start - x[low_bits:exponent_low]

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
