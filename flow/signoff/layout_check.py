"""Layout against netlist, from the routed DEF back to what was synthesised."""

from collections.abc import Sequence
from pathlib import Path

from flow.formats.def_file import read_def
from flow.formats.liberty import read_liberty
from flow.record.result import Check
from flow.signoff.connections import compare_layout
from flow.signoff.netlist_check import compare_netlists
from flow.signoff.traced_netlist import read_traced_netlist
from flow.signoff.verdict import failed, verdict_of


def check_layout(layout: Path, routed: Path, synthesised: Path, top: str, liberty: Sequence[Path]) -> Check:
    """Return whether the DEF `layout` is the netlist `routed`, and that the one that was `synthesised`.

    Two comparisons that leave no gap between them; see `connections.py` and `netlist_check.py`. A file
    that cannot be read fails.
    """
    cells = read_liberty(liberty)
    try:
        placed = read_def(layout)
        after = read_traced_netlist(routed, top, cells)
        before = read_traced_netlist(synthesised, top, cells)
        differences = compare_layout(placed, after, cells)
        changed, counts = compare_netlists(before, after)
    except ValueError as error:
        return failed(error)
    connections = sum(len(net.pins) for net in placed.nets.values())
    figures = {"cells": len(after.instances), "nets": len(placed.nets), "connections": connections} | counts
    passed = (
        f"{len(after.instances):,} cells and {connections:,} connections as synthesised; "
        f"{counts['cells_added']:,} buffers and clones put in"
    )
    return verdict_of([*differences, *changed], passed, figures)
