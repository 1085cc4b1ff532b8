"""The inspector as one HTML file: page, style, scripts and facts of its runs, nothing from elsewhere."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flow.common.atomic_file import write_whole
from flow.common.templates import open_template
from flow.layout.difference import Section
from flow.layout.inspector.facts import Facts
from flow.layout.inspector.letters import as_letters
from flow.layout.inspector.pack import Compress, for_keeping, for_now, pack
from flow.layout.palette import COLOURS

HERE = Path(__file__).resolve().parent
PACKAGE = "flow.layout.inspector"
# Of wires where the PDK has no colours.
LAYER_COLOURS = (
    "#2b6cff",
    "#d62839",
    "#1f9d55",
    "#f0a020",
    "#9b3fd0",
    "#1fb5b5",
    "#e0569a",
    "#8a6d3b",
    "#6c757d",
)


@dataclass(frozen=True)
class ShownRun:
    """A run in the page: its facts, its PDK's colours by layer, and a word that tells it from another run."""

    facts: Facts
    layer_colours: Mapping[str, str] = field(default_factory=dict)
    label: str = ""

    @property
    def wire_colours(self) -> list[str]:
        """The colour of each layer, in the facts' order."""
        return [
            self.layer_colours.get(name, LAYER_COLOURS[number % len(LAYER_COLOURS)])
            for number, (name, _) in enumerate(self.facts.tables["layers"])
        ]


def page_of(
    runs: Sequence[ShownRun],
    difference: Sequence[Section] = (),
    live: bool = False,
    compress: Compress = for_now,
) -> str:
    """Return the page of a run, or of two linked ones with their `difference` in numbers.

    `live` is beside a viewer's server, which draws the GDS. Whatever a run says reaches the page inside the
    packed facts, as escaped text, or as JSON without a `<`.
    """
    given = {
        "group_colours": COLOURS,
        "runs": [{"label": run.label, "layer_colours": run.wire_colours} for run in runs],
        "difference": [
            {"title": section.title, "rows": [[row.title, *row.texts] for row in section.rows]}
            for section in difference
        ]
        or None,
        # Beside the page's own address, which holds the server's token.
        "live": "./" if live else None,
    }
    page: str = open_template("page.html.j2", PACKAGE, escape=True).render(
        title=" | ".join(run.facts.tables["run"]["title"] for run in runs),
        style=(HERE / "page.css").read_text(encoding="utf-8").strip(),
        imports=in_script({"imports": script_addresses()}),
        given=in_script(given),
        runs=[packed(run, compress) for run in runs],
    )
    return page


def packed(run: ShownRun, compress: Compress) -> dict[str, str]:
    """Return what the page holds of a run."""
    first, rest = (as_letters(part) for part in pack(run.facts, compress))
    return {"label": run.label, "first": first, "rest": rest}


def script_addresses() -> dict[str, str]:
    """Return the page's modules by the names by which they import each other, each as a `data:` address."""
    return {
        f"inspector/{path.name}": "data:text/javascript;base64,"
        + base64.b64encode(path.read_bytes()).decode()
        for path in sorted(HERE.glob("*.js"))
    }


def in_script(value: Any) -> str:
    """Return plain data as JSON that ends no script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def write_page(path: Path, runs: Sequence[ShownRun], difference: Sequence[Section] = ()) -> None:
    """Write the page to `path`, whole or not at all; the same runs give the same bytes on every machine."""
    write_whole(path, page_of(runs, difference, compress=for_keeping))
