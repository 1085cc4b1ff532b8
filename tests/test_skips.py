"""What becomes of a test that lacks something, in a run of pytest of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from needs import CURES, VARIABLE

TESTS = Path(__file__).resolve().parent
SAMPLE = """
import pytest
from needs import reason, skip_without

@pytest.mark.parametrize("number", [1, 2])
def test_model(number):
    skip_without("model")

@pytest.mark.skipif(True, reason=reason("chromium"))
def test_chromium():
    pass

@pytest.fixture
def database():
    skip_without("postgresql")

def test_database(database):
    pass

@pytest.mark.xfail(reason="known")
def test_known():
    assert False

def test_passes():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs SAMPLE with a value of $EXPMUL_REQUIRE."""
    for name in ("conftest.py", "needs.py"):
        shutil.copy(TESTS / name, tmp_path)
    (tmp_path / "test_sample.py").write_text(SAMPLE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  slow\n  spread\n  xdist_group\n", encoding="utf-8"
    )

    def run_sample(required, *options):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", *options]
        environment = os.environ | {VARIABLE: required}
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
        )

    return run_sample


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("--numprocesses", "1", "--dist", "loadgroup")])
def test_each_reason_is_one_line_that_says_what_would_enable_the_tests(run, options):
    done = run("", *options)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if " skipped: " in line]
    counts = {"chromium": 1, "model": 2, "postgresql": 1}
    assert lines == [f"{count} skipped: {need}: {CURES[need]}" for need, count in counts.items()]


@pytest.mark.parametrize(
    ("required", "failed", "skipped"),
    [("all", 4, 0), ("model", 2, 2), ("postgresql, chromium", 2, 2), ("icarus", 0, 4)],
)
def test_a_skip_for_want_of_what_is_required_is_a_failure(run, required, failed, skipped):
    done = run(required, "-p", "no:xdist")
    assert done.returncode == (1 if failed else 0), done.stdout
    counts = {
        outcome: int(count) for count, outcome in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1])
    }
    # What a fixture skips is an error in pytest's words.
    assert counts.get("failed", 0) + counts.get("errors", 0) + counts.get("error", 0) == failed
    assert counts.get("skipped", 0) == skipped
    assert counts["passed"] == counts["xfailed"] == 1
    assert done.stdout.count(f"skipped, though ${VARIABLE} asks for it: ") >= failed


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("--numprocesses", "2", "--dist", "loadgroup")])
def test_make_test_says_how_many_slow_tests_it_left_out(run, tmp_path, options):
    text = "import pytest\n@pytest.mark.slow\n@pytest.mark.parametrize('n', [1, 2])\ndef test_long(n): pass\n"
    (tmp_path / "test_long.py").write_text(text, encoding="utf-8")
    done = run("", *options, "-m", "not slow")
    assert done.returncode == 0, done.stdout
    assert "2 slow tests: `make test-all` runs them too" in done.stdout.splitlines()
    assert "slow tests:" not in run("", *options, "-k", "passes").stdout


def test_an_unknown_need_is_one_line(run):
    done = run("chrome", "-p", "no:xdist")
    assert done.returncode == 4
    assert done.stderr.strip() == f"ERROR: ${VARIABLE}: no need 'chrome', there are all, {', '.join(CURES)}"
