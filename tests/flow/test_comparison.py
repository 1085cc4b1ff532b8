"""Figures of a comparison: counted by hand on made-up results, and a whole one of small kernels."""

import json
from dataclasses import replace

import pytest
from flow_command import run_command

from flow.attention_data.workload import kernel_data_sha256
from flow.common.errors import UserError
from flow.compare import kernel_names
from flow.comparison.configuration import Configuration, frame_of
from flow.comparison.kept_rows import kept_results, kept_rows, representative_rows
from flow.comparison.own_clock import own_clock_ns, with_clock
from flow.comparison.page import comparison_markdown
from flow.comparison.rows import (
    Row,
    energy_per_key_at_fmax_j,
    figure,
    metric,
    power_at_fmax_w,
    reduction,
)
from flow.comparison.summary import summarize
from flow.record.result import Check, Checks, Group, Metrics, Power, Result
from flow.record.results_store import find, keep
from hdl.designs import kernels

KERNELS = ("fa2_baseline", "fa2_expmul")
AREA = metric("cell_area_um2")


def _result(design, area_um2, power_w=None, fmax_mhz=None, seed=0, pdk="nangate45", job="job", clock_ns=5.0):
    power = {}
    if power_w is not None:
        power = {
            name: Power(
                internal_w=0.0,
                switching_w=factor * power_w,
                leakage_w=0.0,
                total_w=factor * power_w,
                annotated_percent=99.0,
                energy_per_clock_j=factor * power_w * 5e-9,
                groups_w={"weigh": factor * power_w},
            )
            for name, factor in (("default", 10.0), ("zero_delay", 0.5), ("timed", 1.0))
        }
    return Result(
        design=design,
        parameters={"format": "bf16", "d": 16, "value_timing": "with_key"},
        pdk=pdk,
        node_nm=45,
        library="x",
        corner="typical",
        voltage_v=1.1,
        temperature_c=25.0,
        clock_ns=clock_ns,
        seed=seed,
        depth="gds" if power else "synth",
        job=job,
        nand2_cell="NAND2",
        nand2_area_um2=1.0,
        metrics=Metrics(cell_area_um2=area_um2, gate_equivalents=area_um2, fmax_mhz=fmax_mhz),
        groups={"weigh": Group(cells=1, cell_area_um2=area_um2)},
        power=power,
        tool_versions={},
        git_revision=None,
        git_dirty=None,
        finished_at="",
        sha256={},
        files={},
    )


def _row(baseline, expmul, pdk="nangate45", value_timing="with_key", fmt="bf16"):
    depth = baseline[0].depth
    return Row(
        Configuration(pdk, fmt, 16, value_timing),
        depth,
        {"fa2_baseline": tuple(baseline), "fa2_expmul": tuple(expmul)},
    )


def test_reduction_is_a_share_of_the_baseline_and_its_range_pairs_the_extremes():
    baseline = figure([_result("b", area) for area in (100.0, 104.0, 110.0)], AREA)
    other = figure([_result("o", area) for area in (70.0, 78.0, 80.0)], AREA)
    reduced = reduction(baseline, other, 3)
    assert reduced.percent == pytest.approx(25.0)
    assert reduced.smallest == pytest.approx(20.0) and reduced.largest == pytest.approx(100 * (1 - 70 / 110))
    assert reduced.within_spread is False


@pytest.mark.parametrize(
    ("areas", "within"), [((100.0, 104.0), True), ((90.0, 91.0), False), ((96.0, 97.0), True)]
)
def test_difference_smaller_than_the_spread_is_marked(areas, within):
    baseline = figure([_result("b", 98.0), _result("b", 103.0)], AREA)
    other = figure([_result("o", area) for area in areas], AREA)
    assert reduction(baseline, other, 2).within_spread is within


def test_one_seed_says_nothing_of_the_spread():
    reduced = reduction(figure([_result("b", 4.0)], AREA), figure([_result("o", 3.0)], AREA), 1)
    assert reduced.percent == pytest.approx(25.0) and reduced.within_spread is None


