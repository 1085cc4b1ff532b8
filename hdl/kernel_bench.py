"""Queries for a kernel's generated Verilog, and its results."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hdl.formats import FloatFormat
from hdl.kernels.frame import Kernel
from hdl.models.codes import encode
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray
from hdl.parameters import Parameters
from hdl.simulation import Simulation, compile_simulation, pack_lanes, unpack_lanes
from hdl.verilog import convert_unit


def compile_kernel(kernel: Kernel, folder: Path, **given: Any) -> tuple[Simulation, Parameters]:
    """Return the compiled Verilog of a kernel, built in `folder`, and its parameters."""
    parameters = kernel.make_parameters(given)
    verilog = folder / f"{kernel.name}.v"
    text = convert_unit(
        kernel.top, kernel.port_widths(parameters), kernel.name, **kernel.top_parameters(parameters)
    )
    # Modules kept apart are compiled once, not once for each lane: five times faster, the same circuit.
    text = re.sub(r"^module ", "(* keep_hierarchy *)\nmodule ", text, flags=re.M)
    verilog.write_text(text, encoding="utf-8")
    return compile_simulation(verilog, kernel.name, kernel.ports(parameters), folder), parameters


def mixed_queries(
    fmt: FloatFormat, d: int, queries: int, keys: int, seed: int
) -> tuple[CodeArray, CodeArray, CodeArray, BoolArray]:
    """Codes of q, k, v and the mask: random scores of three spreads, rising ramps, masked keys, all codes."""
    rng = np.random.default_rng(seed)
    sigma = np.resize([1.0, 2.0, 3.0, 8.0], queries)[:, None]
    q = rng.normal(size=(queries, d)) * sigma / np.sqrt(d)
    k = rng.normal(size=(queries, keys, d))
    v = rng.normal(size=(queries, keys, d))
    key_valid = np.ones((queries, keys), bool)
    ramps = slice(0, queries // 8)
    q[ramps], k[ramps] = 0.0, 0.0
    q[ramps, 0], k[ramps, :, 0] = 1.0, 0.3 * np.arange(keys)
    masked = slice(queries // 8, queries // 2)
    key_valid[masked] = rng.random(key_valid[masked].shape) > 0.3
    key_valid[queries // 8] = False
    key_valid[queries // 8 + 1, : keys // 2] = False
    codes = [encode(array, fmt) for array in (q, k, v)]
    for array in codes:
        array[-(queries // 8) :] = rng.integers(0, 1 << fmt.width, array[-(queries // 8) :].shape)
    q_codes, k_codes, v_codes = codes
    return q_codes, k_codes, v_codes, key_valid


@dataclass(frozen=True)
class Stimulus:
    """What a kernel's ports carry, clock by clock, and the clocks of the queries' last keys."""

    inputs: dict[str, Any]
    last_key_clocks: IntArray


def stimulus(
    kernel: Kernel,
    parameters: Parameters,
    q: CodeArray,
    k: CodeArray,
    v: CodeArray,
    key_valid: BoolArray,
    gap_rate: float = 0.0,
    seed: int = 0,
) -> Stimulus:
    """Return the queries, q (queries, d), k and v (queries, keys, d), one after the other, and idle clocks.

    Idle clocks, and q but at a query's first clock, carry noise; so do the flags of idle clocks.
    """
    fmt, d = parameters.fmt, parameters.d
    rng = np.random.default_rng(seed)
    queries, keys = key_valid.shape
    busy = rng.random(4 * queries * keys + 100) >= gap_rate
    busy = busy[: np.flatnonzero(busy)[queries * keys - 1] + 1]
    clocks = len(busy) + kernel.latency_clocks(parameters) + 1
    at = np.flatnonzero(busy)
    position = np.tile(np.arange(keys), queries)

    def flag(values_of_keys: Any, idle: Any) -> Any:
        column = np.asarray(idle, np.uint32)
        column[at] = values_of_keys
        return column

    def noise() -> Any:
        return rng.integers(0, 1 << fmt.width, (clocks, d), dtype=np.uint32)

    q_rows, k_rows, v_rows = noise(), noise(), noise()
    q_rows[at[position == 0]] = q
    k_rows[at] = k.reshape(-1, d)
    v_rows[at + kernel.value_lag_clocks(parameters)] = v.reshape(-1, d)
    coin = rng.integers(0, 2, (3, clocks))
    inputs = {
        "rst": np.zeros(clocks, np.uint32),
        "valid_in": flag(1, np.zeros(clocks)),
        "key_valid": flag(key_valid.reshape(-1), coin[0]),
        "first": flag(position == 0, coin[1]),
        "last": flag(position == keys - 1, coin[2]),
        "q": pack_lanes(q_rows, fmt.width),
        "k": pack_lanes(k_rows, fmt.width),
        "v": pack_lanes(v_rows, fmt.width),
    }
    return Stimulus(inputs, at[position == keys - 1])


def run_kernel(
    kernel: Kernel, simulation: Simulation, parameters: Parameters, *queries: Any, **options: Any
) -> tuple[CodeArray, IntArray]:
    """Return results (queries, d), and the clocks at which they came less those of their last keys.

    Arguments as of `stimulus`. Raises AssertionError where there is not one result per query.
    """
    applied = stimulus(kernel, parameters, *queries, **options)
    outputs = simulation.run(applied.inputs)
    rows = np.flatnonzero(outputs["valid_out"])
    assert len(rows) == len(applied.last_key_clocks), f"{len(rows)} results"
    results = unpack_lanes(outputs["o"], parameters.d, parameters.fmt.width)[rows]
    return results, rows - applied.last_key_clocks
