"""Synthesis: the netlist is the Verilog's and the library's alone."""

import json
import subprocess
import sys

import pytest
from pdk_files import pdk_file

from flow.common.places import PROJECT_ROOT
from flow.record.recipes import ADDERS, AREA, RECIPES, TIMING
from flow.signoff.equivalence_check import EquivalenceQuestion, check_equivalence
from hdl.verilog import to_verilog
from pdk_configs.pdk import load_pdk

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


DRIVE = ["--driver-cell", "BUF_X4", "--load-ff", "3.899"]
TIE_CELLS = ["--tie-high", "LOGIC1_X1", "Z", "--tie-low", "LOGIC0_X1", "Z"]


def synthesized(folder, verilog, top, *options, program=(PROGRAM,)):
    """Synthesize `verilog` for Nangate45 at 5 ns in `folder`; return the finished process and the netlist."""
    liberty = pdk_file("freepdk45/libs/nangate45/nldm/NangateOpenCellLibrary_typical.lib")
    folder.mkdir()
    arguments = [
        "--verilog",
        verilog,
        "--top",
        top,
        "--liberty",
        liberty,
        "--clock-ns",
        "5",
        *DRIVE,
        *TIE_CELLS,
    ]
    outputs = ["--netlist", "netlist.v", "--statistics", "statistics.json"]
    done = subprocess.run(
        [sys.executable, *program, *arguments, *outputs, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done, folder / "netlist.v"


@pytest.fixture(scope="module")
def multiplier_verilog(tmp_path_factory):
    """The baseline's operator, of one lane: it multiplies."""
    verilog = tmp_path_factory.mktemp("verilog") / "separate_exp_mul.v"
    to_verilog("separate_exp_mul", {"format": "e4m3", "lanes": 1}, verilog)
    return verilog


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_recipe_maps_the_same_circuit(recipe, multiplier_verilog, tmp_path):
    adder = ["--full-adder", *load_pdk("nangate45").full_adder]
    program, netlist = synthesized(
        tmp_path / recipe, multiplier_verilog, "separate_exp_mul", "--recipe", recipe, *adder
    )
    assert program.returncode == 0, program.stderr
    assert ("FA_X1" in netlist.read_text(encoding="utf-8")) == (recipe == ADDERS)
    liberty = pdk_file("freepdk45/libs/nangate45/nldm/NangateOpenCellLibrary_typical.lib")
    question = EquivalenceQuestion(multiplier_verilog, netlist, "separate_exp_mul", "clk", [liberty], 0, 200)
    verdict = check_equivalence(question, tmp_path / "proof")
    assert verdict.status == "pass", verdict.detail


def test_area_recipe_takes_less_area(multiplier_verilog, tmp_path):
    areas_um2 = {}
    for recipe in (TIMING, AREA):
        synthesized(tmp_path / recipe, multiplier_verilog, "separate_exp_mul", "--recipe", recipe)
        statistics = json.loads((tmp_path / recipe / "statistics.json").read_text(encoding="utf-8"))
        (areas_um2[recipe],) = (module["area"] for module in statistics["modules"].values())
    assert areas_um2[AREA] < areas_um2[TIMING]


def test_adders_of_a_library_that_names_none_are_refused(multiplier_verilog, tmp_path):
    program, _ = synthesized(tmp_path / "none", multiplier_verilog, "separate_exp_mul", "--recipe", ADDERS)
    assert program.returncode and "names no full adder" in program.stderr


def test_netlist_does_not_depend_on_where_things_lie_in_memory(tmp_path):
    verilog = tmp_path / "fa2_log2.v"
    to_verilog("fa2_log2", {"format": "bf16", "d": 2}, verilog)
    netlists = []
    for name, program in (("plain", (PROGRAM,)), ("moved", ("-c", MOVED_PROGRAM))):
        done, netlist = synthesized(tmp_path / name, verilog, "fa2_log2", program=program)
        assert done.returncode == 0, done.stderr
        netlists.append(netlist.read_bytes())
    assert netlists[0] == netlists[1]
