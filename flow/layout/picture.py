"""Layouts as a picture: every cell in its group's colour, several layouts at one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import patheffects, pyplot
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from flow.common.atomic_file import written_whole
from flow.layout.palette import FADED, THEMES, Theme, group_colours
from flow.layout.placement import Box, Placement
from flow.layout.window import widened

WIDTH_INCH, GAP_INCH, TITLE_INCH, SCALE_BAR_INCH = 12.0, 0.25, 0.55, 0.45
LEGEND_LINE_INCH, LEGEND_COLUMNS = 0.225, 3
DPI = 150
# A group's name is written on the layout where it takes this share of the cell area at least.
LABEL_SHARE_MIN = 0.04
LABEL_BINS = 24


@dataclass(frozen=True)
class Panel:
    """One layout of a picture: its title, its cells, and a path of points in um to draw over them."""

    title: str
    placement: Placement
    path_um: tuple[tuple[float, float], ...] = ()


def draw_layouts(
    panels: Sequence[Panel],
    path: Path,
    *,
    theme: str = "light",
    highlight: str | None = None,
    window_um: Box | None = None,
) -> None:
    """Draw `panels` side by side at the same scale to `path`; the same placements give the same bytes.

    `highlight` shows one group in its colour and all others pale; `window_um` (x0, y0, x1, y1) cuts
    every panel to that part of its die, or to a wider one where it is narrow. The background is opaque: the
    page's own does not matter.
    """
    look = THEMES[theme]
    names = list(dict.fromkeys(group for panel in panels for group in panel.placement.groups))
    colours = group_colours(names)
    if highlight is not None:
        colours = {name: colour if name == highlight else FADED[theme] for name, colour in colours.items()}
    windows = [widened(window_um or panel.placement.die_um) for panel in panels]
    widths_um = [x1 - x0 for x0, _, x1, _ in windows]
    height_um = max(y1 - y0 for _, y0, _, y1 in windows)
    inch_per_um = (WIDTH_INCH - GAP_INCH * (len(panels) + 1)) / sum(widths_um)
    # A single layout would else be taller than a screen.
    inch_per_um = min(inch_per_um, 0.75 * WIDTH_INCH / height_um)
    width_inch = sum(widths_um) * inch_per_um + GAP_INCH * (len(panels) + 1)
    shown = [name for name in names if highlight in (None, name)]
    lines = -(-len(shown) // LEGEND_COLUMNS)
    legend_inch = LEGEND_LINE_INCH * lines + SCALE_BAR_INCH + GAP_INCH
    height_inch = height_um * inch_per_um + TITLE_INCH + legend_inch
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 10}):
        figure = pyplot.figure(figsize=(width_inch, height_inch), facecolor=look.page, dpi=DPI)
        left_inch = GAP_INCH
        for panel, window in zip(panels, windows, strict=True):
            x0, y0, x1, y1 = window
            size_inch = ((x1 - x0) * inch_per_um, (y1 - y0) * inch_per_um)
            axes = figure.add_axes(
                (
                    left_inch / width_inch,
                    legend_inch / height_inch,
                    size_inch[0] / width_inch,
                    size_inch[1] / height_inch,
                )
            )
            draw_panel(axes, panel, window, colours, look, highlight)
            left_inch += size_inch[0] + GAP_INCH
        draw_scale_bar(figure, inch_per_um, legend_inch, look)
        figure.legend(
            handles=[
                Patch(facecolor=colours[name], edgecolor=look.outline, label=legend_text(name, panels))
                for name in shown
            ],
            loc="lower center",
            ncols=LEGEND_COLUMNS,
            frameon=False,
            labelcolor=look.text,
            borderaxespad=0.4,
        )
        metadata: dict[str, Any] = {"Software": None}
        with written_whole(path) as beside:
            figure.savefig(beside, format="png", dpi=DPI, metadata=metadata, facecolor=look.page)
        pyplot.close(figure)


def legend_text(group: str, panels: Sequence[Panel]) -> str:
    """Return a group's name with its cell area in each panel."""
    areas = " | ".join(f"{panel.placement.area_um2(group):,.0f}" for panel in panels)
    return f"{group.replace('_', ' ')}  {areas} um²"


