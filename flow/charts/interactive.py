"""Charts for a page that works without a network: hover for values, click the legend to toggle."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects
from plotly.offline import get_plotlyjs

from flow.charts.bars import COLOURS, HATCHES, BarChart
from flow.charts.points import PointChart, PointSeries
from flow.charts.ranges import Span, ends

DASHES = ("dash", "dot", "dashdot")
ROW_HEIGHT_PX, FRAME_HEIGHT_PX = 30, 170
POINT_CHART_HEIGHT_PX = 480
LABEL_PLACES = ("top right", "bottom right")
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "x")


def library_script() -> str:
    """Return the charts' JavaScript library, once per page."""
    return str(get_plotlyjs())


def as_div(chart: BarChart | PointChart) -> str:
    """Return `chart` as an HTML element whose id is the chart's name; the library must be on the page."""
    figure = bar_figure(chart) if isinstance(chart, BarChart) else point_figure(chart)
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=chart.name,
        config={"displayModeBar": False, "responsive": True},
    )
    return html


def bar_figure(chart: BarChart) -> Any:
    """Return the figure of a bar chart."""
    figure = plotly.graph_objects.Figure()
    for position, series in enumerate(chart.series):
        bars = series.bars()
        figure.add_bar(
            name=series.name,
            y=[chart.categories[index] for index, _, _ in bars],
            x=[value - series.start(index) for index, value, _ in bars],
            base=[series.start(index) for index, _, _ in bars] if series.starts else None,
            orientation="h",
            marker={
                "color": COLOURS[position],
                "pattern": {
                    "shape": HATCHES[position],
                    "bgcolor": COLOURS[position],
                    "fgcolor": "rgba(255,255,255,0.7)",
                    "size": 6,
                },
            },
            error_x=ranges([(value, span) for _, value, span in bars]),
            text=[chart.label(value - series.start(index)) for index, value, _ in bars],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}<br>%{fullData.name}: %{text} " + chart.unit + "<extra></extra>",
        )
    for position, line in enumerate(chart.lines):
        figure.add_scatter(
            name=line.name,
            x=[line.value, line.value],
            y=[chart.categories[0], chart.categories[-1]],
            mode="lines",
            line={"color": COLOURS[line.series], "dash": DASHES[position % len(DASHES)], "width": 2},
            hovertemplate=line.name + "<extra></extra>",
        )
    drawn = len(chart.categories) * max(1, len(chart.series))
    figure.update_layout(
        height=FRAME_HEIGHT_PX + ROW_HEIGHT_PX * drawn,
        barmode="group",
        margin={"l": 10, "r": 30, "t": 30, "b": 50},
        xaxis={"title": chart.unit, "type": "log" if chart.logarithmic else "linear", "automargin": True},
        yaxis={
            "categoryorder": "array",
            "categoryarray": list(chart.categories),
            "autorange": "reversed",
            "automargin": True,
            "showgrid": False,
        },
    )
    return figure


def point_figure(chart: PointChart) -> Any:
    """Return the figure of a chart of points, each series with its Pareto front."""
    figure = plotly.graph_objects.Figure()
    for position, series in enumerate(chart.series):
        add_points(figure, chart, series, position)
    figure.update_layout(
        height=POINT_CHART_HEIGHT_PX,
        margin={"l": 10, "r": 30, "t": 30, "b": 50},
        xaxis={"title": chart.x_unit, "automargin": True},
        yaxis={"title": chart.y_unit, "type": "log", "automargin": True},
    )
    return figure


def add_points(figure: Any, chart: PointChart, series: PointSeries, position: int) -> None:
    """Add the points of one series with their bars, labels and front, which the legend toggles with them."""
    points, front = series.points, series.front()
    hover = f"%{{text}}<br>%{{x:,.{chart.x_decimals}f}} {chart.x_unit}<br>%{{y:.{chart.y_decimals}f}}"
    figure.add_scatter(
        name=series.name,
        legendgroup=series.name,
        x=[point.x for point in points],
        y=[point.y for point in points],
        text=[point.label for point in points],
        mode="markers+text",
        textposition=LABEL_PLACES[position % len(LABEL_PLACES)],
        marker={"color": COLOURS[position], "symbol": SYMBOLS[position], "size": 9},
        error_x=ranges([(point.x, point.x_range) for point in points]),
        error_y=ranges([(point.y, point.y_range) for point in points]),
        hovertemplate=f"{hover} %{{fullData.name}}<extra></extra>",
        cliponaxis=False,
    )
    figure.add_scatter(
        legendgroup=series.name,
        showlegend=False,
        x=[point.x for point in front],
        y=[point.y for point in front],
        mode="lines",
        line={"color": COLOURS[position], "dash": DASHES[position % len(DASHES)], "width": 1},
        hoverinfo="skip",
    )


def ranges(values: Sequence[tuple[float, Span | None]]) -> dict[str, object] | None:
    """Return the ranges of values as Plotly takes them, None where there is none."""
    lengths = ends(values)
    if lengths is None:
        return None
    down, up = ([None if math.isnan(length) else length for length in side] for side in lengths)
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down}
