"""The flags of a key, carried along with it to where they act."""

from myhdl import Signal

from hdl.language.lanes import joined
from hdl.language.unit import In, Instances, Out, always_comb, instances, name_signal, unit
from hdl.units.delays import valid_delay_line


def flag_taps(
    clk: object, rst: object, flag: object, ranks: tuple[int, ...], name: str
) -> tuple[list[object], object]:
    """Return the delay lines of a flag and the vector of it after each of the rising `ranks`."""
    taps, lines, reached = [], [], 0
    for rank in ranks:
        delayed = flag
        if rank > reached:
            delayed = name_signal(Signal(False), f"{name}_{rank}")
            lines.append(
                valid_delay_line(
                    clk, rst, flag, delayed, clocks=rank - reached, instance=f"delay_{name}_{rank}"
                )
            )
        taps.append(delayed)
        flag, reached = delayed, rank
    return lines, joined(taps)


@unit(start="len(start_ranks)", live="len(live_ranks)", finish="len(finish_ranks)")
def control(
    clk: In,
    rst: In,
    valid_in: In,
    key_valid: In,
    first: In,
    last: In,
    start: Out,
    live: Out,
    finish: Out,
    *,
    start_ranks: tuple[int, ...],
    live_ranks: tuple[int, ...],
    finish_ranks: tuple[int, ...],
) -> Instances:
    """The flags of a key after so many ranks as each is wanted at, one bit for each, the earliest lowest.

    start   the key is the first of its query
    live    the key counts: there is one, and it is not masked
    finish  the key is the last of its query
    All flags that have passed a rank are 0 after a reset, whatever came before it.
    """
    start_in = Signal(False)
    live_in = Signal(False)
    finish_in = Signal(False)

    @always_comb
    def enter() -> None:
        start_in.next = valid_in and first
        live_in.next = valid_in and key_valid
        finish_in.next = valid_in and last

    start_lines, start_taps = flag_taps(clk, rst, start_in, start_ranks, "start")
    live_lines, live_taps = flag_taps(clk, rst, live_in, live_ranks, "live")
    finish_lines, finish_taps = flag_taps(clk, rst, finish_in, finish_ranks, "finish")

    @always_comb
    def deliver() -> None:
        start.next = start_taps
        live.next = live_taps
        finish.next = finish_taps

    return instances()
