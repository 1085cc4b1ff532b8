"""H-FA's running maximum, of scores in fixed point with their fraction, and what follows from it.

Of the two weights of a key one is always 1, so one difference does.
"""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.hfa_constants import DROP_BITS, DROP_MAX, logarithm_bits
from hdl.units.exponential.log2_constants import MAXIMUM_BITS, SCORE_INTEGER_BITS
from hdl.units.exponential.log2_score import log2_score
from hdl.units.registers import flag_register, register


def score_bits(fraction_bits: int) -> int:
    """Return the bits of a score in fixed point: two's complement."""
    return MAXIMUM_BITS + fraction_bits


def weight_bits(fraction_bits: int) -> int:
    """Return the bits of a weight's logarithm, -31 to 0 in units of 2^-F: two's complement."""
    return DROP_BITS + fraction_bits


@unit(
    score="fmt.width",
    current=lambda p: score_bits(p.fraction_bits),
    lower=lambda p: score_bits(p.fraction_bits),
)
def hfa_maximum(
    clk: In,
    start: In,
    live: In,
    score: In,
    rises: Out,
    current: Out,
    lower: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
) -> Instances:
    """One clock after a score: whether it raises the maximum, the maximum with it, and the lower of the two.

    start           bool: forget the maximum, start from -256
    live            bool: the score counts
    score           number, fmt.width bits
    current, lower  two's complement, 9 + F bits, F = fraction_bits; lower is the maximum before where rises,
                    else the score
    """
    bits = score_bits(fraction_bits)
    lowest = 1 << (bits - 1)
    fixed = Signal(modbv(0)[bits:])
    before = Signal(intbv(0)[bits:])
    after = Signal(intbv(0)[bits:])
    rising = Signal(False)
    lower_now = Signal(intbv(0)[bits:])

    quantise = log2_score(score, fixed, fmt=fmt, fraction_bits=fraction_bits, instance="quantise")

    @always_comb
    def restart() -> None:
        if start:
            before.next = lowest
        else:
            before.next = current

    @always_comb
    def compare() -> None:
        rising.next = live and fixed.signed() > before.signed()

    @always_comb
    def choose() -> None:
        if rising:
            after.next = fixed
            lower_now.next = before
        else:
            after.next = before
            lower_now.next = fixed

    rises_register = flag_register(clk, rising, rises, instance="rises_register")
    current_register = register(clk, after, current, width=bits, instance="current_register")
    lower_register = register(clk, lower_now, lower, width=bits, instance="lower_register")

    return instances()


@unit(
    current=lambda p: score_bits(p.fraction_bits),
    lower=lambda p: score_bits(p.fraction_bits),
    rescale=lambda p: weight_bits(p.fraction_bits),
    offset=lambda p: logarithm_bits(p.fmt, p.fraction_bits) + 1,
)
def hfa_difference(
    clk: In,
    rises: In,
    current: In,
    lower: In,
    rescale: Out,
    offset: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
) -> Instances:
    """One clock later: the logarithms of what the sums and the value are multiplied by; one of the two is 0.

    current, lower  two's complement, 9 + F bits, F = fraction_bits
    rescale  two's complement, 6 + F bits: max(lower - current, -31) where rises, else 0
    offset   two's complement: the same where not, less the code of 1, which a number's code has beyond its
             logarithm
    """
    bits = score_bits(fraction_bits)
    weight_width = weight_bits(fraction_bits)
    offset_width = logarithm_bits(fmt, fraction_bits) + 1
    lowest = -(DROP_MAX << fraction_bits)
    code_of_one = fmt.bias << fraction_bits
    # Of a score that does not count it may be positive.
    farthest = 1 << (SCORE_INTEGER_BITS + fraction_bits + 1)
    fall = Signal(intbv(0, min=-farthest, max=farthest))
    limited = Signal(intbv(0, min=-(1 << (weight_width - 1)), max=1 << (weight_width - 1)))
    sums_weight = Signal(intbv(0, min=-(1 << (weight_width - 1)), max=1 << (weight_width - 1)))
    key_weight = Signal(intbv(0, min=-(1 << (offset_width - 1)), max=1 << (offset_width - 1)))
    sums_code = Signal(intbv(0)[weight_width:])
    key_code = Signal(intbv(0)[offset_width:])

    @always_comb
    def subtract() -> None:
        fall.next = lower.signed() - current.signed()

    @always_comb
    def limit() -> None:
        if fall < lowest:
            limited.next = lowest
        elif fall > 0:
            limited.next = 0
        else:
            limited.next = fall[weight_width:].signed()

    @always_comb
    def distribute() -> None:
        if rises:
            sums_weight.next = limited
            key_weight.next = -code_of_one
        else:
            sums_weight.next = 0
            key_weight.next = limited - code_of_one

    @always_comb
    def take_codes() -> None:
        sums_code.next = sums_weight[weight_width:]
        key_code.next = key_weight[offset_width:]

    rescale_register = register(clk, sums_code, rescale, width=weight_width, instance="rescale_register")
    offset_register = register(clk, key_code, offset, width=offset_width, instance="offset_register")

    return instances()
