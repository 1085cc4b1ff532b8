"""A release has one version everywhere, and the hooks before a commit are the checks of `make lint`."""

import re
from pathlib import Path

from flow.common.version import VERSION

ROOT = Path(__file__).parents[1]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_citation_and_the_changelog_are_of_this_version():
    assert re.findall(r"^version: (.*)$", text("CITATION.cff"), re.M) == [VERSION]
    sections = re.findall(r"^## (.*)$", text("CHANGELOG.md"), re.M)
    assert sections[0] == "Unreleased" or sections[0].startswith(VERSION)
    assert next(title for title in sections if title != "Unreleased").startswith(VERSION)


def test_the_hooks_before_a_commit_are_the_checks_of_make_lint():
    recipe = re.search(r"^lint: setup\n((?:\t.*\n)+)", text("Makefile"), re.M)[1]
    commands = recipe.replace("$(BIN)/", ".venv/bin/").splitlines()
    linted = [command.strip().removesuffix(" .") for command in commands]
    hooks = re.findall(r"^ *entry: (.*)$", text(".pre-commit-config.yaml"), re.M)
    assert linted == hooks
