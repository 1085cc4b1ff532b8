"""Why a step failed, in a line: an engine's error, an exception, a signal, what the machine ran out of."""

import errno
import os
import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

# What the kernel refuses, in words; `{place}` is the file, or the folder of the run.
REFUSALS = {
    errno.ENOSPC: "no space left on the disk of {place}",
    errno.EDQUOT: "disk quota exceeded on the disk of {place}",
    errno.EFBIG: "a file is larger than the limit allows (ulimit -f): {place}",
    errno.EACCES: "permission denied: {place}",
    errno.EROFS: "read-only file system: {place}",
    errno.ENOMEM: "not enough memory (ulimit -v, or the machine's)",
    errno.EMFILE: "too many open files (ulimit -n)",
    errno.ENFILE: "too many open files on this machine",
    errno.ENAMETOOLONG: "the path is too long: {place}",
}
# What an engine says of them that is no text of the kernel's.
OTHER_WORDS = {"std::bad_alloc": errno.ENOMEM, "MemoryError": errno.ENOMEM}
SIGNAL_CAUSES = {
    signal.SIGKILL: " (out of memory?)",
    signal.SIGXFSZ: " (a file larger than ulimit -f allows)",
    signal.SIGXCPU: " (more CPU time than ulimit -t allows)",
}
# Starts of lines by which the engines announce what stopped them.
ERROR_MARKS = ("error:", "[error", "fatal", "ioerror", "oserror", "terminate called", "memoryerror")
TRACEBACK = "Traceback (most recent call last):"
# SiliconCompiler logs an exception's own line, this one, and the frames, indented.
BACKTRACE = "Backtrace:"
LOGGED = re.compile(r"\| (?P<level>[A-Z]+) *\| (?:[^|]* \| [^|]* \| \d+ *\| )?(?P<text>.*)")
RAISED = re.compile(r"Failed in run\(\) for .*?: (.+)$")
EXIT_CODE = re.compile(r"Command failed with code (-?\d+)")
FAILED_TOOL = re.compile(r"(\S+?)/\S+ failed during ")
# What SiliconCompiler says of every step that failed: the consequence, not the cause.
CONSEQUENCES = ("run failed", "halting ", "to generate a testcase", "command failed with code")
NEARLY_FULL_BYTES = 64 * 1024


def os_error_in_words(error: OSError, place: Path | None = None) -> str:
    """Return what the kernel refused in words, with the file, or `place` where the error names none."""
    where = error.filename if error.filename is not None else place
    where = "no file named" if where is None else os.fsdecode(where)
    if error.errno in REFUSALS:
        return REFUSALS[error.errno].format(place=where)
    return f"{error.strerror or error}: {where}"


def step_cause(run: Path, engine_log: Path, job_log: Path) -> str | None:
    """Return why a step of the run in the folder `run` failed, None where nothing tells."""
    own = lines_of(engine_log)
    logged = lines_of(next(iter(engine_log.parent.glob("sc_*.log")), job_log))
    return (
        refusal(own, run)
        or refusal(logged, run)
        or full_disk(run)
        or killed(logged)
        or marked(own)
        or raised(logged)
        or raised(lines_of(job_log))
        or last_line(own)
    )


def setup_cause(run: Path, job_log: Path) -> str | None:
    """Return why a run in the folder `run` failed before its first step, None where nothing tells."""
    lines = lines_of(job_log)
    return refusal(lines, run) or full_disk(run) or raised(lines) or last_line(lines)


def lines_of(log: Path) -> list[str]:
    """Return the lines of a log that hold something, their indent kept; none where it cannot be read."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def unlogged(line: str) -> tuple[bool, str]:
    """Return whether SiliconCompiler logged the line as an error, and what it says."""
    match = LOGGED.fullmatch(line)
    return (match["level"] in ("ERROR", "CRITICAL"), match["text"]) if match else (False, line)


def without_frames(lines: Sequence[str]) -> list[tuple[bool, str]]:
    """Return the lines as `unlogged` does, of each traceback the exception's own line alone, as an error."""
    remaining: list[tuple[bool, str]] = []
    in_frames = False
    exception_follows = False
    for line in lines:
        is_error, text = unlogged(line)
        if text.strip() in (TRACEBACK, BACKTRACE):
            in_frames, exception_follows = True, text.strip() == TRACEBACK
        elif in_frames and (text.startswith(" ") or not text):
            continue
        else:
            remaining.append((is_error or (in_frames and exception_follows), text.strip()))
            in_frames = False
    return remaining


def refusal(lines: Sequence[str], place: Path) -> str | None:
    """Return in words what the kernel refused last, by the errors among the lines."""
    for is_error, text in reversed(without_frames(lines)):
        if not is_error and "rror" not in text and "bad_alloc" not in text:
            continue
        numbers = [number for number in REFUSALS if os.strerror(number).lower() in text.lower()]
        numbers += [number for words, number in OTHER_WORDS.items() if words in text]
        if numbers:
            path = re.search(r": ['\"](.+?)['\"](?: -> .*)?$", text)
            return REFUSALS[numbers[0]].format(place=path[1] if path else place)
    return None


def full_disk(run: Path) -> str | None:
    """Return that the disk of the run's folder is full, for engines that do not tell."""
    try:
        free_bytes = shutil.disk_usage(run).free
    except OSError:
        return None
    return REFUSALS[errno.ENOSPC].format(place=run) if free_bytes < NEARLY_FULL_BYTES else None


def killed(lines: Sequence[str]) -> str | None:
    """Return which signal ended the step's engine, None where it left by itself.

    SiliconCompiler notes an exit code: negative for a signal, over 128 where a shell stood between.
    """
    texts = [text for _, text in without_frames(lines)]
    codes = [int(match[1]) for text in texts if (match := EXIT_CODE.match(text))]
    if not codes or 0 <= codes[-1] <= 128:
        return None
    try:
        number = signal.Signals(-codes[-1] if codes[-1] < 0 else codes[-1] - 128)
    except ValueError:
        return None
    tools = [match[1] for text in texts if (match := FAILED_TOOL.match(text))]
    return (
        f"{tools[-1] if tools else 'the engine'} was killed by {number.name}{SIGNAL_CAUSES.get(number, '')}"
    )


def marked(lines: Sequence[str]) -> str | None:
    """Return the last line by which an engine tells of an error, or the last exception's own line."""
    for is_error, text in reversed(without_frames(lines)):
        if is_error or text.lower().startswith(ERROR_MARKS):
            return text
    return None


def raised(lines: Sequence[str]) -> str | None:
    """Return the last error that SiliconCompiler logged, other than the consequences of one."""
    for is_error, text in reversed(without_frames(lines)):
        if is_error and text and not text.lower().startswith(CONSEQUENCES) and not FAILED_TOOL.match(text):
            match = RAISED.search(text)
            return match[1] if match else text
    return None


def last_line(lines: Sequence[str]) -> str | None:
    """Return the last line."""
    return unlogged(lines[-1])[1].strip() if lines else None
