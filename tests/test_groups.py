"""What tests that share something slow rely on: pytest-xdist keeps a group, or a file, in one process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = {
    "of_a_group": """
import pytest


@pytest.mark.xdist_group("of one layout")
@pytest.mark.parametrize("number", range(8))
def test_in_a_group(number, note_worker):
    pass
""",
    "of_a_file": """
import pytest


@pytest.mark.parametrize("number", range(8))
def test_in_a_file(number, note_worker):
    pass
""",
}
FIXTURE = """
import os

import pytest


@pytest.fixture
def note_worker(request):
    with request.path.with_suffix(".txt").open("a", encoding="utf-8") as workers:
        workers.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_a_group_and_a_file_each_run_in_one_process(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (inner / "conftest.py").write_text(FIXTURE, encoding="utf-8")
    for name, text in TESTS.items():
        (inner / f"test_{name}.py").write_text(text, encoding="utf-8")
    words = ["--numprocesses", "2", "--dist", "loadgroup", "--rootdir", "..", "."]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=inner, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)}, check=False,
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    for name in TESTS:
        workers = (inner / f"test_{name}.txt").read_text(encoding="utf-8").split()
        assert len(workers) == 8
        assert len(set(workers)) == 1, name
