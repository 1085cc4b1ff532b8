"""The five kernels of the committed results, against the files that they come from."""

import json
from dataclasses import replace

import pytest

from flow.common.places import PROJECT_ROOT
from flow.comparison.kept_rows import kept_results, kept_rows
from flow.comparison.rows import Row
from flow.record.activities import TIMED
from flow.reproduction.discussion import kept_share, within_seed
from flow.reproduction.kernel_study import (
    FIVE_KERNELS,
    arm_of,
    common_clock_rows,
    describe_pareto,
    pareto_charts,
)

REPORTS = PROJECT_ROOT / "reports"
ACCURACY = json.loads((REPORTS / "accuracy.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def all_rows():
    return kept_rows(kept_results(REPORTS), FIVE_KERNELS)


@pytest.fixture(scope="module")
def rows(all_rows):
    return common_clock_rows(all_rows)


def with_area(result, area_um2, seed):
    metrics = result.metrics.model_copy(update={"cell_area_um2": area_um2})
    return result.model_copy(update={"seed": seed, "metrics": metrics})


def test_each_kernel_stands_at_its_own_area_and_error(rows):
    for row, chart in zip(rows, pareto_charts(rows, ACCURACY)[::2], strict=True):
        random_scores, text = chart.series
        assert [point.label for point in text.points] == list(FIVE_KERNELS)
        for point, on_text in zip(random_scores.points, text.points, strict=True):
            result = row.results[point.label][0]
            assert point.x == on_text.x == result.metrics.cell_area_um2
            layers = ACCURACY["model"]["long"]["layers"]
            errors = [layer[arm_of(result)]["all_rows"] for layer in layers]
            assert on_text.y == pytest.approx(sum(errors) / len(errors))
            assert on_text.y_range == (min(errors), max(errors))
            seeds = next(row for row in ACCURACY["synthetic"] if (row["sigma"], row["keys"]) == (2, 512))
            assert point.y == seeds["errors"][arm_of(result)]["median"]


def test_a_kernel_s_error_is_that_of_its_own_fraction_bits(rows):
    by_kernel = {kernel: arm_of(results[0]) for kernel, results in rows[0].results.items()}
    assert by_kernel["fa2_log2"] == "fa2_log2_f3"
    assert by_kernel["fa2_intmax"] == "fa2_intmax"


def test_without_the_model_the_chart_has_random_scores_alone(rows):
    charts = pareto_charts(rows, ACCURACY | {"model": None})
    assert all(len(chart.series) == 1 for chart in charts)


def test_netlists_of_other_seeds_give_the_routed_area_its_bars(rows):
    row = rows[0]
    netlists = {
        kernel: tuple(
            with_area(result, area_um2, seed) for seed, area_um2 in enumerate((1000.0, 1010.0, 1030.0))
        )
        for kernel, (result, *_) in row.results.items()
    }
    seeds = Row(row.configuration, "synth", netlists)
    area, _, *_ = pareto_charts([row, seeds], ACCURACY)
    for point in area.series[0].points:
        assert point.x_range == pytest.approx((point.x, 1.03 * point.x))
    others = Row(row.configuration, "synth", {kernel: of_seeds[1:] for kernel, of_seeds in netlists.items()})
    unknown, _, *_ = pareto_charts([row, others], ACCURACY)
    assert all(point.x_range is None for point in unknown.series[0].points)
    one_seed = Row(
        row.configuration, "synth", {kernel: of_seeds[:1] for kernel, of_seeds in netlists.items()}
    )
    bare, _, *_ = pareto_charts([row, one_seed], ACCURACY)
    assert all(point.x_range is None for point in bare.series[0].points)


def test_every_kernel_lies_within_its_own_bars(all_rows):
    barred = 0
    for chart in pareto_charts(all_rows, ACCURACY):
        for point in chart.series[0].points:
            if point.x_range:
                barred += 1
                assert point.x_range[0] <= point.x <= point.x_range[1]
    assert barred


def test_layouts_of_other_seeds_give_both_costs_bars_and_leave_the_kernel_where_the_tables_have_it(rows):
    row = rows[0]

    def other_seed(result):
        timed = result.power[TIMED]
        hotter = timed.model_copy(update={"energy_per_clock_j": 1.02 * timed.energy_per_clock_j})
        larger = with_area(result, 1.01 * result.metrics.cell_area_um2, 1)
        return larger.model_copy(update={"power": result.power | {TIMED: hotter}})

    both = {kernel: (results[0], other_seed(results[0])) for kernel, results in row.results.items()}
    alone = {kernel: results[:1] for kernel, results in row.results.items()}
    seeded = pareto_charts([Row(row.configuration, row.depth, both)], ACCURACY)
    tabled = pareto_charts([Row(row.configuration, row.depth, alone)], ACCURACY)
    for chart, bare, share in zip(seeded, tabled, (0.01, 0.02), strict=True):
        for point, same in zip(chart.series[0].points, bare.series[0].points, strict=True):
            assert (point.label, point.x, point.y) == (same.label, same.x, same.y)
            assert point.x_range == pytest.approx((point.x, (1 + share) * point.x))
            assert same.x_range is None


def test_a_front_has_the_kernels_that_no_other_beats_in_both_error_and_cost(rows):
    for chart in pareto_charts(rows, ACCURACY):
        fronts = describe_pareto(chart)["fronts"]
        for series in chart.series:
            unbeaten = {
                point.label
                for point in series.points
                if not any(
                    other.x <= point.x and other.y <= point.y for other in series.points if other is not point
                )
            }
            assert set(fronts[series.name]) == unbeaten


def test_a_seed_s_share_is_of_the_kernel_s_own_cost(rows):
    row = rows[0]
    varied = {
        kernel: tuple(with_area(results[0], area_um2, seed) for seed, area_um2 in enumerate((1000.0, 1030.0)))
        for kernel, results in row.results.items()
    }
    area, _ = pareto_charts([row, Row(row.configuration, "synth", varied)], ACCURACY)
    assert describe_pareto(area)["seed_shares"] == pytest.approx(dict.fromkeys(FIVE_KERNELS, 0.03))
    bare, _ = pareto_charts([row], ACCURACY)
    assert describe_pareto(bare)["seed_shares"] == {}


def test_the_share_that_is_kept_of_a_saving_is_told_from_the_smallest_to_the_largest():
    def row(kept_percent, saved_percent):
        reductions = {"other": kept_percent, "fa2_expmul": saved_percent}
        return {"reductions": {name: {"area_um2": {"percent": value}} for name, value in reductions.items()}}

    assert kept_share([row(5, 20), row(-1, 10)], "fa2_expmul", "other", "area_um2") == "-10 to 25 %"


def test_areas_are_within_the_seed_where_it_moves_either_kernel_by_more_than_they_differ():
    def row(title, area_um2):
        areas = {"one": area_um2, "two": 100.0}
        return {"title": title, "kernels": {name: {"area_um2": {"median": a}} for name, a in areas.items()}}

    rows = [row("near", 100.4), row("far", 102.0), row("unknown", 100.0)]
    shares = {"one": 0.001, "two": 0.005, "third": 0.5}
    charts = [{"seed_shares": shares}, {"seed_shares": shares}, {"seed_shares": {}}]
    assert within_seed(rows, charts, "one", "two") == within_seed(rows, charts, "two", "one") == ["near"]
    assert within_seed(rows, [], "one", "two") == []


def test_the_seed_of_a_netlist_says_nothing_of_energy(rows):
    row = rows[0]
    netlists = {
        kernel: tuple(result.model_copy(update={"seed": seed, "power": {}}) for seed in (0, 1))
        for kernel, (result, *_) in row.results.items()
    }
    _, energy, *_ = pareto_charts([row, Row(row.configuration, "synth", netlists)], ACCURACY)
    assert all(point.x_range is None for point in energy.series[0].points)


def at_forty_percent(row, depth="gds"):
    return Row(replace(row.configuration, utilization_percent=40.0), depth, row.results)


def test_five_kernels_routed_at_another_utilization_stand_where_none_are_at_the_pdk_s(rows):
    row = rows[0]
    other = at_forty_percent(row)
    assert common_clock_rows([other]) == [other]
    assert common_clock_rows([row, other]) == [row]
    assert common_clock_rows([at_forty_percent(row, "synth"), row]) == [row]
    netlists = {
        kernel: tuple(with_area(result, area_um2, seed) for seed, area_um2 in enumerate((1000.0, 1030.0)))
        for kernel, (result, *_) in row.results.items()
    }
    area, _ = pareto_charts([other, Row(row.configuration, "synth", netlists)], ACCURACY)
    assert all(point.x_range for point in area.series[0].points)
