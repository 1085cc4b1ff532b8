"""How a command ends, and all that it has started with it: the one place for signals.

A signal that ends the command is a KeyboardInterrupt in its main thread. A forked process ends with its
parent, by the kernel. A program that may start others is run by `supervise.py`, in a session of its own.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from flow.common.supervise import end_with_parent

INTERRUPTED = 130  # as a shell reports SIGINT
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SUPERVISOR = Path(__file__).with_name("supervise.py")
POLL_S = 0.05
# So long the processes of a command that leaves are given to be gone.
END_LIMIT_S = 10.0

_came: list[int] = []
_watched = False
_own_pid = os.getpid()
# Of each thread that forks, the signals blocked before.
_blocked = threading.local()


def watch() -> None:
    """Hear the signals that end this command from here on, and let no process outlive it."""
    global _watched, _own_pid
    if _watched:
        return
    _watched = True
    _own_pid = os.getpid()  # this module may have been imported before a fork
    os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_begin_forked)
    # At exit this comes after what modules that are imported later do there by themselves.
    atexit.register(end_descendants)
    for number in ENDING:
        # `nohup` has SIGHUP ignored: so it stays.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _hear)


def ended_by() -> signal.Signals | None:
    """Return the signal by which this command was told to end, None where there was none."""
    return signal.Signals(_came[0]) if _came else None


def leave_at_once_next_time() -> None:
    """While the command tidies up: at one more signal, or after END_LIMIT_S, what it has started is ended.

    A forked process may wait for a lock that nobody holds any more, and what tidies up for that process.
    """
    ending = threading.Timer(END_LIMIT_S, end_descendants)
    ending.daemon = True
    ending.start()

    def leave(number: int, frame: FrameType | None) -> None:
        if os.getpid() == _own_pid:
            end_descendants()
        os._exit(INTERRUPTED)

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


@contextlib.contextmanager
def handlers_kept() -> Iterator[None]:
    """Undo what the body, an import for one, does to the handlers of the signals that end a command."""
    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hear(number: int, frame: FrameType | None) -> None:
    if os.getpid() == _own_pid:
        _came.append(number)
        raise KeyboardInterrupt


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing; unlike SIG_IGN it is not handed on to a program."""


def _hold_signals() -> None:
    """Before a fork: a signal that comes to the new process at once waits until it is ready for it."""
    _blocked.before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _blocked.before)


def _begin_forked() -> None:
    """In a forked process: end with the parent, and leave it to the parent to end this one.

    SIGTERM has the kernel's own action. One that Python defers is lost to a process that is just about to
    wait for a lock. A multiprocessing pool, which sends SIGTERM and waits for the end, would wait for ever.
    """
    global _own_pid
    end_with_parent(signal.SIGKILL)
    if os.getppid() != _own_pid:
        os._exit(1)
    _own_pid = os.getpid()
    _came.clear()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _ignore)
    _release_signals()


def end_descendants() -> None:
    """End every process that this one has started and that is still there, and theirs."""
    if os.getpid() != _own_pid:
        return
    deadline = time.monotonic() + END_LIMIT_S
    while time.monotonic() < deadline:
        alive = [process for process in psutil.Process().children(recursive=True) if _is_alive(process)]
        if not alive:
            return
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(POLL_S)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def supervised(command: Sequence[str], parent: int | None = None) -> list[str]:
    """Return `command` as one that ends with `parent`, default this process, and leaves nothing."""
    asking = os.getpid() if parent is None else parent
    return [sys.executable, "-I", "-S", str(SUPERVISOR), str(asking), *command]


def captured(
    command: Sequence[str],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `command`, supervised and without input, and return its exit code and what it printed.

    Raises OSError where it cannot start, subprocess.TimeoutExpired after `timeout_s`.
    """
    return subprocess.run(
        supervised(command),
        cwd=cwd,
        env=env,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )


def run_supervised(command: Sequence[str], **options: Any) -> int:
    """Run `command`, supervised, and return its exit code; `options` are Popen's.

    Waits for the process alone: give it files to write to. In whichever thread that is, a signal that ends
    this command ends that one too, and is a KeyboardInterrupt here.
    """
    if ended_by() is not None:
        raise KeyboardInterrupt
    process = subprocess.Popen(supervised(command), stdin=subprocess.DEVNULL, **options)
    try:
        while process.poll() is None:
            if ended_by() is not None:
                raise KeyboardInterrupt
            time.sleep(POLL_S)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode
