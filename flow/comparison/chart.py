"""The comparison as a bar chart: change of area and power per configuration, the paper's beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from flow.comparison.summary import HEADLINES

SERIES = {"area_um2": ("area", "#1f4e79", ""), "power_timed_w": ("power, real data", "#e0a030", "//")}
BAR_HEIGHT = 0.36


def draw_chart(summary: dict[str, Any], path: Path) -> None:
    """Draw to `path`, SVG or PNG by its suffix; the same figures give the same bytes."""
    kernels = summary["kernels"]
    bars = [
        (row["title"] if len(kernels) == 2 else f"{row['title']}: {kernel}", row["reductions"][kernel])
        for row in summary["rows"]
        for kernel in kernels[1:]
    ]
    settings: Any = {"svg.hashsalt": "expmul", "font.family": "DejaVu Sans", "font.size": 9}
    with matplotlib.rc_context(settings):
        figure, axes = pyplot.subplots(figsize=(7.5, 1.6 + 0.62 * len(bars)), layout="constrained")
        for position, quantity in enumerate(HEADLINES):
            draw_series(axes, bars, quantity, position)
            label, colour, _ = SERIES[quantity]
            paper = -summary["paper"][quantity]
            axes.axvline(
                paper, color=colour, linestyle=("--", ":")[position], label=f"paper, {label}: {paper:.1f} %"
            )
        axes.set_yticks(range(len(bars)), [name for name, _ in bars])
        axes.invert_yaxis()
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_xlabel(f"change against {kernels[0]}, %")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.35 / (0.6 * len(bars) + 0.4)), ncols=2)
        axes.margins(x=0.12)
        metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150)
        pyplot.close(figure)


def draw_series(axes: Any, bars: Sequence[tuple[str, dict[str, Any]]], quantity: str, position: int) -> None:
    """Draw the bars of one quantity with the seeds' extremes as whiskers, and label them."""
    label, colour, hatch = SERIES[quantity]
    offset = (position - 0.5) * BAR_HEIGHT
    known = [(index, one[quantity]) for index, (_, one) in enumerate(bars) if one[quantity]]
    if not known:
        return
    places = [index + offset for index, _ in known]
    changes = [-one["percent"] for _, one in known]
    whiskers = [
        [max(0.0, one["largest"] - one["percent"]) for _, one in known],
        [max(0.0, one["percent"] - one["smallest"]) for _, one in known],
    ]
    drawn = axes.barh(
        places,
        changes,
        BAR_HEIGHT,
        xerr=whiskers if any(map(any, whiskers)) else None,
        color=colour,
        hatch=hatch,
        edgecolor="white",
        label=label,
        capsize=2,
    )
    axes.bar_label(drawn, [f"{change:+.1f}" for change in changes], padding=3, fontsize=8)
