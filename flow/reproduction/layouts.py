"""The routed kernels' layouts side by side, drawn again from kept placements, and pages to look into them."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

from flow.comparison.rows import Row
from flow.layout.picture import Panel, draw_layouts
from flow.layout.placement import FILE_NAME, read_placement
from flow.record.results_store import kept_path

# Pages of `view.py --html` that are kept with the reports.
PAGES = "layouts"
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_TITLE_WITHIN = 4096
# All that a layout's title is made of; the rest might be a link or a tag.
_NO_TITLE = re.compile(r"[^\w ,.=:²|-]")


def layout_pages(reports: Path) -> list[dict[str, str]]:
    """Return the title of each kept page to look into, and its file beside the report, by name."""
    pages = []
    for path in sorted((reports / PAGES).glob("*.html")):
        with path.open(encoding="utf-8") as page:
            title = _TITLE.search(page.read(_TITLE_WITHIN))
        text = _NO_TITLE.sub("", html.unescape(title[1])) if title else path.stem
        pages.append({"title": text.replace(" | ", " beside "), "page": f"{PAGES}/{path.name}"})
    return pages


def draw_rows(rows: Sequence[Row], reports: Path, folder: Path) -> list[dict[str, str]]:
    """Draw each row whose placements are kept to a PNG in `folder`; return titles and files, in order."""
    drawn = []
    for row in rows:
        results = [results_of_kernel[0] for results_of_kernel in row.results.values()]
        placements = [
            kept_path(reports, result.design, result.job, result.depth).with_name(FILE_NAME)
            for result in results
        ]
        if not all(path.exists() for path in placements):
            continue
        configuration = row.configuration
        path = folder / f"layout_{configuration.pdk}_{configuration.format}_d{configuration.d}.png"
        panels = [
            Panel(result.design, read_placement(place))
            for result, place in zip(results, placements, strict=True)
        ]
        draw_layouts(panels, path)
        drawn.append(
            {"title": f"{configuration.title}, same scale", "picture": str(path.relative_to(reports))}
        )
    return drawn
