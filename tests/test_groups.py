"""What tests that share a layout rely on: pytest-xdist keeps a group in one process."""

import subprocess
import sys

TESTS = """
import os
from pathlib import Path

import pytest


@pytest.mark.xdist_group("of one layout")
@pytest.mark.parametrize("number", range(8))
def test_in_a_group(number):
    with Path("workers.txt").open("a", encoding="utf-8") as workers:
        workers.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_a_group_runs_in_one_process(tmp_path):
    (tmp_path / "test_group.py").write_text(TESTS, encoding="utf-8")
    words = ["--numprocesses", "2", "--dist", "loadgroup", "--rootdir", ".", "test_group.py"]
    subprocess.run([sys.executable, "-m", "pytest", *words], cwd=tmp_path, check=True, capture_output=True)
    workers = (tmp_path / "workers.txt").read_text(encoding="utf-8").split()
    assert len(workers) == 8
    assert len(set(workers)) == 1
