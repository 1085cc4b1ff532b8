import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chromium import open_page
from flow_command import ROOT, run_command
from history_runs import metrics, row
from pdk_files import pdk_root
from process_family import wait_for

from flow.common.errors import UserError
from flow.history.dashboard import write_dashboard
from flow.history.database import SCHEMA_VERSION, database_url, open_history, shown
from flow.history.drift import find_step
from flow.history.exchange import export_runs, import_runs
from flow.history.gate import (
    BASELINE_RUNS,
    ERROR,
    FAIL,
    INCONCLUSIVE,
    PASS,
    check_run,
    gate_markdown,
    overall,
    read_gates,
    seed_spread_percent,
)
from flow.history.runs import add_run, add_runs, all_runs, recorded, row_of
from flow.history.suite import SUITES_DIR, read_suite
from flow.record.metrics import ALL_METRICS, AT_CORNERS, BY_NAME, METRICS
from flow.record.result import Metrics, read_result

GATES = read_gates()
TINY = """[[run]]
design = ["expmul", "separate_exp_mul"]
parameters = { format = "e3m2", lanes = 1 }
pdk = "nangate45"
to = "synth"
"""


@pytest.fixture
def history(tmp_path):
    """Path of an empty history."""
    path = tmp_path / "history.db"
    open_history(str(path)).dispose()
    return path


def verdicts(target, earlier, spread=None):
    return {check.metric: check.verdict for check in check_run(target, earlier, GATES, spread or {})}


def test_every_metric_of_a_result_is_in_the_registry_once():
    others = {"power_activity", "core_area_um2"}
    assert {metric.name for metric in METRICS} == set(Metrics.model_fields) - others
    assert len(BY_NAME) == len(ALL_METRICS) == len(METRICS) + 3 * len(AT_CORNERS)


def test_a_kept_result_becomes_a_row_that_is_recorded_once(history):
    result = read_result(next((ROOT / "reports" / "results").glob("*/*/result.json")))
    engine = open_history(str(history))
    assert add_run(engine, row_of(result))
    assert not add_run(engine, row_of(result))
    (run,) = all_runs(engine)
    assert run["metrics"]["cell_area_um2"] == result.metrics.cell_area_um2
    assert run["artefacts_sha256"] == result.sha256
    assert run["tool_versions"] == result.tool_versions


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_export_and_import_keep_every_run(history, tmp_path, suffix):
    engine = open_history(str(history))
    for number in range(3):
        add_run(engine, row(number, metrics(100 + number), dirty=number == 1))
    path = tmp_path / f"runs{suffix}"
    export_runs(all_runs(engine), path)
    other = open_history(str(tmp_path / "other.db"))
    assert import_runs(other, path) == (3, 0)
    assert import_runs(other, path) == (0, 3)
    assert [{**run, "id": 0} for run in all_runs(other)] == [{**run, "id": 0} for run in all_runs(engine)]
    if suffix == ".jsonl":
        assert '"design__instance__area__stdcell": 100,' in path.read_text(encoding="utf-8")


def test_a_history_of_the_first_schema_is_brought_up_to_date(tmp_path):
    path = tmp_path / "old.db"
    open_history(str(path)).dispose()
    with sqlite3.connect(path) as old:
        for column in ("group_areas_um2", "layout", "optimised_corners", "synthesis"):
            old.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        old.execute("UPDATE expmul_schema SET version = 1")
    engine = open_history(str(path))
    assert add_run(engine, row(1, metrics()))
    assert all_runs(engine)[0]["layout"]
    with sqlite3.connect(path) as new:
        assert new.execute("SELECT version FROM expmul_schema").fetchall() == [(SCHEMA_VERSION,)]


