from dataclasses import replace

import pytest

from flow.charts.bar_drawing import bar_rows
from flow.charts.bars import BarChart, Line, Series
from flow.charts.colours import COLOURS
from flow.charts.interactive import as_div
from flow.charts.label_places import box_around, candidate_places, common_area, label_places
from flow.charts.picture import draw
from flow.charts.points import Point, PointChart, PointSeries
from flow.error_study.page import CHART_ARMS
from flow.error_study.variants import ARMS

BARS = BarChart(
    "bars",
    "Title",
    "%",
    ("a", "b"),
    (Series("one", (1.0, None), (0.5, None), (2.0, None)), Series("two", (-3.0, 4.0))),
    (Line("limit", -2.0, 1),),
    signed=True,
)
POINTS = PointChart(
    "points",
    "Title",
    "um2",
    "error",
    (
        PointSeries(
            "one",
            (
                Point("small and wrong", 1.0, 0.5),
                Point("beaten", 3.0, 0.4, y_range=(0.3, 0.5)),
                Point("large and right", 2.0, 0.1, x_range=(1.5, 2.5)),
            ),
        ),
        PointSeries("two", (Point("alone", 5.0, 0.2),)),
    ),
)


@pytest.mark.parametrize("chart", [BARS, POINTS], ids=lambda chart: chart.name)
def test_a_chart_is_drawn_to_the_same_bytes(tmp_path, chart):
    for suffix in (".svg", ".png"):
        paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
        for path in paths:
            draw(chart, path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
    assert as_div(chart) == as_div(chart)


@pytest.mark.parametrize("chart", [BARS, POINTS], ids=lambda chart: chart.name)
def test_a_picture_s_legend_names_every_series(tmp_path, chart):
    path = tmp_path / "chart.svg"
    draw(chart, path)
    legend = path.read_text(encoding="utf-8").partition('class="mark-group role-legend"')[2]
    for series in chart.series:
        assert f">{series.name}</text>" in legend


def test_a_common_front_has_the_points_that_none_of_any_series_beats():
    (front,) = replace(POINTS, common_front=True).fronts()
    assert [point.label for point in front.points] == ["small and wrong", "large and right"]
    assert [[point.label for point in front.points] for front in POINTS.fronts()] == [
        ["small and wrong", "large and right"],
        ["alone"],
    ]


def test_a_front_holds_the_points_that_no_other_beats_in_both_directions():
    assert [point.label for point in POINTS.series[0].front()] == ["small and wrong", "large and right"]


def test_of_equal_points_and_of_points_behind_another_the_front_has_one():
    same = Point("a", 1.0, 1.0), Point("b", 1.0, 1.0), Point("higher", 1.0, 2.0), Point("dearer", 2.0, 1.0)
    assert [point.label for point in PointSeries("s", same).front()] == ["a"]


def ends_drawn(values, low, high):
    chart = BarChart("c", "Title", "%", ("a", "b"), (Series("one", values, low, high),))
    return [(bar["low"], bar["high"]) for bar in bar_rows(chart)]


def test_bars_reach_to_the_ends_of_the_range():
    assert ends_drawn((2.0, 0.5), (1.5, 0.0), (4.0, 1.0)) == [(1.5, 4.0), (0.0, 1.0)]


def test_a_value_whose_range_is_not_known_has_no_bar():
    assert ends_drawn((2.0, 3.0), (1.5, None), (4.0, None)) == [(1.5, 4.0), (None, None)]
    assert ends_drawn((3.0,), (), ()) == [(None, None)]
    series = Series("one", (1.0, 2.0, None, 0.0), (1.0, None, None, -1.0), (1.0, None, None, 0.0))
    assert series.bars() == [(0, 1.0, None), (1, 2.0, None), (3, 0.0, (-1.0, 0.0))]


def test_every_point_of_a_page_s_chart_has_its_label():
    html = as_div(POINTS)
    for series in POINTS.series:
        assert f'"series":"{series.name}"' in html
        assert all(point.label in html for point in series.points)


def test_as_many_series_as_there_are_colours_can_be_drawn_each_way(tmp_path):
    series = tuple(Series(colour, (1.0,)) for colour in COLOURS)
    chart = BarChart("many", "Title", "%", ("a",), series)
    draw(chart, tmp_path / "many.svg")
    picture = (tmp_path / "many.svg").read_text(encoding="utf-8")
    assert all(colour in picture and colour in as_div(chart) for colour in COLOURS)


def test_every_arm_of_the_error_chart_has_a_colour():
    assert len(CHART_ARMS) <= len(COLOURS)
    assert set(CHART_ARMS) <= {arm.name for arm in ARMS}


def boxes(points, places):
    for (x, y, text), place in zip(points, places, strict=True):
        yield next(box for candidate, box in candidate_places(x, y, text) if candidate == place)


def test_labels_of_near_points_cover_neither_points_nor_lines_nor_each_other():
    points = [(100.0 + 9 * index, 100.0 + 4 * (index % 3), f"kernel_{index}") for index in range(6)]
    line = (80.0, 100.0, 160.0, 100.0)
    drawn = list(boxes(points, label_places(points, [line], 470, 340)))
    for index, box in enumerate(drawn):
        assert all(common_area(box, other) == 0 for other in drawn[:index])
        assert all(common_area(box, box_around(x, y)) == 0 for x, y, _ in points)
        assert common_area(box, (line[0], line[1] - 1, line[2], line[3] + 1)) == 0


def test_a_label_at_the_edge_stays_inside():
    (box,) = boxes(edge := [(460.0, 5.0, "a long name")], label_places(edge, [], 470, 340))
    assert common_area(box, (0.0, 0.0, 470.0, 340.0)) == pytest.approx((box[2] - box[0]) * (box[3] - box[1]))
