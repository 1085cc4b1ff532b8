"""A score of the log2 domain as a fixed-point number."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.to_fixed import to_fixed
from hdl.units.exponential.log2_constants import SCORE_INTEGER_BITS


@unit(score="fmt.width", fixed=lambda p: SCORE_INTEGER_BITS + p.fraction_bits + 1)
def log2_score(score: In, fixed: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """fixed = sign(score) * min(floor(|score| * 2^F + 1/2), 2^(8+F) - 1), with F = fraction_bits.

    score  number, fmt.width bits
    fixed  two's complement, 9 + F bits: Q9.F
    """
    magnitude_bits = SCORE_INTEGER_BITS + fraction_bits
    sign_bit = fmt.sign_bit
    largest = (1 << magnitude_bits) - 1

    truncated = Signal(intbv(0)[magnitude_bits:])
    round_bit = Signal(False)
    rounded = Signal(intbv(0)[magnitude_bits + 1 :])
    magnitude = Signal(intbv(0)[magnitude_bits:])

    truncate = to_fixed(
        score, truncated, round_bit, fmt=fmt, integer_bits=SCORE_INTEGER_BITS, fraction_bits=fraction_bits,
        instance="to_fixed",
    )  # fmt: skip

    @always_comb
    def round_half_up() -> None:
        rounded.next = truncated + round_bit

    @always_comb
    def clip() -> None:
        if rounded[magnitude_bits]:
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
