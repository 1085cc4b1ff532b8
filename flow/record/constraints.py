"""Timing constraints of every design: one clock, the same share of it at each port."""

from decimal import Decimal
from pathlib import Path

from flow.common.decimals import quotient

CLOCK_PORT = "clk"
# What OpenSTA's write_sdc, by which OpenROAD's steps hand the constraints on, keeps of a time.
SDC_DECIMALS = 4
# Of the clock period, what the world outside takes before an input and after an output.
PORT_DELAY_SHARE = 0.2


def write_sdc(path: Path, clock_ns: float, time_unit_ns: float) -> None:
    """Write the SDC file of a design with a clock of `clock_ns` on its port `clk`; kept if the same.

    Its times are in the Liberty files' unit, of `time_unit_ns`.
    """
    period = quotient(clock_ns, time_unit_ns)
    delay = (period * Decimal(repr(PORT_DELAY_SHARE))).normalize()
    text = (
        f"create_clock -name {CLOCK_PORT} -period {period:f} [get_ports {CLOCK_PORT}]\n"
        f"set_input_delay {delay:f} -clock {CLOCK_PORT} "
        f"[all_inputs -no_clocks]\n"
        f"set_output_delay {delay:f} -clock {CLOCK_PORT} [all_outputs]\n"
    )
    write_if_new(path, text)


def write_sdc_decimals(path: Path, clock_ns: float, time_unit_ns: float) -> bool:
    """Write the Tcl by which OpenROAD's steps hand the clock on in full; return whether it is needed.

    Without it a period of more than SDC_DECIMALS decimals would be another from the second step on.
    """
    exponent = quotient(clock_ns, time_unit_ns).as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    if decimals <= SDC_DECIMALS:
        return False
    text = (
        "# The clock's period has more decimals than write_sdc writes.\n"
        "rename write_sdc write_sdc_rounded\n"
        f"proc write_sdc {{ args }} {{ uplevel 1 [list write_sdc_rounded -digits {decimals} {{*}}$args] }}\n"
    )
    write_if_new(path, text)
    return True


def write_if_new(path: Path, text: str) -> None:
    """Write `text` to `path` unless it is there: a new time stamp would start the flow afresh."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
