"""The steps of one run as jobs of Slurm: a real one that the test starts."""

import os
import shutil
import subprocess

import pytest
from flow_command import ROOT, assert_one_line, command, result_of, run_flow
from needs import skip_without
from pdk_files import pdk_files
from process_family import LIMIT_S, wait_for

TINY = ("--design", "expmul", "--format", "e3m2", "--lanes", "1", "--jobs", "1")


def test_a_scheduler_that_is_none_is_one_line(tmp_path):
    done = run_flow(*TINY, "--scheduler", "slrum", out=tmp_path)
    assert_one_line(done, 2, "unknown scheduler 'slrum': did you mean 'slurm'?")


def test_slurm_that_is_not_installed_is_one_line(tmp_path):
    done = run_flow(*TINY, "--scheduler", "slurm", out=tmp_path, env=os.environ | {"PATH": ""})
    assert_one_line(done, 2, "--scheduler slurm: srun, a program of Slurm, is not on PATH")
    assert not list(tmp_path.iterdir())


def test_slurm_that_does_not_answer_is_one_line(tmp_path):
    if shutil.which("sinfo") is None:
        skip_without("slurm")
    nowhere = os.environ | {"SLURM_CONF": str(tmp_path / "slurm.conf")}
    done = run_flow(*TINY, "--scheduler", "slurm", out=tmp_path / "b", env=nowhere)
    assert_one_line(done, 2, "--scheduler slurm: ")
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
def test_slurm_makes_the_steps_with_the_same_bytes_and_ends_what_a_killed_command_left(tmp_path, slurm_here):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    words = (*TINY, "--to", "synth")
    slurm = command(*words, "--scheduler", "slurm", "--json", out=tmp_path / "b")
    driver = subprocess.Popen(slurm, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: slurm_here.jobs(), "a step's job")
    driver.kill()
    driver.wait()
    left = slurm_here.jobs("all")
    made = result_of(*words, "--scheduler", "slurm", out=tmp_path / "b")
    wait_for(lambda: not slurm_here.jobs("running,pending"), "the end of the jobs")
    assert left
    assert made["sha256"] == result_of(*words, out=tmp_path / "here")["sha256"]
    assert made["peak_memory_bytes"] > 50e6
    # The same command by the other scheduler has nothing to do.
    assert result_of(*words, out=tmp_path / "b")["finished_at"] == made["finished_at"]


@pytest.mark.slow
def test_a_step_whose_job_is_cancelled_is_one_line_and_the_same_command_goes_on(tmp_path, slurm_here):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    words = (*TINY, "--to", "verilog", "--scheduler", "slurm", "--json")
    driver = subprocess.Popen(
        command(*words, out=tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    (job,) = wait_for(lambda: slurm_here.jobs(), "a step's job")
    slurm_here.called("scancel", job)
    printed, said = driver.communicate(timeout=LIMIT_S)
    done = subprocess.CompletedProcess(driver.args, driver.returncode, printed, said)
    assert_one_line(done, 1, "step convert failed", "log: ")
    assert result_of(*words[:-1], out=tmp_path)["depth"] == "verilog"