def test_what_is_no_history_is_one_line_and_stays_as_it_is(tmp_path):
    garbage, foreign, newer = (tmp_path / name for name in ("garbage.db", "foreign.db", "newer.db"))
    garbage.write_text("not a database at all\n" * 100, encoding="utf-8")
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    open_history(str(newer)).dispose()
    with sqlite3.connect(newer) as future:
        future.execute(f"UPDATE expmul_schema SET version = {SCHEMA_VERSION + 1}")
    cases = {
        garbage: "is not a history of this project",
        foreign: "holds something else: tables recipes",
        newer: "update the project",
        tmp_path: "is a folder",
        tmp_path / "none.db": "no history at",
    }
    for path, message in cases.items():
        before = path.read_bytes() if path.is_file() else None
        done = run_command("track.py", "--db", path, "list")
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
        assert before is None or path.read_bytes() == before


def test_a_server_that_does_not_answer_is_one_line_without_the_password():
    done = run_command("track.py", "--db", "postgresql://me:secret@127.0.0.1:1/x", "list")
    assert done.returncode == 2
    assert "127.0.0.1" in done.stderr
    assert "secret" not in done.stderr
    assert shown("postgresql://me:secret@host/x") == "postgresql://me@host/x"
    assert database_url("runs.db") == "sqlite:///runs.db"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "does not hold runs"),
        ("[1]\n", "a line is not an object"),
        ('{"design": "x"}\n', "run 1: no identity"),
    ],
)
def test_an_import_of_something_else_adds_nothing(history, tmp_path, content, message):
    path = tmp_path / "runs.jsonl"
    path.write_text(content, encoding="utf-8")
    engine = open_history(str(history))
    with pytest.raises(UserError, match=message):
        import_runs(engine, path)
    assert not all_runs(engine)


def test_an_empty_history_is_one_line(history):
    for command in (["list"], ["check"], ["export", history.with_name("x.csv")]):
        done = run_command("track.py", "--db", history, *command)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "is empty" in done.stderr


def test_gate_lets_pass_what_stays_in_its_band_and_stops_what_does_not():
    earlier = [row(number, metrics()) for number in range(3)]
    assert set(verdicts(row(9, metrics(100.9)), earlier).values()) == {PASS}
    assert verdicts(row(9, metrics(101.1)), earlier)["cell_area_um2"] == FAIL
    assert verdicts(row(9, metrics(50.0)), earlier)["cell_area_um2"] == PASS
    assert verdicts(row(9, metrics(power_total_w=1.021e-3)), earlier)["power_total_w"] == FAIL
    assert verdicts(row(9, metrics(fmax_mhz=195.0)), earlier)["fmax_mhz"] == FAIL
    assert verdicts(row(9, metrics(fmax_mhz=260.0)), earlier)["fmax_mhz"] == PASS


def test_limits_hold_without_any_baseline():
    for broken in (
        {"drc_errors": 1},
        {"failed_checks": 1},
        {"setup_slack_ns": -0.001},
        {"hold_slack_ns": -0.2},
    ):
        (name,) = broken
        verdict_of = verdicts(row(9, metrics(**broken)), [])
        assert verdict_of[name] == FAIL
        assert verdict_of["cell_area_um2"] == INCONCLUSIVE


def test_other_tools_are_inconclusive_and_a_missing_metric_is_an_error():
    earlier = [row(0, metrics(), tools={"pyosys": "0.1"})]
    assert verdicts(row(9, metrics(200.0)), earlier)["cell_area_um2"] == INCONCLUSIVE
    lacking = metrics()
    del lacking["power_total_w"]
    checks = check_run(row(9, lacking), [row(0, metrics())], GATES, {})
    assert overall(checks) == ERROR
    assert overall([]) == INCONCLUSIVE


def test_a_run_to_a_lesser_depth_is_not_asked_for_what_it_cannot_have():
    assert verdicts(row(9, {"cell_area_um2": 1.0}, depth="synth"), []) == {"cell_area_um2": INCONCLUSIVE}


def test_baseline_moves_with_the_last_runs_and_other_configurations_do_not_count():
    earlier = [row(number, metrics(100.0 if number < 10 else 120.0)) for number in range(10 + BASELINE_RUNS)]
    earlier.append(row(20, metrics(10.0), design="separate_exp_mul"))
    assert verdicts(row(25, metrics(121.0)), earlier)["cell_area_um2"] == PASS


