"""What a design computes while its power is measured: real attention data, clock by clock."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.attention_data.sample import load
from flow.attention_data.stimulus import KernelStimulus, kernel_stimulus, operator_stimulus
from flow.formats.streams import Words, pack_codes
from hdl.designs import DESIGNS, Design
from hdl.formats import FloatFormat
from hdl.kernels.frame import Kernel
from hdl.models.codes import encode
from hdl.models.numpy_when_used import CodeArray
from hdl.operators.operator import Operator

Codes = npt.NDArray[np.uint64]

# Queries run side by side, each a stream of its own from reset: together well over 2,000 clocks.
STREAMS = 16
# The first query of a stream fills the pipeline, the last keeps it full until the result before it is out.
QUERIES_PER_STREAM = 4
COUNTED_QUERIES = 2
KEYS_PER_QUERY = 128
RESET_CLOCKS = 2


@dataclass(frozen=True)
class Workload:
    """Codes at the ports, [streams, clocks, lanes], and what has to come out.

    `inputs` holds every input but the clock, `expected` the codes of each output. `due`, [streams, clocks],
    tells at which clocks an output other than valid_out has them. valid_out is checked from clock
    `count_from` on, as activity is counted. `bits` is the width of a lane.
    `data_sha256` is that of the real numbers, before any format: the same for all kernels of one d.
    """

    inputs: dict[str, Codes]
    expected: dict[str, Codes]
    due: npt.NDArray[np.bool_]
    bits: dict[str, int]
    count_from: int
    data_sha256: str

    @property
    def streams(self) -> int:
        """Number of independent streams."""
        return int(self.due.shape[0])

    @property
    def clocks(self) -> int:
        """Clocks that count, over all streams."""
        return int(self.streams * (self.due.shape[1] - self.count_from))

    def packed_inputs(self) -> dict[str, Words]:
        """Return the inputs as the simulators take them."""
        return {name: pack_codes(codes, self.bits[name]) for name, codes in self.inputs.items()}

    def checked(self, port: str) -> npt.NDArray[np.bool_]:
        """Return at which clocks, [streams, clocks], the output `port` is checked."""
        if port != "valid_out":
            return self.due
        later = np.zeros_like(self.due)
        later[:, self.count_from :] = True
        return later


def operator_workload(design: Operator, parameters: Any) -> Workload:
    """Return a vector operator's workload: differences of real scores and the vectors they weigh."""
    fmt: FloatFormat = parameters.fmt
    x_real, v_real = operator_stimulus(STREAMS, parameters.lanes)
    x = encode(x_real, fmt).reshape(STREAMS, -1, 1).astype(np.uint64)
    v = encode(v_real, fmt).reshape(STREAMS, -1, parameters.lanes).astype(np.uint64)
    y = np.asarray(design.model(x[..., 0], v, parameters), np.uint64)
    latency = design.latency_clocks(parameters)
    clocks = RESET_CLOCKS + x.shape[1] + latency
    ones = np.ones_like(x)
    valid = port(clocks, RESET_CLOCKS + latency, ones)
    return Workload(
        inputs={
            "rst": port(clocks, 0, ones[:, :RESET_CLOCKS]),
            "valid_in": port(clocks, RESET_CLOCKS, ones),
            "x": port(clocks, RESET_CLOCKS, x),
            "v": port(clocks, RESET_CLOCKS, v),
        },
        expected={"y": port(clocks, RESET_CLOCKS + latency, y), "valid_out": valid},
        due=valid[..., 0].astype(np.bool_),
        bits={"rst": 1, "valid_in": 1, "x": fmt.width, "v": fmt.width, "y": fmt.width, "valid_out": 1},
        count_from=RESET_CLOCKS + latency,
        data_sha256=digest(x_real, v_real),
    )


