"""The PDK's corners: where their data is, what is told of a layout at each, and who takes it up."""

import gzip
import json
import re
from dataclasses import replace

import pytest
from finished_layout import layout_on, words_of
from flow_command import result_of
from history_runs import metrics, row

from flow.common.errors import StepError, UserError
from flow.common.places import PROJECT_ROOT
from flow.comparison.kept_rows import kept_results, kept_rows
from flow.history.gate import FAIL, PASS, check_run, read_gates
from flow.pipeline.corners import files_at
from flow.pipeline.measure_corners import measure_corners, worst_corners
from flow.pipeline.retime import reports_folder
from flow.record.metrics import AT_CORNERS, BY_NAME, metrics_of
from flow.record.misses import missed
from flow.record.result import NOT_REQUESTED, CornerFigures, Metrics
from flow.record.run_folder import step_folder
from flow.record.settings import make_settings
from flow.reproduction.corner_savings import savings_at_corners
from flow.tools.pdk_data import find_data_root
from pdk_configs.corners import ORDER, corners_of
from pdk_configs.pdk import load_pdk, pdk_names

KERNELS = ("fa2_baseline", "fa2_expmul")
GATES = read_gates()
POWER_REPORT = "Total   3.0e-04 2.0e-04 {leakage} {total} 100.0%\n"


