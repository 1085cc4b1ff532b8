"""Runs the commands of `flow/` as a user does."""

import json
import subprocess
import sys
from pathlib import Path

from command_server import command_server

ROOT = Path(__file__).resolve().parents[2]


def command(*words, out):
    """Return the command line of a run into the folder `out`."""
    return [sys.executable, "flow/run.py", "--out", str(out), *map(str, words)]


def run_flow(*words, out, **options):
    """Run the command and return its completed process."""
    return run_command("run.py", "--out", out, *words, **options)


def run_command(script, *words, cwd=ROOT, **options):
    """Run `flow/<script>` in `cwd` and return its completed process; `options` are of `subprocess.run`.

    Without options by a fork that has the packages already: see `command_server`.
    """
    path = f"flow/{script}" if cwd == ROOT else str(ROOT / "flow" / script)
    if not options:
        return command_server().run(path, list(map(str, words)), cwd)
    command_line = [sys.executable, path, *map(str, words)]
    return subprocess.run(
        command_line, cwd=cwd, capture_output=True, text=True, check=False, **options, encoding="utf-8"
    )


def result_of(*words, out, **options):
    """Run the command with --json and return its result; the run has to end well."""
    done = run_flow(*words, "--json", out=out, **options)
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
