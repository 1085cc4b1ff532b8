"""The flags of a kernel's keys, and the clocks at which they act."""

from myhdl import Signal

from hdl.language.unit import In, Instances, Out, always_comb, unit
from hdl.units.arithmetic.dot_product import REGISTER_RANKS
from hdl.units.delays import valid_delay_line

# Registers before a key's flags act: the dot product's ranks, then maximum and difference.
MAXIMUM_RANK = REGISTER_RANKS
WEIGHT_RANK = MAXIMUM_RANK + 2
# The ranks after the weight's: its own, the accumulators, the quotient's operands, the output.
SUMS_RANK = WEIGHT_RANK + 2
LATENCY_CLOCKS = SUMS_RANK + 2


@unit
def control(
    clk: In,
    rst: In,
    valid_in: In,
    key_valid: In,
    first: In,
    last: In,
    load_q: Out,
    start: Out,
    live: Out,
    drop_sums: Out,
    drop_value: Out,
    finish: Out,
) -> Instances:
    """The flags of a key, carried along with it to where they act.

    load_q      at once: the first clock of a query
    start, live            as the key's score arrives: first of its query; the key counts
    drop_sums, drop_value  as its differences arrive: start; not live
    finish                 as the sums hold a whole query
    All flags are 0 (drop_value 1) after a reset, whatever came before it.
    """
    live_in = Signal(False)
    finish_in = Signal(False)
    start_in = Signal(False)
    weight_start = Signal(False)
    weight_live = Signal(False)
    score_start = Signal(False)
    score_live = Signal(False)
    sums_finish = Signal(False)

    @always_comb
    def enter() -> None:
        start_in.next = valid_in and first
        live_in.next = valid_in and key_valid
        finish_in.next = valid_in and last

    delay_start = valid_delay_line(
        clk, rst, start_in, score_start, clocks=MAXIMUM_RANK, instance="delay_start"
    )
    delay_live = valid_delay_line(clk, rst, live_in, score_live, clocks=MAXIMUM_RANK, instance="delay_live")
    delay_finish = valid_delay_line(
        clk, rst, finish_in, sums_finish, clocks=SUMS_RANK, instance="delay_finish"
    )
    delay_weight_start = valid_delay_line(
        clk, rst, score_start, weight_start, clocks=WEIGHT_RANK - MAXIMUM_RANK, instance="delay_weight_start"
    )
    delay_weight_live = valid_delay_line(
        clk, rst, score_live, weight_live, clocks=WEIGHT_RANK - MAXIMUM_RANK, instance="delay_weight_live"
    )

    @always_comb
    def deliver() -> None:
        load_q.next = start_in
        start.next = score_start
        live.next = score_live
        drop_sums.next = weight_start
        drop_value.next = not weight_live
        finish.next = sums_finish

    delays = delay_start, delay_live, delay_finish, delay_weight_start, delay_weight_live
    return enter, delays, deliver
