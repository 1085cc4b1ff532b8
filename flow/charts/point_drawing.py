"""Points over a linear x and a logarithmic y, in Vega-Lite: ranges as bars, fronts as lines."""

import math
from itertools import pairwise
from typing import Any

from flow.charts.colours import DASHES, GREY, SHAPES
from flow.charts.label_places import Box, LabelPlace, label_places
from flow.charts.points import PointChart

Json = dict[str, Any]
WIDTH_PX, HEIGHT_PX = 470, 340
# A front's line as boxes of about this size, which labels keep clear of.
LINE_BOX_PX = 8.0
# Room around the points, as a share of each axis.
ROOM = 0.12


def point_chart(chart: PointChart) -> Json:
    """Return the layers of a chart of points."""
    names = [series.name for series in chart.series]
    by_series = {"field": "series", "type": "nominal", "sort": names}
    colour = by_series | {"scale": {"domain": names}}
    x_ends, y_ends = domains(chart)
    x = {
        "field": "x", "type": "quantitative", "title": chart.x_unit,
        "scale": {"domain": x_ends, "nice": False, "zero": False},
    }  # fmt: skip
    y = {
        "field": "y", "type": "quantitative", "title": chart.y_unit,
        "scale": {"type": "log", "domain": y_ends, "nice": False},
    }  # fmt: skip
    shown = {"condition": {"param": "shown", "value": 1}, "value": 0.15}
    shapes = [SHAPES[index % len(SHAPES)] for index in range(len(names))]
    shape = by_series | {"scale": {"domain": names, "range": shapes}}
    ranges = [
        {
            "transform": [{"filter": f"isValid(datum.{axis}_low)"}],
            "mark": {"type": "errorbar", "ticks": {"size": 7}},
            "encoding": {
                axis: own | {"field": f"{axis}_low"},
                f"{axis}2": {"field": f"{axis}_high"},
                across: other,
                "color": colour,
                "opacity": shown,
            },
        }
        for axis, own, across, other in (("x", x, "y", y), ("y", y, "x", x))
    ]
    # Each with its own stroke in the mark: an encoding of it would have to be in the legend too.
    fronts = [
        {
            "data": {
                "values": [{"series": front.name, "x": point.x, "y": point.y} for point in front.points]
            },
            "mark": {"type": "line", "strokeWidth": 1, "strokeDash": DASHES[index % len(DASHES)]}
            | ({"color": GREY} if chart.common_front else {}),
            "encoding": {"x": x, "y": y}
            | ({} if chart.common_front else {"color": colour, "opacity": shown}),
        }
        for index, front in enumerate(chart.fronts())
    ]
    points = {
        "params": [{"name": "shown", "select": {"type": "point", "fields": ["series"]}, "bind": "legend"}],
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {
            "x": x,
            "y": y,
            "color": colour,
            "shape": shape,
            "opacity": shown,
            "tooltip": [
                {"field": "label", "title": "kernel"},
                {"field": "series", "title": "is"},
                {"field": "x", "title": chart.x_unit, "format": f",.{chart.x_decimals}f"},
                {"field": "y", "title": chart.y_unit, "format": f".{chart.y_decimals}f"},
            ],
        },
    }
    labels = {
        "mark": {
            "type": "text",
            "dx": {"expr": "datum.dx"},
            "dy": {"expr": "datum.dy"},
            "align": {"expr": "datum.align"},
            "baseline": "middle",
            "fontSize": 10,
        },
        "encoding": {
            "x": x,
            "y": y,
            "text": {"field": "label", "type": "nominal"},
            "color": colour,
            "opacity": shown,
        },
    }
    layers = [*fronts, *ranges, points, labels]
    return {"data": {"values": point_rows(chart)}, "height": HEIGHT_PX, "layer": layers}


def domains(chart: PointChart) -> tuple[list[float], list[float]]:
    """Return the ends of both axes: all points and ranges, and room around them."""
    points = [point for series in chart.series for point in series.points]
    xs = [x for point in points for x in (point.x, *(point.x_range or ()))]
    ys = [y for point in points for y in (point.y, *(point.y_range or ()))]
    x_room = ROOM * ((max(xs) - min(xs)) or abs(xs[0]) or 1.0)
    y_room = (max(ys) / min(ys)) ** ROOM if max(ys) > min(ys) else 2.0
    return [min(xs) - x_room, max(xs) + x_room], [min(ys) / y_room, max(ys) * y_room]


def places(chart: PointChart) -> list[LabelPlace]:
    """Return a place for each point's label, for a chart of the usual size."""
    (x_low, x_high), (y_low, y_high) = domains(chart)

    def right(x: float) -> float:
        return WIDTH_PX * (x - x_low) / (x_high - x_low)

    def down(y: float) -> float:
        return HEIGHT_PX * math.log(y_high / y) / math.log(y_high / y_low)

    points = [point for series in chart.series for point in series.points]
    ranges = [
        (right(ends[0]), down(point.y), right(ends[1]), down(point.y))
        for point in points
        if (ends := point.x_range)
    ] + [
        (right(point.x), down(ends[1]), right(point.x), down(ends[0]))
        for point in points
        if (ends := point.y_range)
    ]
    ranges += [
        box
        for front in chart.fronts()
        for start, end in pairwise(front.points)
        for box in along((right(start.x), down(start.y)), (right(end.x), down(end.y)))
    ]
    named = [(right(point.x), down(point.y), point.label) for point in points]
    return label_places(named, ranges, WIDTH_PX, HEIGHT_PX)


def along(start: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """Return small boxes that a straight line runs through, from end to end; places in pixels."""
    count = max(1, round(math.dist(start, end) / LINE_BOX_PX))
    corners = [
        (start[0] + (end[0] - start[0]) * step / count, start[1] + (end[1] - start[1]) * step / count)
        for step in range(count + 1)
    ]
    return [
        (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairwise(corners)
    ]


def point_rows(chart: PointChart) -> list[Json]:
    """Return a row of data for each point: its place, the ends of its bars, where its label stands."""
    rows = []
    place_of_next = iter(places(chart))
    for series in chart.series:
        for point in series.points:
            place = next(place_of_next)
            x_low, x_high = point.x_range or (None, None)
            y_low, y_high = point.y_range or (None, None)
            rows.append(
                {
                    "series": series.name, "label": point.label, "x": point.x, "y": point.y,
                    "x_low": x_low, "x_high": x_high, "y_low": y_low, "y_high": y_high,
                    "dx": place.dx, "dy": place.dy, "align": place.align,
                }
            )  # fmt: skip
    return rows
