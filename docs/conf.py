"""The site of the guides and reports: Sphinx reads the Markdown where it lies for `make docs`."""

import hashlib
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import mmdr
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flow.common.version import VERSION  # noqa: E402

project = "ExpMul on open silicon"
author = "The authors of ExpMul on open silicon"
copyright = "the authors, Apache-2.0"
version = release = VERSION
language = "en"

extensions = ["myst_parser"]
root_doc = "README"
FOLDERS = ("docs", "hdl", "flow", "pdk_configs", "reports", "tests")
include_patterns = ["*.md", *(f"{folder}/**.md" for folder in FOLDERS)]
exclude_patterns = [".*", "build", "reports/results"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
highlight_language = "text"

html_theme = "furo"
html_title = f"{project} {VERSION}"
html_copy_source = False

CONTENTS = "docs/README"
LINK = re.compile(r"\[[^\]]*\]\(([\w./-]+)\.md\)")


class Mermaid(SphinxDirective):
    """A drawing that a code host makes of its text in the reader's browser; here it is made with the site."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Draw it into the site's pictures."""
        source = "\n".join(self.content)
        picture = f"_images/{hashlib.sha256(source.encode()).hexdigest()[:16]}.svg"
        path = Path(self.env.app.outdir) / picture
        path.parent.mkdir(exist_ok=True)
        path.write_text(mmdr.render(source).svg(), encoding="utf-8")
        up = "../" * self.env.docname.count("/")
        style = "background: white; padding: 1em"
        return [nodes.raw("", f'<img alt="The datapath" src="{up}{picture}" style="{style}">', format="html")]


def contents() -> str:
    """Return the site's tables of contents: the sections of docs/README.md with the pages they link to."""
    guides = (ROOT / f"{CONTENTS}.md").read_text(encoding="utf-8")
    tables = []
    for section in re.split(r"^## ", guides, flags=re.MULTILINE)[1:]:
        links = [(ROOT / "docs" / link).resolve().relative_to(ROOT) for link in LINK.findall(section)]
        # The list itself stands at the top.
        pages = [*([] if tables else [CONTENTS]), *links]
        entries = "\n".join(f"/{page}" for page in pages)
        tables.append(f"\n```{{toctree}}\n:hidden:\n:caption: {section.splitlines()[0]}\n\n{entries}\n```\n")
    return "".join(tables)


def add_contents(app: Any, document: str, source: list[str]) -> None:
    """Give the first page the tables of contents: plain Markdown has no word for them."""
    if document == root_doc:
        source[0] += contents()


def add_index(app: Any, error: Exception | None) -> None:
    """Show the first page under the address that a server answers with."""
    if error is None and app.builder.format == "html":
        shutil.copyfile(Path(app.outdir) / f"{root_doc}.html", Path(app.outdir) / "index.html")


def setup(app: Any) -> None:
    """Take part in the build."""
    app.add_directive("mermaid", Mermaid)
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_index)
