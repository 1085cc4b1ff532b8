"""Designs in a file outside the checkout: how the commands take them, and what they see of an edit."""

import json
import sys
from pathlib import Path

import pytest
from flow_command import assert_one_line, run_command
from needs import skip_without
from pdk_files import pdk_root

from flow.common.errors import UserError
from flow.record.settings import make_settings
from hdl import designs
from hdl.designs import DESIGNS, find_design

FILE = '''
from shared import BITS_MAX
from hdl.design import Design
from hdl.language.unit import In, Instances, Out, always, instances, unit
from hdl.parameters import Integer

print("a line of the file's own")


@unit(a="bits", y="bits")
def invert(clk: In, a: In, y: Out, *, bits: int) -> Instances:
    """One clock later: y = ~a."""

    @always(clk.posedge)
    def store() -> None:
        y.next = ~a

    return instances()


@unit(a="bits", y="bits")
def strand(a: In, y: Out, *, bits: int) -> Instances:
    """y = a."""

    @always(a)
    def connect() -> None:
        y.next = a

    return instances()


BITS = (Integer("bits", 2, 2, BITS_MAX, "width"),)
INVERT = Design(name="invert", description="inverts", top=invert, parameters=BITS)
STRAND = Design(name="strand", description="connects", top=strand, parameters=BITS)
TAKEN = Design(name="expmul", description="named as another", top=invert, parameters=BITS)
REVERSED = Design(name="no name", description="blank in its name", top=invert, parameters=BITS)
BARE = Design(name="bare", description="its top takes more", top=invert)
PLAIN = Design(name="plain", description="its top is a function", top=len)
NO_LIMIT = (Integer("bits", 2, 2, lambda p: p.none, ""),)
BROKEN = Design(name="broken", description="its limit is none", top=invert, parameters=NO_LIMIT)
NUMBER = 3
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a user's, with a blank and other letters in its name."""
    folder = tmp_path_factory.mktemp("some one") / "Köd"
    folder.mkdir()
    (folder / "mine.py").write_text(FILE, encoding="utf-8")
    (folder / "shared.py").write_text("BITS_MAX = 8\n", encoding="utf-8")
    (folder / "syntax.py").write_text("x = = 1\n", encoding="utf-8")
    (folder / "leaves.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    (folder / "raises.py").write_text("def f():\n    return 1 / 0\n\nf()\n", encoding="utf-8")
    (folder / "empty.py").write_text("", encoding="utf-8")
    return folder


@pytest.fixture
def own_registry(monkeypatch):
    """What a test finds in files is forgotten after it."""
    monkeypatch.setattr(designs, "ORIGINS", {})
    before = dict(DESIGNS)
    yield
    DESIGNS.clear()
    DESIGNS.update(before)


def run_in(folder, script, *words):
    """Run a command of the flow in `folder`."""
    return run_command(script, *words, cwd=folder)


def result_in(folder, *words):
    done = run_in(folder, "run.py", "--json", "--to", "verilog", "--jobs", 1, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_design_of_a_file_is_run_and_its_result_tells_the_file_and_no_folder(folder):
    result = result_in(folder, "--design", "mine.py:INVERT", "--out", "first")
    run = folder / "first" / "invert" / result["job"]
    assert "module invert (" in (run / result["files"]["verilog"]).read_text(encoding="utf-8")
    assert result["design_source"]["name"] == "mine.py:INVERT"
    assert str(folder) not in json.dumps(result)
    assert not (folder / "__pycache__").exists()
    again = result_in(folder.parent, "--design", folder / "mine.py:INVERT", "--out", folder / "first")
    assert again == result  # from another folder, by the whole path: nothing has changed


@pytest.mark.parametrize(
    ("file", "before", "after", "in_verilog"),
    [("mine.py", "y.next = ~a", "y.next =  a", True), ("shared.py", "BITS_MAX = 8", "BITS_MAX = 9", False)],
)
def test_an_edit_of_the_file_or_of_what_it_imports_is_seen(folder, file, before, after, in_verilog):
    words = ("--design", "mine.py:INVERT", "--out", f"edited {file}")
    first = result_in(folder, *words)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(before, after), encoding="utf-8"
    )  # of the same length, perhaps within a second
    try:
        second = result_in(folder, *words)
    finally:
        path.write_text(text, encoding="utf-8")
    assert second["design_source"]["sha256"] != first["design_source"]["sha256"]
    assert (second["sha256"] != first["sha256"]) == in_verilog
    back = result_in(folder, *words)
    assert back["design_source"] == first["design_source"] and back["sha256"] == first["sha256"]


def test_another_file_with_a_design_of_that_name_does_not_take_the_folder(folder):
    result_in(folder, "--design", "mine.py:INVERT", "--out", "taken")
    (folder / "other.py").write_text(FILE, encoding="utf-8")
    words = ("--design", "other.py:INVERT", "--to", "verilog", "--out", "taken")
    done = run_in(folder, "run.py", *words)
    assert "a line of the file's own" in done.stderr
    assert done.returncode == 2 and "holds a run with other settings" in done.stderr


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("none.py:INVERT", "none.py: no such file"),
        ("mine.py:NONE", "mine.py has no design NONE: INVERT, STRAND"),
        ("mine.py:NUMBER", "mine.py has no design NUMBER: INVERT, STRAND"),
        ("mine.py", "mine.py holds designs, and one has to be named: INVERT, STRAND"),
        ("mine.py:", "mine.py holds designs, and one has to be named: INVERT, STRAND"),
        ("empty.py:ANY", "empty.py has no design ANY: there is none in it"),
        ("syntax.py:ANY", "syntax.py could not be loaded: SyntaxError: invalid syntax (syntax.py, line 1)"),
        ("raises.py:ANY", "ZeroDivisionError: division by zero (raises.py, line 2)"),
        ("leaves.py:ANY", "leaves.py could not be loaded: it ends the program"),
        ("mine.py:TAKEN", "mine.py: a design called expmul is there already"),
        ("mine.py:REVERSED", "mine.py: design name 'no name': letters of ASCII, digits and underscores only"),
        ("mine.py:BARE", "mine.py: design bare: its top takes a parameter bits, which the design has not"),
        ("mine.py:PLAIN", "mine.py: design plain: its top has to be a function decorated with @unit"),
        ("mine.py:BROKEN", "mine.py:BROKEN: its parameters cannot be had: AttributeError: none"),
        ("mine.py:STRAND", "design strand has no port clk, the clock of a layout: take --to synth"),
    ],
)
def test_a_mistake_in_a_users_file_is_one_line(folder, spec, message, monkeypatch, own_registry):
    monkeypatch.chdir(folder)
    for given in (spec, f"{folder}/{spec}", f"../{folder.name}/{spec}"):
        with pytest.raises(UserError) as error:
            make_settings(given, {})
        assert message in str(error.value) and "\n" not in str(error.value)


def test_a_mistake_in_a_users_file_ends_the_command_with_2(folder):
    done = run_in(folder, "run.py", "--design", "raises.py:ANY")
    assert_one_line(done, 2, "raises.py could not be loaded: ZeroDivisionError: division by zero")
    assert not (folder / "build").exists()


@pytest.mark.parametrize(
    ("script", "words", "message"),
    [
        ("run.py", ["--design", "exp_mul"], "design 'exp_mul' is called separate_exp_mul now"),
        (
            "run.py",
            ["--design", "expmul", "--set", "lane=2"],
            "has no parameter 'lane': did you mean 'lanes'?",
        ),
        ("compare.py", ["--kernels", "fa2_baseline,fa2_expmol"], "did you mean 'fa2_expmul'?"),
        ("compare.py", ["--kernels", "fa2_baseline,expmul"], "--kernels expmul: expmul is no kernel"),
        ("compare.py", ["--kernels", "fa2_baseline,none.py:MINE"], "none.py: no such file"),
        ("compare.py", ["--to", "synht"], "unknown depth 'synht': did you mean 'synth'?"),
        ("compare.py", ["--value-timings", "with_keys"], "value_timing must be with_key or when_needed"),
        ("nightly.py", ["--suite", "smok"], "no suite 'smok', nor a TOML file: did you mean 'smoke'?"),
        ("nightly.py", ["--suite", "old.toml"], "run 1: design 'exp_mul' is called separate_exp_mul now"),
    ],
)
def test_a_name_that_is_not_known_gets_the_nearest_or_todays(tmp_path, script, words, message):
    (tmp_path / "old.toml").write_text('[[run]]\ndesign = "exp_mul"\n', encoding="utf-8")
    assert_one_line(run_in(tmp_path, script, *words), 2, message)


def test_files_of_two_folders_each_import_their_own_helpers(tmp_path, own_registry):
    for name, bits_max in (("a", 8), ("b", 16)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "mine.py").write_text(FILE.replace('"invert"', f'"invert_{name}"'), encoding="utf-8")
        (folder / "shared.py").write_text(f"BITS_MAX = {bits_max}\n", encoding="utf-8")
    a, b = (find_design(f"{tmp_path / name}/mine.py:INVERT") for name in "ab")
    assert (a.parameters[0].largest, b.parameters[0].largest) == (8, 16)
    assert "shared" not in sys.modules and str(tmp_path / "a") not in sys.path


def test_a_design_without_a_model_is_laid_out_without_power_on_data(folder):
    if not (pdk_root() / "lambdapdk" / "freepdk45").is_dir():
        skip_without("pdk")
    done = run_in(folder, "run.py", "--design", "mine.py:INVERT", "--to", "route", "--json", "--jobs", 1,
                  "--pdk", "nangate45", "--out", "routed")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["power"] == {} and "saif" not in result["files"]
    assert result["checks"]["logic_equivalence"]["status"] == "pass"
    shown = run_in(folder, "view.py", Path("routed") / "invert" / result["job"], "--stats")
    assert shown.returncode == 0, shown.stderr
