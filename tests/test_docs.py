"""The guides: links lead somewhere, commands and options exist, quoted messages are those of the code."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "hdl/*.md", "flow/**/*.md", "pdk_configs/*.md", "reports/README.md")
    for path in ROOT.glob(pattern)
)
NAMES = [str(path.relative_to(ROOT)) for path in GUIDES]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"python (flow/\w+\.py)([^`\n│|]*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")


def guide(name):
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def help_of(script, command=""):
    """Return what a command says of itself; of track.py its commands' pages too."""
    words = [sys.executable, script, *([command] if command else []), "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8")
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_guide_leads_to_a_file(name):
    folder = (ROOT / name).parent
    links = [link for link in LINK.findall(guide(name)) if "://" not in link]
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_a_guide_has_the_options_it_is_given(name):
    unknown = []
    for script, words in COMMAND.findall(guide(name)):
        # What stands behind `#` is a comment, behind `&&` or `;` another command.
        words = re.split(r"#|&&|;", words)[0]
        told = help_of(script)
        first = words.split()[0] if words.split() else ""
        if script == "flow/track.py" and re.fullmatch("[a-z][a-z-]*", first):
            told += help_of(script, first)
        unknown += [(script, option) for option in OPTION.findall(words) if option not in told]
    assert unknown == []


def test_every_message_in_troubleshooting_is_one_of_the_code():
    quoted = re.findall(r"^\| `(.*?)` \| ", guide("docs/troubleshooting.md"), re.M)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "flow").rglob("*.py"))
    assert len(quoted) > 10
    assert [message for message in quoted if message not in code] == []
