import json

import pytest
from flow_command import assert_one_line, run_command, run_flow

from flow.history.database import open_history
from flow.history.runs import all_runs
from flow.record.metrics import METRICS, measured_at

WORDS = ("--design", "expmul", "--format", "e4m3", "--lanes", "1", "--to", "place", "--jobs", "1")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("build")


@pytest.mark.slow
def test_a_missed_clock_is_the_last_line_and_with_strict_a_failure_that_keeps_the_result(out):
    done = run_flow(*WORDS, "--clock", "0.05", out=out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("missed: setup slack -")
    (path,) = out.glob("expmul/*/result-place.json")
    path.unlink()
    strict = run_flow(*WORDS, "--clock", "0.05", "--strict", "--json", out=out)
    assert strict.returncode == 1
    assert "missed: setup slack -" in strict.stderr.splitlines()[-1]
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result == json.loads(strict.stdout)
    has = {metric.name for metric in METRICS if result["metrics"][metric.name] is not None}
    assert has == {metric.name for metric in measured_at("place")}


@pytest.mark.slow
def test_a_suite_of_placements_passes_the_gate_and_a_missed_clock_fails_it(tmp_path):
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
        tmp_path / "build",
        "--jobs",
        "1",
    ]
    suite.write_text(entry, encoding="utf-8")
    met = run_command("nightly.py", *words)
    assert met.returncode == 0, met.stderr
    assert "| PASS |" in met.stdout
    assert "ERROR" not in met.stdout
    suite.write_text(entry + "clock_ns = 0.05\n", encoding="utf-8")
    missed = run_command("nightly.py", *words)
    assert_one_line(missed, 1, "step gate failed")
    assert "done; missed: setup slack -" in missed.stdout
    runs = all_runs(open_history(str(tmp_path / "h.db")))
    assert [run["depth"] for run in runs] == ["place", "place"]
