"""Registers with an enable and chains of registers."""

from myhdl import Signal, intbv

from hdl.language.unit import In, Instances, Out, always, instances, unit
from hdl.units.registers import register, valid_register


@unit(d="width", q="width")
def enabled_register(clk: In, enable: In, d: In, q: Out, *, width: int) -> Instances:
    """q takes d at each rising edge of clk where enable is 1; `width` bits, no reset."""

    @always(clk.posedge)
    def store() -> None:
        if enable:
            q.next = d

    return instances()


@unit(d="width", q="width")
def delay_line(clk: In, d: In, q: Out, *, width: int, clocks: int) -> Instances:
    """q is d of `clocks` > 0 clocks before; `width` bits, no reset."""
    taps = [d, *(Signal(intbv(0)[width:]) for _ in range(clocks - 1)), q]
    return [
        register(clk, taps[index], taps[index + 1], width=width, instance=f"rank_{index + 1}")
        for index in range(clocks)
    ]


@unit
def valid_delay_line(clk: In, rst: In, d: In, q: Out, *, clocks: int) -> Instances:
    """q is the bool d of `clocks` > 0 clocks before; 0 while rst is 1 and until d has come through."""
    taps = [d, *(Signal(False) for _ in range(clocks - 1)), q]
    return [
        valid_register(clk, rst, taps[index], taps[index + 1], instance=f"rank_{index + 1}")
        for index in range(clocks)
    ]
