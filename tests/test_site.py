"""`make docs` builds a site of every guide and report: searchable, no warning, one host."""

import importlib.util
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from needs import reason

ROOT = Path(__file__).parents[1]
LACKS = any(importlib.util.find_spec(name) is None for name in ("sphinx", "myst_parser", "furo"))
# Each by its name: what a reader looks for in the contents.
TITLES = (
    "Start", "Kernels", "Adding a PDK", "A kernel of your own", "Power, how it is measured", "Sign-off",
    "Nightly tracking", "On a cluster", "Look inside a layout", "Troubleshooting", "Glossary", "One number",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` builds it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    recipe = re.search(
        r"^\t\$\(BIN\)/sphinx-build (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M
    )[1]
    words = recipe.replace("build/doctrees", str(folder / "doctrees")).split()
    assert words.pop() == "build/site"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(folder / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "site"


class Page(HTMLParser):
    """What a page loads, and where its links lead."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.links, self.ids = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.ids.add(named.get("id"))
        if tag == "a":
            self.links.append(named.get("href") or "")
        elif tag in ("img", "script", "iframe", "link") and named.get("rel") not in ("canonical", "search"):
            self.loaded += [value for key, value in named.items() if key in ("src", "href")]


@pytest.mark.skipif(LACKS, reason=reason("docs"))
def test_every_page_of_the_site_loads_and_links_to_what_is_there(site):
    pages = {path: Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    assert len(pages) > 40
    for path, page in pages.items():
        assert [source for source in page.loaded if "//" in source] == [], path
        files = [source.partition("?")[0] for source in page.loaded if not source.startswith(("data:", "#"))]
        assert [file for file in files if not (path.parent / file).is_file()] == [], path
        for link in page.links:
            target, _, anchor = link.partition("#")
            if "://" in link or target.startswith("mailto:"):
                continue
            aim = (path.parent / target).resolve() if target else path
            assert aim.exists(), (path.name, link)
            if anchor and aim in pages:
                assert anchor in pages[aim].ids, (path.name, link)
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)|@import[^;]*//", styles) == []


@pytest.mark.skipif(LACKS, reason=reason("docs"))
def test_the_site_finds_every_guide_by_its_name(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    titles = json.loads(index[index.index("{") : index.rindex("}") + 1])["titles"]
    everything = " ".join(titles) + (site / "README.html").read_text(encoding="utf-8")
    assert [title for title in TITLES if title not in everything] == []
    assert (site / "search.html").is_file()


def test_every_guide_is_in_the_contents():
    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([\w./-]+\.md)", contents)}
    pages = [path for pattern in ("*.md", "*/*.md", "flow/*/README.md") for path in ROOT.glob(pattern)]
    pages = [path for path in pages if not path.relative_to(ROOT).parts[0].startswith((".", "build"))]
    assert len(pages) > 35
    assert {str(path.relative_to(ROOT)) for path in pages if path not in linked} == {"docs/README.md"}