def test_bands_are_never_tighter_than_what_a_seed_does():
    earlier = [row(0, metrics())]
    spread = {("expmul", "cell_area_um2"): 3.0}
    assert verdicts(row(9, metrics(102.5)), earlier, spread)["cell_area_um2"] == PASS
    kept = ROOT / "reports" / "results" / "fa2_expmul"
    results = [
        read_result(path) for path in kept.glob("nangate45_e4m3_d16_with_key_*_5ns*/result-synth.json")
    ]
    areas = [result.metrics.cell_area_um2 for result in results]
    assert len(areas) == 3
    measured = seed_spread_percent(results)[("fa2_expmul", "cell_area_um2")]
    assert measured == pytest.approx(100 * np.ptp(areas) / np.median(areas))


def test_gate_table_puts_the_worst_first():
    checks = check_run(row(9, metrics(130.0, drc_errors=2)), [row(0, metrics())], GATES, {})
    lines = gate_markdown(checks).splitlines()
    assert lines[0] == "**FAIL**"
    assert lines[4].endswith("| FAIL |")
    assert "| +30.00 % | 1.00 % | FAIL |" in gate_markdown(checks)


@pytest.mark.parametrize("percent", [-0.6, 0.6])
def test_drift_too_slow_for_the_band_is_found_where_it_begins(percent):
    quiet = 100 + 0.02 * np.sin(np.arange(12) * 2.4)
    assert find_step(quiet.tolist()) is None
    drifting = np.concatenate([quiet, 100 + percent * np.arange(1, 9)])
    step = find_step(drifting.tolist())
    assert step is not None
    assert 11 <= step.index <= 13
    assert np.sign(step.percent) == np.sign(percent)


@pytest.mark.parametrize("first", [95.0, 105.0])
@pytest.mark.parametrize("later", [99.0, 101.0])
def test_an_outlying_first_run_hides_no_later_step(first, later):
    step = find_step([first] + [100.0] * 10 + [later] * 60)
    assert step is not None
    assert (step.index, step.percent) == (11, pytest.approx(later - 100))


def test_runs_are_in_the_order_of_time_whatever_the_committers_zone(history):
    engine = open_history(str(history))
    for number, date in enumerate(("2026-11-01T23:00:00-08:00", "2026-11-02T01:00:00+00:00")):
        add_run(engine, row(number, metrics()) | {"committed_at": date})
    assert [run["committed_at"][-6:] for run in all_runs(engine)] == ["+00:00", "-08:00"]


def test_identical_runs_have_no_step_and_few_runs_are_not_judged():
    assert find_step([5.0] * 40) is None
    assert find_step([1.0, 2.0, 3.0]) is None
    assert find_step([100.0] * 8 + [101.0] * 4).index == 8


def test_suites_of_the_project_are_valid_and_a_wrong_one_is_one_line(tmp_path):
    for path in SUITES_DIR.glob("*.toml"):
        assert len(read_suite(path.stem, tmp_path, 1)) >= 4
    for content, message in (
        ('[[run]]\ndesign = "expmull"', "run 1: unknown design 'expmull': did you mean 'expmul'"),
        ('[[run]]\ndesign = "expmul"\nlanes = 3', "unknown key 'lanes'"),
        ("run = 3", "an entry needs a design"),
        ("[[", "is not a suite"),
    ):
        path = tmp_path / "suite.toml"
        path.write_text(content, encoding="utf-8")
        done = run_command("nightly.py", "--suite", path, "--db", tmp_path / "h.db")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert message in done.stderr
        assert not (tmp_path / "h.db").exists()


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_index_filters_without_a_console_error(tmp_path):
    runs = [row(number, metrics(100 + number % 3)) for number in range(12)]
    runs += [row(number, metrics(40.0), design="separate_exp_mul") for number in range(3)]
    engine = open_history(str(tmp_path / "h.db"))
    add_runs(engine, runs)
    index = write_dashboard(engine, tmp_path / "page", ROOT / "reports")
    before = files_of(tmp_path / "page")
    assert write_dashboard(engine, tmp_path / "page", ROOT / "reports") == index
    assert files_of(tmp_path / "page") == before
    ask = """const shown = () => [...document.querySelectorAll("section")].filter(one => !one.hidden).length;
    const all = shown(), choice = document.getElementById("design");
    choice.value = "separate_exp_mul"; choice.dispatchEvent(new Event("change"));
    return all + " " + shown();"""
    opened = open_page(index, question=ask)
    assert (opened.console, opened.answer) == ((), "2 1")


