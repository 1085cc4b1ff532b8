import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flow_command import ROOT, assert_one_line, command, result_of, run_flow
from needs import skip_without
from pdk_files import pdk_root
from process_family import LIMIT_S, wait_for

from flow.pipeline.execute import failure
from flow.record.run_folder import job_log, step_log
from flow.record.settings import make_settings
from flow.tools.pdk_data import missing_file
from pdk_configs.pdk import load_pdk

TINY = ("--design", "expmul", "--format", "e4m3", "--lanes", "1")


@pytest.fixture(scope="module")
def netlist(tmp_path_factory):
    """A small operator's netlist: what the command said, and the folder of its runs."""
    out = tmp_path_factory.mktemp("netlist")
    return result_of(*TINY, "--to", "synth", out=out), out


def test_a_wrong_name_exits_with_2(tmp_path):
    assert_one_line(run_flow("--design", "expmull", out=tmp_path), 2, "did you mean 'expmul'?")


def test_an_unknown_option_exits_with_2(tmp_path):
    assert_one_line(run_flow("--fast", out=tmp_path), 2, "unrecognized arguments: --fast")


def test_the_list_names_every_design_and_pdk(tmp_path):
    listed = run_flow("--list", out=tmp_path)
    assert listed.returncode == 0
    for name in ("expmul", "separate_exp_mul", "nangate45", "sky130"):
        assert any(line.startswith(f"{name} ") for line in listed.stdout.splitlines())


