"""Charts for a page that works without a network: hover for values, click the legend to toggle."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects
from plotly.offline import get_plotlyjs

from flow.charts.bars import COLOURS, HATCHES, BarChart, Series
from flow.charts.points import PointChart, PointSeries, Span, ends

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
        figure.add_bar(
            name=series.name,
            y=list(chart.categories),
            x=list(series.values),
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
            error_x=whiskers(chart, series),
            text=["" if value is None else chart.label(value) for value in series.values],
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
    bars = len(chart.categories) * max(1, len(chart.series))
    figure.update_layout(
        height=FRAME_HEIGHT_PX + ROW_HEIGHT_PX * bars,
        barmode="group",
        margin={"l": 10, "r": 30, "t": 30, "b": 50},
        xaxis={"title": chart.unit, "type": "log" if chart.logarithmic else "linear", "automargin": True},
        yaxis={"autorange": "reversed", "automargin": True, "showgrid": False},
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
    hover = f"%{{text}}<br>%{{x:,.{chart.x_digits}f}} {chart.x_unit}<br>%{{y:.{chart.y_digits}f}}"
    figure.add_scatter(
        name=series.name,
        legendgroup=series.name,
        x=[one.x for one in points],
        y=[one.y for one in points],
        text=[one.label for one in points],
        mode="markers+text",
        textposition=LABEL_PLACES[position % len(LABEL_PLACES)],
        marker={"color": COLOURS[position], "symbol": SYMBOLS[position], "size": 9},
        error_x=ranges([(one.x, one.x_range) for one in points]),
        error_y=ranges([(one.y, one.y_range) for one in points]),
        hovertemplate=f"{hover} %{{fullData.name}}<extra></extra>",
        cliponaxis=False,
    )
    figure.add_scatter(
        legendgroup=series.name,
        showlegend=False,
        x=[one.x for one in front],
        y=[one.y for one in front],
        mode="lines",
        line={"color": COLOURS[position], "dash": DASHES[position % len(DASHES)], "width": 1},
        hoverinfo="skip",
    )


def ranges(values: Sequence[tuple[float, Span | None]]) -> dict[str, object] | None:
    """Return the ranges of points as Plotly takes them, None where there is none."""
    if all(span is None for _, span in values):
        return None
    down, up = ends(values)
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down}


def whiskers(chart: BarChart, series: Series) -> dict[str, object] | None:
    """Return the ranges of a series as Plotly takes them, None where there is none."""
    if not any(chart.has_range(series, index) for index in range(len(series.values))):
        return None
    ends = zip(series.values, series.low, series.high, strict=True)
    up, down = [], []
    for value, low, high in ends:
        known = value is not None and low is not None and high is not None
        up.append(high - value if known else 0)  # type: ignore[operator]
        down.append(value - low if known else 0)  # type: ignore[operator]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down}
