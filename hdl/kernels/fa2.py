"""FlashAttention-2 kernels: one query at a time, one key per clock, all features of a key side by side.

For the keys i of a query, with o* = [l, o] and v* = [1, v]:

    s = q . k_i          m_new = max(m, s)
    o* = e^(m - m_new) o* + e^(s - m_new) v*_i         and after the last key o / l

`fa2_baseline` and `fa2_expmul` are one circuit but for the group `weigh`. hdl/KERNELS.md has the ports'
timing, the pipeline and the reasons.
"""

from dataclasses import dataclass
from typing import Any

from myhdl import Signal, intbv

from hdl.design import Design, check_range
from hdl.formats import FloatFormat, parse_format
from hdl.kernels.kernel_control import LATENCY_CLOCKS, WEIGHT_RANK, control
from hdl.kernels.kernel_groups import accumulate, difference, divide
from hdl.kernels.running_maximum import running_maximum
from hdl.kernels.weigh import weigh_fused, weigh_separate
from hdl.language.unit import In, Instances, Out, unit
from hdl.units.arithmetic.dot_product import dot_product
from hdl.units.arithmetic.negative_to_fixed import FRACTION_BITS_RANGE
from hdl.units.delays import delay_line

D_RANGE = range(2, 257)
MANTISSA_BITS_LIMIT = 10

# Where v is presented: with its key, or when its weight is ready.
WITH_KEY = "with_key"
WHEN_NEEDED = "when_needed"
VALUE_TIMINGS = (WITH_KEY, WHEN_NEEDED)


@unit
def kernel(
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
) -> Instances:
    """FlashAttention-2 for one query at a time, one key per clock.

    clk, rst     clock; synchronous reset of the flags only: the next key must be a first one
    valid_in     a key is presented
    key_valid    0: the key is masked
    first, last  first and last key of a query; the next query may follow at once
    q            d numbers, number i = bits [i*W, (i+1)*W), 1/sqrt(d) included; read with first
    k, v         d numbers each
    valid_out    1 for one clock where o is a query's result
    o            d numbers, +0 where zero; held until the next result

    value_clocks   registers that v passes before it meets its weight
    fraction_bits  0: separate operators (baseline); else ExpMul with a fixed-point argument of so many
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
    previous = Signal(intbv(0)[width:])
    current = Signal(intbv(0)[width:])
    score_held = Signal(intbv(0)[width:])
    rescale = Signal(intbv(0)[width:])
    offset = Signal(intbv(0)[width:])
    value = Signal(intbv(0)[vector:])
    rescaled = Signal(intbv(0)[lanes * width :])
    weighted = Signal(intbv(0)[lanes * width :])
    sums = Signal(intbv(0)[lanes * width :])

    flags = control(
        clk,
        rst,
        valid_in,
        key_valid,
        first,
        last,
        load_q,
        start,
        live,
        drop_sums,
        drop_value,
        finish,
        instance="control",
    )
    scores = dot_product(clk, load_q, q, k, score, fmt=fmt, d=d, instance="dot_product")
    maxima = running_maximum(
        clk, start, live, score, previous, current, score_held, fmt=fmt, instance="maximum"
    )
    differences = difference(
        clk, previous, current, score_held, rescale, offset, fmt=fmt, instance="difference"
    )
    values = delay_line(clk, v, value, width=vector, clocks=value_clocks, instance="value_delay")

    if fraction_bits:
        terms = weigh_fused(
            clk,
            drop_sums,
            drop_value,
            rescale,
            offset,
            sums,
            value,
            rescaled,
            weighted,
            fmt=fmt,
            d=d,
            fraction_bits=fraction_bits,
            instance="weigh",
        )
    else:
        terms = weigh_separate(
            clk,
            drop_sums,
            drop_value,
            rescale,
            offset,
            sums,
            value,
            rescaled,
            weighted,
            fmt=fmt,
            d=d,
            instance="weigh",
        )

    accumulators = accumulate(clk, rescaled, weighted, sums, fmt=fmt, lanes=lanes, instance="accumulate")
    quotients = divide(clk, rst, finish, sums, valid_out, o, fmt=fmt, d=d, instance="divide")

    return flags, scores, maxima, differences, values, terms, accumulators, quotients


@dataclass(frozen=True)
class KernelParameters:
    """Format by name, head dimension d, and `value_timing`: where v is presented.

    with_key     v enters with its key and rides along the pipeline in registers
    when_needed  v enters `value_lag_clocks` clocks after its key, one register before its weight
    Raises ValueError for what cannot be built.
    """

    format: str = "bf16"
    d: int = 16
    value_timing: str = WITH_KEY

    def __post_init__(self) -> None:
        """Check the ranges at once."""
        check_range("d", self.d, D_RANGE[0], D_RANGE[-1])
        fmt = parse_format(self.format)
        if fmt.mantissa_bits > MANTISSA_BITS_LIMIT:
            raise ValueError(f"format {fmt.name}: a kernel's mantissa has at most {MANTISSA_BITS_LIMIT} bits")
        if self.value_timing not in VALUE_TIMINGS:
            raise ValueError(f"value_timing must be {' or '.join(VALUE_TIMINGS)}, not {self.value_timing!r}")

    @property
    def fmt(self) -> FloatFormat:
        """The format itself."""
        return parse_format(self.format)

    @property
    def value_lag_clocks(self) -> int:
        """Clocks after its key at which v is presented; gaps in valid_in count as clocks."""
        return 0 if self.value_timing == WITH_KEY else WEIGHT_RANK


@dataclass(frozen=True)
class FusedKernelParameters(KernelParameters):
    """`fraction_bits`: fraction bits of the fixed-point argument of Log2Exp."""

    fraction_bits: int = 11

    def __post_init__(self) -> None:
        """Check the ranges at once."""
        super().__post_init__()
        check_range("fraction_bits", self.fraction_bits, FRACTION_BITS_RANGE[0], FRACTION_BITS_RANGE[-1])


def port_widths(parameters: KernelParameters) -> dict[str, int]:
    """Return the width in bits of each port of a kernel."""
    vector = parameters.d * parameters.fmt.width
    flags = ("clk", "rst", "valid_in", "key_valid", "first", "last")
    return dict.fromkeys(flags, 1) | {"q": vector, "k": vector, "v": vector, "valid_out": 1, "o": vector}


def top_parameters(parameters: KernelParameters) -> dict[str, Any]:
    """Return the keyword arguments of `kernel`."""
    return {
        "fmt": parameters.fmt,
        "d": parameters.d,
        "value_clocks": WEIGHT_RANK + 1 - parameters.value_lag_clocks,
        "fraction_bits": getattr(parameters, "fraction_bits", 0),
    }


GROUPS = (
    "control",
    "dot_product",
    "maximum",
    "difference",
    "value_delay",
    "weigh",
    "accumulate",
    "divide",
)

FA2_BASELINE = Design(
    name="fa2_baseline",
    description="FlashAttention-2 kernel: two piecewise-linear exponentials, 2d+1 multipliers",
    parameters=KernelParameters,
    top=kernel,
    port_widths=port_widths,
    top_parameters=top_parameters,
    latency_clocks=lambda p: LATENCY_CLOCKS,
    groups=GROUPS,
)

FA2_EXPMUL = Design(
    name="fa2_expmul",
    description="FlashAttention-2 kernel: two Log2Exp, 2(d+1) ExpMul lanes",
    parameters=FusedKernelParameters,
    top=kernel,
    port_widths=port_widths,
    top_parameters=top_parameters,
    latency_clocks=lambda p: LATENCY_CLOCKS,
    groups=GROUPS,
)