def digest(*arrays: npt.NDArray[Any]) -> str:
    """Return the SHA-256 over the arrays' bytes, in hexadecimal."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def port(clocks: int, start: int, codes: Codes) -> Codes:
    """Return what a port carries over `clocks` clocks: `codes` from clock `start` on, as far as they fit.

    Before and after them it carries zeros.
    """
    laid = np.zeros((codes.shape[0], clocks, codes.shape[2]), np.uint64)
    end = min(clocks, start + codes.shape[1])
    laid[:, start:end] = codes[:, : end - start]
    return laid


def kernel_workload(design: Kernel, parameters: Any) -> Workload:
    """Return a kernel's workload: queries of real heads back to back, so the pipeline is always full.

    The clocks of two queries count, up to the result of the second: it is checked, and with it what the
    netlist did while they were counted.
    """
    fmt: FloatFormat = parameters.fmt
    real, codes = kernel_data(parameters.d), kernel_codes(design, parameters)

    def split(values: npt.NDArray[Any]) -> Codes:
        return values.reshape(STREAMS, QUERIES_PER_STREAM * KEYS_PER_QUERY, -1).astype(np.uint64)

    results = kernel_results(design, parameters, codes).reshape(STREAMS, QUERIES_PER_STREAM, parameters.d)
    first_result = RESET_CLOCKS + design.latency_clocks(parameters)
    clocks = first_result + (QUERIES_PER_STREAM - 1) * KEYS_PER_QUERY
    last = split(real.last)
    valid = port(clocks, first_result, last)
    answers = np.repeat(np.asarray(results, np.uint64), KEYS_PER_QUERY, axis=1)
    flags = {"key_valid": split(real.key_valid), "first": split(real.first), "last": last}
    vectors = {name: split(vector) for name, vector in zip("qkv", codes, strict=True)}
    starts = {"v": RESET_CLOCKS + design.value_lag_clocks(parameters)}
    ones = np.ones_like(last)
    return Workload(
        inputs={"rst": port(clocks, 0, ones[:, :RESET_CLOCKS]), "valid_in": port(clocks, RESET_CLOCKS, ones)}
        | {
            name: port(clocks, starts.get(name, RESET_CLOCKS), codes)
            for name, codes in (flags | vectors).items()
        },
        expected={"o": port(clocks, first_result, answers), "valid_out": valid},
        due=valid[..., 0].astype(np.bool_),
        bits=dict.fromkeys(("rst", "valid_in", *flags, "valid_out"), 1)
        | dict.fromkeys((*vectors, "o"), fmt.width),
        count_from=clocks - COUNTED_QUERIES * KEYS_PER_QUERY,
        data_sha256=kernel_data_sha256(parameters.d),
    )


def kernel_codes(design: Kernel, parameters: Any) -> tuple[CodeArray, CodeArray, CodeArray]:
    """Return q, k and v of `kernel_data` in the kernel's format, codes [clocks, d]."""
    real, fmt = kernel_data(parameters.d), parameters.fmt
    query = real.q * design.query_factor(parameters)
    return encode(query, fmt), encode(real.k, fmt), encode(real.v, fmt)


def kernel_results(
    design: Kernel, parameters: Any, codes: tuple[CodeArray, CodeArray, CodeArray]
) -> CodeArray:
    """Return what the kernel's model gives for each query of `kernel_codes`, codes [queries, d]."""
    q, k, v = map(by_query, codes)
    key_valid = by_query(kernel_data(parameters.d).key_valid)[..., 0]
    return design.attend(parameters, q[:, 0], k, v, key_valid)


def by_query(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what is laid out clock by clock as [queries, keys, lanes]."""
    return values.reshape(STREAMS * QUERIES_PER_STREAM, KEYS_PER_QUERY, -1)


@cache
def kernel_data(d: int) -> KernelStimulus:
    """Return the real numbers that every kernel of head dimension `d` computes on."""
    return kernel_stimulus(load(d), STREAMS * QUERIES_PER_STREAM, KEYS_PER_QUERY)


@cache
def kernel_data_sha256(d: int) -> str:
    """Return the SHA-256 of `kernel_data`."""
    data = kernel_data(d)
    return digest(data.q, data.k, data.v, data.first, data.last, data.key_valid)


def has_workload(design: Design) -> bool:
    """Whether there are data for a design, and a model of what it makes of them."""
    return isinstance(design, Kernel | Operator)


def make_workload(design_name: str, parameters: Mapping[str, Any]) -> Workload:
    """Return the workload of a design with `parameters`.

    Raises KeyError for a design without one, ValueError for more lanes than the data has.
    """
    design = DESIGNS[design_name]
    values = design.make_parameters(parameters)
    if isinstance(design, Kernel):
        return kernel_workload(design, values)
    if isinstance(design, Operator):
        return operator_workload(design, values)
    raise KeyError(design_name)
