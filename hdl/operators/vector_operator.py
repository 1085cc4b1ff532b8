"""What `expmul` and `separate_exp_mul` share: ports, latency and the ranges of their parameters.

Ports: clk, rst (synchronous, clears the valid bits only), valid_in, x, v, valid_out, y. Lane i of v
and y is the bit field [i*W, (i+1)*W) with W the format's width. One result per clock.
"""

from dataclasses import dataclass

from hdl.design import check_range
from hdl.formats import FloatFormat, parse_format

LANES_RANGE = range(1, 257)

# One register rank at the input and one at the output, combinational logic between them.
LATENCY_CLOCKS = 2


@dataclass(frozen=True)
class VectorParameters:
    """Format by name and number of lanes; raises ValueError for what cannot be built."""

    format: str = "bf16"
    lanes: int = 8

    def __post_init__(self) -> None:
        """Check the ranges at once."""
        check_range("lanes", self.lanes, LANES_RANGE[0], LANES_RANGE[-1])
        parse_format(self.format)

    @property
    def fmt(self) -> FloatFormat:
        """The format itself."""
        return parse_format(self.format)


def port_widths(parameters: VectorParameters) -> dict[str, int]:
    """Return the width in bits of each port of a vector operator."""
    width = parameters.fmt.width
    vector = parameters.lanes * width
    return {"clk": 1, "rst": 1, "valid_in": 1, "x": width, "v": vector, "valid_out": 1, "y": vector}
