"""Registers, as units so that their area and power are measured apart from the logic."""

from hdl.language.unit import In, Instances, Out, always, instances, unit


@unit(d="width", q="width")
def register(clk: In, d: In, q: Out, *, width: int) -> Instances:
    """q takes d at each rising edge of clk; `width` bits, no reset."""

    @always(clk.posedge)
    def store() -> None:
        q.next = d

    return instances()


@unit
def flag_register(clk: In, d: In, q: Out) -> Instances:
    """The bool q takes d at each rising edge of clk; no reset."""

    @always(clk.posedge)
    def store() -> None:
        q.next = d

    return instances()


@unit
def valid_register(clk: In, rst: In, d: In, q: Out) -> Instances:
    """One bit that takes d at each rising edge of clk, and 0 while rst is 1 (synchronous)."""

    @always(clk.posedge)
    def store() -> None:
        if rst:
            q.next = False
        else:
            q.next = d

    return instances()
