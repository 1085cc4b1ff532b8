"""The table at the end of a run."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from flow.common.decimals import shortest
from flow.record.metrics import AT_CORNERS, BY_NAME, METRICS
from flow.record.result import Result

# The words of a check's name that are told in another way.
TITLES = {"vs": "against", "drc": "DRC", "lvs": "LVS", "magic": "Magic"}


def print_result(console: Console, result: Result, folder: Path, sibling: Result | None) -> None:
    """Print the measurements of `result`, beside those of its sibling where there are any."""
    parameters = ", ".join(f"{name} {value}" for name, value in result.parameters.items())
    title = (
        f"{result.design} ({parameters}) on {result.pdk} at {shortest(result.clock_ns)} ns, {result.depth}"
    )
    console.print(title, highlight=False, soft_wrap=True)
    table = Table()
    table.add_column("")
    table.add_column(result.design, justify="right")
    if sibling is not None:
        table.add_column(sibling.design, justify="right")
        table.add_column("difference", justify="right")
    for metric in METRICS:
        value = getattr(result.metrics, metric.name)
        if value is None:
            continue
        title = metric.title
        if metric.name in result.worst_corners:
            title += f", {result.worst_corners[metric.name]}"
        cells = [title, metric.show(value)]
        if sibling is not None:
            other = getattr(sibling.metrics, metric.name)
            cells += ["", ""] if other is None else [metric.show(other), metric.show_change(value, other, 1)]
        table.add_row(*cells)
    console.print(table)
    if len(result.corners) > 1:
        print_corners(console, result)
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
    if result.parasitics == "estimated":
        console.print("parasitics of the wires are estimated from the LEF, not extracted")
    if result.layout_cells == "abstract":
        console.print("the cells in the GDS are abstracts drawn from the LEF")
    for name, check in result.checks.named().items():
        title = " ".join(TITLES.get(word, word) for word in name.split("_"))
        console.print(f"check    {title}: {check.status}: {check.detail}", highlight=False, soft_wrap=True)
    for kind, name in result.files.items():
        console.print(f"{kind:<8} {folder / name}", soft_wrap=True, highlight=False)


def print_corners(console: Console, result: Result) -> None:
    """Print the layout's figures at each corner; power is at the activity of the run's."""
    table = Table("corner")
    for name in AT_CORNERS:
        table.add_column(BY_NAME[name].title.strip(), justify="right")
    for name, figures in result.corners.items():
        shown = (BY_NAME[f"{name}_{metric}"].show(getattr(figures, metric)) for metric in AT_CORNERS)
        table.add_row(f"{name}: {figures.conditions}", *shown)
    console.print(table)
