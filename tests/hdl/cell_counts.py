"""What units cost: flip-flops and AND gates, by a synthesis of a tenth of a second that knows no library."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hdl.language.unit import Unit
from hdl.verilog import convert_unit

# An AND-inverter graph in which equal gates are one. Each module has a process as new as the first: Yosys
# numbers what it makes, and the order of these numbers moves a count by a per cent.
SCRIPT = """
import os
import sys
from pathlib import Path
from pyosys import libyosys


def synthesise(verilog):
    design = libyosys.Design()
    for words in (
        ["read_verilog", str(verilog)],
        ["synth", "-flatten", "-noabc", "-top", "top"],
        ["aigmap"],
        ["opt", "-full"],
        ["clean", "-purge"],
        ["tee", "-q", "-o", str(verilog.with_suffix(".json")), "stat", "-json"],
    ):
        libyosys.Pass.call(design, words)


for verilog in sorted(Path().glob("*.v")):
    if os.fork() == 0:
        synthesise(verilog)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"{verilog} failed")
"""


@dataclass(frozen=True)
class Cells:
    """Numbers of cells: flip-flops, and ANDs of two inputs; inverters are free."""

    flip_flops: int
    ands: int


def unit_verilog(unit: Unit, widths: Mapping[str, int] | None = None, **parameters: object) -> str:
    """Return a unit's Verilog as the module `top`; `widths` are of ports that have none of their own."""
    of_ports = {port: unit.width_of(port, parameters) for port in unit.directions}
    return convert_unit(unit, of_ports | dict(widths or {}), "top", **parameters)


def count_cells(verilog: Mapping[str, str], folder: Path) -> dict[str, Cells]:
    """Return the cells of modules, given as Verilog by any names, in `folder`."""
    for name, text in verilog.items():
        (folder / f"{name}.v").write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, check=True, capture_output=True)
    counted = {}
    for name in verilog:
        statistics = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        by_type = statistics["design"]["num_cells_by_type"]
        flip_flops = sum(number for cell, number in by_type.items() if "DFF" in cell)
        counted[name] = Cells(flip_flops, by_type.get("$_AND_", 0))
    return counted
