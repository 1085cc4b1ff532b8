"""Runs the commands of `flow/` as a user does."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(*words, out):
    """Return the command line of a run into the folder `out`."""
    return [sys.executable, "flow/run.py", "--out", str(out), *map(str, words)]


def run_flow(*words, out, **options):
    """Run the command and return its completed process."""
    return run_command("run.py", "--out", out, *words, **options)


def run_command(script, *words, **options):
    """Run `flow/<script>` and return its completed process."""
    command_line = [sys.executable, f"flow/{script}", *map(str, words)]
    return subprocess.run(
        command_line, cwd=ROOT, capture_output=True, text=True, check=False, **options, encoding="utf-8"
    )


def result_of(*words, out):
    """Run the command with --json and return its result; the run has to end well."""
    done = run_flow(*words, "--json", out=out)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_one_line(done, code, *parts):
    """Check a run that ended badly: its exit code, one line on standard error, no traceback."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for part in parts:
        assert part in lines[0]
