"""The `openroad` program's command line on top of the Python module of the PyPI package `openroad`.

Runs in a process of its own, maybe under a newer C library than the rest (see `openroad_runtime`),
so it imports nothing but the standard library and the module. Usage, as the program's:

    openroad [-version] [-no_init] [-no_splash] [-exit] [-threads N|max] [-metrics FILE] [SCRIPT]

The folder of the unpacked wheel comes from the environment variable `OPENROAD_WHEEL_DIR`.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

# The module calls itself HDL-HEAD; this is the upstream version its build date stands for.
VERSION = "v2.0-24513-g0"

TCL_ERROR = 1

# What the program sets up before it hands over to a script, but the module leaves undone.
_PRELUDE = """
foreach command {{openroad_version openroad_git_sha1 openroad_git_describe}} {{
    if {{[info commands ::$command] eq "" && [info commands ::ord::$command] ne ""}} {{
        interp alias {{}} ::$command {{}} ::ord::$command
    }}
}}
proc ::ord::openroad_version {{}} {{ return "{version}" }}
proc ::openroad_version {{}} {{ return "{version}" }}
proc ::sta::sdc_file_line {{args}} {{ return 1 }}
"""


def _interpreter(library: ctypes.CDLL, tech: Any) -> int:
    """Return the address of the Tcl interpreter of a session: `tech.getSta().tclInterp()` in C++."""
    get_sta, tcl_interp = library._ZN3ord4Tech6getStaEv, library._ZN3sta3Sta9tclInterpEv
    for function in (get_sta, tcl_interp):
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return int(tcl_interp(get_sta(int(tech.this))))


class Shell:
    """One OpenROAD session and its Tcl interpreter."""

    def __init__(self, wheel_dir: Path) -> None:
        """Load the module from the wheel's folder and finish its Tcl set-up."""
        sys.path.insert(0, str(wheel_dir))
        import openroadpy

        self._tech = openroadpy.Tech()  # owns the session: it must outlive the design
        self._design = openroadpy.Design(self._tech)
        self._tcl = ctypes.CDLL(sys.modules["_openroadpy"].__file__)
        self._interp = ctypes.c_void_p(_interpreter(self._tcl, self._tech))
        self._tcl.Tcl_GetVar.restype = ctypes.c_char_p
        self._tcl.Tcl_GetStringResult.restype = ctypes.c_char_p
        self._check_interpreter()
        # Every floorplan command reads the associated data `design`.
        self._tcl.Tcl_SetAssocData(self._interp, b"design", None, ctypes.c_void_p(int(self._design.this)))
        # Paths in scripts are UTF-8, whatever the locale.
        self.eval("encoding system utf-8")
        library = wheel_dir / "library"
        self.eval(f"set tcl_library {{{library}}}; source {{{library / 'init.tcl'}}}")
        self.eval(_PRELUDE.format(version=VERSION))

    def _check_interpreter(self) -> None:
        """Read back a variable through the C API: proof that the address is the interpreter's."""
        self._design.evalTclString("set ::expmul_probe found")
        if self._tcl.Tcl_GetVar(self._interp, b"::expmul_probe", 0) != b"found":
            sys.exit("openroad: this build of the module keeps its Tcl interpreter elsewhere")

    def eval(self, command: str) -> str:
        """Evaluate `command`; exits with Tcl's own message on an error."""
        if self._tcl.Tcl_Eval(self._interp, command.encode()) == TCL_ERROR:
            self._fail()
        return self._tcl.Tcl_GetStringResult(self._interp).decode()  # type: ignore[no-any-return]

    def run(self, script: str) -> None:
        """Run the file `script`; exits with Tcl's own message on an error."""
        if self._tcl.Tcl_EvalFile(self._interp, script.encode()) == TCL_ERROR:
            self._fail()

    def _fail(self) -> None:
        trace = self._tcl.Tcl_GetVar(self._interp, b"errorInfo", 1) or b"unknown error"
        lines = trace.decode(errors="replace").splitlines()
        sys.stdout.flush()
        print("\n".join(lines[1:]))
        print(f"Error: {lines[0]}", flush=True)
        _leave(1)


def _leave(code: int) -> None:
    """Flush C's and Python's output and end at once: the module's destructors may crash."""
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)
    os._exit(code)


def main(arguments: list[str]) -> None:
    """Behave like the `openroad` program; see the module's docstring."""
    threads = metrics = script = None
    remaining = list(arguments)
    while remaining:
        word = remaining.pop(0)
        if word == "-version":
            print(VERSION)
            return
        if word == "-threads":
            threads = remaining.pop(0)
        elif word == "-metrics":
            metrics = remaining.pop(0)
        elif word in ("-no_init", "-no_splash", "-exit", "-no_settings"):
            continue
        elif word.startswith("-"):
            sys.exit(f"openroad: option {word} is not known to this front end")
        else:
            script = word
    if script is None:
        sys.exit("openroad: this front end runs a script; it has no prompt and no window")

    # Python would keep Ctrl-C to itself until the engine's C++ returns.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    shell = Shell(Path(os.environ["OPENROAD_WHEEL_DIR"]))
    if threads:
        shell.eval(f"set_thread_count {len(os.sched_getaffinity(0)) if threads == 'max' else threads}")
    if metrics:
        shell.eval(f"utl::open_metrics {{{metrics}}}")
    shell.run(script)
    if metrics:
        shell.eval(f"utl::close_metrics {{{metrics}}}")
    _leave(0)


if __name__ == "__main__":
    main(sys.argv[1:])
