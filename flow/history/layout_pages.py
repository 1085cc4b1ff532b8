"""Draw a run's layout beside the dashboard, small, and write its page to look inside."""

from pathlib import Path

from matplotlib import pyplot

from flow.common.atomic_file import written_whole
from flow.common.errors import UserError
from flow.history.layout_files import FOLDER, file_stem
from flow.layout.inspector.collect import collect
from flow.layout.inspector.page import ShownRun, write_page
from flow.layout.opened import OpenedLayout, open_layout
from flow.layout.palette import THEMES, group_colours
from flow.layout.picture import Panel, draw_panel

SIZE_INCH, DPI = 1.5, 96


def add_layout(run: Path, pages: Path, with_page: bool, pdk_root: Path | None) -> Path:
    """Draw the layout of the folder `run` small beside the pages, and its page to look inside.

    Returns the picture's path; raises UserError for a folder without a GDS, or one that cannot be opened.
    """
    layout = open_layout(run)
    gds = layout.result.sha256.get("gds")
    if gds is None:
        raise UserError(f"{run} has no GDS")
    folder = pages / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"{file_stem(gds)}.png"
    draw_small(layout, picture)
    if with_page:
        write_page(folder / f"{file_stem(gds)}.html", [ShownRun(collect(layout, pdk_root))])
    return picture


def draw_small(layout: OpenedLayout, path: Path) -> None:
    """Draw the cells in their groups' colours; the same placement gives the same bytes."""
    look = THEMES["light"]
    placement = layout.placement
    x0, y0, x1, y1 = placement.die_um
    height_inch = SIZE_INCH * (y1 - y0) / (x1 - x0)
    figure = pyplot.figure(figsize=(SIZE_INCH, height_inch), facecolor=look.page, dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    # A group that is not there is the highlighted one: no label is written.
    draw_panel(axes, Panel("", placement), placement.die_um, group_colours(placement.groups), look, "")
    with written_whole(path) as beside:
        figure.savefig(beside, format="png", dpi=DPI, metadata={"Software": None}, facecolor=look.page)
    pyplot.close(figure)
