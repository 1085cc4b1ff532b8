"""The guides are short of breath: no sentence of their prose has over 30 words."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATTERNS = (
    "README.md", "CONTRIBUTING.md", "docs/*.md", "hdl/README.md", "flow/*.md", "flow/*/README.md",
    "pdk_configs/*.md", "reports/README.md", "reports/reproduction.md", "tests/README.md",
)  # fmt: skip
PAGES = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))
LONGEST = 30
# Of a folder's README: prose, and with its tables.
PROSE_WORDS, SCREEN_WORDS = 450, 1250

FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
# A sentence ends with its mark before a capital, code or emphasis.
END = re.compile(r"(?<=[.!?])[)\]*\"]*\s+(?=[A-Z`*\[(\"])")
ABBREVIATIONS = re.compile(r"\b(e\.g|i\.e|etc|vs|Fig|No)\.")


def paragraphs(markdown):
    """Return the prose of a page: paragraphs and items, without code, tables, headings and comments."""
    text = re.sub(r"<!--.*?-->", "", FENCE.sub("\n\n", markdown), flags=re.DOTALL)
    lines_by_paragraph = [[]]
    for line in text.splitlines():
        after_blank = not lines_by_paragraph[-1]
        if not line.strip() or line.lstrip().startswith(("|", "#", "!", "<", ">")):
            lines_by_paragraph.append([])
        elif ITEM.match(line):
            lines_by_paragraph.append([ITEM.sub("", line)])
        elif not (line.startswith("    ") and after_blank):
            lines_by_paragraph[-1].append(line.strip())
    return [" ".join(lines) for lines in lines_by_paragraph if lines]


def words(sentence):
    """Return how many words a reader meets: links by their text, code as one word, numbers not at all."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "code", sentence))
    return len([word for word in plain.split() if re.search(r"[^\W\d_]", word)])


def long_sentences(markdown):
    sentences = [
        sentence
        for paragraph in paragraphs(markdown)
        for sentence in END.split(ABBREVIATIONS.sub(r"\1", paragraph))
    ]
    return [(words(sentence), sentence) for sentence in sentences if words(sentence) > LONGEST]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_has_over_30_words(page):
    assert long_sentences(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("folder", ["hdl", "flow", "pdk_configs", "reports", "tests"])
def test_the_readme_of_a_folder_is_a_screen(folder):
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    assert sum(len(paragraph.split()) for paragraph in paragraphs(text)) <= PROSE_WORDS
    assert len(text.split()) <= SCREEN_WORDS


def test_a_long_sentence_is_seen_where_prose_stands_and_only_there():
    long = " ".join(["Word"] * 31) + "."
    short = " ".join(["Word"] * 30) + "."
    assert [count for count, _ in long_sentences(f"{short} {long}\n\n- {long}\n  {short}\n")] == [31, 31]
    elsewhere = f"# {long}\n\n| {long} |\n\n```\n{long}\n```\n\n    {long}\n\n"
    assert long_sentences(f"{elsewhere}{short} {short}\n") == []
    assert long_sentences("- " + " ".join(["-1.5", "12", "%", "…"] * 10) + "\n") == []
