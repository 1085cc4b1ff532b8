"""A chart as a Vega-Lite specification: what pictures and pages are both drawn from."""

from dataclasses import dataclass
from typing import Any

from flow.charts.bar_drawing import bar_chart
from flow.charts.bars import BarChart
from flow.charts.colours import COLOURS, GREY
from flow.charts.point_drawing import point_chart
from flow.charts.points import PointChart

VEGA_LITE = "6.4"
Json = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What a picture and a page have different.

    width       of the inside in pixels, or "container"
    ink, paper  colours of texts and axes, and of what is behind them, as CSS has them
    title       whether the chart's title is on it
    """

    width: int | str
    ink: str
    paper: str
    font: str
    title: bool


def drawing(chart: BarChart | PointChart, look: Look) -> Json:
    """Return `chart` in Vega-Lite."""
    layers = bar_chart(chart, look.paper) if isinstance(chart, BarChart) else point_chart(chart)
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE.partition('.')[0]}.json",
        "width": look.width,
        "config": config(look, len(chart.series)),
        **({"title": chart.title} if look.title else {}),
        **layers,
    }


def config(look: Look, series: int) -> Json:
    """Return the look of a chart of so many series."""
    texts = {"labelColor": look.ink, "titleColor": look.ink}
    lines = {"domainColor": look.ink, "tickColor": look.ink, "gridColor": GREY, "gridOpacity": 0.25}
    return {
        "background": None,
        "font": look.font,
        "view": {"stroke": None},
        "title": {"anchor": "start", "color": look.ink, "fontSize": 13, "fontWeight": 600},
        "axis": texts | lines,
        "legend": texts | {"orient": "bottom", "columns": 2, "labelLimit": 500, "title": None},
        "range": {"category": [COLOURS[position % len(COLOURS)] for position in range(series)]},
        "text": {"color": look.ink},
        "rule": {"color": look.ink},
    }
