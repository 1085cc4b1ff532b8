"""The wheel, unpacked far from the checkout, holds what every command needs."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from pdk_files import pdk_files, pdk_root

from flow.common.places import PROJECT_ROOT

COMMANDS = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]


PACKAGES = ("flow", "hdl", "pdk_configs")


def tracked(*patterns):
    """Return the files that git has and that are there, by their names from the checkout."""
    done = subprocess.run(
        ["git", "-C", str(PROJECT_ROOT), "ls-files", "-z", "--", *patterns],
        capture_output=True, check=True, text=True, encoding="utf-8",
    )  # fmt: skip
    return [name for name in done.stdout.split("\0") if name and (PROJECT_ROOT / name).is_file()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the folder that the wheel is unpacked into, as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in tracked(*PACKAGES, "pyproject.toml", "README.md", "LICENSE"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((PROJECT_ROOT / name).read_bytes())
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps")
    subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], check=True)
    site = folder / "lib" / "site-packages"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def command(installed, folder, name, *words):
    """Run an entry point of the wheel in `folder`; PYTHONPATH goes before the checkout installed here."""
    module, _, function = COMMANDS[name].partition(":")
    program = f"import sys; from {module} import {function}; sys.exit({function}())"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(installed)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip


def test_the_wheel_holds_every_file_of_the_packages(installed):
    missing = [name for name in tracked(*PACKAGES) if not (installed / name).is_file()]
    assert [name for name in missing if Path(name).name != "README.md"] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_wheel_starts(installed, tmp_path, name):
    done = command(installed, tmp_path, name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")


def test_the_wheel_compares_kernels_and_keeps_results_and_history_where_it_is_run(installed, tmp_path):
    pdk_files("freepdk45/**/*.lef")
    words = ("--dims", 2, "--formats", "e4m3", "--pdk", "nangate45", "--to", "synth", "--jobs", 1)
    done = command(installed, tmp_path, "expmul-compare", *words, "--pdk-root", pdk_root())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "comparison.md").is_file()
    results = list(tmp_path.glob("build/*/*/result-synth.json"))
    assert len(results) == 2
    recorded = command(installed, tmp_path, "expmul-track", "record", *results)
    assert recorded.returncode == 0, recorded.stderr
    assert "fa2_expmul" in command(installed, tmp_path, "expmul-track", "list").stdout
    assert (tmp_path / ".history" / "history.db").is_file()
