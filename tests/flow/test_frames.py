"""The answers by frame and the waterfalls between frames, from results of any depth."""

import json
import re
from dataclasses import replace

import pytest

from flow.charts.bars import BarChart, Series
from flow.charts.interactive import as_div
from flow.charts.picture import draw
from flow.common.places import PROJECT_ROOT
from flow.comparison.configuration import Configuration, frame_of
from flow.comparison.kept_rows import kept_results
from flow.comparison.rows import Row
from flow.comparison.summary import summarize
from flow.reproduction.answer import answer
from flow.reproduction.frames import PAPER, described, paths, waterfall_chart, waterfalls
from flow.reproduction.place import at_place

KERNELS = ("fa2_baseline", "fa2_expmul")
PAPER_FRAME = frame_of(PAPER)


@pytest.fixture(scope="module")
def usual():
    """The committed layouts of both kernels in this project's frame."""
    results = kept_results(PROJECT_ROOT / "reports")
    return {kernel: at_place(results, kernel, {})["gds"] for kernel in KERNELS}


def row(usual, areas, depth="gds", fmt="bf16", **choices):
    """A row whose kernels have these areas, and power where they are routed."""
    results = {}
    for kernel, area_um2 in zip(KERNELS, areas, strict=True):
        one = usual[kernel]
        metrics = one.metrics.model_copy(update={"cell_area_um2": area_um2})
        update = {
            "metrics": metrics,
            "depth": depth,
            "parameters": one.parameters | {"format": fmt} | choices,
            "power": one.power if depth == "gds" else {},
        }
        results[kernel] = (one.model_copy(update=update),)
    return Row(Configuration("nangate45", fmt, 16, "with_key", frame=frame_of(choices)), depth, results)


def test_each_path_changes_one_choice_at_a_time_and_ends_where_it_says():
    for fmt in ("bf16", "e4m3"):
        for path in paths(fmt):
            for before, after in zip(path.steps, path.steps[1:], strict=False):
                changed = dict(before.frame).items() ^ dict(after.frame).items()
                assert len({name for name, _ in changed}) == 1
    to_paper = paths("e4m3")[0]
    assert (to_paper.steps[-1].format, to_paper.steps[-1].frame) == ("e4m3_ieee", PAPER_FRAME)
    assert dict(paths("bf16")[0].steps[-1].frame) == PAPER | {"rounding": "truncate"}


def test_steps_of_one_depth_make_a_waterfall_and_netlists_one_more_where_they_have_more(usual):
    rows = [row(usual, (100.0, 80.0)), row(usual, (140.0, 105.0), **PAPER)]
    (routed,) = waterfalls(rows)
    assert [one.title for one, _ in routed.rows] == [
        "this project's frame",
        "subnormals, Inf and NaN; division at every key",
    ]
    netlists = [
        row(usual, (90.0, 70.0), "synth"),
        row(usual, (110.0, 75.0), "synth", arithmetic="ieee"),
        row(usual, (130.0, 95.0), "synth", **PAPER),
    ]
    found = waterfalls(rows + netlists)
    assert [(one.depth, len(one.rows)) for one in found] == [("gds", 2), ("synth", 3)]
    assert waterfalls(rows[:1] + netlists[1:]) == []


def test_a_saving_falls_from_step_to_step(usual):
    rows = [
        row(usual, (100.0, 80.0), "synth"),
        row(usual, (200.0, 140.0), "synth", arithmetic="ieee"),
        row(usual, (200.0, 150.0), "synth", **PAPER),
    ]
    (fall,) = waterfalls(rows)
    chart = waterfall_chart(described(fall, KERNELS), KERNELS, {"area_um2": 28.8, "power_timed_w": 17.6})
    # No power, so neither bars nor the paper's line of it.
    (area,) = chart.series
    assert area.values == pytest.approx((-20.0, -30.0, -25.0, -25.0))
    assert area.starts == pytest.approx((0.0, -20.0, -30.0, 0.0))
    assert [line.value for line in chart.lines] == [-28.8]


def test_the_exact_path_shows_what_is_expmuls_own(usual):
    rows = [
        row(usual, (200.0, 150.0)),
        row(usual, (160.0, 140.0), products="one"),
        row(usual, (150.0, 130.0), products="one", division="serial"),
    ]
    (fall,) = waterfalls(rows)
    chart = waterfall_chart(described(fall, KERNELS), KERNELS, {"area_um2": 28.8, "power_timed_w": 17.6})
    assert chart.categories[-3:] == ("strongest exact baseline", "ExpMul's own part", "ExpMul, same frame")
    area = chart.series[0]
    assert area.values == pytest.approx((100.0, 80.0, 75.0, 75.0, 65.0, 65.0))
    assert area.starts == pytest.approx((0.0, 100.0, 80.0, 0.0, 75.0, 0.0))
    assert chart.lines[0].value == pytest.approx(71.2)


def test_the_answer_takes_the_layouts_of_each_frame_and_netlists_where_there_are_none(usual):
    rows = [
        row(usual, (100.0, 80.0)),
        row(usual, (140.0, 100.0), "synth", **PAPER),
        row(usual, (150.0, 111.0), **PAPER),
        row(usual, (150.0, 120.0), "synth", rounding="truncate", **PAPER),
        row(usual, (88.0, 79.0), "synth", products="one"),
        row(usual, (80.0, 70.0), products="one", division="serial"),
        row(usual, (99.0, 66.0), arithmetic="ieee"),
    ]
    answers = answer(rows, KERNELS)
    (paper,) = answers["paper"]
    assert paper["depth"] == "gds"
    assert paper["reductions"]["fa2_expmul"]["area_um2"]["percent"] == pytest.approx(26.0)
    assert [(exact["frame"], exact["depth"]) for exact in answers["exact"]] == [
        ({"products": "one"}, "synth")
    ]
    (strongest,) = answers["strongest"]
    assert strongest["reductions"]["fa2_expmul"]["area_um2"]["percent"] == pytest.approx(12.5)
    assert [own["title"] for own in answers["own"]] == ["nangate45, BF16, d = 16"]
    assert answers["means"][0]["area_um2"] == pytest.approx(26.0)
    without_layout = answer([rows[0], rows[1], rows[3]], KERNELS)["paper"]
    assert [paper["depth"] for paper in without_layout] == ["synth", "synth"]
    assert answer(rows[:1], KERNELS)["paper"] == []


def test_a_row_of_another_frame_is_none_of_the_usual_rows(usual):
    rows = [row(usual, (100.0, 80.0)), row(usual, (100.0, 50.0), products="one")]
    summary = summarize(rows, KERNELS, 1)
    assert summary["mean_reductions"]["fa2_expmul"][0]["area_um2"] == pytest.approx(20.0)
    assert summary["rows"][1]["frame"] == {"products": "one"}
    other_clock = replace(rows[1].configuration, clock_ns=3.0)
    assert other_clock.usual == rows[0].configuration


def test_a_bar_of_a_waterfall_begins_where_it_is_told_and_is_labelled_with_its_length(tmp_path):
    chart = BarChart("fall", "Fall", "%", ("a", "b"), (Series("area", (-20.0, -26.0), starts=(0.0, -20.0)),))
    html = as_div(chart)
    data = json.loads(re.search(r">(\{.*\})</script>", html)[1])["data"]["values"]
    assert [(bar["start"], bar["value"], bar["label"]) for bar in data] == [
        (0.0, -20.0, "-20.0"),
        (-20.0, -26.0, "-6.0"),
    ]
    draw(chart, tmp_path / "fall.svg")
    assert (tmp_path / "fall.svg").stat().st_size > 5000
