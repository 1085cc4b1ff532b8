"""Queries for a kernel's generated Verilog, and its results."""

import re
from pathlib import Path

import numpy as np

from hdl.designs import get_design
from hdl.models.codes import encode
from hdl.models.kernels import MODELS, model_options
from hdl.simulation import compile_simulation, pack_lanes, unpack_lanes
from hdl.verilog import verilog_text


def expected_results(name: str, values, q, k, v, key_valid=True):
    """What the kernel's model gives for the queries."""
    return MODELS[name].attention(q, k, v, values.fmt, key_valid=key_valid, **model_options(values))


def compile_kernel(name: str, folder: Path, **parameters: object):
    design = get_design(name)
    values = design.make_parameters(parameters)
    verilog = folder / f"{name}.v"
    # Modules kept apart are compiled once, not once for each lane: five times faster, the same circuit.
    text = re.sub(r"^module ", "(* keep_hierarchy *)\nmodule ", verilog_text(name, parameters), flags=re.M)
    verilog.write_text(text, encoding="utf-8")
    return compile_simulation(verilog, name, design.ports(values), folder), values


def mixed_queries(fmt, d: int, queries: int, keys: int, seed: int):
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
    return (*codes, key_valid)


def run_kernel(name, simulation, values, q, k, v, key_valid, gap_rate=0.0, seed=0):
    """Results (queries, d) and the clocks at which they came, less those at which their last key went in.

    Idle clocks, and q but at a query's first clock, carry noise; so do the flags of idle clocks.
    """
    fmt, d = values.fmt, values.d
    rng = np.random.default_rng(seed)
    queries, keys = key_valid.shape
    busy = rng.random(4 * queries * keys + 100) >= gap_rate
    busy = busy[: np.flatnonzero(busy)[queries * keys - 1] + 1]
    clocks = len(busy) + get_design(name).latency_clocks(values) + 1
    at = np.flatnonzero(busy)
    position = np.tile(np.arange(keys), queries)

    def flag(values_of_keys, idle):
        column = np.asarray(idle, np.uint32)
        column[at] = values_of_keys
        return column

    def noise(width):
        return rng.integers(0, 1 << fmt.width, (clocks, width), dtype=np.uint32)

    q_rows, k_rows, v_rows = noise(d), noise(d), noise(d)
    q_rows[at[position == 0]] = q
    k_rows[at] = k.reshape(-1, d)
    v_rows[at + values.value_lag_clocks] = v.reshape(-1, d)
    coin = rng.integers(0, 2, (3, clocks))
    outputs = simulation.run(
        {
            "rst": np.zeros(clocks, np.uint32),
            "valid_in": flag(1, np.zeros(clocks)),
            "key_valid": flag(key_valid.reshape(-1), coin[0]),
            "first": flag(position == 0, coin[1]),
            "last": flag(position == keys - 1, coin[2]),
            "q": pack_lanes(q_rows, fmt.width),
            "k": pack_lanes(k_rows, fmt.width),
            "v": pack_lanes(v_rows, fmt.width),
        }
    )
    rows = np.flatnonzero(outputs["valid_out"])
    assert len(rows) == queries
    return unpack_lanes(outputs["o"], d, fmt.width)[rows], rows - at[position == keys - 1]
