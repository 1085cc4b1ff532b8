"""The processes of a command in a test: all that name its folder, wherever they were moved to."""

import os
import time

import psutil

# So long a test waits for what has to come before it fails: far beyond what a busy machine needs. A test that
# hangs is ended after twice as long, see pyproject.toml.
LIMIT_S = 240


def family(folder):
    """Return the living processes that work in `folder` or name it in their command, but for this one."""
    mark, found = str(folder), []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if mark in " ".join(process.cmdline()) or process.cwd().startswith(mark):
                found.append(process)
        except psutil.Error:
            continue
    return found


def running(folder, word):
    """Return the processes of `family` with `word` in their command."""
    return [process for process in family(folder) if word in " ".join(command_of(process))]


def command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def wait_for(condition, what, limit_s=LIMIT_S):
    """Return what `condition` gives once it is true; fails after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"after {limit_s} s: no {what}")


def assert_gone(folder):
    """Check that soon nothing of the family is left."""
    wait_for(lambda: not family(folder), f"end of {family(folder)}")
