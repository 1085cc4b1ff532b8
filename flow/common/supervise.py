"""Run a command in a session of its own, and let nothing of it stay behind.

    python -I supervise.py PARENT COMMAND [ARGUMENT...]

PARENT is the number of the process that asks, 0 for whichever starts this one. The whole session is ended
when the command ends, when the parent is gone, and when a signal says so. The command gets the signal first,
and GRACE_S to leave by itself. The exit status is the command's own, a signal included. Standard library
alone: it has to start at once.
"""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time

GRACE_S = 15.0
PR_SET_PDEATHSIG = 1
PARENT_GONE = signal.SIGUSR1
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HEARD = {*FORWARDED, PARENT_GONE, signal.SIGCHLD}
NOT_STARTED = 127  # as a shell says it


def end_with_parent(number: int) -> None:
    """Ask the kernel for the signal `number` when the thread that started this process is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


def begin_command() -> None:
    """Between fork and exec: the command hears every signal again and does not outlive its supervisor."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    end_with_parent(signal.SIGKILL)


def wait(process: "subprocess.Popen[bytes]", parent: int) -> None:
    """Return when `process` has ended, by itself or GRACE_S after a signal, or when `parent` is gone."""
    deadline = None
    while os.getppid() == parent and not has_ended(process):
        left_s = 3600.0 if deadline is None else deadline - time.monotonic()
        if left_s <= 0:
            return
        heard = signal.sigtimedwait(HEARD, left_s)
        if heard is not None and heard.si_signo in FORWARDED:
            process.send_signal(heard.si_signo)
            deadline = deadline or time.monotonic() + GRACE_S


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether `process` has ended. It is not reaped: until then its session's number is nobody else's."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def leave_as(code: int) -> None:
    """Leave with the exit code of a process, or by the signal that ended it."""
    if code >= 0:
        sys.exit(code)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
    os.kill(os.getpid(), -code)


def main(parent: int, command: list[str]) -> None:
    """Run `command` for the process `parent`."""
    parent = parent or os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    end_with_parent(PARENT_GONE)
    try:
        # A single thread: code between fork and exec is safe.
        process = subprocess.Popen(command, start_new_session=True, preexec_fn=begin_command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(NOT_STARTED)
    wait(process, parent)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    leave_as(process.wait())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
