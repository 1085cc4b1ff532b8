import json
import math

import pytest
from flow_command import ROOT, assert_one_line, run_command
from history_runs import metrics, row

from flow.common.errors import StepError, UserError
from flow.common.numeric import change_percent, is_number, read_number, signed_percent
from flow.formats.sdf import _value
from flow.history.dashboard import write_dashboard
from flow.history.database import open_history
from flow.history.drift import find_step
from flow.history.exchange import export_runs, import_runs
from flow.history.gate import ERROR, FAIL, PASS, check_run, gate_markdown, read_gates
from flow.history.runs import add_run, all_runs
from flow.history.trends import trend
from flow.pipeline.measure_layout import measured
from flow.pipeline.measure_power import read_power
from flow.record.depths import DEPTH_NAMES, DEPTHS
from flow.record.metrics import BY_NAME, METRICS, measured_at
from flow.record.misses import missed
from flow.record.result import Metrics, read_result
from flow.record.settings import make_settings

GATES = read_gates()
NOT_FINITE = [math.nan, -math.nan, math.inf, -math.inf]


def verdicts(target, earlier, spread=None):
    return {check.metric: check.verdict for check in check_run(target, earlier, GATES, spread or {})}


@pytest.mark.parametrize("text", ["-NaN", "nan", "-nan(ind)", "inf", "-Infinity", "1e+39", "", None, "N/A"])
def test_what_a_tool_gives_for_no_number_is_none(text):
    assert read_number(text) is None


def test_a_number_is_finite_and_no_truth_value():
    assert all(map(is_number, (0, -1, 2.5, 10**300)))
    assert not any(map(is_number, (*NOT_FINITE, True, None, "1", 10**400)))


@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_metric_that_is_not_finite_is_an_error_in_the_gate(value):
    earlier = [row(number, metrics()) for number in range(3)]
    for name in ("power_total_w", "setup_slack_ns", "drc_errors", "fmax_mhz"):
        assert verdicts(row(9, metrics(**{name: value})), earlier)[name] == ERROR


@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_baseline_passes_over_what_is_not_finite(value):
    earlier = [row(0, metrics()), row(1, metrics(power_total_w=value)), row(2, metrics())]
    assert verdicts(row(9, metrics(power_total_w=1e-2)), earlier)["power_total_w"] == FAIL
    assert verdicts(row(9, metrics()), earlier)["power_total_w"] == PASS


def test_a_history_with_a_metric_that_is_not_finite_reads_it_as_missing(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    add_run(engine, row(0, metrics()))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET metrics = replace(metrics, '0.001', 'NaN')")
    (run,) = all_runs(engine)
    assert "power_total_w" not in run["metrics"]
    write_dashboard(engine, tmp_path, ROOT / "reports")
    done = run_command("track.py", "--db", tmp_path / "h.db", "check")
    assert done.returncode == 4
    assert "the metric is missing" in done.stdout


@pytest.mark.parametrize("literal", ["NaN", "-Infinity", "1e999", "true", '"12"', "[1]"])
@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_an_import_names_the_run_and_the_field_that_is_no_number(tmp_path, literal, suffix):
    engine = open_history(str(tmp_path / "h.db"))
    for number in range(2):
        add_run(engine, row(number, metrics(power_total_w=0.125 + number)))
    path = tmp_path / f"runs{suffix}"
    export_runs(all_runs(engine), path)
    if suffix == ".csv":
        literal = literal.replace('"', '""')
    path.write_text(path.read_text(encoding="utf-8").replace("1.125", literal), encoding="utf-8")
    other = open_history(str(tmp_path / "other.db"))
    with pytest.raises(UserError, match=r"run 2: metrics: power_total_w is .*, no finite number"):
        import_runs(other, path)
    assert not all_runs(other)


@pytest.mark.parametrize("field", ["clock_ns", "target_utilization_percent"])
def test_an_import_refuses_settings_that_are_not_finite(tmp_path, field):
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps(row(0, metrics()) | {field: math.nan}) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"run 1: {field}: "):
        import_runs(open_history(str(tmp_path / "h.db")), path)