def test_a_script_of_another_checkout_is_refused(tmp_path):
    other = tmp_path / "flow" / "run.py"
    other.parent.mkdir()
    shutil.copy(ROOT / "flow" / "run.py", other)
    done = subprocess.run(
        [sys.executable, str(other), "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert_one_line(done, 2, str(other), "pip install -e .")


def test_a_wrong_pdk_root_names_the_missing_file(tmp_path):
    done = run_flow(*TINY, "--pdk-root", tmp_path, out=tmp_path)
    assert_one_line(done, 2, "--pdk-root", "freepdk45.tech.lef")


def test_a_job_of_other_settings_is_not_overwritten(tmp_path):
    result_of(*TINY, "--to", "verilog", "--job", "mine", out=tmp_path)
    verilog = tmp_path / "expmul/mine/out-verilog/expmul.v"
    before = verilog.read_bytes()
    done = run_flow(*TINY, "--to", "verilog", "--job", "mine", "--clock", "3", out=tmp_path)
    assert_one_line(done, 2, "job 'mine' holds a run with other settings")
    assert verilog.read_bytes() == before


def test_a_folder_in_use_is_left_alone(tmp_path):
    folder = tmp_path / "expmul" / "busy"
    folder.mkdir(parents=True)
    with (folder / "lock").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = run_flow(*TINY, "--job", "busy", "--to", "verilog", out=tmp_path)
    assert_one_line(done, 2, "another run is at work in")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert_one_line(run_flow(*TINY, "--to", "verilog", out=blocked), 1, "Not a directory")


def test_json_is_all_that_is_printed(tmp_path):
    result = result_of(*TINY, "--to", "verilog", out=tmp_path)
    assert result["depth"] == "verilog"
    assert set(result["sha256"]) == {"verilog"}


def test_same_inputs_give_the_same_verilog_and_netlist(netlist, tmp_path):
    first, _ = netlist
    second = result_of(*TINY, "--to", "synth", out=tmp_path)
    assert first["sha256"] == second["sha256"]
    assert set(first["sha256"]) == {"verilog", "netlist"}


def test_groups_are_mapped_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setenv("YOSYS_MAX_THREADS", "8")
    result_of("--design", "separate_exp_mul", *TINY[2:], "--to", "synth", out=tmp_path)
    log = next(tmp_path.glob("separate_exp_mul/*/steps/synthesis/0/synthesis.log")).read_text(
        encoding="utf-8"
    )
    mapping = log[log.index("Executing ABC pass") :]
    steps = re.findall("Extracting gate netlist of module|Executed ABC", mapping)
    assert len(steps) > 4
    assert set(steps[::2]) == {"Extracting gate netlist of module"}
    assert set(steps[1::2]) == {"Executed ABC"}


def test_a_second_run_keeps_what_is_up_to_date(netlist):
    _, out = netlist
    log = next(out.glob("expmul/*/steps/synthesis/0/synthesis.log"))
    before = log.stat().st_mtime_ns
    result_of(*TINY, "--to", "synth", out=out)
    assert log.stat().st_mtime_ns == before


def test_a_run_leaves_what_other_depths_left(netlist):
    deep, out = netlist
    (folder,) = out.glob("expmul/*")
    before = {name: (folder / name).read_bytes() for name in deep["files"].values()}
    (folder / "steps" / "no_step").mkdir()
    result_of(*TINY, "--to", "verilog", out=out)
    assert not (folder / "steps" / "no_step").exists(), "SiliconCompiler clears its own folder"
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert (folder / "result-synth.json").is_file() and (folder / "result-verilog.json").is_file()


@pytest.fixture
def damaged_root(tmp_path):
    """A PDK root whose Liberty file ends in the middle."""
    pdk = load_pdk("nangate45")
    if missing_file(pdk, pdk_root()) is not None:
        skip_without("pdk")
    root = tmp_path / "pdk"
    shutil.copytree(pdk_root() / "lambdapdk" / "freepdk45", root / "lambdapdk" / "freepdk45")
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755)
    liberty = next(root.rglob("*.lib"))
    os.truncate(liberty, 400_000)
    return root


def test_a_truncated_library_fails_the_step_and_the_next_run_goes_on(tmp_path, damaged_root):
    out = tmp_path / "out"
    done = run_flow(*TINY, "--to", "synth", "--pdk-root", damaged_root, out=out)
    assert_one_line(done, 1, "step synthesis failed:", "synthesis.log")
    log = Path(done.stderr.strip().rpartition("log: ")[2].rstrip(")"))
    assert log.is_file()
    result = result_of(*TINY, "--to", "synth", out=out)
    assert result["metrics"]["cells"] > 0


def test_the_error_line_is_the_engines_or_what_a_python_step_raised(tmp_path):
    settings = make_settings("expmul", {}, build_dir=tmp_path)
    log = step_log(settings.folder, "synthesis")
    log.parent.mkdir(parents=True)
    log.write_text("reading\nERROR: no cell INV\nleaving\n", encoding="utf-8")
    whole = job_log(settings.folder)
    whole.write_text(
        "| ERROR    | Failed in run() for activity/simulate: output y differs\n| INFO | end\n",
        encoding="utf-8",
    )
    assert "step synthesis failed: ERROR: no cell INV (log" in str(failure(settings, ["synthesis"], ""))
    log.write_text("reading\nleaving\n", encoding="utf-8")
    assert "step synthesis failed: output y differs (log" in str(failure(settings, ["synthesis"], ""))
    whole.write_text("| INFO | end\n", encoding="utf-8")
    assert "step synthesis failed: leaving (log" in str(failure(settings, ["synthesis"], ""))


def test_a_limit_on_the_size_of_files_is_named(tmp_path):
    limited = ["bash", "-c", 'ulimit -f 4; exec "$@"', "bash"]
    done = subprocess.run(
        limited + command(*TINY, "--to", "synth", out=tmp_path),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert_one_line(done, 1, "a file is larger than the limit allows (ulimit -f)")


def test_an_interrupted_run_says_so_and_the_next_one_goes_on(tmp_path):
    words = (*TINY, "--to", "place", "--json")
    process = subprocess.Popen(
        command(*words, out=tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        encoding="utf-8",
    )
    wait_for(lambda: list(tmp_path.glob("expmul/*/steps/floorplan.init/0")), "the floorplan")
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert output == ""
    assert errors == "run.py: error: interrupted; the same command goes on from the last finished step\n"
    synthesized = next(tmp_path.glob("expmul/*/steps/synthesis/0/synthesis.log"))
    before = synthesized.stat().st_mtime_ns
    assert result_of(*words, out=tmp_path)["metrics"]["cells"] > 0
    assert synthesized.stat().st_mtime_ns == before
