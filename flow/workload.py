"""What a design computes while its power is measured: real attention data, clock by clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.attention_data.stimulus import operator_stimulus
from hdl.design import Design
from hdl.designs import DESIGNS
from hdl.formats import FloatFormat
from hdl.models import operators
from hdl.models.codes import encode

Codes = npt.NDArray[np.uint64]

# Queries run side by side, each a stream of its own from reset: together well over 2,000 clocks.
STREAMS = 16
RESET_CLOCKS = 2


@dataclass(frozen=True)
class Workload:
    """Codes at the ports, [streams, clocks, lanes], and what has to come out.

    `inputs` holds every input but the clock. `expected` holds codes of an output and
    `expected_valid` [streams, clocks] tells at which clocks they are due; `bits` is the width of a
    lane of each port. Activity counts from clock `count_from` on.
    """

    inputs: dict[str, Codes]
    expected: dict[str, Codes]
    expected_valid: npt.NDArray[np.bool_]
    bits: dict[str, int]
    count_from: int

    @property
    def clocks(self) -> int:
        """Clocks that count, over all streams."""
        streams, clocks = self.expected_valid.shape
        return int(streams * (clocks - self.count_from))


Model = Callable[[Codes, Codes, FloatFormat, Any], npt.ArrayLike]


def operator_workload(design: Design, parameters: Any, model: Model) -> Workload:
    """Return a vector operator's workload: differences of real scores and the vectors they weigh."""
    fmt: FloatFormat = parameters.fmt
    x_real, v_real = operator_stimulus(STREAMS, parameters.lanes)
    x = encode(x_real, fmt).reshape(STREAMS, -1, 1).astype(np.uint64)
    v = encode(v_real, fmt).reshape(STREAMS, -1, parameters.lanes).astype(np.uint64)
    y = np.asarray(model(x[..., 0], v, fmt, parameters), np.uint64)
    latency = design.latency_clocks(parameters)
    clocks = RESET_CLOCKS + x.shape[1] + latency

    def at(start: int, codes: Codes) -> Codes:
        """Lay `codes` out from clock `start` on; before and after it the port holds zeros."""
        port = np.zeros((STREAMS, clocks, codes.shape[2]), np.uint64)
        port[:, start : start + codes.shape[1]] = codes
        return port

    ones = np.ones_like(x)
    valid = at(RESET_CLOCKS + latency, ones)
    return Workload(
        inputs={
            "rst": at(0, ones[:, :RESET_CLOCKS]),
            "valid_in": at(RESET_CLOCKS, ones),
            "x": at(RESET_CLOCKS, x),
            "v": at(RESET_CLOCKS, v),
        },
        expected={"y": at(RESET_CLOCKS + latency, y), "valid_out": valid},
        expected_valid=valid[..., 0].astype(np.bool_),
        bits={"rst": 1, "valid_in": 1, "x": fmt.width, "v": fmt.width, "y": fmt.width, "valid_out": 1},
        count_from=RESET_CLOCKS + latency,
    )


WORKLOADS: Mapping[str, Callable[[Design, Any], Workload]] = {
    "expmul": lambda design, parameters: operator_workload(
        design, parameters, lambda x, v, fmt, p: operators.expmul(x, v, fmt, p.fraction_bits)
    ),
    "exp_mul": lambda design, parameters: operator_workload(
        design, parameters, lambda x, v, fmt, p: operators.exp_mul(x, v, fmt)
    ),
}


def make_workload(design_name: str, parameters: Mapping[str, Any]) -> Workload:
    """Return the workload of a design with `parameters`.

    Raises KeyError for a design without one, ValueError for more lanes than the data has.
    """
    design = DESIGNS[design_name]
    return WORKLOADS[design_name](design, design.make_parameters(parameters))