def test_a_result_with_a_number_that_is_not_finite_is_refused_by_its_field(tmp_path):
    kept = next((ROOT / "reports" / "results").glob("*/*/result.json"))
    power_w = json.loads(kept.read_text(encoding="utf-8"))["metrics"]["power_total_w"]
    path = tmp_path / "result.json"
    path.write_text(
        kept.read_text(encoding="utf-8").replace(f'"power_total_w": {power_w}', '"power_total_w": NaN', 1),
        encoding="utf-8",
    )
    done = run_command("track.py", "--db", tmp_path / "h.db", "record", path)
    assert_one_line(done, 2, str(path), "metrics.power_total_w")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[limits]\ndrc_errors = { largest = nan }\n[bands_percent]\n", "limits, drc_errors, largest: nan"),
        ("[limits]\ndrc_errors = { larges = 0 }\n[bands_percent]\n", "smallest and largest"),
        ("[limits]\ndrc_errors = 0\n[bands_percent]\n", "smallest and largest"),
        ("[limits]\n[bands_percent]\ncell_area_um2 = inf\n", "bands_percent, cell_area_um2: inf"),
        ("[limits]\n[bands_percent]\ncell_area_um2 = -1\n", "bands_percent, cell_area_um2: -1"),
        ("[limits]\n[bands_percent]\nsetup_slack_ns = 2\n", "give it a limit"),
        ("[limits]\n[bands_percent]\nslack = 2\n", "no metric 'slack'"),
        ("limits = 3\nbands_percent = 2\n", "does not hold gates"),
    ],
)
def test_gates_take_finite_numbers_alone(tmp_path, content, message):
    path = tmp_path / "gates.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_gates(path)


@pytest.mark.parametrize("key", ["clock_ns = nan", "utilization_percent = inf", "seed = nan"])
def test_a_suite_takes_finite_numbers_alone(tmp_path, key):
    suite = tmp_path / "suite.toml"
    suite.write_text(f'[[run]]\ndesign = "expmul"\n{key}\n', encoding="utf-8")
    done = run_command("nightly.py", "--suite", suite, "--db", tmp_path / "h.db")
    assert_one_line(done, 2, "run 1", key.split("_")[0].split(" ")[0])


