"""Finding designs: by name, in a file, in another package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hdl import designs
from hdl.designs import DESIGNS, find_design, kernels, sibling
from hdl.verilog import verilog_text

KERNEL_FILE = """
from halves import HALF
from hdl.kernels.fa2 import ACCUMULATE, DIFFERENCE, DIVIDE, MAXIMUM
from hdl.kernels.fa2_baseline import BaselineModel, weigh_separate
from hdl.kernels.frame import Kernel, Stage

MINE = Kernel(
    name="mine", description="a kernel of one's own", baseline="fa2_baseline",
    recurrence=(MAXIMUM, DIFFERENCE, Stage(weigh_separate, "weigh", value_rank=1), ACCUMULATE),
    finish=(DIVIDE,), model=BaselineModel,
)
NO_DESIGN = HALF
"""

WIRE_FILE = '''
from hdl.design import Design
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.parameters import Integer


@unit(a="bits", y="bits")
def wire(a: In, y: Out, *, bits: int) -> Instances:
    """y = a."""

    @always_comb
    def connect() -> None:
        y.next = a

    return instances()


WIRE = Design(name="wire8", description="a wire", top=wire, parameters=(Integer("bits", 8, 2, 64, "width"),))
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(designs, "ORIGINS", {})
    before = dict(DESIGNS)
    (tmp_path / "halves.py").write_text("HALF = 0.5\n", encoding="utf-8")
    (tmp_path / "mine.py").write_text(KERNEL_FILE, encoding="utf-8")
    (tmp_path / "wire.py").write_text(WIRE_FILE, encoding="utf-8")
    yield tmp_path
    DESIGNS.clear()
    DESIGNS.update(before)


def test_a_kernel_of_a_file_joins_the_registry(folder):
    spec = f"{folder}/mine.py:MINE"
    mine = find_design(spec)
    assert find_design(spec) is mine is find_design("mine") is kernels()["mine"]
    assert sibling("mine") == "fa2_baseline"
    here, there = (verilog_text(name, {"d": 2, "format": "e3m2"}) for name in (spec, "fa2_baseline"))
    assert here.replace("module mine (", "module fa2_baseline (") == there


def test_any_design_of_a_file_becomes_verilog_with_the_widths_its_ports_declare(folder):
    text = verilog_text(f"{folder}/wire.py:WIRE", {"bits": 5})
    assert "input [4:0] a;" in text and "module wire8 (" in text


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{}/none.py:MINE", "{}/none.py: no such file"),
        ("{}/mine.py:YOURS", "{}/mine.py has no design YOURS: MINE"),
        ("{}/mine.py:NO_DESIGN", "{}/mine.py has no design NO_DESIGN: MINE"),
        (
            "{}/broken.py:MINE",
            "{}/broken.py could not be loaded: ModuleNotFoundError: No module named 'nowhere'"
            " (broken.py, line 1)",
        ),
        ("{}/taken.py:MINE", "{}/taken.py: a design called fa2_log2 is there already"),
        ("fa2_log3", "unknown design 'fa2_log3': did you mean 'fa2_log2'?"),
        ("exp_mul", "design 'exp_mul' is called separate_exp_mul now"),
    ],
)
def test_a_spec_that_names_no_design_is_refused_in_one_line(spec, message, folder):
    (folder / "broken.py").write_text("import nowhere\n", encoding="utf-8")
    (folder / "taken.py").write_text(KERNEL_FILE.replace('name="mine"', 'name="fa2_log2"'), encoding="utf-8")
    before = dict(DESIGNS)
    with pytest.raises(ValueError) as error:
        find_design(spec.format(folder))
    assert str(error.value) == message.format(folder)
    assert before == DESIGNS


def test_designs_of_other_packages_are_found_by_entry_point_and_a_broken_one_stops_nothing(folder):
    metadata = folder / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(
        "[expmul.kernels]\nmine = mine:MINE\nbad = broken:MINE\n", encoding="utf-8"
    )
    (folder / "broken.py").write_text("import nowhere\n", encoding="utf-8")
    code = (
        "from hdl.designs import DESIGNS, NOT_LOADED, find_design\n"
        "print(list(DESIGNS)[-1], NOT_LOADED)\n"
        "try: find_design('bad')\nexcept ValueError as error: print(error)\n"
    )
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    command = [sys.executable, "-c", code]
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": path}, encoding="utf-8"
    )
    reason = "ModuleNotFoundError: No module named 'nowhere'"
    assert run.stdout.splitlines() == [
        f"mine {{'bad': \"{reason}\"}}",
        f"design 'bad' could not be loaded: {reason}",
    ]


def test_a_baseline_is_compared_with_the_first_that_names_it():
    assert sibling("expmul") == "separate_exp_mul" and sibling("separate_exp_mul") == "expmul"
    assert sibling("fa2_baseline") == "fa2_expmul" and sibling("fa2_log2_fixed") == "fa2_baseline"
