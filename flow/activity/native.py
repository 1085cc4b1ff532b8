"""Compile one of this package's C++ files into a shared library and load it."""

import ctypes
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.common.processes import captured
from flow.tools.surroundings import folder_for_programs
from hdl.simulation import SimulationError, find_compiler


@cache
def load(source: str) -> ctypes.CDLL:
    """Compile `source`, a file of this package, and load it; nothing is left on the disk.

    Raises hdl's SimulationError where there is no compiler, or with its first error line.
    """
    with tempfile.TemporaryDirectory(dir=folder_for_programs(Path.cwd())) as folder:
        library = Path(folder) / f"{Path(source).stem}.so"
        command = [
            *find_compiler(), "-O2", "-std=c++17", "-shared", "-fPIC",
            "-o", str(library), str(Path(__file__).resolve().parent / source),
        ]  # fmt: skip
        process = captured(command)
        if process.returncode != 0:
            lines = [line for line in process.stderr.splitlines() if "error" in line]
            raise SimulationError(f"{source} did not compile: {(lines or ['no message'])[0]}")
        return ctypes.CDLL(str(library))


def call(function: Any, *arguments: int | npt.NDArray[Any]) -> int:
    """Call `function` and return its 64-bit result: arrays go as pointers, integers as 64 bits."""
    function.restype = ctypes.c_uint64
    result: int = function(
        *(
            ctypes.c_void_p(argument.ctypes.data)
            if isinstance(argument, np.ndarray)
            else ctypes.c_uint64(argument)
            for argument in arguments
        )
    )
    return result
