"""FLASH-D as published: its tables are what they claim, and the study says how it fails."""

import numpy as np
import pytest

from flow.error_study import published_flashd
from flow.error_study.attention_arm import attend_exact
from flow.error_study.published_flashd import (
    EXACT_FUNCTIONS,
    MENDED,
    PUBLISHED,
    failures,
    mended_sigmoid,
    published_flashd_errors,
    random_queries,
    real_queries,
)
from hdl.ieee_format import ieee_format

BF16_NEAREST = ieee_format("bf16")


def errors(way, queries):
    with np.errstate(all="ignore"):
        return failures(way.attend(*queries), attend_exact(*queries))


def test_tables_come_near_their_functions_where_the_right_segment_is_chosen():
    x = np.linspace(-5, 10.9, 500)
    assert np.abs(mended_sigmoid(x, BF16_NEAREST) - 1 / (1 + np.exp(-x))).max() < 0.04
    w = np.geomspace(2.0**-8, 0.99, 500)
    assert np.abs(MENDED.ln(w, BF16_NEAREST) - np.log(w)).max() < 0.45
    # A twelfth of a binade, away from the long segment at the low end.
    assert np.abs(MENDED.ln(w[w > 2.0**-6], BF16_NEAREST) - np.log(w[w > 2.0**-6])).max() < 0.12


@pytest.mark.parametrize(("x", "error"), [(0.5, 0.3), (-0.5, 0.2), (0.0, 0.3)])
def test_the_published_decoder_errs_where_most_arguments_lie(x, error):
    at = np.array([x])
    exact = 1 / (1 + np.exp(-at))
    assert abs(PUBLISHED.sigmoid(at, BF16_NEAREST) - exact)[0] > error
    assert abs(mended_sigmoid(at, BF16_NEAREST) - exact)[0] < 0.02


def test_the_published_logarithm_is_far_above_zero_in_one_binade_and_at_one():
    w = np.array([2.0**-7, 1.9 * 2.0**-7, 1.0])
    assert (PUBLISHED.ln(w, BF16_NEAREST) > 1.0).all()
    assert (MENDED.ln(w[:2], BF16_NEAREST) < -4).all()


@pytest.mark.parametrize("queries", [real_queries(), random_queries(2, 128)], ids=["real", "random"])
def test_it_diverges_as_it_stands_fails_mended_and_works_with_exact_functions(queries):
    queries = tuple(array[::8] for array in queries)
    published, mended, exact = (errors(way, queries) for way in (PUBLISHED, MENDED, EXACT_FUNCTIONS))
    assert published["failed"] == 1 and (published["mean"] is None or published["mean"] > 1e6)
    assert mended["failed"] > 0.8 and 0.5 < mended["median"] < 3
    assert exact["failed"] == 0 and exact["median"] < 0.05


def test_a_weight_that_underflows_is_lost_for_ever():
    q, k = np.ones((1, 1)), np.array([[[0.0], [-100.0], [0.0]]])
    v = np.array([[[1.0], [1.0], [3.0]]])
    assert attend_exact(q, k, v)[0, 0] == pytest.approx(2.0)
    with np.errstate(all="ignore"):
        assert EXACT_FUNCTIONS.attend(q, k, v)[0, 0] == 1.0


def test_rows_that_are_no_numbers_count_as_failed_and_leave_mean_and_median_open():
    truth = np.array([[3.0, 4.0], [0.0, 1.0], [1.0, 0.0]])
    output = np.array([[3.0, 4.0], [0.0, 1.2], [np.nan, 0.0]])
    assert failures(output, truth) == {
        "median": pytest.approx(0.2),
        "mean": None,
        "failed": pytest.approx(1 / 3),
    }
    assert failures(truth, truth) == {"median": 0.0, "mean": 0.0, "failed": 0.0}


def test_the_table_has_every_way_on_every_set(monkeypatch):
    monkeypatch.setattr(published_flashd, "RANDOM_SCORES", ((1, 8),))
    monkeypatch.setattr(published_flashd, "real_queries", lambda: random_queries(2, 4))
    table = published_flashd_errors()
    assert [row["data"] for row in table] == ["MiniLM", "σ 1, N 8"]
    assert all(list(row["errors"]) == list(published_flashd.WAYS) for row in table)
