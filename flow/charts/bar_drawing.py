"""Horizontal bars in groups, in Vega-Lite: ranges as whiskers, values as labels, lines to compare with."""

import math
from typing import Any

from flow.charts.bars import BarChart
from flow.charts.colours import COLOURS, DASHES

Json = dict[str, Any]
BAR_HEIGHT_PX, BAR_HEIGHT_OF_MANY_PX, MANY_BARS = 15, 11, 60
GROUP_GAP_PX = 9
# Room for a label beyond the longest bar, as a share of the axis.
LABEL_ROOM = 0.14
LABEL_GAP_PX = 4


def bar_chart(chart: BarChart, paper: str) -> Json:
    """Return the layers of a bar chart; `paper` is the colour behind a label, which keeps lines out of it."""
    rows = bar_rows(chart)
    names = [series.name for series in chart.series]
    x_axis = {
        "type": "quantitative",
        "title": chart.unit,
        "scale": {
            "type": "log" if chart.logarithmic else "linear",
            "domain": domain(chart, rows),
            "nice": False,
        },
    }  # fmt: skip
    groups = {} if len(names) == 1 else {"yOffset": {"field": "series", "sort": names}}
    place = {
        "y": {
            "field": "category", "type": "nominal", "sort": list(chart.categories), "title": None,
            "axis": {"labelLimit": 420, "ticks": False},
        },
        **groups,
    }  # fmt: skip
    colour = {"field": "series", "type": "nominal", "sort": names, "scale": {"domain": names}}
    shown = {"condition": {"param": "shown", "value": 1}, "value": 0.15}
    tooltip = [
        {"field": "category", "title": "of"},
        {"field": "series", "title": "is"},
        {"field": "label", "title": chart.unit},
    ]
    layers: list[Json] = [
        {
            "params": [
                {"name": "shown", "select": {"type": "point", "fields": ["series"]}, "bind": "legend"}
            ],
            "mark": {"type": "bar"},
            "encoding": place
            | {
                "x": {"field": "start"} | x_axis,
                "x2": {"field": "value"},
                "color": colour,
                "opacity": shown,
                "tooltip": tooltip,
            },
        },
        {
            "transform": [{"filter": "isValid(datum.low)"}],
            "mark": {"type": "errorbar", "ticks": {"size": 6}},
            "encoding": place | {"x": {"field": "low"} | x_axis, "x2": {"field": "high"}},
        },
        *([] if chart.logarithmic else [{"mark": "rule", "encoding": {"x": {"datum": 0}}}]),
        *(line_layer(chart, position) for position in range(len(chart.lines))),
        *(labels(place, x_axis, shown, forward, halo) for forward in (True, False) for halo in (paper, None)),
    ]
    step = BAR_HEIGHT_PX if len(rows) < MANY_BARS else BAR_HEIGHT_OF_MANY_PX
    return {
        "data": {"values": rows},
        "height": len(chart.categories) * (len(names) * step + GROUP_GAP_PX),
        "layer": layers,
        "resolve": {"scale": {"strokeDash": "independent"}},
    }


def bar_rows(chart: BarChart) -> list[Json]:
    """Return a row of data for each bar: its ends, its range, its label and where that stands."""
    rows: list[Json] = []
    for series in chart.series:
        for index, value, span in series.bars():
            start = series.start(index)
            low, high = span or (None, None)
            forward = value >= start
            reach = value if span is None else (span[1] if forward else span[0])
            rows.append(
                {
                    "category": chart.categories[index], "series": series.name,
                    "start": start, "value": value, "low": low, "high": high,
                    "label": chart.label(value - start), "reach": reach, "forward": forward,
                }
            )  # fmt: skip
    if chart.logarithmic:
        smallest = min(float(row["low"] or row["value"]) for row in rows)
        floor = 10.0 ** math.floor(math.log10(smallest))
        for row in rows:
            row["start"] = floor
    return rows


def domain(chart: BarChart, rows: list[Json]) -> list[float]:
    """Return the ends of the axis: all bars, ranges and lines, and room for the labels."""
    ends = [line.value for line in chart.lines]
    for row in rows:
        ends += [row["start"], row["reach"], *(end for end in (row["low"], row["high"]) if end is not None)]
    if chart.logarithmic:
        room = (max(ends) / min(ends)) ** LABEL_ROOM
        return [min(ends), max(ends) * room]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = LABEL_ROOM * (high - low)
    backward = any(not row["forward"] for row in rows)
    forward = any(row["forward"] and row["value"] > 0 for row in rows)
    return [low - room * backward, high + room * forward]


def labels(place: Json, x_axis: Json, shown: Json, forward: bool, halo: str | None) -> Json:
    """Return the layer of the values' labels, of bars to one side; with a `halo` what is behind them."""
    return {
        "transform": [{"filter": f"datum.forward == {str(forward).lower()}"}],
        "mark": {
            "type": "text",
            "align": "left" if forward else "right",
            "dx": LABEL_GAP_PX if forward else -LABEL_GAP_PX,
            "fontSize": 10,
            **({"stroke": halo, "strokeWidth": 3} if halo else {}),
        },
        "encoding": place
        | {"x": {"field": "reach"} | x_axis, "text": {"field": "label", "type": "nominal"}, "opacity": shown},
    }


def line_layer(chart: BarChart, position: int) -> Json:
    """Return the layer of a value to compare with, named in a legend of its own."""
    line = chart.lines[position]
    dash = DASHES[position % len(DASHES)]
    return {
        "data": {"values": [{"line": line.name, "at": line.value}]},
        "mark": {"type": "rule", "color": COLOURS[line.series], "size": 1.5},
        "encoding": {
            "x": {"field": "at", "type": "quantitative"},
            "strokeDash": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": [line.name], "range": [dash]},
                "legend": {"symbolType": "stroke", "symbolStrokeColor": COLOURS[line.series]},
            },
            "tooltip": {"field": "line", "type": "nominal"},
        },
    }
