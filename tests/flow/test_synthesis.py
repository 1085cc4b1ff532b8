"""Synthesis: the netlist is the Verilog's and the library's alone."""

import subprocess
import sys

from pdk_files import pdk_file

from flow.common.places import PROJECT_ROOT
from hdl.verilog import to_verilog

PROGRAM = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "yosys_synthesis.py"
# The program with a copy of its design from splitnets on: wires and cells lie elsewhere in memory.
MOVED_PROGRAM = f"""
import sys
sys.path.insert(0, {str(PROGRAM.parent)!r})
import yosys_synthesis as program

run = program.Yosys.run

def run_on_a_copy(self, command, *words):
    if command == "splitnets":
        run(self, "design -save copy")
        run(self, "design -load copy")
    run(self, command, *words)

program.Yosys.run = run_on_a_copy
program.synthesize(program.parse_arguments())
"""


def test_netlist_does_not_depend_on_where_things_lie_in_memory(tmp_path):
    liberty = pdk_file("freepdk45/libs/nangate45/nldm/NangateOpenCellLibrary_typical.lib")
    verilog = tmp_path / "fa2_log2.v"
    to_verilog("fa2_log2", {"format": "bf16", "d": 2}, verilog)
    arguments = ["--verilog", verilog, "--top", "fa2_log2", "--liberty", liberty, "--clock-ns", "5"]
    arguments += ["--driver-cell", "BUF_X4", "--load-ff", "3.899"]
    arguments += ["--tie-high", "LOGIC1_X1", "Z", "--tie-low", "LOGIC0_X1", "Z"]
    netlists = []
    for name, program in (("plain", [PROGRAM]), ("moved", ["-c", MOVED_PROGRAM])):
        folder = tmp_path / name
        folder.mkdir()
        outputs = ["--netlist", "netlist.v", "--statistics", "statistics.json"]
        subprocess.run(
            [sys.executable, *program, *arguments, *outputs],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        netlists.append((folder / "netlist.v").read_bytes())
    assert netlists[0] == netlists[1]
