"""Runs on a cluster: a Dask scheduler and workers that the test starts, real runs, workers really killed."""

import argparse
import importlib.util
import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from flow_command import ROOT, assert_one_line, run_command
from needs import skip_without
from pdk_files import pdk_files
from process_family import LIMIT_S, wait_for

from flow import accuracy
from flow.common.errors import StepError, UserError
from flow.history.database import open_history
from flow.history.runs import all_runs
from flow.pipeline import job_pool
from flow.pipeline.job_pool import Progress, open_client
from flow.pipeline.pool_bench import Timed, report
from flow.pipeline.run_pool import open_runs
from flow.record.checkout import resolve_revision
from flow.record.settings import make_settings

TINY = {"format": "e3m2", "lanes": 1}


class Cluster:
    """A Dask scheduler on this machine, and workers of one thread each, without nannies."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        address = re.compile(r"tcp://127\.0\.0\.1:\d+")
        self.address = wait_for(lambda: address.search(self.log(scheduler)), "address")[0]

    def start(self, *words):
        path = self.folder / f"dask-{len(self.processes)}.log"
        with path.open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.processes.append((process, path))
        return process

    def worker(self):
        return self.start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def log(self, process):
        return dict(self.processes)[process].read_text(encoding="utf-8")

    def close(self):
        for process, _ in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path, dask):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    made = Cluster(tmp_path)
    yield made
    made.close()


def settings(tmp_path, depth="verilog", **given):
    return make_settings("expmul", TINY | given, "nangate45", depth=depth, build_dir=tmp_path / "b")


def under(process, word):
    """Processes below `process` with `word` in their command."""
    try:
        children = process.children(recursive=True)
    except psutil.Error:
        return []
    return [child for child in children if word in " ".join(child.cmdline())]


def test_a_place_for_runs_that_is_none_is_one_line(tmp_path):
    for name in ("slrum", "tcp://", "http://host:80", ""):
        done = run_command("compare.py", "--cluster", name, "--out", tmp_path)
        assert_one_line(done, 2, "--cluster", "local, slurm, pbs, lsf, sge")
    done = run_command("nightly.py", "--cluster", "slrum", "--db", tmp_path / "h.db")
    assert_one_line(done, 2, "--cluster")
    assert not (tmp_path / "h.db").exists()


def test_progress_names_a_host_once_and_leaves_out_what_was_not_wanted():
    lines = []
    progress = Progress(6, lines.append)
    progress.needed_none()
    progress.ended(True, lambda: ["a", "b", "a"])
    assert lines[0].startswith("1 done, 0 failed, 3 running on a (2), b, 1 waiting; expected end ")


def test_this_machine_s_runs_are_counted_too(tmp_path):
    lines = []
    with job_pool.open_pool("local", 2, 2, lines.append) as pool:
        for _ in range(2):
            assert pool.call(str.upper, "done", needs=lambda: job_pool.Needs(1)) == "DONE"
    assert lines[-1] == "2 done, 0 failed, 0 running, 0 waiting"


def test_the_bench_s_efficiency_is_the_runs_own_times_over_the_workers_time():
    runs = [Timed(own_s=60.0, whole_s=61.0), Timed(60.0, 63.0), Timed(60.0, 61.0), Timed(60.0, 61.0)]
    line = report("runs", 2, runs, wall_s=125.0)
    assert line == (
        "4 runs, 2 at once: 115 an hour, efficiency 0.96, of their own 60.0 s a run, "
        "overhead 1.0 s a run (medians)"
    )


def test_progress_counts_what_waits_runs_is_done_and_failed():
    lines = []
    progress = Progress(5, lines.append)
    progress.ended(True, lambda: ["a", "b"])
    progress.ended(False, lambda: ["a"])
    assert lines[0].startswith("1 done, 0 failed, 2 running on a, b, 2 waiting; expected end ")
    assert lines[1].startswith("1 done, 1 failed, 1 running on a, 2 waiting; expected end ")
    for _ in range(3):
        progress.ended(True, list)
    assert lines[-1] == "4 done, 1 failed, 0 running, 0 waiting"


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path, cluster, monkeypatch):
    cluster.close()
    monkeypatch.setattr(job_pool, "CONNECT_LIMIT_S", 1)
    with pytest.raises(Exception, match="cannot be used"), open_client(cluster.address, cluster.address):
        pass


@pytest.mark.slow
def test_a_cluster_s_runs_are_those_of_this_machine_and_the_next_ones_are_not_made_again(tmp_path, cluster):
    for _ in range(2):
        cluster.worker()
    lines = []
    chosen = [settings(tmp_path, fraction_bits=bits) for bits in (8, 9)]
    with open_runs(cluster.address, 2, 2, lines.append) as run_at:
        results = [run_at(each) for each in chosen]
        assert [run_at(each).finished_at for each in chosen] == [result.finished_at for result in results]
    assert lines[1].startswith("2 done, 0 failed")
    here = settings(tmp_path / "here", fraction_bits=8)
    with open_runs("local", 1, 1, print) as run_at:
        assert run_at(here).sha256 == results[0].sha256


@pytest.mark.slow
def test_a_killed_worker_s_run_is_made_elsewhere_and_three_losses_fail_it(tmp_path, cluster):
    workers = [psutil.Process(cluster.worker().pid) for _ in range(2)]
    outcome = {}

    def make(name, chosen):
        try:
            with open_runs(cluster.address, 1, 1, print) as run_at:
                outcome[name] = run_at(chosen)
        except StepError as error:
            outcome[name] = error

    def busy():
        return [worker for worker in workers if worker.is_running() and under(worker, "run.py")]

    thread = threading.Thread(target=make, args=("lost once", settings(tmp_path)))
    thread.start()
    wait_for(busy, "a run on a worker")[0].kill()
    thread.join(LIMIT_S)
    assert outcome["lost once"].depth == "verilog"
    workers = [psutil.Process(cluster.worker().pid) for _ in range(2)] + workers
    thread = threading.Thread(target=make, args=("lost thrice", settings(tmp_path, fraction_bits=7)))
    thread.start()
    for _ in range(3):
        victim = wait_for(busy, "a run on a worker")[0]
        victim.kill()
        workers.remove(victim)
    thread.join(LIMIT_S)
    assert "3 workers were lost" in str(outcome["lost thrice"])


@pytest.mark.slow
def test_a_killed_driver_comes_back_and_no_run_is_made_twice(tmp_path, cluster):
    worker = psutil.Process(cluster.worker().pid)
    suite = tmp_path / "suite.toml"
    suite.write_text(
        '[[run]]\ndesign = "expmul"\nparameters = { format = "e3m2", lanes = 1 }\nto = "verilog"\n',
        encoding="utf-8",
    )
    words = ["--suite", suite, "--db", tmp_path / "h.db", "--page", tmp_path, "--out", tmp_path / "b"]
    command = [sys.executable, "flow/nightly.py", *map(str, words), "--cluster", cluster.address]
    driver = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first_run = wait_for(lambda: under(worker, "run.py"), "a run on the worker")[0]
    driver.kill()
    driver.communicate()
    again = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: not first_run.is_running() or first_run.status() == "zombie", "end of it")
    (result,) = tmp_path.glob("b/expmul/*/result-verilog.json")
    finished_at = json.loads(result.read_text(encoding="utf-8"))["finished_at"]
    assert again.wait(LIMIT_S) in (0, 1)  # 1: the gate misses nothing else of a run to verilog
    (run,) = all_runs(open_history(str(tmp_path / "h.db")))
    assert run["finished_at"] == finished_at


@pytest.fixture
def dask():
    """Nothing: a test that needs the packages of `--cluster` is skipped without them."""
    if importlib.util.find_spec("distributed") is None or importlib.util.find_spec("dask_jobqueue") is None:
        skip_without("cluster")


@pytest.mark.slow
def test_slurm_makes_the_runs_and_one_whose_job_is_cancelled_is_made_by_another(tmp_path, dask, slurm_here):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    chosen = [settings(tmp_path, fraction_bits=bits) for bits in (8, 9)]
    lines, results = [], []
    with open_runs("slurm", 2, 2, lines.append) as run_at, ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run_at, each) for each in chosen]
        wait_for(lambda: any((each.folder / "run-pool.lock").exists() for each in chosen), "a run")
        subprocess.run(["scancel", slurm_here.jobs()[0]], env=slurm_here.environment, check=True)
        results = [future.result(300) for future in futures]
    assert lines[-1].startswith("2 done, 0 failed")
    wait_for(lambda: not slurm_here.called("squeue", "-h"), "end of the workers' jobs")
    here = settings(tmp_path / "here", fraction_bits=8)
    with open_runs("local", 1, 1, print) as run_at:
        assert run_at(here).sha256 == results[0].sha256


@pytest.mark.slow
@pytest.mark.xdist_group("layout on nangate45")
@pytest.mark.timeout(2500)
def test_a_drained_node_and_a_restarted_server_change_no_byte_and_no_run_is_made_twice(
    tmp_path, dask, slurm_here, layout_of, monkeypatch
):
    here, _ = layout_of("nangate45")
    monkeypatch.setattr(job_pool, "SUBMIT_PAUSE_S", 2.0)
    layout = make_settings("expmul", here.parameters, "nangate45", build_dir=tmp_path / "b")
    others = [settings(tmp_path, fraction_bits=bits) for bits in (8, 9)]
    nodes = ["squeue", "-h", "-t", "running", "-o", "%N"]
    lines = []
    with open_runs("slurm", 3, 3, lines.append) as run_at, ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(run_at, layout)]
        wait_for(lambda: list(layout.folder.glob("steps/job.log")), "the layout")
        (busy,) = slurm_here.called(*nodes).split()
        slurm_here.drain(busy)
        slurm_here.stop_controller()
        futures += [pool.submit(run_at, each) for each in others]
        time.sleep(10)  # they are handed in while nobody is there
        assert not any(each.folder.joinpath("run-pool.lock").exists() for each in others)
        slurm_here.start_controller()
        wait_for(lambda: len(set(slurm_here.called(*nodes).split())) == 2, "the other node")
        results = [future.result(2000) for future in futures]
    assert lines[-1].startswith("3 done, 0 failed, 0 running, 0 waiting")
    assert "gds" in here.sha256
    assert results[0].sha256 == here.sha256
    for each in (layout, *others):
        # SiliconCompiler keeps a log of each time that a run began.
        assert len(list(each.folder.glob("steps/job*.log"))) == 1


def test_a_batch_system_that_is_not_here_is_one_line(tmp_path, dask):
    for name, program in (("slurm", "sbatch"), ("pbs", "qsub"), ("lsf", "bsub"), ("sge", "qsub")):
        words = ["--cluster", name, "--out", tmp_path, "--reports", tmp_path]
        done = run_command("compare.py", *words, env=os.environ | {"PATH": ""})
        assert_one_line(done, 2, f"--cluster {name}", program, "not on PATH")


def test_a_failed_run_s_cause_comes_back_from_a_worker_as_it_is():
    error = StepError("place.global", "GPL-0301", Path("steps/job.log"))
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (StepError, str(error))


@pytest.mark.slow
def test_a_cluster_s_failed_run_is_one_line_and_the_others_go_on(tmp_path, cluster):
    cluster.worker()
    chosen = [settings(tmp_path, fraction_bits=bits) for bits in (8, 9)]
    chosen[0].folder.mkdir(parents=True)
    (chosen[0].folder / "settings.json").write_text("another's", encoding="utf-8")
    lines = []
    with open_runs(cluster.address, 1, 2, lines.append) as run_at:
        with pytest.raises(UserError, match="holds a run with other settings"):
            run_at(chosen[0])
        assert run_at(chosen[1]).depth == "verilog"
    assert lines[-1].startswith("1 done, 1 failed, 0 running, 0 waiting")


@pytest.mark.slow
def test_a_cluster_backfills_earlier_revisions_by_their_own_flow(tmp_path, cluster):
    cluster.worker()
    suite = tmp_path / "suite.toml"
    suite.write_text(
        '[[run]]\ndesign = "expmul"\nparameters = { format = "e3m2", lanes = 1 }\nto = "verilog"\n',
        encoding="utf-8",
    )
    words = ["--db", tmp_path / "h.db", "backfill", "--suite", suite, "--out", tmp_path / "b"]
    words += ["--cluster", cluster.address, "--parallel", "2", "HEAD", "HEAD~1"]
    done = run_command("track.py", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": recorded") == 2
    assert "2 done, 0 failed, 0 running, 0 waiting" in done.stdout
    revisions = {run["revision"] for run in all_runs(open_history(str(tmp_path / "h.db")))}
    assert revisions == {resolve_revision("HEAD"), resolve_revision("HEAD~1")}
    assert not list(tmp_path.glob("b/backfill/*/tree"))
    again = run_command("track.py", *words)
    assert again.stdout.count(": recorded") == 2
    assert "running" not in again.stdout


def accuracy_arguments(out, **options):
    given = {"seeds": 1, "no_model": True, "out": out, "parallel": 1, "cluster": "local"}
    return argparse.Namespace(**given | options)


@pytest.mark.slow
def test_a_cluster_measures_the_parts_of_the_accuracy_study_that_are_not_there(tmp_path, cluster):
    cluster.worker()
    lacking = ("operator",)
    for place, name in ((tmp_path / "here", "local"), (tmp_path / "there", cluster.address)):
        arguments = accuracy_arguments(place, cluster=name, parallel=2)
        finished = accuracy.finished_parts(arguments)
        parts = accuracy.plain_parts([0])
        for name, part in parts.items():
            for unit in part.units if name not in lacking else ():
                finished.keep(unit, "as it was")
        lines = []
        accuracy.measure_apart(arguments, lines.append)
        assert finished.get(parts["ramps"], lines.append) == "as it was"
    for part in lacking:
        here, there = (
            (tmp_path / place / "accuracy" / f"{part}.json").read_bytes() for place in ("here", "there")
        )
        assert here == there


def test_a_part_of_the_accuracy_study_that_is_none_is_one_line(tmp_path):
    done = run_command("accuracy.py", "--part", "rampz", "--out", tmp_path)
    assert_one_line(done, 2, "unknown part 'rampz': did you mean 'ramps'?")
    done = run_command("accuracy.py", "--cluster", "slrum", "--out", tmp_path)
    assert_one_line(done, 2, "--cluster")


@pytest.mark.usefixtures("dask")
def test_a_batch_system_s_library_leaves_the_command_its_signals():
    script = (
        "import flow, signal\n"
        "from flow.common.processes import handlers_kept, watch\n"
        "watch()\n"
        "before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]\n"
        "with handlers_kept():\n"
        "    import dask_jobqueue\n"
        "print(before == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout.strip() == "True"
