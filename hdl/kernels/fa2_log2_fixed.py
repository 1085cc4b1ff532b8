"""The FlashAttention-2 kernel with an integer maximum and fixed-point sums: variant B.

As `fa2_log2`, but M is the largest *ceiling* of a score, so that no weight exceeds 1, and the sums are two's
complement: the rescale is a shift, the adders are integer ones. At the end of a query one converter turns the
sums into numbers, one after the other. Not a floating-point accumulation: another design than the paper's.
hdl/LOG2_KERNELS.md describes it.
"""

from dataclasses import dataclass
from typing import Any

from myhdl import Signal, intbv

from hdl.design import Design, check_range
from hdl.formats import FloatFormat
from hdl.kernels.drain import drain
from hdl.kernels.fa2 import GROUPS, port_widths
from hdl.kernels.fa2_log2 import Log2KernelParameters
from hdl.kernels.integer_maximum import integer_difference, integer_maximum
from hdl.kernels.kernel_control import LATENCY_CLOCKS, WEIGHT_RANK, control
from hdl.kernels.kernel_groups import divide
from hdl.kernels.weigh_fixed import accumulate_fixed, weigh_fixed
from hdl.language.unit import In, Instances, Out, unit
from hdl.units.arithmetic.dot_product import dot_product
from hdl.units.delays import delay_line
from hdl.units.exponential.log2_constants import (
    DISTANCE_BITS,
    MAXIMUM_BITS,
    WEIGHT_TABLE_BITS,
    held_fraction_bits,
    maximum_bits,
)

# The constants of the saturation have to fit the 32 bits of a Verilog number without a size.
SUM_BITS_MAX = 30
# Of the sums' bits, what is left for the integer part and the sign at least.
SUM_INTEGER_BITS_MIN = 3
DRAIN = "drain"


@unit
def log2_fixed_kernel(
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
    sum_bits: int,
    sum_fraction_bits: int,
) -> Instances:
    """FlashAttention-2 for one query at a time, one key per clock; ports as in `hdl.kernels.fa2`.

    q              d numbers, log2(e)/sqrt(d) included
    value_clocks   registers that v passes before it meets its weight
    fraction_bits  of a score in the log2 domain, 0 to the format's mantissa bits
    sum_bits, sum_fraction_bits  of the fixed-point sums, the fraction among the first
    The next query may follow at once if this one has d + 1 keys or more.
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
    previous = Signal(intbv(0)[maximum_bits(True) :])
    current = Signal(intbv(0)[maximum_bits(True) :])
    score_held = Signal(intbv(0)[MAXIMUM_BITS + fraction_bits :])
    rescale = Signal(intbv(0)[DISTANCE_BITS:])
    distance = Signal(intbv(0)[DISTANCE_BITS:])
    fraction = Signal(intbv(0)[held_fraction_bits(fraction_bits) :])
    far = Signal(False)
    value = Signal(intbv(0)[vector:])
    rescaled = Signal(intbv(0)[lanes * sum_bits :])
    weighted = Signal(intbv(0)[lanes * sum_bits :])
    carries = Signal(intbv(0)[lanes:])
    sums = Signal(intbv(0)[lanes * sum_bits :])
    drained = Signal(False)
    numbers = Signal(intbv(0)[lanes * width :])

    flags = control(
        clk, rst, valid_in, key_valid, first, last,
        load_q, start, live, drop_sums, drop_value, finish, instance="control",
    )  # fmt: skip
    scores = dot_product(clk, load_q, q, k, score, fmt=fmt, d=d, instance="dot_product")
    maxima = integer_maximum(
        clk, start, live, score, previous, current, score_held,
        fmt=fmt, fraction_bits=fraction_bits, ceiling=True, instance="maximum",
    )  # fmt: skip
    differences = integer_difference(
        clk, previous, current, score_held, rescale, distance, fraction, far,
        fraction_bits=fraction_bits, ceiling=True, instance="difference",
    )  # fmt: skip
    values = delay_line(clk, v, value, width=vector, clocks=value_clocks, instance="value_delay")
    weighing = weigh_fixed(
        clk, drop_sums, drop_value, rescale, distance, fraction, far, sums, value,
        rescaled, weighted, carries,
        fmt=fmt, d=d, fraction_bits=fraction_bits, sum_bits=sum_bits, sum_fraction_bits=sum_fraction_bits,
        instance="weigh",
    )  # fmt: skip
    accumulators = accumulate_fixed(
        clk, rescaled, weighted, carries, sums, lanes=lanes, sum_bits=sum_bits, instance="accumulate"
    )
    conversion = drain(
        clk, rst, finish, sums, drained, numbers, fmt=fmt, lanes=lanes, sum_bits=sum_bits,
        sum_fraction_bits=sum_fraction_bits, instance="drain",
    )  # fmt: skip
    quotients = divide(clk, rst, drained, numbers, valid_out, o, fmt=fmt, d=d, instance="divide")

    return flags, scores, maxima, differences, values, weighing, accumulators, conversion, quotients


@dataclass(frozen=True)
class Log2FixedKernelParameters(Log2KernelParameters):
    """`sum_bits` of a sum, sign and fraction included; `sum_fraction_bits` of them after the point."""

    sum_bits: int = 24
    sum_fraction_bits: int = 12

    def __post_init__(self) -> None:
        """Check the ranges at once."""
        super().__post_init__()
        check_range("sum_bits", self.sum_bits, WEIGHT_TABLE_BITS + SUM_INTEGER_BITS_MIN, SUM_BITS_MAX)
        largest = self.sum_bits - SUM_INTEGER_BITS_MIN
        check_range("sum_fraction_bits", self.sum_fraction_bits, WEIGHT_TABLE_BITS, largest)


def log2_fixed_top_parameters(parameters: Log2FixedKernelParameters) -> dict[str, Any]:
    """Return the keyword arguments of `log2_fixed_kernel`."""
    return {
        "fmt": parameters.fmt,
        "d": parameters.d,
        "value_clocks": WEIGHT_RANK + 1 - parameters.value_lag_clocks,
        "fraction_bits": parameters.fraction_bits,
        "sum_bits": parameters.sum_bits,
        "sum_fraction_bits": parameters.sum_fraction_bits,
    }


FA2_LOG2_FIXED = Design(
    name="fa2_log2_fixed",
    description="FlashAttention-2 kernel: integer maximum, lanes that add exponents, fixed-point sums",
    parameters=Log2FixedKernelParameters,
    top=log2_fixed_kernel,
    port_widths=port_widths,
    top_parameters=log2_fixed_top_parameters,
    latency_clocks=lambda p: LATENCY_CLOCKS + p.d + 2,
    groups=(*GROUPS[:-1], DRAIN, GROUPS[-1]),
)
