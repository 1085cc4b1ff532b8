"""The paper's kernel: FlashAttention-2 with ExpMul, no exponential and no product in its recurrence."""

from dataclasses import replace

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat
from hdl.kernels.fa2 import Fa2Model
from hdl.kernels.fa2_weights import WEIGH_WIDTHS, fused_weight, power_of_two
from hdl.kernels.frame import Kernel, Stage, StageChoice
from hdl.kernels.frame_choices import (
    CHOSEN_ACCUMULATE,
    CHOSEN_DIFFERENCE,
    CHOSEN_DIVIDE,
    CHOSEN_SCORE,
    FA2_CHOICES,
    chosen_maximum,
    fewest_keys,
)
from hdl.kernels.ieee_stages import ieee_weigh_fused
from hdl.kernels.one_product import weigh_one_fused
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import ieee
from hdl.models.numpy_when_used import CodeArray
from hdl.models.operators import expmul
from hdl.operators.expmul import ARGUMENT_FRACTION_BITS
from hdl.registry import register
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2exp import LEVEL_BITS


@unit(**WEIGH_WIDTHS)
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
        fraction_bits = self.parameters.fraction_bits
        if isinstance(self.fmt, IeeeFormat):
            return ieee.scale_down(v, ieee.log2exp(x, self.fmt, fraction_bits)[..., None], self.fmt)
        return expmul(x, v, self.fmt, fraction_bits)


WEIGH = Stage(weigh_fused, "weigh", value_rank=1)

FA2_EXPMUL = register(
    Kernel(
        name="fa2_expmul",
        description="FlashAttention-2 kernel: two Log2Exp, 2(d+1) ExpMul lanes",
        baseline="fa2_baseline",
        parameters=(ARGUMENT_FRACTION_BITS, *FA2_CHOICES),
        score=CHOSEN_SCORE,
        recurrence=(
            chosen_maximum(infinite_rises=True),
            CHOSEN_DIFFERENCE,
            StageChoice(
                "products",
                two=StageChoice("arithmetic", flush=WEIGH, ieee=replace(WEIGH, unit=ieee_weigh_fused)),
                one=replace(WEIGH, unit=weigh_one_fused, wires={"rises": "rises_held"}),
            ),
            CHOSEN_ACCUMULATE,
        ),
        finish=(CHOSEN_DIVIDE,),
        model=ExpMulModel,
        fewest_keys=fewest_keys,
    )
)
