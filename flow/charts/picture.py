"""Charts as SVG and PNG, the same bytes for the same figures."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from flow.charts.bars import COLOURS, HATCHES, BarChart
from flow.charts.points import PointChart, PointSeries
from flow.charts.ranges import ends
from flow.common.atomic_file import written_whole

LINE_STYLES = ("--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "x")
GROUP_HEIGHT = 0.8
POINT_CHART_INCHES = (7.5, 4.6)
LABEL_PLACES = ((5, 4), (5, -11))
# Keeps a line behind a number from crossing it out.
LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def draw(chart: BarChart | PointChart, path: Path) -> None:
    """Draw `chart` to `path`, SVG or PNG by its suffix."""
    settings: Any = {
        "svg.hashsalt": "expmul", "font.family": "DejaVu Sans", "font.size": 9, "hatch.linewidth": 0.7,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        figure = bar_figure(chart) if isinstance(chart, BarChart) else point_figure(chart)
        metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with written_whole(path) as beside:
            figure.savefig(beside, format=path.suffix[1:], metadata=metadata, dpi=150, facecolor="white")
        pyplot.close(figure)


def bar_figure(chart: BarChart) -> Any:
    """Return the figure of a bar chart."""
    rows = len(chart.categories) * max(1, len(chart.series)) ** 0.5
    figure, axes = pyplot.subplots(figsize=(7.5, 1.5 + 0.4 * rows), layout="constrained")
    for position in range(len(chart.series)):
        draw_series(axes, chart, position)
    for position, line in enumerate(chart.lines):
        style = LINE_STYLES[position % len(LINE_STYLES)]
        axes.axvline(line.value, color=COLOURS[line.series], linestyle=style, label=line.name, zorder=0)
    axes.set_yticks(range(len(chart.categories)), chart.categories)
    axes.invert_yaxis()
    if chart.logarithmic:
        axes.set_xscale("log")
    else:
        axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(chart.unit)
    axes.set_title(chart.title, fontsize=10, loc="left")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    axes.margins(x=0.15, y=0.5 / (len(chart.categories) + 1))
    return figure


def draw_series(axes: Any, chart: BarChart, position: int) -> None:
    """Draw the bars of one series with their ranges as whiskers, and label them."""
    series = chart.series[position]
    height = GROUP_HEIGHT / len(chart.series)
    offset = (position - (len(chart.series) - 1) / 2) * height
    bars = series.bars()
    if not bars:
        return
    drawn = axes.barh(
        [index + offset for index, _, _ in bars],
        [value - series.start(index) for index, value, _ in bars],
        height,
        left=[series.start(index) for index, _, _ in bars],
        xerr=ends([(value, span) for _, value, span in bars]),
        color=COLOURS[position],
        hatch=HATCHES[position] * 2,
        edgecolor="white",
        label=series.name,
        capsize=2,
    )
    labels = [chart.label(value - series.start(index)) for index, value, _ in bars]
    axes.bar_label(drawn, labels, padding=3, fontsize=8, bbox=LABEL_BOX)


def point_figure(chart: PointChart) -> Any:
    """Return the figure of a chart of points, each series with its Pareto front."""
    figure, axes = pyplot.subplots(figsize=POINT_CHART_INCHES, layout="constrained")
    axes.set_yscale("log")
    for position, series in enumerate(chart.series):
        draw_points(axes, series, position)
    axes.set_xlabel(chart.x_unit)
    axes.set_ylabel(chart.y_unit)
    axes.set_title(chart.title, fontsize=10, loc="left")
    axes.grid(which="both", linewidth=0.3, color="#b0b0b0")
    axes.margins(x=0.15, y=0.15)
    figure.legend(loc="outside lower center", ncols=1, frameon=False)
    return figure


def draw_points(axes: Any, series: PointSeries, position: int) -> None:
    """Draw the points of one series with their bars, labels and front."""
    colour, points = COLOURS[position], series.points
    axes.errorbar(
        [point.x for point in points],
        [point.y for point in points],
        xerr=ends([(point.x, point.x_range) for point in points]),
        yerr=ends([(point.y, point.y_range) for point in points]),
        fmt=MARKERS[position],
        color=colour,
        capsize=3,
        label=series.name,
    )
    front = series.front()
    axes.plot(
        [point.x for point in front],
        [point.y for point in front],
        color=colour,
        linestyle=LINE_STYLES[position % len(LINE_STYLES)],
        linewidth=1,
    )
    # Above the points of one series, below those of the next: the same things may lie close in both.
    place = LABEL_PLACES[position % len(LABEL_PLACES)]
    for point in points:
        axes.annotate(
            point.label,
            (point.x, point.y),
            xytext=place,
            textcoords="offset points",
            fontsize=8,
            color=colour,
        )
