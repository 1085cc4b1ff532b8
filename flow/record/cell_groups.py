"""Which part of a design each cell of a layout belongs to, and what the layout lists of its cells."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Groups of the cells that the engines put in, beside the design's own.
CLOCK_TREE, REPAIR, TOP = "clock_tree", "timing_repair", "top"
CLOCK_TREE_PREFIXES = ("clkbuf_", "clkload", "delaybuf_")
# The kind of cell that counts: neither filler nor well tap nor antenna diode.
LOGIC = "logic"


@dataclass(frozen=True)
class ListedCell:
    """A cell of a layout: its name in the flat netlist, its master, its area and its kind."""

    name: str
    master: str
    area_um2: float
    kind: str


def read_cell_list(path: Path) -> list[ListedCell]:
    """Return the cells listed by `write_instances.tcl`, in the layout's order."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [ListedCell(name, master, float(area), kind) for name, master, area, kind in rows]


def group_of(name: str, groups: Iterable[str]) -> str:
    """Return the group of the cell called `name`: the instance of the top module that holds it."""
    head, dot, _ = name.partition(".")
    if dot:
        for group in groups:
            if head.startswith(group):
                return group
        return TOP
    if head.startswith(CLOCK_TREE_PREFIXES):
        return CLOCK_TREE
    # The synthesised netlist calls the cells of the top module itself _0_, _1_, ...
    return TOP if head.startswith("_") else REPAIR
