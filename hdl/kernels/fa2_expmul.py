"""The paper's kernel: FlashAttention-2 with ExpMul, no exponential and no product in its recurrence."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.kernels.fa2 import ACCUMULATE, DIFFERENCE, DIVIDE, MAXIMUM, Fa2Model
from hdl.kernels.frame import Kernel, Stage
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models.numpy_when_used import CodeArray
from hdl.models.operators import expmul
from hdl.operators.expmul import ARGUMENT_FRACTION_BITS
from hdl.registry import register
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2exp import LEVEL_BITS, log2exp
from hdl.units.registers import register as data_register


@unit(x="fmt.width", shift="shift_bits")
def fused_weight(
    clk: In, x: In, drop: In, shift: Out, *, fmt: FloatFormat, fraction_bits: int, shift_bits: int
) -> Instances:
    """One clock later: shift = log2exp(x), or all ones, which takes any exponent to zero, for drop = 1."""
    assert shift_bits >= LEVEL_BITS and (1 << shift_bits) - 1 >= fmt.max_exponent_field
    all_ones = (1 << shift_bits) - 1
    level = Signal(intbv(0)[LEVEL_BITS:])
    chosen = Signal(intbv(0)[shift_bits:])

    exponential = log2exp(x, level, fmt=fmt, fraction_bits=fraction_bits, instance="log2exp")

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = all_ones
        else:
            chosen.next = level

    shift_register = data_register(clk, chosen, shift, width=shift_bits, instance="shift_register")

    return instances()


@unit
def power_of_two(shift: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = 2^-shift, or 0 below the format's range: the ExpMul lane of the constant 1.

    shift  unsigned, any width
    y      number, fmt.width bits
    """
    largest_shift = (1 << len(shift)) - 1
    bias = fmt.bias
    mantissa_bits = fmt.mantissa_bits
    exponent = Signal(intbv(0, min=-largest_shift, max=largest_shift + fmt.max_exponent_field))

    @always_comb
    def subtract() -> None:
        exponent.next = bias - shift

    @always_comb
    def assemble() -> None:
        y.next = 0
        if exponent > 0:
            y.next = exponent[fmt.exponent_bits :] << mantissa_bits

    return instances()


@unit(
    rescale="fmt.width",
    offset="fmt.width",
    sums="(d + 1) * fmt.width",
    value="d * fmt.width",
    rescaled="(d + 1) * fmt.width",
    weighted="(d + 1) * fmt.width",
)
def weigh_fused(
    clk: In,
    start: In,
    live: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """Two Log2Exp and 2(d+1) exponent subtractors.

    Both weights are held in registers: rescale, offset and the flags enter one clock before sums and value.

    start           bool: the sums are those of the query before, and count as zero
    live            bool: the key counts
    rescale, offset numbers: the maximum before and the score, less the maximum; not positive where they count
    sums            1 + d numbers: the sum of weights, then o
    value           d numbers
    rescaled        e^rescale * sums
    weighted        e^offset * [1, value]
    """
    width = fmt.width
    shift_bits = max(LEVEL_BITS, fmt.exponent_bits)
    masked = Signal(False)
    rescale_shift = Signal(intbv(0)[shift_bits:])
    value_shift = Signal(intbv(0)[shift_bits:])
    constant_term = Signal(intbv(0)[width:])

    @always_comb
    def invert() -> None:
        masked.next = not live

    weights = [
        fused_weight(
            clk, x, drop, shift, fmt=fmt, fraction_bits=fraction_bits, shift_bits=shift_bits, instance=name
        )
        for name, x, drop, shift in (
            ("rescale_weight", rescale, start, rescale_shift),
            ("value_weight", offset, masked, value_shift),
        )
    ]
    rescale_lanes = lanes(
        expmul_lane, v=fields(sums, width), shift=rescale_shift, fmt=fmt, instance="rescale"
    )
    constant_lane = power_of_two(value_shift, constant_term, fmt=fmt, instance="value_0")
    value_lanes = lanes(
        expmul_lane, v=fields(value, width), shift=value_shift, fmt=fmt, instance="value", start=1
    )
    rescaled_lanes = rescale_lanes.y
    weighted_lanes = joined([constant_term, *value_lanes.signals["y"]])

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return instances()


class ExpMulModel(Fa2Model):
    """FlashAttention-2 with ExpMul."""

    def exp_multiply(self, x: CodeArray, v: CodeArray) -> CodeArray:
        """Return ExpMul's codes."""
        return expmul(x, v, self.fmt, self.parameters.fraction_bits)


FA2_EXPMUL = register(
    Kernel(
        name="fa2_expmul",
        description="FlashAttention-2 kernel: two Log2Exp, 2(d+1) ExpMul lanes",
        baseline="fa2_baseline",
        parameters=(ARGUMENT_FRACTION_BITS,),
        recurrence=(MAXIMUM, DIFFERENCE, Stage(weigh_fused, "weigh", value_rank=1), ACCUMULATE),
        finish=(DIVIDE,),
        model=ExpMulModel,
    )
)
