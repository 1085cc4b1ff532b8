"""Nothing outlives the command that started it: real processes, really killed."""

import fcntl
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from flow_command import ROOT, assert_one_line, command, result_of
from pdk_files import pdk_files
from process_family import LIMIT_S, assert_gone, command_of, family, running, wait_for

from flow.common.lock import locked
from flow.common.processes import supervised
from flow.history.database import open_history
from flow.history.runs import all_runs

TINY = ("--design", "expmul", "--format", "e4m3", "--lanes", "1", "--to", "synth", "--jobs", "1")
# Large enough to be caught in synthesis.
KERNEL = ("--design", "fa2_expmul", "--set", "d=16", "--to", "synth", "--jobs", "1")
SUITE = """[[run]]
design = ["fa2_expmul", "expmul"]
parameters = {{ format = "e4m3" }}
pdk = "nangate45"
to = "{depth}"
"""


@pytest.fixture(autouse=True)
def end_what_is_left(tmp_path):
    yield
    for process in family(tmp_path):
        process.kill()


@pytest.fixture
def start(tmp_path):
    """Start a command with files for what it prints, as the leader of a session."""

    def starter(words, **options):
        with (
            (tmp_path / "stdout").open("w", encoding="utf-8") as output,
            (tmp_path / "stderr").open("w", encoding="utf-8") as errors,
        ):
            return subprocess.Popen(
                list(map(str, words)),
                cwd=ROOT,
                stdout=output,
                stderr=errors,
                start_new_session=True,
                **options,
            )

    return starter