def header(path):
    """Return the beginning of a Liberty file, where it says its operating conditions."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as handle:
        return handle.read(20_000)


@pytest.mark.parametrize("name", pdk_names())
def test_a_corner_is_at_the_voltage_and_temperature_that_its_liberty_files_say(name):
    pdk = load_pdk(name)
    try:
        library = pdk.make_library(find_data_root(pdk, None))
    except UserError as error:
        pytest.skip(str(error))
    corners = corners_of(pdk)
    assert [corner.name for corner in corners] == [one for one in ORDER if one in {c.name for c in corners}]
    for corner in corners:
        paths = files_at(library, corner.name)
        if corner.name != pdk.corner and not paths:
            assert name == "asap7"  # whose other corners only the download has
            continue
        # lambdapdk's class of a library may name another corner's files than it says.
        assert {path.name for path in paths} == set(corner.liberty or {path.name for path in paths})
        for path in paths:
            text = header(path)
            assert float(re.search(r"nom_voltage\s*:\s*([\d.]+)", text)[1]) == corner.voltage_v
            assert float(re.search(r"nom_temperature\s*:\s*(-?[\d.]+)", text)[1]) == corner.temperature_c


@pytest.fixture
def reports(tmp_path):
    """Settings of a run, and the reports of its corners, slow to fast."""
    settings = make_settings("expmul", {}, "sky130", build_dir=tmp_path)
    folder = reports_folder(settings)
    folder.mkdir(parents=True)
    lines = [
        "slow\t1.5e-09\t1.2e-09\t2.0e-08",
        "typical\t1.7e-08\t3e-10\t5.0e-09",
        "fast\t1.9e-08\t-2e-10\t4e-09",
    ]
    (folder / "corners.tsv").write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
    for corner in ORDER:
        text = POWER_REPORT.format(leakage="1.0e-06", total="5.01e-04")
        (folder / f"power.{corner}.rpt").write_text(text, encoding="utf-8")
    return settings, folder


def test_figures_of_each_corner_are_those_of_its_reports(reports):
    corners = measure_corners(reports[0], Metrics(), retimed=True)
    assert list(corners) == list(ORDER)
    slow, typical, fast = corners.values()
    assert (slow.process, slow.voltage_v, slow.temperature_c) == ("ss", 1.4, -40.0)
    assert (slow.setup_slack_ns, slow.hold_slack_ns, slow.fmax_mhz) == (1.5, 1.2, 50.0)
    assert (typical.fmax_mhz, fast.fmax_mhz) == (200.0, 250.0)
    assert (fast.hold_slack_ns, fast.power_leakage_w, fast.power_total_w) == (-0.2, 1e-6, 5.01e-4)
    assert worst_corners(reports[0], corners) == {}
    wide = replace(reports[0], optimised_corners="all")
    assert worst_corners(wide, corners) == {
        "setup_slack_ns": "slow",
        "hold_slack_ns": "fast",
        "fmax_mhz": "slow",
    }


def test_a_slack_of_all_corners_says_at_which_it_is(tmp_path):
    settings = make_settings(
        "expmul", {}, "sky130", depth="place", build_dir=tmp_path, optimised_corners="all"
    )
    report = step_folder(settings.folder, "place.detailed") / "reports" / "timing" / "setup.rpt"
    report.parent.mkdir(parents=True)
    report.write_text("Path Type: max\nCorner: slow\n\nPath Type: max\nCorner: fast\n", encoding="utf-8")
    whose = worst_corners(settings, {})
    assert whose == {"setup_slack_ns": "slow", "fmax_mhz": "slow"}
    assert missed(Metrics(setup_slack_ns=-0.5), whose) == "missed: setup slack at slow -0.500 ns"


def test_a_slack_that_is_no_number_fails_the_step(reports):
    settings, folder = reports
    table = folder / "corners.tsv"
    table.write_text(table.read_text(encoding="utf-8").replace("1.2e-09", "nan"), encoding="utf-8")
    with pytest.raises(StepError, match=r"corners.tsv says nan for the hold slack at slow"):
        measure_corners(settings, Metrics(), retimed=True)


def test_without_data_of_other_corners_the_runs_figures_are_the_typical_corners():
    settings = make_settings("expmul", {}, "nangate45")
    values = dict.fromkeys(CornerFigures.model_fields.keys() & Metrics.model_fields.keys(), 1.0)
    corners = measure_corners(settings, Metrics(**values), retimed=False)
    assert list(corners) == ["typical"]
    assert corners["typical"].model_dump() == values | {
        "process": "tt",
        "voltage_v": 1.1,
        "temperature_c": 25.0,
    }


def test_all_corners_are_another_run_and_asked_of_a_pdk_that_has_them():
    usual, wide = (make_settings("expmul", {}, "ihp130", optimised_corners=one) for one in ("typical", "all"))
    assert wide.identity() == usual.identity() | {"optimised_corners": "all"}
    assert wide.job == f"{usual.job}_allcorners"
    with pytest.raises(UserError, match="nangate45 has the typical corner alone"):
        make_settings("expmul", {}, "nangate45", optimised_corners="all")
    with pytest.raises(UserError, match="unknown corners 'slow': there are typical, all"):
        make_settings("expmul", {}, "ihp130", optimised_corners="slow")
    with pytest.raises(UserError, match="corners 3: it must be a name"):
        make_settings("expmul", {}, "ihp130", optimised_corners=3)


def with_corners(result, slower):
    """Return a kept result with figures at two corners, at `slow` those of typical times `slower`."""
    figures = {
        name: getattr(result.metrics, name) for name in CornerFigures.model_fields.keys() & set(BY_NAME)
    }
    conditions = {"process": "tt", "voltage_v": 1.8, "temperature_c": 25.0}
    scaled = {name: value * slower for name, value in figures.items()}
    corners = {"slow": scaled | conditions, "typical": figures | conditions}
    return result.model_copy(
        update={"corners": {name: CornerFigures(**values) for name, values in corners.items()}}
    )


def test_the_saving_at_a_corner_is_that_of_the_results_and_none_without_them():
    kept = [result for result in kept_results(PROJECT_ROOT / "reports") if result.power]
    rows = kept_rows(kept, KERNELS)
    measured = [
        row
        for row in rows
        if all(len(result.corners) > 1 for pair in row.results.values() for result in pair)
    ]
    savings = savings_at_corners(rows, KERNELS)
    assert savings == savings_at_corners(measured, KERNELS)
    assert len({saving["title"] for saving in savings}) == len(measured)
    shares = {"fa2_baseline": 0.5, "fa2_expmul": 0.25}
    known = [with_corners(result, shares.get(result.design, 1.0)) for result in kept]
    rows = kept_rows(known, KERNELS)
    found = savings_at_corners(rows, KERNELS)
    assert [one["corner"] for one in found] == ["slow", "typical"] * len(rows)
    for slow, typical in zip(found[::2], found[1::2], strict=True):
        at_typical = typical["reductions"]["fa2_expmul"]["power_total_w"]["percent"]
        at_slow = slow["reductions"]["fa2_expmul"]["power_total_w"]["percent"]
        assert at_slow == pytest.approx(100 - (100 - at_typical) / 2)


def test_a_layout_for_all_corners_is_not_compared_with_those_for_one():
    kept = kept_results(PROJECT_ROOT / "reports")
    wide = [result.model_copy(update={"optimised_corners": "all"}) for result in kept]
    assert kept_rows(wide, KERNELS) == []


def test_metrics_at_corners_stand_beside_those_of_the_run():
    kept = next(one for one in kept_results(PROJECT_ROOT / "reports") if one.power and not one.corners)
    assert not any(name.startswith("slow_") for name in metrics_of(kept))
    flat = metrics_of(with_corners(kept, 0.5))
    assert {name for name in flat if name.startswith("slow_")} == {f"slow_{name}" for name in AT_CORNERS}
    assert flat["slow_fmax_mhz"] == kept.metrics.fmax_mhz / 2
    assert BY_NAME["slow_setup_slack_ns"].standard_name == "timing__setup__ws__corner:slow"


def test_the_gate_holds_a_metrics_band_at_each_corner_that_earlier_runs_have():
    earlier = [row(number, metrics(slow_fmax_mhz=50.0)) for number in range(3)]

    def verdicts(target, before):
        return {check.metric: check.verdict for check in check_run(target, before, GATES, {})}

    assert verdicts(row(9, metrics(slow_fmax_mhz=49.5)), earlier)["slow_fmax_mhz"] == PASS
    assert verdicts(row(9, metrics(slow_fmax_mhz=48.0)), earlier)["slow_fmax_mhz"] == FAIL
    assert verdicts(row(9, metrics()), earlier)["slow_fmax_mhz"] == "ERROR"
    # The first run with corners has nothing to be compared with there, and that is no fault.
    assert set(verdicts(row(9, metrics(slow_fmax_mhz=1.0)), [row(0, metrics())]).values()) == {PASS}


@pytest.mark.slow
@pytest.mark.parametrize("pdk", [layout_on("gf180")])
def test_corners_of_a_finished_layout_take_no_step_of_the_layout(pdk, layout_of):
    _, folder = layout_of(pdk)
    first = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    asked = [check for check in first["checks"].values() if check["detail"] != NOT_REQUESTED.detail]
    assert {check["status"] for check in asked} == {"pass"}
    slow, typical, fast = (first["corners"][name] for name in ORDER)
    for name in ("hold_slack_ns", "fmax_mhz", "power_total_w", "power_leakage_w"):
        assert typical[name] == pytest.approx(first["metrics"][name], rel=1e-4, abs=1e-6)
    assert slow["fmax_mhz"] < typical["fmax_mhz"] < fast["fmax_mhz"]
    assert slow["power_total_w"] < typical["power_total_w"] < fast["power_total_w"]
    logs = {path: path.stat().st_mtime_ns for path in folder.glob("steps/*/0/*.log")}
    made_of = folder / "corners" / "made-of.json"
    made_of.unlink()
    (folder / "made-of.json").unlink()
    again = result_of(*words_of(pdk), out=folder.parents[1])
    assert made_of.exists() and again["corners"] == first["corners"]
    assert {path: path.stat().st_mtime_ns for path in folder.glob("steps/*/0/*.log")} == logs
    assert json.loads(made_of.read_text(encoding="utf-8"))["runtime_s"] > 0
