"""A clock that a layout misses: the one that every step ran at, what is said of it, what becomes of it."""

import json
import re

import pytest
from flow_command import assert_one_line, run_command, run_flow

from flow.history.database import open_history
from flow.history.runs import all_runs
from flow.record.metrics import METRICS, measured_at

WORDS = ("--design", "expmul", "--format", "e4m3", "--lanes", "1", "--to", "place", "--jobs", "1")
# Far too short; a number of which no step may keep a part alone.
CLOCK_NS = 0.05123456789


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def missed(build):
    """What the command says that places a small operator at a clock it cannot keep."""
    done = run_flow(*WORDS, "--clock", CLOCK_NS, out=build)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_step_runs_at_the_clock_that_is_recorded(build, missed):
    (path,) = build.glob("expmul/*/result-place.json")
    assert json.loads(path.read_text(encoding="utf-8"))["clock_ns"] == CLOCK_NS
    periods = [
        float(period)
        for path in build.rglob("*.sdc")
        for period in re.findall(r"create_clock.* -period ([\d.]+)", path.read_text(encoding="utf-8"))
    ]
    assert len(periods) > 5
    # OpenSTA computes with single precision.
    assert periods == pytest.approx([CLOCK_NS] * len(periods), rel=2**-23)


def test_a_missed_clock_is_the_last_line_and_with_strict_a_failure_that_keeps_the_result(build, missed):
    assert missed.splitlines()[-1].startswith("missed: setup slack -")
    (path,) = build.glob("expmul/*/result-place.json")
    path.unlink()
    strict = run_flow(*WORDS, "--clock", CLOCK_NS, "--strict", "--json", out=build)
    assert strict.returncode == 1
    assert "missed: setup slack -" in strict.stderr.splitlines()[-1]
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result == json.loads(strict.stdout)
    has = {metric.name for metric in METRICS if result["metrics"][metric.name] is not None}
    assert has == {metric.name for metric in measured_at("place")}


@pytest.mark.slow
def test_a_suite_of_placements_passes_the_gate_and_a_missed_clock_fails_it(build, missed, tmp_path):
    suite = tmp_path / "suite.toml"
    entry = '[[run]]\ndesign = "expmul"\nparameters = { format = "e4m3", lanes = 1 }\nto = "place"\n'
    words = [
        "--suite",
        suite,
        "--db",
        tmp_path / "h.db",
        "--page",
        tmp_path,
        "--out",
        build,
        "--jobs",
        "1",
    ]
    suite.write_text(entry, encoding="utf-8")
    met = run_command("nightly.py", *words)
    assert met.returncode == 0, met.stderr
    assert "| PASS |" in met.stdout
    assert "ERROR" not in met.stdout
    suite.write_text(entry + f"clock_ns = {CLOCK_NS}\n", encoding="utf-8")
    failed = run_command("nightly.py", *words)
    assert_one_line(failed, 1, "step gate failed")
    assert "; missed: setup slack -" in failed.stdout
    runs = all_runs(open_history(str(tmp_path / "h.db")))
    assert [run["depth"] for run in runs] == ["place", "place"]