def is_free(lock):
    with lock.open(encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def nightly(tmp_path, depth):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    suite = tmp_path / "suite.toml"
    suite.write_text(SUITE.format(depth=depth), encoding="utf-8")
    words = ["--suite", suite, "--db", tmp_path / "h.db", "--page", tmp_path, "--out", tmp_path / "b"]
    return [sys.executable, "flow/nightly.py", *words]


def compare(tmp_path):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    words = ["--to", "synth", "--reports", tmp_path / "r", "--out", tmp_path / "b", "--jobs", 2]
    return [sys.executable, "flow/compare.py", *words]


def backfill(tmp_path):
    words = ["--suite", tmp_path / "suite.toml", "--out", tmp_path / "b", "HEAD"]
    nightly(tmp_path, "synth")
    return [sys.executable, "flow/track.py", "--db", tmp_path / "h.db", "backfill", *words]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_leaves_no_process_and_no_lock_whatever_ends_it(tmp_path, start, number):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    run = start(command(*KERNEL, out=tmp_path / "b"))
    wait_for(lambda: running(tmp_path, "yosys_synthesis"), "synthesis")
    (lock,) = tmp_path.glob("b/fa2_expmul/*/lock")
    assert not is_free(lock)
    assert len(family(tmp_path)) >= 4, "run, manager, step and program"
    run.send_signal(number)
    code = run.wait(timeout=LIMIT_S)
    assert is_free(lock)
    assert_gone(tmp_path)
    if number == signal.SIGKILL:
        assert code == -number
        return
    assert code == 130
    said = (tmp_path / "stderr").read_text(encoding="utf-8")
    assert (
        said
        == f"run.py: error: ended by {number.name}; the same command goes on from the last finished step\n"
    )


def test_a_terminal_that_hangs_up_ends_a_run_as_well(tmp_path, start):
    run = start(command(*KERNEL, out=tmp_path / "b"))
    wait_for(lambda: running(tmp_path, "yosys_synthesis"), "synthesis")
    # A terminal's SIGHUP goes to every process of the session.
    os.killpg(run.pid, signal.SIGHUP)
    assert run.wait(timeout=LIMIT_S) == 130
    assert_gone(tmp_path)
    assert "ended by SIGHUP" in (tmp_path / "stderr").read_text(encoding="utf-8")


def test_a_run_without_a_terminal_goes_on_after_sighup(tmp_path, start):
    words = command("--design", "expmul", "--to", "verilog", out=tmp_path / "b")
    run = start(["nohup", *words])
    wait_for(lambda: list(tmp_path.glob("b/expmul/*/lock")), "run")
    run.send_signal(signal.SIGHUP)
    assert run.wait(timeout=LIMIT_S) == 0
    assert list(tmp_path.glob("b/expmul/*/result-verilog.json"))


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (nightly, signal.SIGKILL),
        (nightly, signal.SIGHUP),
        (compare, signal.SIGKILL),
        (compare, signal.SIGTERM),
        (backfill, signal.SIGKILL),
        (backfill, signal.SIGTERM),
    ],
)
def test_a_sweep_ends_with_all_its_runs(tmp_path, start, make, number):
    words = make(tmp_path, "synth") if make is nightly else make(tmp_path)
    sweep = start(words)
    wait_for(lambda: running(tmp_path, "yosys_synthesis"), "synthesis")
    sweep.send_signal(number)
    code = sweep.wait(timeout=LIMIT_S)
    assert_gone(tmp_path)
    assert all(is_free(lock) for lock in tmp_path.glob("b/**/*lock"))
    if number == signal.SIGKILL:
        assert code == -number
    else:
        assert code == 130
        assert f"ended by {number.name}" in (tmp_path / "stderr").read_text(encoding="utf-8")
        assert not list(tmp_path.glob("b/backfill/*/tree"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nightly_reports_a_killed_run_by_the_signal_and_goes_on(tmp_path, start, number):
    sweep = start(nightly(tmp_path, "verilog"))
    (run,) = wait_for(
        lambda: [
            process
            for process in running(tmp_path, "fa2_expmul")
            if "supervise.py" not in " ".join(command_of(process))
            and list(tmp_path.glob("b/fa2_expmul/*/lock"))
        ][:1],
        "run",
    )
    run.send_signal(number)
    assert sweep.wait(timeout=LIMIT_S) == 1
    word = "killed" if number == signal.SIGKILL else "ended"
    assert f"failed: step run failed: {word} by {number.name}" in (tmp_path / "stdout").read_text(
        encoding="utf-8"
    )
    assert "1 of 2 runs: fa2_expmul" in (tmp_path / "stderr").read_text(encoding="utf-8")
    assert f"{word} by {number.name}" in (tmp_path / "stderr").read_text(encoding="utf-8")
    assert [run["design"] for run in all_runs(open_history(str(tmp_path / "h.db")))] == ["expmul"]
    assert_gone(tmp_path)


def test_a_run_ends_when_its_manager_has_been_killed(tmp_path, start):
    run = start(command(*TINY, out=tmp_path / "b"))
    wait_for(lambda: running(tmp_path, "yosys_synthesis"), "synthesis")
    # SiliconCompiler's manager is forked first.
    manager = min(psutil.Process(run.pid).children(), key=psutil.Process.create_time)
    manager.kill()
    run.wait(timeout=LIMIT_S)
    assert_gone(tmp_path)
    assert result_of(*TINY, out=tmp_path / "b")["metrics"]["cells"] > 0


GRANDCHILDREN = """
import subprocess, sys, time
# A program that starts another, which hears no signal, and hands it the pipe.
subprocess.Popen([sys.executable, "-c", {deaf!r}, {mark!r}])
print("ready", flush=True)
{last}
"""
DEAF = "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(600)"


def program(tmp_path, last):
    return [sys.executable, "-c", GRANDCHILDREN.format(deaf=DEAF, mark=str(tmp_path), last=last)]


@pytest.mark.parametrize(
    ("last", "code"),
    [("", 0), ("sys.exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9), ("os = 1; os.x()", 1)],
)
def test_a_supervised_program_leaves_as_it_did_and_takes_all_it_started_along(tmp_path, last, code):
    # Reading the pipe to its end would wait for the grandchild, were it still there.
    done = subprocess.run(
        supervised(program(tmp_path, last)), capture_output=True, text=True, timeout=LIMIT_S, encoding="utf-8"
    )
    assert done.returncode == code
    assert done.stdout == "ready\n"
    assert_gone(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_supervised_program_ends_with_its_supervisor(tmp_path, start, number):
    supervisor = start(supervised(program(tmp_path, "time.sleep(600)")))
    wait_for(lambda: (tmp_path / "stdout").read_text(encoding="utf-8"), "program")
    (child,) = psutil.Process(supervisor.pid).children()
    supervisor.send_signal(number)
    assert supervisor.wait(timeout=LIMIT_S) == -number
    wait_for(lambda: not child.is_running(), "end of the program")
    if number == signal.SIGTERM:
        assert_gone(tmp_path)


def test_a_program_that_is_not_there_is_one_line():
    done = subprocess.run(supervised(["/no/such/program"]), capture_output=True, text=True, encoding="utf-8")
    assert_one_line(done, 127, "/no/such/program: No such file")


def test_a_lock_is_free_when_its_owner_has_been_killed_and_a_forked_process_lives_on(tmp_path):
    path = tmp_path / "lock"
    reader, writer = os.pipe()
    owner = os.fork()
    if owner == 0:
        with locked(path, wait=False):
            if os.fork() == 0:
                os.write(writer, str(os.getpid()).encode())
            time.sleep(600)
    grandchild = int(os.read(reader, 32))
    try:
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
        os.kill(owner, signal.SIGKILL)
        os.waitpid(owner, 0)
        with locked(path, wait=False):
            assert psutil.pid_exists(grandchild)
    finally:
        os.kill(grandchild, signal.SIGKILL)


POOLS = """
import multiprocessing, sys
from flow.common.processes import watch
watch()
for _ in range(300):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(abs, [1])
"""


def test_a_pool_of_forked_processes_always_ends(tmp_path):
    # Where they inherit a handler of Python's for SIGTERM, one of some dozens waits for ever.
    subprocess.run([sys.executable, "-c", POOLS], cwd=ROOT, check=True, timeout=LIMIT_S)