def nightly(suite, tmp_path, **options):
    words = ["--suite", suite, "--db", tmp_path / "h.db", "--page", tmp_path, "--out", tmp_path / "b"]
    command = [sys.executable, "flow/nightly.py", *map(str, words)]
    return command, {"cwd": ROOT, "text": True, **options}


def entries(path):
    return [(run["design"], run["metrics"]["cell_area_um2"]) for run in all_runs(open_history(str(path)))]


@pytest.mark.slow
def test_nightly_goes_on_after_a_failing_entry_and_leaves_with_1(tmp_path):
    suite = tmp_path / "suite.toml"
    broken = '[[run]]\ndesign = "expmul"\nparameters = { lanes = 1 }\npdk = "sky130"\nto = "synth"\n'
    suite.write_text(broken + TINY.replace('["expmul", "separate_exp_mul"]', '"expmul"'), encoding="utf-8")
    root = tmp_path / "pdk"
    nangate = Path("lambdapdk/freepdk45")
    (root / nangate).parent.mkdir(parents=True)
    (root / nangate).symlink_to(pdk_root() / nangate)
    command, options = nightly(suite, tmp_path, capture_output=True, check=False)
    done = subprocess.run([*command, "--pdk-root", str(root)], **options)
    assert done.returncode == 1
    assert "1 of 2 runs" in done.stderr
    assert "does not hold sky130" in done.stderr
    assert [name for name, _ in entries(tmp_path / "h.db")] == ["expmul"]
    assert (tmp_path / "dashboard.html").exists()


