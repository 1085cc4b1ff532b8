"""FlashAttention-2 kernels whose running maximum is an integer of the log2 domain.

With log2 e folded into q and S the score in fixed point, M the largest floor of a score:

    o* = 2^-(M - M_before) o* + 2^(S - M) v*        the first factor is an exact power of two

`fa2_log2` adds S - M to exponent and top mantissa bits of v; `fa2_intmax` multiplies v by the rounded
power of two. Frame, ports and latency are those of `hdl/kernels/fa2.py`; hdl/README.md has
`fa2_log2` to be drawn, hdl/LOG2_KERNELS.md the rest.
"""

from dataclasses import dataclass
from typing import Any

from myhdl import Signal, intbv

from hdl.design import Design, check_range
from hdl.formats import FloatFormat
from hdl.kernels.fa2 import GROUPS, KernelParameters, port_widths
from hdl.kernels.integer_maximum import integer_difference, integer_maximum
from hdl.kernels.kernel_control import LATENCY_CLOCKS, WEIGHT_RANK, control
from hdl.kernels.kernel_groups import accumulate, divide
from hdl.kernels.weigh_log2 import weigh_intmax, weigh_log2
from hdl.language.unit import In, Instances, Out, unit
from hdl.units.arithmetic.dot_product import dot_product
from hdl.units.delays import delay_line
from hdl.units.exponential.log2_constants import DISTANCE_BITS, MAXIMUM_BITS, held_fraction_bits

LOG2_FRACTION_BITS = 3
INTMAX_FRACTION_BITS = 7


@unit
def log2_kernel(
    clk: In,
    rst: In,
    valid_in: In,
    key_valid: In,
    first: In,
    last: In,
    q: In,
    k: In,
    v: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    value_clocks: int,
    fraction_bits: int,
    multiplied: bool,
) -> Instances:
    """FlashAttention-2 for one query at a time, one key per clock; ports as in `hdl.kernels.fa2`.

    q              d numbers, log2(e)/sqrt(d) included
    value_clocks   registers that v passes before it meets its weight
    fraction_bits  of a score in the log2 domain, 0 to the format's mantissa bits
    multiplied     True: v times the weight (fa2_intmax); False: their logarithms added (fa2_log2)
    """
    width = fmt.width
    vector = d * width
    lanes = d + 1

    load_q = Signal(False)
    start = Signal(False)
    live = Signal(False)
    drop_sums = Signal(False)
    drop_value = Signal(False)
    finish = Signal(False)
    score = Signal(intbv(0)[width:])
    previous = Signal(intbv(0)[MAXIMUM_BITS:])
    current = Signal(intbv(0)[MAXIMUM_BITS:])
    score_held = Signal(intbv(0)[MAXIMUM_BITS + fraction_bits :])
    rescale = Signal(intbv(0)[DISTANCE_BITS:])
    distance = Signal(intbv(0)[DISTANCE_BITS:])
    fraction = Signal(intbv(0)[held_fraction_bits(fraction_bits) :])
    far = Signal(False)
    value = Signal(intbv(0)[vector:])
    rescaled = Signal(intbv(0)[lanes * width :])
    weighted = Signal(intbv(0)[lanes * width :])
    sums = Signal(intbv(0)[lanes * width :])

    flags = control(
        clk, rst, valid_in, key_valid, first, last,
        load_q, start, live, drop_sums, drop_value, finish, instance="control",
    )  # fmt: skip
    scores = dot_product(clk, load_q, q, k, score, fmt=fmt, d=d, instance="dot_product")
    maxima = integer_maximum(
        clk, start, live, score, previous, current, score_held,
        fmt=fmt, fraction_bits=fraction_bits, ceiling=False, instance="maximum",
    )  # fmt: skip
    differences = integer_difference(
        clk, previous, current, score_held, rescale, distance, fraction, far,
        fraction_bits=fraction_bits, ceiling=False, instance="difference",
    )  # fmt: skip
    values = delay_line(clk, v, value, width=vector, clocks=value_clocks, instance="value_delay")
    terms_of = weigh_intmax if multiplied else weigh_log2
    terms = terms_of(
        clk, drop_sums, drop_value, rescale, distance, fraction, far, sums, value, rescaled, weighted,
        fmt=fmt, d=d, fraction_bits=fraction_bits, instance="weigh",
    )  # fmt: skip
    accumulators = accumulate(clk, rescaled, weighted, sums, fmt=fmt, lanes=lanes, instance="accumulate")
    quotients = divide(clk, rst, finish, sums, valid_out, o, fmt=fmt, d=d, instance="divide")

    return flags, scores, maxima, differences, values, terms, accumulators, quotients


@dataclass(frozen=True)
class Log2KernelParameters(KernelParameters):
    """`fraction_bits`: of a score in the log2 domain; None: 3, or all mantissa bits where there are fewer."""

    fraction_bits: int | None = None

    usual_fraction_bits = LOG2_FRACTION_BITS

    def __post_init__(self) -> None:
        """Check the ranges at once and fill in the default."""
        super().__post_init__()
        mantissa_bits = self.fmt.mantissa_bits
        if self.fraction_bits is None:
            object.__setattr__(self, "fraction_bits", min(self.usual_fraction_bits, mantissa_bits))
        check_range("fraction_bits", self.fraction_bits, 0, mantissa_bits)


@dataclass(frozen=True)
class IntmaxKernelParameters(Log2KernelParameters):
    """`fraction_bits` None: 7, or all mantissa bits where there are fewer."""

    usual_fraction_bits = INTMAX_FRACTION_BITS


def log2_top_parameters(parameters: Log2KernelParameters, multiplied: bool) -> dict[str, Any]:
    """Return the keyword arguments of `log2_kernel`."""
    return {
        "fmt": parameters.fmt,
        "d": parameters.d,
        "value_clocks": WEIGHT_RANK + 1 - parameters.value_lag_clocks,
        "fraction_bits": parameters.fraction_bits,
        "multiplied": multiplied,
    }


FA2_LOG2 = Design(
    name="fa2_log2",
    description="FlashAttention-2 kernel: integer maximum, exact rescale, d lanes that add exponents",
    parameters=Log2KernelParameters,
    top=log2_kernel,
    port_widths=port_widths,
    top_parameters=lambda p: log2_top_parameters(p, multiplied=False),
    latency_clocks=lambda p: LATENCY_CLOCKS,
    groups=GROUPS,
)

FA2_INTMAX = Design(
    name="fa2_intmax",
    description="FlashAttention-2 kernel: integer maximum, exact rescale, d multipliers",
    parameters=IntmaxKernelParameters,
    top=log2_kernel,
    port_widths=port_widths,
    top_parameters=lambda p: log2_top_parameters(p, multiplied=True),
    latency_clocks=lambda p: LATENCY_CLOCKS,
    groups=GROUPS,
)
