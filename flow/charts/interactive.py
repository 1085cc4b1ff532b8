"""Bar charts for a page that works without a network: hover for values, click the legend to toggle."""

import plotly.graph_objects
from plotly.offline import get_plotlyjs

from flow.charts.bars import COLOURS, HATCHES, BarChart, Series

DASHES = ("dash", "dot", "dashdot")
ROW_HEIGHT_PX, FRAME_HEIGHT_PX = 30, 170


def library_script() -> str:
    """Return the charts' JavaScript library, once per page."""
    return str(get_plotlyjs())


def as_div(chart: BarChart) -> str:
    """Return `chart` as an HTML element whose id is the chart's name; the library must be on the page."""
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
        template="none",
        barmode="group",
        margin={"l": 10, "r": 30, "t": 30, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={"title": chart.unit, "type": "log" if chart.logarithmic else "linear", "automargin": True},
        yaxis={"autorange": "reversed", "automargin": True, "showgrid": False},
    )
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=chart.name,
        config={"displayModeBar": False, "responsive": True},
    )
    return html


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
