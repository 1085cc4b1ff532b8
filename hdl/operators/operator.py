"""What the two operators share: ports, latency, parameters and the widths of both.

Ports: clk, rst (synchronous, clears the valid bits only), valid_in, x, v, valid_out, y. Lane i of v
and y is the bit field [i*W, (i+1)*W) with W the format's width. One result per clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from hdl.design import Design
from hdl.models.numpy_when_used import ArrayLike, CodeArray
from hdl.parameters import Format, Integer, Parameter, Parameters

# One register rank at the input and one at the output, combinational logic between them.
LATENCY_CLOCKS = 2

COMMON_PARAMETERS: tuple[Parameter, ...] = (Format(), Integer("lanes", 8, 1, 256, "lanes of v and y"))


@dataclass(frozen=True, kw_only=True)
class Operator(Design):
    """A circuit that gives e^x * v for one x and a vector v.

    parameters  its own, behind those that all operators have (`format`, `lanes`)
    model       x of shape S, v of shape S + (lanes,), and the parameters to y, codes all of them
    """

    latency: int | Callable[[Parameters], int] = field(default=LATENCY_CLOCKS)
    model: Callable[[ArrayLike, ArrayLike, Parameters], CodeArray]

    def __post_init__(self) -> None:
        """Put the common parameters first."""
        object.__setattr__(self, "parameters", (*COMMON_PARAMETERS, *self.parameters))