def test_mean_takes_the_routed_rows_with_the_default_value_timing_only():
    rows = [
        _row([_result("b", 100.0, 1e-2)], [_result("e", 70.0, 8e-3)]),
        _row([_result("b", 100.0, 1e-2)], [_result("e", 80.0, 9e-3)], pdk="sky130"),
        _row([_result("b", 100.0)], [_result("e", 10.0)]),
        _row([_result("b", 100.0, 1e-2)], [_result("e", 10.0, 1e-3)], value_timing="when_needed"),
    ]
    (mean,) = summarize(rows, KERNELS, 1)["mean_reductions"]["fa2_expmul"]
    assert (mean["format"], mean["rows"]) == ("bf16", 2)
    assert mean["area_um2"] == pytest.approx(25.0) and mean["power_timed_w"] == pytest.approx(15.0)


def _filled(utilization_percent, power_w):
    row = _row([_result("b", 100.0, power_w)], [_result("e", 70.0, power_w)])
    return replace(row, configuration=replace(row.configuration, utilization_percent=utilization_percent))


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([_filled(None, None), _filled(40.0, 1e-2), _filled(60.0, 1e-2)], 60.0),
        ([_filled(40.0, 1e-2), _filled(None, 1e-2)], None),
        ([_filled(40.0, None), _filled(None, None)], None),
    ],
)
def test_another_utilization_speaks_for_a_configuration_only_where_none_is_routed_at_the_pdk_s(rows, chosen):
    (row,) = representative_rows(rows)
    assert row.configuration.utilization_percent == chosen
    means = summarize(rows, KERNELS, 1)["mean_reductions"]["fa2_expmul"]
    assert [mean["rows"] for mean in means] == [1] * row.is_routed


def test_compare_without_runs_takes_another_utilization_where_none_is_routed_at_the_pdk_s(tmp_path):
    for utilization_percent, power_w in ((None, None), (40.0, 1e-2)):
        configuration = Configuration("nangate45", "bf16", 16, "with_key", None, utilization_percent)
        for kernel in KERNELS:
            depth = "gds" if power_w else "synth"
            settings = configuration.settings(kernel, 0, depth, tmp_path)
            result = _result(kernel, 100.0, power_w, job=settings.job)
            keep(
                tmp_path,
                result.model_copy(
                    update={
                        "parameters": dict(settings.parameters),
                        "target_utilization_percent": utilization_percent,
                    }
                ),
            )
    done = run_command("compare.py", "--no-run", "--reports", tmp_path, "--out", tmp_path / "build")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))["rows"]
    assert (row["target_utilization_percent"], row["depth"]) == (40.0, "gds")
    assert "d = 16, 40 % filled" in (tmp_path / "comparison.md").read_text(encoding="utf-8")


def test_each_format_has_its_mean_and_all_rows_have_theirs():
    rows = [
        _row([_result("b", 100.0, 1e-2)], [_result("e", 70.0, 8e-3)]),
        _row([_result("b", 100.0, 1e-2)], [_result("e", 90.0, 9e-3)], fmt="e4m3"),
        _row([_result("b", 100.0, 1e-2)], [_result("e", 80.0, 9e-3)], fmt="e4m3", pdk="sky130"),
    ]
    means = summarize(rows, KERNELS, 1)["mean_reductions"]["fa2_expmul"]
    assert [(mean["format"], mean["rows"]) for mean in means] == [("bf16", 1), ("e4m3", 2), (None, 3)]
    assert [mean["area_um2"] for mean in means] == pytest.approx([30.0, 15.0, 20.0])


def test_a_check_that_failed_or_did_not_run_for_one_seed_shows():
    def checked(*statuses):
        checks = [Checks(logic_equivalence=Check(status=status)) for status in statuses]
        return [_result("b", 100.0, 1e-2).model_copy(update={"checks": of_seed}) for of_seed in checks]

    rows = [_row(checked("pass", "not run"), checked("fail", "pass"))]
    kernels = summarize(rows, KERNELS, 2)["rows"][0]["kernels"]
    assert [kernels[name]["checks"]["logic_equivalence"] for name in KERNELS] == ["not run", "fail"]


