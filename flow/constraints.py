"""Timing constraints of every design: one clock, the same share of it at each port."""

from pathlib import Path

CLOCK_PORT = "clk"
# Of the clock period, what the world outside takes before an input and after an output.
PORT_DELAY_SHARE = 0.2


def write_sdc(path: Path, clock_ns: float, time_unit_ns: float) -> None:
    """Write the SDC file of a design with a clock of `clock_ns` on its port `clk`; kept if the same.

    Its times are in the Liberty files' unit, of `time_unit_ns`.
    """
    period = clock_ns / time_unit_ns
    delay = period * PORT_DELAY_SHARE
    text = (
        f"create_clock -name {CLOCK_PORT} -period {period:g} [get_ports {CLOCK_PORT}]\n"
        f"set_input_delay {delay:g} -clock {CLOCK_PORT} "
        f"[all_inputs -no_clocks]\n"
        f"set_output_delay {delay:g} -clock {CLOCK_PORT} [all_outputs]\n"
    )
    # A new time stamp would start the flow afresh.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
