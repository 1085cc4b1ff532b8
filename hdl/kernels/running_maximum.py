"""The largest score so far of a query."""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.registers import register


@unit(score="fmt.width", previous="fmt.width", current="fmt.width", score_held="fmt.width")
def running_maximum(
    clk: In,
    start: In,
    live: In,
    score: In,
    previous: Out,
    current: Out,
    score_held: Out,
    *,
    fmt: FloatFormat,
) -> Instances:
    """One clock after a score: the maximum before it and with it, and the score itself.

    start       bool: forget the maximum, start from the most negative finite number
    live        bool: the score counts
    score       number, fmt.width bits, rounded by a unit (no mantissa under exponent field 0)
    previous, current, score_held  numbers, fmt.width bits
    """
    width = fmt.width
    sign_bit = fmt.sign_bit
    lowest = (1 << sign_bit) + fmt.max_finite_code

    before = Signal(intbv(0)[width:])
    after = Signal(intbv(0)[width:])
    score_order = Signal(intbv(0)[width:])
    before_order = Signal(intbv(0)[width:])
    magnitude_bits = (1 << sign_bit) - 1

    @always_comb
    def restart() -> None:
        if start:
            before.next = lowest
        else:
            before.next = current

    @always_comb
    def order() -> None:
        # Codes in the order of their values: sign inverted, magnitudes of negative numbers inverted.
        if score[sign_bit]:
            score_order.next = score[sign_bit:] ^ magnitude_bits
        else:
            score_order.next = concat(True, score[sign_bit:])
        if before[sign_bit]:
            before_order.next = before[sign_bit:] ^ magnitude_bits
        else:
            before_order.next = concat(True, before[sign_bit:])

    @always_comb
    def choose() -> None:
        if live and score_order > before_order:
            after.next = score
        else:
            after.next = before

    previous_register = register(clk, before, previous, width=width, instance="previous_register")
    current_register = register(clk, after, current, width=width, instance="current_register")
    score_register = register(clk, score, score_held, width=width, instance="score_register")

    return instances()