def test_power_over_other_data_than_the_workload_s_is_marked():
    def over(data_sha256):
        return [_result("b", 100.0, 1e-2).model_copy(update={"data_sha256": data_sha256})]

    rows = [_row(over(kernel_data_sha256(16)), over(data)) for data in (kernel_data_sha256(16), None)]
    summary = summarize(rows, KERNELS, 1)
    assert [row["older_data"] for row in summary["rows"]] == [False, True]
    assert comparison_markdown(summary, "comparison").count("†") == 2


def test_energy_is_power_times_clock_and_a_query_is_128_keys():
    rows = [_row([_result("b", 100.0, 1e-2, 250.0)], [_result("e", 70.0, 8e-3, 400.0)])]
    measured = summarize(rows, KERNELS, 1)["rows"][0]["kernels"]["fa2_expmul"]
    assert measured["energy_per_key_j"]["median"] == pytest.approx(8e-3 * 5e-9)
    assert measured["energy_per_query_j"]["median"] == pytest.approx(128 * 8e-3 * 5e-9)
    assert measured["area_delay_um2_ns"]["median"] == pytest.approx(70.0 * 2.5)


def test_at_its_fmax_a_kernel_switches_as_much_a_key_and_leaks_for_less_long():
    result = _result("e", 70.0, 8e-3, fmax_mhz=400.0)
    timed = result.power["timed"].model_copy(update={"leakage_w": 2e-3, "total_w": 10e-3})
    result = result.model_copy(update={"power": result.power | {"timed": timed}})
    energy_j = energy_per_key_at_fmax_j(result)
    assert energy_j == pytest.approx(8e-3 * 5e-9 + 2e-3 * 2.5e-9)
    assert power_at_fmax_w(result) == pytest.approx(energy_j / 2.5e-9)
    assert power_at_fmax_w(_result("e", 70.0)) is None


def test_page_shows_the_papers_figures_with_their_mark_and_a_dash_for_what_is_missing():
    rows = [_row([_result("b", 100.0)], [_result("e", 70.0)])]
    page = comparison_markdown(summarize(rows, KERNELS, 1), "comparison")
    assert "-28.8 %" in page and "-17.6 %" in page and "[P]" in page
    first = "| nangate45, BF16, d = 16 | 5 | synth | fa2_baseline | 100 |  | – |  |"
    assert f"{first}\n| | | | fa2_expmul | 70 | -30.0 % | – | – |" in page


def test_all_names_every_kernel_once_and_the_baseline_first():
    names = kernel_names(["all"])
    assert names[:2] == ["fa2_baseline", "fa2_expmul"]
    assert sorted(names) == sorted(kernels())


def test_kept_result_of_other_settings_is_refused(tmp_path):
    settings = Configuration("nangate45", "bf16", 16, "with_key").settings("fa2_baseline", 0, "gds", tmp_path)
    assert find(tmp_path, settings) is None
    keep(tmp_path, _result("fa2_baseline", 100.0, 1e-2, job=settings.job))
    assert find(tmp_path, settings) is not None
    keep(tmp_path, _result("fa2_baseline", 100.0, 1e-2, pdk="sky130", job=settings.job))
    with pytest.raises(UserError, match="other settings"):
        find(tmp_path, settings)


@pytest.mark.parametrize(("fmax_mhz", "clock_ns"), [(277.2, 3.61), (203.2, 4.93), (250.0, 4.0), (44.9, 22.3)])
def test_own_clock_is_the_period_at_fmax_rounded_up_to_three_digits(fmax_mhz, clock_ns):
    assert own_clock_ns(_result("b", 1.0, 1e-2, fmax_mhz)) == clock_ns


