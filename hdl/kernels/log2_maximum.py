"""The running maximum of the log2-domain kernels, an integer, and what follows from it at once."""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.log2_constants import (
    DISTANCE_BITS,
    DISTANCE_MAX,
    MAXIMUM_BITS,
    MAXIMUM_START,
    held_fraction_bits,
    maximum_bits,
)
from hdl.units.exponential.log2_score import log2_score
from hdl.units.registers import flag_register, register


@unit(
    score="fmt.width",
    previous=lambda p: maximum_bits(p.ceiling),
    current=lambda p: maximum_bits(p.ceiling),
    score_held=lambda p: MAXIMUM_BITS + p.fraction_bits,
)
def log2_maximum(
    clk: In,
    start: In,
    live: In,
    score: In,
    previous: Out,
    current: Out,
    score_held: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
    ceiling: bool,
) -> Instances:
    """One clock after a score: the integer maximum before it and with it, and the score in fixed point.

    start       bool: forget the maximum, start from -256
    live        bool: the score counts
    score       number, fmt.width bits
    previous, current  two's complement, 9 bits: the largest floor of a score; ceiling: 10 bits, ceiling
    score_held  two's complement, 9 + fraction_bits bits
    """
    score_bits = MAXIMUM_BITS + fraction_bits
    fixed = Signal(modbv(0)[score_bits:])
    bits = maximum_bits(ceiling)
    before = Signal(intbv(0)[bits:])
    after = Signal(intbv(0)[bits:])
    integer_part = Signal(intbv(0)[bits:])
    start_code = MAXIMUM_START % (1 << bits)
    # Sign-extended by a bit, so that rounding up does not overflow.
    up = (1 << fraction_bits) - 1
    raised = Signal(intbv(0, min=-(1 << score_bits), max=1 << score_bits))

    quantise = log2_score(score, fixed, fmt=fmt, fraction_bits=fraction_bits, instance="quantise")

    if ceiling:

        @always_comb
        def raise_score() -> None:
            raised.next = fixed.signed() + up

        @always_comb
        def take_integer() -> None:
            integer_part.next = raised[score_bits + 1 : fraction_bits]
    else:

        @always_comb
        def raise_score() -> None:
            raised.next = fixed.signed()

        @always_comb
        def take_integer() -> None:
            integer_part.next = raised[score_bits:fraction_bits]

    @always_comb
    def restart() -> None:
        if start:
            before.next = start_code
        else:
            before.next = current

    @always_comb
    def choose() -> None:
        if live and integer_part.signed() > before.signed():
            after.next = integer_part
        else:
            after.next = before

    previous_register = register(clk, before, previous, width=bits, instance="previous_register")
    current_register = register(clk, after, current, width=bits, instance="current_register")
    score_register = register(clk, fixed, score_held, width=score_bits, instance="score_register")

    return instances()


@unit(
    previous=lambda p: maximum_bits(p.ceiling),
    current=lambda p: maximum_bits(p.ceiling),
    score_held=lambda p: MAXIMUM_BITS + p.fraction_bits,
    rescale=DISTANCE_BITS,
    distance=DISTANCE_BITS,
    fraction=lambda p: held_fraction_bits(p.fraction_bits),
)
def log2_difference(
    clk: In,
    previous: In,
    current: In,
    score_held: In,
    rescale: Out,
    distance: Out,
    fraction: Out,
    far: Out,
    *,
    fraction_bits: int,
    ceiling: bool,
) -> Instances:
    """One clock later, for a score that counts: how far the maximum has risen and the score lies below it.

    previous, current  two's complement, 9 bits, ceiling 10
    score_held  two's complement, 9 + F bits, F = fraction_bits
    rescale   unsigned, 5 bits: min(current - previous, 31)
    distance  unsigned, 5 bits: current - floor(score_held), where it is at most 31
    fraction  unsigned, F bits, at least 2: score_held - floor(score_held)
    far       bool: the distance is above 31
    """
    score_bits = MAXIMUM_BITS + fraction_bits
    held_bits = held_fraction_bits(fraction_bits)
    steps = 1 << fraction_bits
    # Of a score that does not count the distance may be negative: two's complement.
    farthest = (1 << maximum_bits(ceiling)) - 1
    rise = Signal(intbv(0, min=-farthest - 1, max=farthest + 1))
    below = Signal(intbv(0, min=-farthest - 1, max=farthest + 1))
    clipped = Signal(intbv(0)[DISTANCE_BITS:])
    near = Signal(intbv(0)[DISTANCE_BITS:])
    beyond = Signal(False)
    part = Signal(intbv(0)[held_bits:])

    @always_comb
    def subtract() -> None:
        rise.next = current.signed() - previous.signed()
        below.next = current.signed() - score_held[score_bits:fraction_bits].signed()

    @always_comb
    def limit() -> None:
        if rise > DISTANCE_MAX:
            clipped.next = DISTANCE_MAX
        else:
            clipped.next = rise[DISTANCE_BITS:]
        near.next = below[DISTANCE_BITS:]
        beyond.next = below > DISTANCE_MAX

    @always_comb
    def split() -> None:
        part.next = score_held % steps

    rescale_register = register(clk, clipped, rescale, width=DISTANCE_BITS, instance="rescale_register")
    distance_register = register(clk, near, distance, width=DISTANCE_BITS, instance="distance_register")
    fraction_register = register(clk, part, fraction, width=held_bits, instance="fraction_register")
    far_register = flag_register(clk, beyond, far, instance="far_register")

    return instances()
