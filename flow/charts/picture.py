"""Bar charts as SVG and PNG, the same bytes for the same figures."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from flow.charts.bars import COLOURS, HATCHES, BarChart

LINE_STYLES = ("--", ":", "-.")
GROUP_HEIGHT = 0.8


def draw(chart: BarChart, path: Path) -> None:
    """Draw `chart` to `path`, SVG or PNG by its suffix."""
    settings: Any = {
        "svg.hashsalt": "expmul", "font.family": "DejaVu Sans", "font.size": 9, "hatch.linewidth": 0.7,
    }  # fmt: skip
    rows = len(chart.categories) * max(1, len(chart.series)) ** 0.5
    with matplotlib.rc_context(settings):
        figure, axes = pyplot.subplots(figsize=(7.5, 1.5 + 0.4 * rows), layout="constrained")
        for position in range(len(chart.series)):
            draw_series(axes, chart, position)
        for position, line in enumerate(chart.lines):
            style = LINE_STYLES[position % len(LINE_STYLES)]
            axes.axvline(line.value, color=COLOURS[line.series], linestyle=style, label=line.name)
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
        metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150, facecolor="white")
        pyplot.close(figure)


def draw_series(axes: Any, chart: BarChart, position: int) -> None:
    """Draw the bars of one series with their ranges as whiskers, and label them."""
    series = chart.series[position]
    height = GROUP_HEIGHT / len(chart.series)
    offset = (position - (len(chart.series) - 1) / 2) * height
    known = [(index, value) for index, value in enumerate(series.values) if value is not None]
    if not known:
        return
    whiskers: Any = None
    if any(chart.has_range(series, index) for index, _ in known):
        low = [max(0.0, value - (series.low[index] or value)) for index, value in known]
        high = [max(0.0, (series.high[index] or value) - value) for index, value in known]
        whiskers = [low, high]
    drawn = axes.barh(
        [index + offset for index, _ in known],
        [value for _, value in known],
        height,
        xerr=whiskers,
        color=COLOURS[position],
        hatch=HATCHES[position] * 2,
        edgecolor="white",
        label=series.name,
        capsize=2,
    )
    axes.bar_label(drawn, [chart.label(value) for _, value in known], padding=3, fontsize=8)
