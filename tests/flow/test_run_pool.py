"""Runs on a cluster: a Dask scheduler and workers that the test starts, real runs, workers really killed."""

import importlib.util
import json
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from flow_command import ROOT, assert_one_line, run_command
from needs import skip_without
from pdk_files import pdk_files
from process_family import wait_for
from slurm_cluster import called, can_be_had, slurm

from flow.common.errors import StepError
from flow.history.database import open_history
from flow.history.runs import all_runs
from flow.pipeline import run_pool
from flow.pipeline.run_pool import Progress, open_client, open_runs
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
def cluster(tmp_path):
    if importlib.util.find_spec("distributed") is None or importlib.util.find_spec("dask_jobqueue") is None:
        skip_without("cluster")
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
    monkeypatch.setattr(run_pool, "CONNECT_LIMIT_S", 1)
    with pytest.raises(Exception, match="cannot be used"), open_client(cluster.address, 1, 1):
        pass


@pytest.mark.slow
def test_a_cluster_s_runs_are_those_of_this_machine_and_the_next_ones_are_not_made_again(tmp_path, cluster):
    for _ in range(2):
        cluster.worker()
    lines = []
    chosen = [settings(tmp_path, fraction_bits=bits) for bits in (8, 9)]
    with open_runs(cluster.address, 2, 1, 2, lines.append) as run_at:
        results = [run_at(each) for each in chosen]
        assert [run_at(each).finished_at for each in chosen] == [result.finished_at for result in results]
    assert lines[1].startswith("2 done, 0 failed")
    here = settings(tmp_path / "here", fraction_bits=8)
    with open_runs("local", 1, 1, 1, print) as run_at:
        assert run_at(here).sha256 == results[0].sha256


@pytest.mark.slow
def test_a_killed_worker_s_run_is_made_elsewhere_and_three_losses_fail_it(tmp_path, cluster):
    workers = [psutil.Process(cluster.worker().pid) for _ in range(2)]
    outcome = {}

    def make(name, chosen):
        try:
            with open_runs(cluster.address, 1, 1, 1, print) as run_at:
                outcome[name] = run_at(chosen)
        except StepError as error:
            outcome[name] = error

    def busy():
        return [worker for worker in workers if worker.is_running() and under(worker, "run.py")]

    thread = threading.Thread(target=make, args=("lost once", settings(tmp_path)))
    thread.start()
    wait_for(busy, "a run on a worker")[0].kill()
    thread.join(300)
    assert outcome["lost once"].depth == "verilog"
    workers = [psutil.Process(cluster.worker().pid) for _ in range(2)] + workers
    thread = threading.Thread(target=make, args=("lost thrice", settings(tmp_path, fraction_bits=7)))
    thread.start()
    for _ in range(3):
        victim = wait_for(busy, "a run on a worker")[0]
        victim.kill()
        workers.remove(victim)
    thread.join(300)
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
    wait_for(lambda: not first_run.is_running() or first_run.status() == "zombie", "end of it", limit_s=200)
    (result,) = tmp_path.glob("b/expmul/*/result-verilog.json")
    finished_at = json.loads(result.read_text(encoding="utf-8"))["finished_at"]
    assert again.wait(200) in (0, 1)  # 1: the gate misses nothing else of a run to verilog
    (run,) = all_runs(open_history(str(tmp_path / "h.db")))
    assert run["finished_at"] == finished_at


@pytest.fixture
def slurm_here(monkeypatch):
    """A Slurm of two virtual nodes; its commands find it by the environment."""
    if not can_be_had():
        skip_without("slurm")
    if importlib.util.find_spec("dask_jobqueue") is None:
        skip_without("cluster")
    with slurm() as environment:
        monkeypatch.setenv("SLURM_CONF", environment["SLURM_CONF"])
        yield environment


@pytest.mark.slow
def test_slurm_makes_the_runs_and_one_whose_job_is_cancelled_is_made_by_another(tmp_path, slurm_here):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    chosen = [settings(tmp_path, fraction_bits=bits) for bits in (8, 9)]
    lines, results = [], []
    jobs = ["squeue", "-h", "-t", "running", "-o", "%i"]
    with open_runs("slurm", 2, 1, 2, lines.append) as run_at, ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run_at, each) for each in chosen]
        wait_for(
            lambda: any((each.folder / "run-pool.lock").exists() for each in chosen), "a run", limit_s=120
        )
        subprocess.run(["scancel", called(jobs, slurm_here).split()[0]], env=slurm_here, check=True)
        results = [future.result(300) for future in futures]
    assert lines[-1].startswith("2 done, 0 failed")
    wait_for(lambda: not called(["squeue", "-h"], slurm_here), "end of the workers' jobs")
    here = settings(tmp_path / "here", fraction_bits=8)
    with open_runs("local", 1, 1, 1, print) as run_at:
        assert run_at(here).sha256 == results[0].sha256


def test_a_batch_system_s_library_leaves_the_command_its_signals():
    if importlib.util.find_spec("dask_jobqueue") is None:
        skip_without("cluster")
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