@pytest.mark.slow
def test_two_nightlies_at_once_record_each_run_once_and_a_third_runs_nothing(tmp_path):
    suite = tmp_path / "suite.toml"
    suite.write_text(TINY, encoding="utf-8")
    command, options = nightly(suite, tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    both = [subprocess.Popen(command, **options) for _ in range(2)]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted(name for name, _ in entries(tmp_path / "h.db")) == ["expmul", "separate_exp_mul"]


@pytest.mark.slow
def test_nightlies_killed_one_after_the_other_leave_a_whole_history_and_the_next_completes_it(tmp_path):
    suite = tmp_path / "suite.toml"
    suite.write_text(TINY, encoding="utf-8")
    command, options = nightly(suite, tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for design, reached in (
        ("expmul", "lock"),
        ("expmul", "steps/synthesis/0"),
        ("separate_exp_mul", "lock"),
        ("separate_exp_mul", "steps/synthesis/0"),
    ):
        killed = subprocess.Popen(command, start_new_session=True, **options)
        sign = f"b/{design}/*/{reached}"
        wait_for(lambda sign=sign: list(tmp_path.glob(sign)), sign)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        recorded = [name for name, _ in entries(tmp_path / "h.db")]
        assert len(recorded) == len(set(recorded))
        assert design == "expmul" or "expmul" in recorded
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert sorted(name for name, _ in entries(tmp_path / "h.db")) == ["expmul", "separate_exp_mul"]


@pytest.mark.slow
def test_postgresql_holds_the_same_history(postgresql, tmp_path):
    engine = open_history(postgresql)
    rows = [row(number, metrics(100 + number)) for number in range(4)]
    assert [add_run(engine, run) for run in [*rows, rows[0]]] == [True] * 4 + [False]
    assert recorded(engine, rows[0]["configuration"], rows[0]["revision"])
    sqlite = open_history(str(tmp_path / "h.db"))
    export_runs(all_runs(engine), tmp_path / "runs.jsonl")
    assert import_runs(sqlite, tmp_path / "runs.jsonl") == (4, 0)
    assert [{**run, "id": 0} for run in all_runs(sqlite)] == [{**run, "id": 0} for run in all_runs(engine)]
    done = run_command("track.py", "--db", postgresql, "check")
    assert done.returncode == 1, done.stderr  # the area has grown by 1.5 % over the median
    assert "**FAIL**" in done.stdout


@pytest.mark.slow
def test_git_bisect_finds_the_commit_that_adds_a_register_stage(tmp_path):
    tree = tmp_path / "scratch"
    tree.mkdir()
    for name in ("flow", "hdl", "pdk_configs"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / ".gitignore").write_text("__pycache__/\nbuild/\n", encoding="utf-8")
    suite, database = tmp_path / "suite.toml", tmp_path / "h.db"
    suite.write_text(TINY.replace('["expmul", "separate_exp_mul"]', '"expmul"'), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tree)}
    if (ROOT.parent / "shared" / "pdk").is_dir() and "EXPMUL_PDK_ROOT" not in environment:
        environment["EXPMUL_PDK_ROOT"] = str(ROOT.parent / "shared" / "pdk")

    def call(*words):
        return subprocess.run(
            words, cwd=tree, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
        )

    def commit(subject):
        call("git", "add", "-A")
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        assert call("git", *identity, "commit", "-q", "-m", subject).returncode == 0
        return call("git", "rev-parse", "HEAD").stdout.strip()

    call("git", "init", "-q")
    source = tree / "hdl" / "operators" / "expmul.py"
    good = commit("Good")
    commits = {}
    for number in range(5):
        if number == 2:
            source.write_text(add_register_stage(source.read_text(encoding="utf-8")), encoding="utf-8")
        with (tree / "NOTES").open("a", encoding="utf-8") as notes:
            notes.write(f"{number}\n")
        commits[number] = commit(f"Change {number}")
    judge = [
        sys.executable, "flow/track.py", "--db", str(database), "judge", "--suite", str(suite),
        "--against", good, "--out", str(tmp_path / "b"),
    ]  # fmt: skip
    call("git", "checkout", "-q", good)
    recorded_good = call(*judge)
    assert recorded_good.returncode == 0, recorded_good.stderr
    call("git", "bisect", "start", commits[4], good)
    bisected = call("git", "bisect", "run", *judge)
    assert f"{commits[2]} is the first bad commit" in bisected.stdout, bisected.stdout + bisected.stderr


def add_register_stage(source):
    """The operator's source with one more register rank at its output."""
    stage = '    register_x = register(clk, x, x_held, width=width, instance="register_x")\n'
    two_stages = (
        "    x_early = Signal(intbv(0)[width:])\n"
        '    register_x0 = register(clk, x, x_early, width=width, instance="register_x0")\n'
    ) + stage.replace("(clk, x,", "(clk, x_early,")
    assert stage in source
    return source.replace(stage, two_stages)


def test_the_committed_dashboard_is_that_of_the_committed_history_of_real_runs(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    import_runs(engine, ROOT / "reports" / "history.jsonl")
    assert len({run["revision"] for run in all_runs(engine)}) >= 10
    layouts = Path("dashboard") / "layouts"
    shutil.copytree(ROOT / "reports" / layouts, tmp_path / "page" / layouts)
    page = write_dashboard(engine, tmp_path / "page", ROOT / "reports")
    assert page.read_bytes() == (ROOT / "reports" / "dashboard.html").read_bytes()
    assert files_of(tmp_path / "page" / "dashboard") == files_of(ROOT / "reports" / "dashboard")
