"""The table at the end of a run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flow.result import Result


@dataclass(frozen=True)
class Row:
    """A line of the table: its title, the metric and how its value is written."""

    title: str
    metric: str
    write: Callable[[Any], str]


def scientific(unit: str) -> Callable[[float], str]:
    """Return a writer of watts as `unit`: mW or uW."""
    factor = {"mW": 1e3, "uW": 1e6}[unit]
    return lambda value: f"{value * factor:,.3f} {unit}"


ROWS = (
    Row("cell area", "cell_area_um2", lambda value: f"{value:,.1f} um2"),
    Row("gate equivalents", "gate_equivalents", lambda value: f"{value:,.0f}"),
    Row("cells", "cells", lambda value: f"{value:,}"),
    Row("registers", "registers", lambda value: f"{value:,}"),
    Row("power, total", "power_total_w", scientific("mW")),
    Row("  internal", "power_internal_w", scientific("mW")),
    Row("  switching", "power_switching_w", scientific("mW")),
    Row("  leakage", "power_leakage_w", scientific("mW")),
    Row("setup slack", "setup_slack_ns", lambda value: f"{value:.3f} ns"),
    Row("hold slack", "hold_slack_ns", lambda value: f"{value:.3f} ns"),
    Row("fmax", "fmax_mhz", lambda value: f"{value:.1f} MHz"),
    Row("die area", "die_area_um2", lambda value: f"{value:,.1f} um2"),
    Row("utilization", "utilization_percent", lambda value: f"{value:.1f} %"),
    Row("wire length", "wire_length_um", lambda value: f"{value:,.0f} um"),
    Row("DRC errors", "drc_errors", lambda value: f"{value}"),
    Row("run time", "runtime_s", lambda value: f"{value:.1f} s"),
)


def print_result(console: Console, result: Result, folder: Path, sibling: Result | None) -> None:
    """Print the measurements of `result`, beside those of its sibling where there are any."""
    parameters = ", ".join(f"{name} {value}" for name, value in result.parameters.items())
    title = f"{result.design} ({parameters}) on {result.pdk} at {result.clock_ns:g} ns, {result.depth}"
    console.print(title, highlight=False, soft_wrap=True)
    table = Table()
    table.add_column("")
    table.add_column(result.design, justify="right")
    if sibling is not None:
        table.add_column(sibling.design, justify="right")
        table.add_column("difference", justify="right")
    for row in ROWS:
        value = getattr(result.metrics, row.metric)
        if value is None:
            continue
        cells = [row.title, row.write(value)]
        if sibling is not None:
            other = getattr(sibling.metrics, row.metric)
            cells += ["" if other is None else row.write(other), difference(value, other)]
        table.add_row(*cells)
    console.print(table)
    if result.power:
        others = ", ".join(
            f"{power.total_w * 1e3:,.3f} mW at {name} activity"
            for name, power in result.power.items()
            if name != result.metrics.power_activity
        )
        clocks = f"{result.simulated_clocks:,} clocks of real attention data"
        console.print(f"power over {clocks}, glitches included; {others}", highlight=False, soft_wrap=True)
    elif result.metrics.power_activity is not None:
        console.print(f"power at {result.metrics.power_activity} activity, not from real data")
    for kind, name in result.files.items():
        console.print(f"{kind:<8} {folder / name}", soft_wrap=True, highlight=False)


def difference(value: float, other: float | None) -> str:
    """Return how far `value` lies from `other`, in percent of `other`; empty where it has no meaning."""
    if other is None or other == 0:
        return ""
    return f"{100 * (value - other) / abs(other):+.1f} %"
