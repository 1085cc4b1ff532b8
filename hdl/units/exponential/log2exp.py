"""Log2Exp: the power of two that stands for e^x in ExpMul."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.negative_to_fixed import CLIP_INTEGER_BITS, negative_to_fixed

# 15 * 1.4375 rounds to 22.
LEVEL_BITS = 5


@unit(x="fmt.width", level=LEVEL_BITS)
def log2exp(x: In, level: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """level = round(-x * 1.4375), so that 2^-level stands for e^x; x is clipped to [-15, 0].

    log2 e is taken as 1 + 1/2 - 1/16 on the truncated fixed-point magnitude, rounding is half up.

    x      number, fmt.width bits
    level  unsigned, 5 bits, 0 to 22
    """
    half = 1 << (fraction_bits - 1)
    total_bits = LEVEL_BITS + fraction_bits

    magnitude = Signal(intbv(0)[CLIP_INTEGER_BITS + fraction_bits :])
    total = Signal(intbv(0)[total_bits:])

    to_fixed = negative_to_fixed(x, magnitude, fmt=fmt, fraction_bits=fraction_bits, instance="to_fixed")

    @always_comb
    def scale() -> None:
        total.next = magnitude + (magnitude >> 1) + half - (magnitude >> 4)

    @always_comb
    def round_half_up() -> None:
        level.next = total[total_bits:fraction_bits]

    return instances()
