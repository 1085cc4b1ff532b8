"""The lock files: what `make setup` and `make docs` install, against the ranges of pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "requirements.lock.txt": [*PROJECT["dependencies"], *EXTRAS["dev"]],
    "requirements-docs.lock.txt": EXTRAS["docs"],
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def text(lock):
    return (ROOT / lock).read_text(encoding="utf-8")


def pins(lock, python):
    """Return the versions that pip would take with a Python on Linux, by name."""
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.0"}
    locked_versions = {}
    for line in re.findall(r"^(\w.*?) \\$", text(lock), re.M):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in locked_versions, line
            ((specifier),) = requirement.specifier
            assert specifier.operator == "==", line
            locked_versions[canonicalize_name(requirement.name)] = specifier.version
    return locked_versions


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_every_range_with_every_python(lock, python):
    pinned = pins(lock, python)
    wanted = [Requirement(line) for line in LOCKS[lock]]
    assert wanted
    missed = [str(one) for one in wanted if not one.specifier.contains(pinned[canonicalize_name(one.name)])]
    assert missed == []


@pytest.mark.parametrize("python", PYTHONS)
def test_both_locks_agree(python):
    dev, docs = (pins(lock, python) for lock in LOCKS)
    assert {name: docs[name] for name in docs.keys() & dev.keys()} == {
        name: dev[name] for name in docs.keys() & dev.keys()
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_host(lock):
    requirements = re.split(r"\n(?=\w)", text(lock).strip())
    assert len(requirements) > 10
    assert [one for one in requirements if "--hash=sha256:" not in one] == []
    assert re.findall(r"://|--\w*index|--find-links| @ ", text(lock)) == []


def test_the_engines_are_exact_for_those_who_install_the_wheel():
    exact = {Requirement(line).name for line in PROJECT["dependencies"] if "==" in line}
    assert exact == {"siliconcompiler", "lambdapdk", "pyosys", "klayout", "myhdl"}


def test_setup_installs_by_the_lock():
    recipe = re.search(
        r"^\.venv/installed: (.*)\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M
    )
    assert "requirements.lock.txt" in recipe[1].split()
    assert "--require-hashes -r requirements.lock.txt" in recipe[2]
    assert "--no-deps -e ." in recipe[2]
