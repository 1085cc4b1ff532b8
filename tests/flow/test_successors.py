"""The five kernels of the committed results, against the files that they come from."""

import json

import pytest

from flow.comparison.kept import kept_results, kept_rows
from flow.places import PROJECT_ROOT
from flow.reproduction.successors import FIVE_KERNELS, arm_of, common_clock_rows, pareto_charts

REPORTS = PROJECT_ROOT / "reports"
ACCURACY = json.loads((REPORTS / "accuracy.json").read_text())


@pytest.fixture(scope="module")
def rows():
    return common_clock_rows(kept_rows(kept_results(REPORTS), FIVE_KERNELS))


def test_each_kernel_stands_at_its_own_area_and_error(rows):
    for row, chart in zip(rows, pareto_charts(rows, ACCURACY)[::2], strict=True):
        random_scores, text = chart.series
        assert [point.label for point in text.points] == list(FIVE_KERNELS)
        for point, on_text in zip(random_scores.points, text.points, strict=True):
            (result,) = row.results[point.label]
            assert point.x == on_text.x == result.metrics.cell_area_um2
            layers = ACCURACY["model"]["long"]["layers"]
            errors = [layer[arm_of(result)]["mean"] for layer in layers]
            assert on_text.y == pytest.approx(sum(errors) / len(errors))
            assert on_text.y_range == (min(errors), max(errors))
            seeds = next(one for one in ACCURACY["synthetic"] if (one["sigma"], one["keys"]) == (2, 512))
            assert point.y == seeds["errors"][arm_of(result)]["median"]


def test_a_kernel_s_error_is_that_of_its_own_fraction_bits(rows):
    by_kernel = {kernel: arm_of(results[0]) for kernel, results in rows[0].results.items()}
    assert by_kernel["fa2_log2"] == "fa2_log2_f3"
    assert by_kernel["fa2_intmax"] == "fa2_intmax"


def test_without_the_model_the_chart_has_random_scores_alone(rows):
    charts = pareto_charts(rows, ACCURACY | {"model": None})
    assert all(len(chart.series) == 1 for chart in charts)
