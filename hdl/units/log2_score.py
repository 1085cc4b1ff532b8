"""A score of the log2 domain as a fixed-point number."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.hierarchy import In, Instances, Out, always_comb, instances, unit
from hdl.log2_constants import SCORE_INTEGER_BITS


@unit
def log2_score(score: In, fixed: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """fixed = sign(score) * min(floor(|score| * 2^F + 1/2), 2^(8+F) - 1), with F = fraction_bits.

    score  number, fmt.width bits
    fixed  two's complement, 9 + F bits: Q9.F
    """
    magnitude_bits = SCORE_INTEGER_BITS + fraction_bits
    assert len(fixed) == magnitude_bits + 1 and len(score) == fmt.width
    sign_bit = fmt.sign_bit
    exponent_low = fmt.mantissa_bits
    # One bit more than the result keeps, for rounding half up.
    width = magnitude_bits + 1
    # In the binade [128, 256) the significand's leading one is the top bit: no shift to the right.
    top_exponent = fmt.bias + SCORE_INTEGER_BITS - 1
    # Below it the leading one is shifted out; exponent field 0 reads as zero.
    smallest_exponent = max(1, top_exponent - (width - 1))
    shift_bits = (width - 1).bit_length()
    low_bits = exponent_low + min(shift_bits, fmt.exponent_bits)
    shift_start = top_exponent % (1 << shift_bits) + (1 << shift_bits)
    spare_bits = width - (fmt.mantissa_bits + 1)
    hidden_one = 1 << fmt.mantissa_bits
    largest = (1 << magnitude_bits) - 1

    aligned = Signal(intbv(0)[width:])
    shift = Signal(intbv(0)[shift_bits + 1 :])
    shifted = Signal(intbv(0)[width:])
    rounded = Signal(intbv(0)[width:])
    magnitude = Signal(intbv(0)[magnitude_bits:])

    if spare_bits >= 0:

        @always_comb
        def align() -> None:
            aligned.next = (hidden_one + score[exponent_low:]) << spare_bits
    else:

        @always_comb
        def align() -> None:
            aligned.next = (hidden_one + score[exponent_low:]) >> (-spare_bits)

    @always_comb
    def find_shift() -> None:
        shift.next = shift_start - score[low_bits:exponent_low]

    @always_comb
    def shift_right() -> None:
        shifted.next = aligned >> shift[shift_bits:]

    @always_comb
    def round_half_up() -> None:
        rounded.next = shifted[width:1] + shifted[0]

    @always_comb
    def clip() -> None:
        if score[sign_bit:exponent_low] < smallest_exponent:
            magnitude.next = 0
        elif score[sign_bit:exponent_low] > top_exponent or rounded[magnitude_bits]:
            magnitude.next = largest
        else:
            magnitude.next = rounded[magnitude_bits:]

    @always_comb
    def apply_sign() -> None:
        if score[sign_bit]:
            fixed.next = -magnitude
        else:
            fixed.next = magnitude

    return instances()
