"""What hdl/ADDING_A_KERNEL.md says works: its blocks, in a folder outside the checkout."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from needs import skip_without
from operator_bench import run_operator

import hdl
from hdl.designs import find_design
from hdl.simulation import compile_simulation
from hdl.verilog import to_verilog

ROOT = Path(hdl.__file__).resolve().parents[1]
PAGE = (ROOT / "hdl" / "ADDING_A_KERNEL.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
    for command in block.splitlines()
]
PDK_ROOT = Path(os.environ.get("EXPMUL_PDK_ROOT", ROOT.parent / "shared" / "pdk"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A newcomer's folder, with the page's files in it."""
    folder = tmp_path_factory.mktemp("newcomer")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def call(command, folder):
    """Run a command of the page in `folder` and return what it prints."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"EXPMUL": str(ROOT), "PATH": path, "EXPMUL_PDK_ROOT": str(PDK_ROOT)}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False,
        encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def command_of(start):
    """Return the one command of the page that starts so."""
    (command,) = [command for command in COMMANDS if command.startswith(start)]
    return command


def with_data():
    if not (PDK_ROOT / "lambdapdk" / "freepdk45").is_dir():
        skip_without("pdk")


def test_the_page_has_three_files_and_five_commands_all_of_them_tried_here():
    assert list(FILES) == ["hardmax.py", "coarse.py", "relu.py"]
    assert len(COMMANDS) == 5


@pytest.mark.slow
def test_the_kernel_conforms_by_one_command(folder):
    lines = call(command_of("python -m hdl.conformance"), folder).splitlines()
    assert len(lines) == 16 and all(line.endswith(": passed") for line in lines)


@pytest.mark.slow
def test_a_kernel_that_is_not_its_model_is_told_by_the_same_command(folder):
    wrong = FILES["hardmax.py"].replace("order > floor", "order >= floor")
    (folder / "wrong.py").write_text(wrong, encoding="utf-8")
    command = [sys.executable, "-m", "hdl.conformance", "wrong.py:HARDMAX"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        "verilog equals model: FAILED: " in done.stdout and "codes differ, the first in query" in done.stdout
    )


def test_the_operator_is_its_model(folder, tmp_path):
    spec, values, verilog = f"{folder / 'coarse.py'}:COARSE", {"format": "e4m3", "lanes": 2}, tmp_path / "c.v"
    to_verilog(spec, values, verilog)
    design = find_design(spec)
    parameters = design.make_parameters(values)
    simulation = compile_simulation(verilog, "coarse", design.ports(parameters), tmp_path)
    codes = np.arange(256, dtype=np.uint32)
    x, v = np.repeat(codes, 256), np.stack([np.tile(codes, 256), np.tile(codes[::-1], 256)], axis=-1)
    assert np.array_equal(run_operator(simulation, x, v, 8), design.model(x, v, parameters))


def test_kernel_operator_and_bare_design_go_to_a_netlist(folder):
    with_data()
    for design in ("hardmax.py:HARDMAX", "coarse.py:COARSE", "relu.py:RELU"):
        call(command_of(f"python $EXPMUL/flow/run.py --design {design}"), folder)
        name = design.partition(".")[0]
        (result,) = folder.glob(f"build/{name}/*/result-synth.json")
        assert json.loads(result.read_text(encoding="utf-8"))["metrics"]["cell_area_um2"] > 0


def test_the_comparison_has_the_row_that_the_page_shows(folder):
    with_data()
    call(command_of("python $EXPMUL/flow/compare.py"), folder)
    (row,) = json.loads((folder / "reports" / "comparison.json").read_text(encoding="utf-8"))["rows"]
    kernels = row["kernels"]
    change = -row["reductions"]["hardmax"]["area_um2"]["percent"]
    for name in ("fa2_baseline", "hardmax"):
        area_um2, error = kernels[name]["area_um2"]["median"], kernels[name]["relative_l2_error"]
        text = f" {change:.1f} %" if name == "hardmax" else ""
        assert f"| `{name}` | {area_um2:,.0f} |{text} | {error:.3f} |" in PAGE
