"""Fast simulation of generated Verilog: Yosys writes it as C++ (cxxrtl), the system's compiler builds it.

Two-state, cycle by cycle: for each clock the inputs of one row are applied with the clock low, the
outputs are read as that clock's rising edge will find them, then the clock rises. A design of latency n
gives the result of row i in row i + n. Registers start at zero.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.design import DesignPort

CLOCK = "clk"
# -O2 compiles a third longer, and the simulation is no faster. Nor is it slower without these two passes of
# -O1, which are a fifth of the compiler's work.
CPP_OPTIONS = ("-std=c++17", "-O1", "-fno-tree-dse", "-fno-tree-fre", "-fPIC")
RUNTIME_HEADER = "runtime.h"
WORD_BITS = 32
NARROW_BITS = 64

Words = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.uint64]

_YOSYS_SCRIPT = """
import sys
from pyosys import libyosys
verilog, top, cpp = sys.argv[1:]
design = libyosys.Design()
call = libyosys.Pass.call
for words in (
    ["read_verilog", verilog], ["hierarchy", "-check", "-top", top], ["proc"], ["flatten"], ["opt", "-full"],
    ["clean", "-purge"], ["write_cxxrtl", "-g0", cpp],
):
    call(design, words)
"""

_DRIVER = """
namespace {{
template<size_t N> const cxxrtl::value<N> &current(const cxxrtl::value<N> &port) {{ return port; }}
template<size_t N> const cxxrtl::value<N> &current(const cxxrtl::wire<N> &port) {{ return port.curr; }}
template<size_t N> void set(cxxrtl::value<N> &port, const uint32_t *words) {{
    for (size_t i = 0; i < port.chunks; i++) port.data[i] = words[i];
}}
template<size_t N> void get(const cxxrtl::value<N> &port, uint32_t *words) {{
    for (size_t i = 0; i < port.chunks; i++) words[i] = port.data[i];
}}
}}
extern "C" void run(size_t rows, const uint32_t *in, uint32_t *out) {{
    cxxrtl_design::{top} design;
    for (size_t row = 0; row < rows; row++, in += {in_words}, out += {out_words}) {{
        {inputs}
        {clock_low}
        design.step();
        {outputs}
        {clock_high}
    }}
}}
"""


class SimulationError(RuntimeError):
    """Yosys or the C++ compiler is missing or failed."""


@dataclass(frozen=True)
class Simulation:
    """A compiled design; `ports` without the clock."""

    library: Path
    ports: tuple[DesignPort, ...]

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Clock the design from its initial state, one clock for each row of `inputs`; return its outputs.

        A port of up to 64 bits is a 1-D array of unsigned integers, a wider one a 2-D array of uint32
        words, (clocks, words), lowest word first; inputs of any width may be given in the second form.
        Raises ValueError where the arrays do not fit the ports, in shape or in value.
        """
        sources = [port for port in self.ports if port.direction == "input"]
        sinks = [port for port in self.ports if port.direction == "output"]
        if set(inputs) != {port.name for port in sources}:
            raise ValueError(f"inputs must be {', '.join(port.name for port in sources)}")
        columns = [_to_words(inputs[port.name], port) for port in sources]
        rows = len(columns[0])
        if any(len(column) != rows for column in columns):
            raise ValueError("inputs differ in their number of clocks")
        table = np.ascontiguousarray(np.concatenate(columns, axis=1))
        result = np.zeros((rows, sum(_words(port.width) for port in sinks)), np.uint32)
        pointer = ctypes.POINTER(ctypes.c_uint32)
        ctypes.CDLL(str(self.library)).run(
            ctypes.c_size_t(rows), table.ctypes.data_as(pointer), result.ctypes.data_as(pointer)
        )
        outputs: dict[str, npt.NDArray[Any]] = {}
        start = 0
        for port in sinks:
            words = result[:, start : start + _words(port.width)]
            outputs[port.name] = words.copy() if port.width > NARROW_BITS else _to_integers(words)
            start += _words(port.width)
        return outputs


def compile_simulation(verilog: Path, top: str, ports: Sequence[DesignPort], folder: Path) -> Simulation:
    """Build the module `top` of a Verilog file in `folder`, which must exist and be this simulation's own.

    `ports` are all of the module's ports; one called clk is the clock. Raises SimulationError where Yosys
    or a C++ compiler ($CXX, c++, g++, clang++) is missing or fails.
    """
    cpp = folder / f"{top}.cpp"
    library = folder / f"{top}.so"
    _execute([sys.executable, "-c", _YOSYS_SCRIPT, str(verilog), top, str(cpp)], "yosys")
    with cpp.open("a", encoding="utf-8") as file:
        file.write(_driver(top, ports))
    compiler = find_compiler()
    runtime = Path(_precompiled_runtime(tuple(compiler)).name) / RUNTIME_HEADER
    headers = [f"-I{_cxxrtl_include()}", "-include", str(runtime)]
    _execute([*compiler, *CPP_OPTIONS, *headers, "-shared", "-o", str(library), str(cpp)], compiler[0])
    return Simulation(library.resolve(), tuple(port for port in ports if port.name != CLOCK))


def find_compiler() -> list[str]:
    """Return the command of the C++ compiler: $CXX, else the first of c++, g++ and clang++ on PATH."""
    chosen = os.environ.get("CXX", "").split()
    for command in [chosen] if chosen else [["c++"], ["g++"], ["clang++"]]:
        if shutil.which(command[0]):
            return command
    raise SimulationError(
        f"C++ compiler not found: {chosen[0]} ($CXX)" if chosen else "no C++ compiler: c++, g++ or clang++"
    )


