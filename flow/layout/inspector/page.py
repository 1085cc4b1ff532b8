"""The inspector as one HTML file: page, style, scripts and facts of a run, and nothing from elsewhere."""

import base64
import json
from pathlib import Path
from typing import Any

from flow.common.atomic_file import write_whole
from flow.common.templates import open_template
from flow.layout.inspector.facts import Facts
from flow.layout.inspector.pack import as_text, pack
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


def page_of(facts: Facts, layer_colours: dict[str, str] | None = None, live: bool = False) -> str:
    """Return the page; `live` beside a viewer's server, which draws the GDS.

    Whatever a run says reaches the page inside the packed facts, as the escaped title, or as JSON without
    a `<`.
    """
    given = {
        "group_colours": COLOURS,
        "layer_colours": [
            (layer_colours or {}).get(name, LAYER_COLOURS[number % len(LAYER_COLOURS)])
            for number, (name, _) in enumerate(facts.tables["layers"])
        ],
        # Beside the page's own address, which holds the server's token.
        "live": "./" if live else None,
    }
    page: str = open_template("page.html.j2", PACKAGE, escape=True).render(
        title=facts.tables["run"]["title"],
        style=(HERE / "page.css").read_text(encoding="utf-8").strip(),
        imports=in_script({"imports": script_addresses()}),
        given=in_script(given),
        facts=as_text(pack(facts)),
    )
    return page


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


def write_page(facts: Facts, path: Path, layer_colours: dict[str, str] | None = None) -> None:
    """Write the page to `path`, whole or not at all."""
    write_whole(path, page_of(facts, layer_colours))