def draw_panel(
    axes: Any, panel: Panel, window: Box, colours: dict[str, str], look: Theme, highlight: str | None
) -> None:
    """Draw one layout."""
    x0, y0, x1, y1 = window
    axes.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal", facecolor=look.page)
    axes.set_axis_off()
    axes.set_title(panel.title, color=look.text, fontsize=10, loc="left", pad=6)
    for box, colour in ((panel.placement.die_um, look.die), (panel.placement.core_um, look.core)):
        corner, size = (box[0], box[1]), (box[2] - box[0], box[3] - box[1])
        axes.add_patch(Rectangle(corner, *size, facecolor=colour, edgecolor=look.outline, linewidth=0.6))
    boxes = panel.placement.boxes_um
    inside = (boxes[:, 2] > x0) & (boxes[:, 0] < x1) & (boxes[:, 3] > y0) & (boxes[:, 1] < y1)
    boxes, group = boxes[inside], panel.placement.group[inside]
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    cell_colours = np.array([matplotlib.colors.to_rgba(colours[name]) for name in panel.placement.groups])
    # Outlines in the core's colour part neighbours once a window shows few enough cells.
    line_width = 0.4 if len(boxes) < 6000 else 0.0
    axes.add_collection(
        PolyCollection(list(corners), facecolors=cell_colours[group], edgecolors=look.core, lw=line_width)
    )
    if panel.path_um:
        halo = [patheffects.withStroke(linewidth=4.5, foreground="white")]
        xs, ys = zip(*panel.path_um, strict=True)
        axes.plot(xs, ys, color="black", lw=1.8, marker="o", ms=3, path_effects=halo)
    if highlight is None:
        write_labels(axes, panel.placement, boxes, group, window)


def write_labels(axes: Any, placement: Placement, boxes: Any, group: Any, window: Box) -> None:
    """Write the names of the large groups where they are densest, so that no colour is needed."""
    x0, y0, x1, y1 = window
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    taken = np.zeros((LABEL_BINS, LABEL_BINS))
    shares = {index: areas[group == index].sum() / max(areas.sum(), 1e-9) for index in np.unique(group)}
    for index in sorted(shares, key=lambda index: -shares[index]):
        if shares[index] < LABEL_SHARE_MIN:
            break
        of_group = group == index
        density, xs, ys = np.histogram2d(
            middles[of_group, 0],
            middles[of_group, 1],
            bins=LABEL_BINS,
            range=((x0, x1), (y0, y1)),
            weights=areas[of_group],
        )
        # A label is about five bins wide and one high.
        spread = sum(
            np.roll(density, (right, up), (0, 1)) for right in (-2, -1, 0, 1, 2) for up in (-1, 0, 1)
        )
        spread[:3], spread[-3:], spread[:, :1], spread[:, -1:] = 0, 0, 0, 0
        column, line = np.unravel_index(np.argmax(np.where(taken > 0, -1, spread)), spread.shape)
        taken[max(column - 6, 0) : column + 7, max(line - 1, 0) : line + 2] = 1
        axes.text(
            (xs[column] + xs[column + 1]) / 2,
            (ys[line] + ys[line + 1]) / 2,
            placement.groups[index].replace("_", " "),
            ha="center",
            va="center",
            color="white",
            fontweight="bold",
            path_effects=[patheffects.withStroke(linewidth=2.6, foreground="#111418")],
        )


def draw_scale_bar(figure: Any, inch_per_um: float, base_inch: float, look: Theme) -> None:
    """Draw a bar of 1, 2 or 5 times a power of ten um, about an inch long."""
    lengths = [digit * 10.0**power for power in range(-2, 5) for digit in (1, 2, 5)]
    length_um = min(lengths, key=lambda length: abs(length * inch_per_um - 1.0))
    width, height = figure.get_size_inches()
    left, right = GAP_INCH / width, (GAP_INCH + length_um * inch_per_um) / width
    y = (base_inch - 0.18) / height
    figure.add_artist(Line2D((left, right), (y, y), color=look.text, linewidth=2))
    figure.text(right + 0.1 / width, y, f"{length_um:g} um", color=look.text, va="center")
