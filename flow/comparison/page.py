"""The comparison as a page in Markdown, as JSON and as a table in the terminal."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from flow.attention_data.workload import KEYS_PER_QUERY
from flow.common.numeric import signed_percent
from flow.common.templates import open_template
from flow.comparison.rows import PAPER_KERNELS
from flow.record.cell_groups import CLOCK_TREE, REPAIR, TOP

# The kernel whose averages the paper gives.
_, PAPER_KERNEL = PAPER_KERNELS
UNITS = {"um2": (1.0, 0), "mW": (1e3, 3), "pJ": (1e12, 2), "nJ": (1e9, 3), "MHz": (1.0, 1), "": (1.0, 0)}


def quantity(figure: dict[str, float] | None, unit: str = "", decimals: int | None = None) -> str:
    """Return the median in `unit`, a dash where there is none."""
    if figure is None:
        return "–"
    factor, usual = UNITS.get(unit, (1.0, 3))
    return f"{figure['median'] * factor:z,.{usual if decimals is None else decimals}f}"


def percent(reduction: dict[str, Any] | None) -> str:
    """Return a reduction as a signed change and its range over the seeds; ≈: within their spread."""
    if reduction is None:
        return "–"
    text = signed(reduction["percent"])
    if reduction["within_spread"] is not None:
        text += f" ({-reduction['largest']:+z.1f} … {-reduction['smallest']:+z.1f})"
        if reduction["within_spread"]:
            text += " ≈"
    return text


def signed(value: float) -> str:
    """Return a mean reduction as a signed change."""
    return signed_percent(-value, 1)


def mean_title(mean: dict[str, Any]) -> str:
    """Return what a mean is over."""
    rows = "1 row" if mean["rows"] == 1 else f"{mean['rows']} rows"
    return f"mean of {rows} in {mean['format'].upper()}" if mean["format"] else f"mean of all {rows}"


def group_rows(row: dict[str, Any], kernels: Sequence[str]) -> list[str]:
    """Return the groups of a configuration in the order of the data path, the engines' own last."""
    names = dict.fromkeys(name for kernel in kernels for name in row["kernels"][kernel]["groups"])
    last = (TOP, CLOCK_TREE, REPAIR)
    return [name for name in names if name not in last] + [name for name in last if name in names]


def comparison_json(summary: dict[str, Any]) -> str:
    """Return the content of comparison.json."""
    return json.dumps(summary, indent=2, ensure_ascii=False) + "\n"


def comparison_markdown(summary: dict[str, Any], name: str) -> str:
    """Return the page; `name` is that of the chart's file beside it."""
    template = open_template(
        "comparison.md.j2",
        "flow.comparison",
        quantity=quantity,
        percent=percent,
        signed=signed,
        mean_title=mean_title,
    )
    return str(
        template.render(
            summary,
            name=name,
            keys=KEYS_PER_QUERY,
            group_rows=group_rows,
            paper_kernel=PAPER_KERNEL,
            clock_missed=any(
                kernel["misses_clock"] for row in summary["rows"] for kernel in row["kernels"].values()
            ),
        )
    )


def print_summary(console: Console, summary: dict[str, Any]) -> None:
    """Print the headline: area and power of each kernel, the reductions, their mean, the paper's."""
    kernels = summary["kernels"]
    baseline, *others = kernels
    table = Table("configuration", "kernel")
    for title in ("um2", "area", "mW", "power"):
        table.add_column(title, justify="right")
    for row in summary["rows"]:
        for kernel in kernels:
            measured = row["kernels"][kernel]
            reductions = row["reductions"].get(kernel)
            table.add_row(
                row["title"] if kernel == baseline else f"  to {row['depth']}",
                f"{kernel}, misses its clock" if measured["misses_clock"] else kernel,
                quantity(measured["area_um2"], "um2"),
                percent(reductions["area_um2"]) if reductions else "",
                quantity(measured["power_timed_w"], "mW"),
                percent(reductions["power_timed_w"]) if reductions else "",
            )
        table.add_section()
    for kernel in others:
        lines = [(mean_title(mean), mean) for mean in summary["mean_reductions"][kernel]]
        if kernel == PAPER_KERNEL:
            lines.append(("paper, 28 nm", summary["paper"]))
        for title, reductions in lines:
            area, power = signed(reductions["area_um2"]), signed(reductions["power_timed_w"])
            table.add_row(title, kernel, "", area, "", power)
    console.print(table)
