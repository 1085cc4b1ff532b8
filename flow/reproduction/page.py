"""The report in Markdown, and the same text as one HTML file that needs no other."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from PIL import Image

from flow.charts.bars import BarChart
from flow.charts.interactive import as_div, library_script
from flow.charts.points import PointChart
from flow.common.templates import open_template
from flow.common.version import VERSION
from flow.comparison.page import group_rows, mean_title, percent, quantity, signed
from flow.error_study.variants import TITLES as ARM_TITLES


@dataclass(frozen=True)
class Detail:
    """A page behind the report's first; it begins in the template at the mark with its name."""

    name: str
    title: str
    holds: str

    @property
    def file(self) -> str:
        """Return the page's file beside the first page."""
        return f"{self.name}.md"


FIRST_PAGE = "reproduction"
DETAILS = (
    Detail(
        "reproduction_figures",
        "Figures of every configuration",
        "area, power, energy, groups, layouts, nodes, 28 nm",
    ),
    Detail(
        "reproduction_frame",
        "The frame, and what else moves the saving",
        "each choice of the frame as a step; seeds, clocks, utilizations, corners",
    ),
    Detail(
        "reproduction_operators",
        "Error, and other operators",
        "what the saving costs; this project's operators and the published ones in one frame",
    ),
)
PAGE_MARK = re.compile(r"^<!-- page: (\w+) -->\n", re.MULTILINE)
PACKAGES = ("flow.reproduction", "flow.error_study")
# The only HTML of the report's own, escaped as all the rest of what stands between tags.
OWN_TAG = re.compile("&lt;(/?(?:details|summary))&gt;")

# More than a layout has groups; the rest is edges between them.
LAYOUT_COLOURS = 32


def span(ends: dict[str, float] | None, factor: float = 1.0, decimals: int = 2) -> str:
    """Return a range as "low … high" in a unit that is `factor` of the base unit."""
    if ends is None:
        return "–"
    low, high = (ends[end] * factor for end in ("smallest", "largest"))
    return f"{low:,.{decimals}f} … {high:,.{decimals}f}"


def as_markdown(context: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    """Return the whole report, with a mark where each page begins.

    `pictures` are the paths beside it by the charts' and layouts' names.
    """
    template = open_template(
        "reproduction.md.j2",
        *PACKAGES,
        quantity=quantity,
        percent=percent,
        signed=signed,
        mean_title=mean_title,
        span=span,
    )
    return str(
        template.render(
            context,
            pictures=pictures,
            titles=ARM_TITLES,
            group_rows=group_rows,
            details=DETAILS,
            version=VERSION,
        )
    )


def split_pages(markdown: str) -> dict[str, str]:
    """Return the report's pages by their files: the first one, and the details behind it."""
    first, *parts = PAGE_MARK.split(markdown)
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    pages = {f"{FIRST_PAGE}.md": first.rstrip() + "\n"}
    behind = f"Behind [the report]({FIRST_PAGE}.md). Marks and terms are explained there."
    for detail in DETAILS:
        pages[detail.file] = f"# {detail.title}\n\n{behind}\n\n" + texts[detail.name].strip() + "\n"
    return pages


def data_address(picture: Path) -> str:
    """Return a picture as an address that holds it; a PNG, which shows a layout, as WebP of fewer colours."""
    content, media_type = picture.read_bytes(), "image/svg+xml"
    if picture.suffix == ".png":
        packed = BytesIO()
        few = Image.open(picture).convert("RGB").quantize(LAYOUT_COLOURS, dither=Image.Dither.NONE)
        few.convert("RGB").save(packed, "WEBP", lossless=True)
        content, media_type = packed.getvalue(), "image/webp"
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def as_html(markdown: str, charts: Sequence[BarChart | PointChart], folder: Path) -> str:
    """Return the whole report as a page: charts interactive, other pictures of `folder` inside it."""
    by_picture = {f"{chart.name}.svg": chart for chart in charts}
    headings: list[tuple[str, str]] = []
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")

    def image(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        source = str(tokens[index].attrs["src"])
        chart = by_picture.get(Path(source).name)
        if chart is not None:
            caption = f"<figcaption>{escapeHtml(chart.title)}</figcaption>"
            return f'<figure class="chart">{caption}{as_div(chart)}</figure>'
        path = folder / source
        alt = escapeHtml(tokens[index].content)
        return f'<img alt="{alt}" src="{data_address(path)}">'

    def heading(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token, title = tokens[index], tokens[index + 1].content
        anchor = "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
        if token.tag == "h2":
            headings.append((anchor, title))
        return f'<{token.tag} id="{anchor}">'

    def own_html(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return OWN_TAG.sub(r"<\1>", escapeHtml(tokens[index].content))

    parser.renderer.rules.update(  # type: ignore[attr-defined]
        image=image,
        heading_open=heading,
        html_block=own_html,
        html_inline=own_html,
        table_open=lambda *_: '<div class="table"><table>\n',
        table_close=lambda *_: "</table></div>\n",
    )
    body = parser.render(PAGE_MARK.sub("", markdown))
    template = open_template("page.html.j2", *PACKAGES, escape=True)
    return str(template.render(body=body, headings=headings, library=library_script()))
