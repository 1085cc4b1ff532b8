import pytest

from flow.common.failure_cause import step_cause

BACKTRACE = "\n".join(
    f"| ERROR    | steps | synthesis | 0 | {text}"
    for text in (
        "[Errno 2] No such file or directory: 'reports/statistics.json'",
        "Backtrace:",
        '  File "a.py", line 1, in run',
        "    error = open(path)",
        "            ^^^^^^^^^^",
        "pyosys/synthesize failed during synthesis/0",
        "Halting synthesis/0 due to errors.",
    )
)
PYTHON = 'start\nTraceback (most recent call last):\n  File "a.py", line 1, in x\n    error: y\n    ^^^\n'


@pytest.mark.parametrize(
    ("engine", "logged", "cause"),
    [
        ("start", BACKTRACE, "[Errno 2] No such file or directory: 'reports/statistics.json'"),
        (f"{PYTHON}ValueError: no cell INV\n", BACKTRACE, "ValueError: no cell INV"),
        (
            f"{PYTHON}OSError: [Errno 28] No space left on device: '/a'",
            "",
            "no space left on the disk of /a",
        ),
        (f"{PYTHON}OSError: [Errno 122] Disk quota exceeded: '/a/b'", "", "disk quota exceeded"),
        (f"{PYTHON}PermissionError: [Errno 13] Permission denied: '/a'", "", "permission denied: /a"),
        (f"{PYTHON}OSError: [Errno 30] Read-only file system: '/a'", "", "read-only file system: /a"),
        (f"{PYTHON}OSError: [Errno 24] Too many open files", "", "too many open files (ulimit -n)"),
        (f"{PYTHON}MemoryError", "", "not enough memory"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "", "not enough memory"),
        (
            "start",
            f"| WARNING  | steps | synthesis | 0 | Command failed with code -9. See log\n{BACKTRACE}",
            "pyosys was killed by SIGKILL (out of memory?)",
        ),
    ],
)
def test_the_cause_of_a_failed_step(tmp_path, engine, logged, cause):
    log = tmp_path / "synthesis.log"
    log.write_text(engine, encoding="utf-8")
    (tmp_path / "sc_synthesis_0.log").write_text(logged, encoding="utf-8")
    told = step_cause(tmp_path, log, tmp_path / "job.log")
    assert told is not None and told.startswith(cause)
