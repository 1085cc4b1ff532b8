"""Published operators beside measured ones, and the netlists' front: figures are those of kept results."""

import json

import pytest

from flow.common.places import PROJECT_ROOT
from flow.comparison.kept_rows import kept_results, kept_rows
from flow.comparison.page import comparison_markdown
from flow.comparison.rows import PAPER_AREA_REDUCTION_PERCENT
from flow.comparison.summary import summarize
from flow.reproduction.best_kernel import best_kernel
from flow.reproduction.kernel_front import layout_charts, layout_rows, netlist_rows
from flow.reproduction.kernels_elsewhere import kernel_rows, place_charts, places_elsewhere
from flow.reproduction.peers import EXPMUL, PEERS, peer_rows
from flow.reproduction.place import (
    BASELINE,
    COMMON,
    Place,
    at_place,
    baseline_error,
    is_kernel_at,
    parameters_of,
)
from hdl.designs import kernels

REPORTS = PROJECT_ROOT / "reports"
ACCURACY = json.loads((REPORTS / "accuracy.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results():
    return kept_results(REPORTS)


def variant(result, area_um2=None, **parameters):
    """The result of other parameters of its kernel, and another area."""
    metrics = result.metrics.model_copy(update={"cell_area_um2": area_um2 or result.metrics.cell_area_um2})
    return result.model_copy(update={"parameters": {**result.parameters, **parameters}, "metrics": metrics})


def netlist(results, design):
    return at_place(results, design, {})["synth"]


def test_every_peer_that_is_there_can_be_built_and_each_publication_is_claimed_once():
    for peer in PEERS:
        if peer.design in kernels():
            parameters_of(peer.design, peer.given)
    assert len({peer.claim.source for peer in PEERS}) == len({peer.claim for peer in PEERS})
    assert str(PAPER_AREA_REDUCTION_PERCENT) in EXPMUL.claim


def test_area_and_its_change_are_those_of_the_linked_results(results):
    rows = {row["built"]: row for row in peer_rows(results, ACCURACY, 2, 512)}
    row = rows["`fa2_expmul` [R, C]"]
    measured = json.loads((REPORTS / row["result"]).read_text(encoding="utf-8"))
    baseline = at_place(results, BASELINE, {})[row["depth"]]
    assert row["area_um2"]["median"] == measured["metrics"]["cell_area_um2"]
    share = measured["metrics"]["cell_area_um2"] / baseline.metrics.cell_area_um2
    assert row["area_um2_reduction"]["percent"] == pytest.approx(100 * (1 - share))
    assert row["random_error"]["median"] == pytest.approx(0.163, abs=0.001)
    assert row["e4m3_error"]["median"] == pytest.approx(0.723, abs=0.001)
    assert rows["`fa2_baseline`, `exponential = vexp` [C2]"]["e4m3_error"] is None


def test_a_peer_without_a_result_says_so_and_a_variant_is_not_taken_for_it(results):
    inferred = {"log_sum": "inferred"}
    usual = netlist(results, BASELINE)
    sound = variant(usual.model_copy(update={"design": "fa2_hfa", "parameters": {"format": "bf16", "d": 16}}))
    rows = peer_rows([usual, sound], None, 2, 512)
    by_built = {row["built"]: row for row in rows}
    assert by_built["`fa2_hfa`, `log_sum = inferred` (H0) [I]"]["result"] is None
    assert by_built["`fa2_hfa`, `log_sum = sound` (H1) [I]"]["depth"] == "synth"
    rows = peer_rows([usual, variant(sound, **inferred)], None, 2, 512)
    by_built = {row["built"]: row for row in rows}
    assert by_built["`fa2_hfa`, `log_sum = inferred` (H0) [I]"]["depth"] == "synth"
    assert by_built["`fa2_hfa`, `log_sum = sound` (H1) [I]"]["result"] is None
    assert all(row["random_error"] is None for row in rows)


def test_a_variant_by_a_kernels_own_parameter_is_no_row_of_its_usual_configuration(results):
    names = (BASELINE, "fa2_log2")
    usual = [netlist(results, name) for name in names]
    (row,) = kept_rows(usual, names)
    for changed in (
        variant(usual[0], area_um2=1.0, exponential="vexp"),
        variant(usual[1], area_um2=1.0, fraction_bits=0),
    ):
        assert kept_rows([*usual, changed], names) == [row]


def test_the_front_holds_what_no_other_beats_in_area_and_error(results):
    usual = netlist(results, BASELINE)
    smaller = variant(usual, area_um2=1.0, products="one")
    inexact = variant(netlist(results, "fa2_expmul"), area_um2=2.0)
    worse = variant(netlist(results, "fa2_expmul"), area_um2=0.5)
    rows = netlist_rows([usual, smaller, inexact, worse])
    assert [row["area_um2"] for row in rows] == [0.5, 1.0, 2.0, usual.metrics.cell_area_um2]
    assert [row["on_front"] for row in rows] == [True, True, False, False]
    assert [row["as_exact"] for row in rows] == [False, True, False, True]
    assert [row["variant"] for row in rows] == ["", "products one", "", ""]
    assert rows[-1]["change_percent"] == 0


def test_layouts_are_drawn_over_each_cost_that_they_have(results):
    usual, expmul = (at_place(results, name, {})["gds"] for name in (BASELINE, "fa2_expmul"))
    no_power = expmul.model_copy(update={"power": {}})
    charts = layout_charts(layout_rows([usual, no_power, netlist(results, "fa2_log2")]))
    assert [chart.x_unit for chart in charts] == [
        "cell area, um2",
        "energy per key, pJ",
        "area x period, um2 ns",
    ]
    labels = [[point.label for series in chart.series for point in series.points] for chart in charts]
    assert labels == [["baseline", "expmul"], ["baseline"], ["baseline", "expmul"]]
    assert charts[1].series[0].points[0].x == pytest.approx(usual.power["timed"].energy_per_clock_j * 1e12)
    assert layout_charts([]) == []


def test_no_netlist_of_another_clock_format_or_recipe_is_on_it(results):
    usual = netlist(results, BASELINE)
    others = [
        usual.model_copy(update={"clock_ns": 4.0}),
        usual.model_copy(update={"synthesis": "area"}),
        usual.model_copy(update={"seed": 1}),
        variant(usual, format="e4m3"),
        variant(usual, d=32),
    ]
    assert netlist_rows(others) == []
    assert [row["design"] for row in netlist_rows([usual, *others])] == [BASELINE]


def test_the_best_kernel_is_the_smallest_layout_that_errs_no_more_than_the_baseline(results):
    usual, expmul = (at_place(results, name, {})["gds"] for name in (BASELINE, "fa2_expmul"))
    exact = variant(usual, area_um2=3.0, products="one")
    larger = variant(usual, area_um2=4.0, products="one")
    inexact = variant(expmul, area_um2=1.0)
    netlist_only = variant(usual, area_um2=2.0, products="one").model_copy(update={"depth": "synth"})
    best = best_kernel([usual, larger, exact, inexact, netlist_only])
    assert (best["design"], best["variant"], best["area_um2"]["median"]) == (BASELINE, "products one", 3.0)
    assert best["error"] <= best["baseline_error"]
    assert best_kernel([usual, inexact]) is None
    assert best_kernel([exact]) is None


def test_kernels_elsewhere_are_told_at_their_own_place_against_its_baseline(results):
    place = Place("nangate45", "e4m3", 16)
    assert place in places_elsewhere(results)
    assert COMMON not in places_elsewhere(results)
    rows = kernel_rows(results, place)
    areas = [row["area_um2"]["median"] for row in rows]
    assert areas == sorted(areas)
    of_design = {row["design"]: row for row in rows}
    expmul, baseline = of_design["fa2_expmul"], at_place(results, BASELINE, {}, place)
    measured = json.loads((REPORTS / expmul["result"]).read_text(encoding="utf-8"))
    assert (measured["parameters"]["format"], measured["depth"]) == ("e4m3", expmul["depth"])
    share = measured["metrics"]["cell_area_um2"] / baseline[expmul["depth"]].metrics.cell_area_um2
    assert expmul["area_um2_reduction"]["percent"] == pytest.approx(100 * (1 - share))
    # Not the baseline's error in BF16, which is some twenty times smaller.
    assert of_design[BASELINE]["error"] == baseline_error(place) > 0.5
    assert of_design["fa2_mean"]["as_exact"]


def test_a_place_with_few_kernels_or_without_a_baseline_is_not_told(results):
    place = Place("nangate45", "e4m3", 16)
    at = [result for result in results if is_kernel_at(result, place)]
    pair = [result for result in at if result.design in (BASELINE, "fa2_expmul")]
    assert places_elsewhere(pair) == []
    assert places_elsewhere([result for result in at if result.design != BASELINE]) == []


def test_a_place_is_drawn_from_layouts_if_all_its_kernels_have_one_else_from_netlists(results):
    place = Place("nangate45", "e4m3", 16)
    at = [result for result in results if is_kernel_at(result, place)]
    layouts = [result for result in at if result.depth == "gds"]
    netlist_of_another = [result for result in at if (result.design, result.depth) == ("fa2_log2", "synth")]
    pair = (BASELINE, "fa2_mean")
    netlists = [result for result in at if result.depth == "synth" and result.design in pair]
    assert [chart.x_unit for chart in place_charts(layouts, place)] == [
        "cell area, um2",
        "energy per key, pJ",
        "area x period, um2 ns",
    ]
    paired = [result for result in layouts if result.design in pair]
    (chart,) = place_charts([*paired, *netlist_of_another, *netlists], place)
    assert chart.name == "kernels_netlist_area_nangate45_e4m3_d16"


def test_a_layout_that_is_too_slow_for_its_clock_is_marked_wherever_it_is_told(results):
    usual, expmul = (at_place(results, name, {})["gds"] for name in (BASELINE, "fa2_expmul"))
    slow = expmul.model_copy(update={"metrics": expmul.metrics.model_copy(update={"setup_slack_ns": -0.2})})
    (peer,) = [row for row in peer_rows([usual, slow], None, 2, 512) if row["claim"] is EXPMUL]
    assert peer["misses_clock"]
    labels = [
        point.label
        for chart in layout_charts(layout_rows([usual, slow]))[:1]
        for series in chart.series
        for point in series.points
    ]
    assert labels == ["baseline", "expmul (misses its clock)"]
    kernels_of_row = (BASELINE, "fa2_expmul")
    summary = summarize(kept_rows([usual, slow], kernels_of_row), kernels_of_row, 1)
    page = comparison_markdown(summary, "comparison")
    assert "fa2_expmul ‡" in page and "fa2_baseline ‡" not in page
    assert "‡ Too slow for its clock" in page
    on_time = summarize(kept_rows([usual, expmul], kernels_of_row), kernels_of_row, 1)
    assert "‡" not in comparison_markdown(on_time, "comparison")