def pack_lanes(codes: npt.NDArray[Any], width: int) -> Words:
    """Return vectors of codes, (clocks, lanes), as words, (clocks, words); lane 0 in the lowest bits.

    `width` is a lane's, 1 to 32 bits.
    """
    clocks, lanes = codes.shape
    octets = np.ascontiguousarray(codes.astype("<u4")).view(np.uint8).reshape(clocks, lanes, 4)
    bits = np.unpackbits(octets, axis=2, count=width, bitorder="little").reshape(clocks, lanes * width)
    packed = np.packbits(bits, axis=1, bitorder="little")
    padded = np.zeros((clocks, _words(lanes * width) * 4), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u4").astype(np.uint32)


def unpack_lanes(words: npt.NDArray[Any], lanes: int, width: int) -> Words:
    """Return the codes, (clocks, lanes), that `pack_lanes` packed; also takes a narrow port's integers."""
    if words.ndim == 1:
        words = _integers_to_words(words, lanes * width)
    octets = np.ascontiguousarray(words.astype("<u4")).view(np.uint8)
    bits = np.unpackbits(octets, axis=1, count=lanes * width, bitorder="little")
    packed = np.packbits(bits.reshape(-1, lanes, width), axis=2, bitorder="little")
    padded = np.zeros((len(words), lanes, 4), np.uint8)
    padded[:, :, : packed.shape[2]] = packed
    return padded.view("<u4").reshape(-1, lanes).astype(np.uint32)


def _words(width: int) -> int:
    return -(-width // WORD_BITS)


def _to_words(values: npt.NDArray[Any], port: DesignPort) -> Words:
    array = np.asarray(values)
    narrow = array.ndim == 1 and port.width <= NARROW_BITS
    if not narrow and (array.ndim != 2 or array.shape[1] != _words(port.width)):
        raise ValueError(f"input {port.name} of {port.width} bits has shape {array.shape}")
    # The compiled design takes for granted that the bits above a port's width are zero.
    top_bits = port.width if narrow else port.width - WORD_BITS * (array.shape[1] - 1)
    if (array < 0).any() or (
        (array if narrow else array[:, -1]).astype(np.uint64) >> (top_bits - 1) > 1
    ).any():
        raise ValueError(f"input {port.name} has a value beyond its {port.width} bits")
    return _integers_to_words(array, port.width) if narrow else array.astype(np.uint32)


def _integers_to_words(values: npt.NDArray[Any], width: int) -> Words:
    integers = values.astype(np.uint64)
    shifts = WORD_BITS * np.arange(_words(width), dtype=np.uint64)
    return (integers[:, None] >> shifts).astype(np.uint32)


def _to_integers(words: Words) -> Codes:
    shifts = WORD_BITS * np.arange(words.shape[1], dtype=np.uint64)
    integers: Codes = (words.astype(np.uint64) << shifts).sum(axis=1, dtype=np.uint64)
    return integers


def _driver(top: str, ports: Sequence[DesignPort]) -> str:
    lines: dict[str, list[str]] = {"input": [], "output": []}
    positions = {"input": 0, "output": 0}
    for port in ports:
        if port.name == CLOCK:
            continue
        at = positions[port.direction]
        member = f"design.{_mangle(port.name)}"
        call = (
            f"set({member}, in + {at});"
            if port.direction == "input"
            else f"get(current({member}), out + {at});"
        )
        lines[port.direction].append(call)
        positions[port.direction] += _words(port.width)
    clocked = any(port.name == CLOCK for port in ports)
    clock = f"design.{_mangle(CLOCK)}"
    return _DRIVER.format(
        top=_mangle(top),
        in_words=positions["input"],
        out_words=positions["output"],
        inputs="\n        ".join(lines["input"]),
        outputs="\n        ".join(lines["output"]),
        clock_low=f"{clock}.set(false);" if clocked else "",
        # One evaluation moves the registers; what follows from them is settled with the next row's inputs.
        clock_high=f"{clock}.set(true); design.eval(); design.commit();" if clocked else "",
    )


def _mangle(name: str) -> str:
    return "p_" + name.replace("_", "__")


@cache
def _precompiled_runtime(compiler: tuple[str, ...]) -> tempfile.TemporaryDirectory[str]:
    """Return a folder, gone when the process ends, with cxxrtl's headers as `compiler` has compiled them.

    They are most of what there is to compile of a small design.
    """
    folder = tempfile.TemporaryDirectory(prefix="cxxrtl-")
    header = Path(folder.name) / RUNTIME_HEADER
    header.write_text("#include <cxxrtl/cxxrtl.h>\n", encoding="utf-8")
    words = ["-x", "c++-header", "-o", f"{header}.gch", str(header)]
    _execute([*compiler, *CPP_OPTIONS, f"-I{_cxxrtl_include()}", *words], compiler[0])
    return folder


def _cxxrtl_include() -> Path:
    import pyosys

    include = Path(pyosys.__file__).parent / "share/include/backends/cxxrtl/runtime"
    if not (include / "cxxrtl/cxxrtl.h").is_file():
        raise SimulationError(f"pyosys has no cxxrtl headers in {include}")
    return include


def _execute(command: list[str], tool: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines()
        reason = next(
            (line for line in lines if "error" in line.lower()), lines[-1] if lines else "no message"
        )
        raise SimulationError(f"{tool} failed: {reason}")