def power_reports(folder, total="1.0e-03", cell="1.0e-03"):
    (folder / "power.timed.rpt").write_text(
        f"Total   4.0e-04 5.0e-04 1.0e-04 {total} 100.0%\n", encoding="utf-8"
    )
    (folder / "power.timed.tsv").write_text(f"lane0.x\t0\t0\t0\t{cell}\n", encoding="utf-8")
    (folder / "annotation.timed.rpt").write_text("saif 100\nunannotated 0\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("said", [{"total": "-NaN"}, {"total": "inf"}, {"cell": "NaN"}])
def test_a_power_report_without_a_number_is_a_failed_step_in_one_line(tmp_path, said):
    settings = make_settings("expmul", {})
    assert read_power(settings, power_reports(tmp_path), "timed").total_w == 1e-3
    (text,) = said.values()
    with pytest.raises(StepError, match=rf"step power\.report failed: power\.timed\.\w+ says {text} for"):
        read_power(settings, power_reports(tmp_path, **said), "timed")


@pytest.mark.parametrize(("value", "said"), [(math.nan, "nan"), (None, "nothing"), (1e39, "1e\\+39")])
def test_a_report_that_lacks_a_number_names_it(tmp_path, value, said):
    with pytest.raises(StepError, match=f"metrics.json says {said} for timing fmax"):
        measured(value, "timing fmax", "write.views", tmp_path / "metrics.json")


def test_a_delay_that_is_not_finite_is_refused():
    assert _value("0.1:0.2:0.3") == 0.2
    with pytest.raises(ValueError, match="a delay of nan"):
        _value("nan")


def test_drift_is_found_beside_values_that_are_not_finite():
    values = [100.0] * 6 + [math.nan] + [100.0] * 2 + [math.inf] + [101.0] * 6
    step = find_step(values)
    assert (step.index, step.before, step.after) == (10, 100.0, 101.0)
    assert find_step([math.nan] * 20) is None


@pytest.mark.parametrize(
    ("name", "base", "value", "shown"),
    [
        ("hold_slack_ns", -0.1, -0.2, "-0.100 ns"),
        ("hold_slack_ns", -0.1, 0.1, "+0.200 ns"),
        ("setup_slack_ns", 0.0, 0.25, "+0.250 ns"),
        ("setup_slack_ns", 0.1, 0.1, "+0.000 ns"),
        ("setup_slack_ns", 0.1, 0.09999, "+0.000 ns"),
        ("cell_area_um2", 100.0, 99.999, "+0.00 %"),
        ("cell_area_um2", 100.0, 90.0, "-10.00 %"),
        ("drc_errors", 0, 3, "+3"),
        ("power_total_w", 0.0, 2e-3, "+2.000 mW"),
    ],
)
def test_changes_have_the_sign_and_the_unit_that_a_reader_expects(name, base, value, shown):
    assert BY_NAME[name].show_change(value, base) == shown
    recorded = {"set_aside": None}
    runs = [row(0, metrics(**{name: base})) | recorded, row(1, metrics(**{name: value})) | recorded]
    if value != base:
        assert trend(BY_NAME[name], runs, {}, [], {}, {})["last_change"][0] == shown


def test_percent_is_of_the_magnitude_and_of_nothing_there_is_none():
    assert change_percent(-0.2, -0.1) == pytest.approx(-100)
    assert change_percent(0.1, -0.1) == pytest.approx(200)
    assert change_percent(1.0, 0.0) is None
    assert signed_percent(-0.001, 2) == "+0.00 %"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_minus_zero_is_never_shown(metric):
    assert not metric.show(-0.0).startswith("-")
    assert not metric.show(-1e-12).startswith("-")


def test_growth_from_a_baseline_of_zero_is_a_failure():
    earlier = [row(0, metrics(power_total_w=0.0))]
    assert verdicts(row(9, metrics()), earlier)["power_total_w"] == FAIL
    assert verdicts(row(9, metrics(power_total_w=0.0)), earlier)["power_total_w"] == PASS
    checks = check_run(row(9, metrics()), earlier, GATES, {})
    assert "| 1.000 mW | 0.000 mW | +1.000 mW | 2.00 % | FAIL |" in gate_markdown(checks)


def test_names_of_depths_are_those_of_the_flow():
    assert tuple(DEPTHS) == DEPTH_NAMES


@pytest.mark.parametrize("depth", ["synth", "route", "gds"])
def test_kept_results_have_the_metrics_of_their_depth(depth):
    name = "result.json" if depth == "gds" else f"result-{depth}.json"
    results = map(read_result, sorted((ROOT / "reports" / "results").glob(f"*/*/{name}")))
    for result in (
        each for each in results if each.checks.router_drc.status != "not run" or depth == "synth"
    ):
        has = {metric.name for metric in METRICS if getattr(result.metrics, metric.name) is not None}
        later = {"failed_checks"}  # results from before it was counted lack it
        assert has | later == {metric.name for metric in measured_at(depth)} | later


@pytest.mark.parametrize(
    ("depth", "gated"),
    [
        ("verilog", set()),
        ("synth", {"cell_area_um2"}),
        ("place", {"cell_area_um2", "power_total_w", "setup_slack_ns", "fmax_mhz"}),
        ("route", {*GATES.limits, *GATES.bands_percent}),
        ("gds", {*GATES.limits, *GATES.bands_percent}),
    ],
)
def test_each_depth_is_gated_on_what_it_measures(depth, gated):
    names = {metric.name for metric in measured_at(depth)}
    found = {name: value for name, value in metrics().items() if name in names}
    checked = verdicts(row(9, found, depth=depth), [row(0, found, depth=depth)])
    assert checked == dict.fromkeys(gated, PASS)


def test_what_is_missed_is_one_line():
    assert missed(Metrics(setup_slack_ns=0.0, hold_slack_ns=0.1, max_slew_violations=0)) is None
    assert missed(Metrics(setup_slack_ns=-0.947)) == "missed: setup slack -0.947 ns"
    assert missed(Metrics(hold_slack_ns=-0.0004)) == "missed: hold slack -0.0004 ns"
    every = Metrics(
        setup_slack_ns=-1.5, hold_slack_ns=-0.02, max_slew_violations=1, max_capacitance_violations=1200
    )
    assert missed(every) == (
        "missed: setup slack -1.500 ns, hold slack -0.020 ns, 1 slew violation, 1,200 capacitance violations"
    )
