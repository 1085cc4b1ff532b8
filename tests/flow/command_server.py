"""Runs commands of `flow/` in forks of a process that has imported what they import.

Hundreds of tests start a command, and importing its packages takes a second of CPU each time. A fork is a
process of its own, with its own arguments, environment, folder, outputs and end, as from a shell.
But nothing is imported anew: tests of how a command starts take a real start.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn

MESSAGE_BYTES = 1 << 20
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMANDS = ("run", "compare", "accuracy", "report", "nightly", "track", "view", "search")
# What commands import late.
LATE_IMPORTS = ("flow.pipeline.execute", "flow.history.dashboard", "flow.layout.web")


class CommandServer:
    """The process that forks, and the connection to it."""

    def __init__(self) -> None:
        self.connection, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.lock = threading.Lock()
        with far_end:
            command = [sys.executable, __file__, str(far_end.fileno())]
            # With one thread: a fork takes no other along.
            environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
            self.process = subprocess.Popen(command, pass_fds=[far_end.fileno()], env=environment)

    def run(self, script: str, words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run `python <script> <words>` in `cwd` with this process's environment; return how it ended."""
        request = {"script": script, "words": words, "cwd": str(cwd), "environment": dict(os.environ)}
        with self.lock, TemporaryFile() as output, TemporaryFile() as errors:
            handles = [output.fileno(), errors.fileno()]
            socket.send_fds(self.connection, [json.dumps(request).encode()], handles)
            answer = self.connection.recv(MESSAGE_BYTES)
            assert answer, "the process that forks has ended"
            texts = []
            for file in (output, errors):
                file.seek(0)
                texts.append(file.read().decode().replace("\r\n", "\n"))
        return subprocess.CompletedProcess([script, *words], int(answer), *texts)


@cache
def command_server() -> CommandServer:
    """Return this process's server; it ends with the process."""
    return CommandServer()


def serve(connection: socket.socket) -> str | None:
    """Fork for each request.

    Returns the script to run in a fork, and None in the server once nobody asks any more.
    """
    while True:
        request, handles, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 2)
        if not request:
            return None
        process = os.fork()
        if process == 0:
            connection.close()
            return become(json.loads(request), handles)
        for handle in handles:
            os.close(handle)
        _, status = os.waitpid(process, 0)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(request: dict, handles: list[int]) -> str:
    """Make of this fork what `python <script> <words>` is at its start; return the script."""
    from flow.common.supervise import end_with_parent

    end_with_parent(signal.SIGKILL)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, handle in enumerate(handles, 1):
        os.dup2(handle, number)
        os.close(handle)
    sys.argv[:] = [request["script"], *request["words"]]
    return request["script"]


def main() -> str | None:
    """Import and serve."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    sys.path.remove(str(Path(__file__).parent))
    handlers = [signal.getsignal(number) for number in ENDING]
    for name in ("flow", *(f"flow.{command}" for command in COMMANDS), *LATE_IMPORTS):
        importlib.import_module(name)
    assert [signal.getsignal(number) for number in ENDING] == handlers, "an import has taken a signal"
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "an import has started a thread"
    gc.freeze()  # or a fork copies all of it where it collects
    return serve(connection)


def run_script(script: str) -> NoReturn:
    """Run the script and end as Python does.

    But what was imported is not taken apart: that is half a second of CPU.
    """
    code = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if not isinstance(end.code, int | None):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    chosen = main()
    if chosen is not None:
        run_script(chosen)