def test_results_at_each_kernel_s_own_clock_make_one_row(tmp_path):
    usual = Configuration("nangate45", "bf16", 16, "with_key")
    own = Configuration("nangate45", "bf16", 16, "with_key", own_clock=True)
    with pytest.raises(UserError, match="no routed result at the usual clock"):
        with_clock(own, "fa2_baseline", tmp_path)
    for kernel, fmax_mhz, own_ns in (("fa2_baseline", 200.5, 4.99), ("fa2_expmul", 250.0, 4.0)):
        for configuration, clock_ns in ((usual, 5.0), (own, own_ns)):
            settings = with_clock(configuration, kernel, tmp_path).settings(kernel, 0, "gds", tmp_path)
            assert settings.clock_ns == clock_ns
            result = _result(kernel, 100.0, 1e-2, fmax_mhz, job=settings.job, clock_ns=clock_ns)
            keep(tmp_path, result.model_copy(update={"parameters": dict(settings.parameters)}))
    rows = kept_rows(kept_results(tmp_path), KERNELS)
    assert [row.configuration for row in rows] == [usual, own]
    described = summarize(rows, KERNELS, 1)["rows"][1]
    assert described["clock_ns"] is None
    assert [described["kernels"][kernel]["clock_ns"] for kernel in KERNELS] == [4.99, 4.0]
    assert "| own | gds |" in comparison_markdown(summarize(rows, KERNELS, 1), "comparison")


def test_compare_runs_seeds_keeps_results_and_rebuilds_the_same_bytes(tmp_path):
    command = ["--dims", "2", "--formats", "e4m3", "--seeds", "2"]
    places = ["--out", tmp_path / "build", "--reports", tmp_path / "reports"]
    run = run_command("compare.py", *command, *places, "--to", "synth")
    assert run.returncode == 0, run.stderr
    kept = sorted((tmp_path / "reports" / "results").rglob("result-synth.json"))
    assert len(kept) == 4
    netlists = {json.loads(path.read_text(encoding="utf-8"))["sha256"]["netlist"] for path in kept}
    assert len(netlists) == 4
    names = ("comparison.md", "comparison.json", "comparison.svg", "comparison.png")
    before = {name: (tmp_path / "reports" / name).read_bytes() for name in names}
    row = json.loads(before["comparison.json"])["rows"][0]
    assert 0 < row["reductions"]["fa2_expmul"]["area_um2"]["percent"] < 60
    again = run_command("compare.py", *command, *places, "--no-run")
    assert again.returncode == 0, again.stderr
    assert {name: (tmp_path / "reports" / name).read_bytes() for name in names} == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kernels", "fa2_baseline,fa2_expmull"], "did you mean 'fa2_expmul'"),
        (["--kernels", "fa2_baseline"], "at least two"),
        (["--kernels", "all,fa2_mean"], "'all' stands alone"),
        (["--pdk", "nangate4"], "did you mean 'nangate45'"),
        (["--dims", "1"], "d must be"),
        (["--dims", "x"], "--dims"),
        (["--to", "verilog"], "unknown depth 'verilog'"),
        (["--seeds", "0"], "at least 1"),
        (["--no-run"], "no results to compare"),
        (["--clock", "own"], "no routed result at the usual clock"),
        (["--clock", "owm"], "--clock"),
    ],
)
def test_mistake_is_one_line_and_exit_code_2(tmp_path, words, message):
    run = run_command("compare.py", *words, "--out", tmp_path / "build", "--reports", tmp_path / "reports")
    assert run.returncode == 2
    assert message in run.stderr and len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "reports" / "comparison.md").exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"products": "two", "format": "bf16"}, ()),
        (
            {"division_activity": "every_key", "arithmetic": "ieee"},
            (("arithmetic", "ieee"), ("division_activity", "every_key")),
        ),
        ({"rounding": "truncate"}, (("rounding", "truncate"),)),
    ],
)
def test_a_frame_is_what_is_not_the_default_in_one_order(given, expected):
    assert frame_of(given) == expected


def test_a_frame_has_its_own_title_and_results_and_is_not_usual(tmp_path):
    usual = Configuration("nangate45", "bf16", 16, "with_key")
    framed = replace(usual, frame=(("products", "one"),))
    assert framed.title == "nangate45, BF16, d = 16, products one"
    assert framed.usual == usual and not framed.is_usual
    jobs = {one.settings("fa2_baseline", 0, "synth", tmp_path).job for one in (usual, framed)}
    assert len(jobs) == 2
    assert framed.settings("fa2_baseline", 0, "synth", tmp_path).parameters["products"] == "one"
