"""The baseline: FlashAttention-2 with two exponentials and a multiplier per lane."""

from dataclasses import replace

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat
from hdl.kernels.fa2 import Fa2Model
from hdl.kernels.fa2_weights import WEIGH_WIDTHS, separate_weight
from hdl.kernels.frame import Kernel, Stage, StageChoice
from hdl.kernels.frame_choices import (
    CHOSEN_ACCUMULATE,
    CHOSEN_DIFFERENCE,
    CHOSEN_DIVIDE,
    CHOSEN_SCORE,
    EXPONENTIAL,
    FA2_CHOICES,
    chosen_maximum,
    fewest_keys,
)
from hdl.kernels.ieee_stages import ieee_weigh_separate
from hdl.kernels.one_product import weigh_one_separate
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import ieee
from hdl.models.numpy_when_used import CodeArray
from hdl.models.operators import multiply as multiply_model
from hdl.models.operators import separate_exp_mul
from hdl.models.vexp import vexp
from hdl.parameters import PIECEWISE, VEXP
from hdl.registry import register
from hdl.units.arithmetic.multiply import multiply


@unit(**WEIGH_WIDTHS)
def weigh_separate(
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
    exponential: str = PIECEWISE,
) -> Instances:
    """Two exponentials and 2d+1 multipliers: the product of the constant 1 is its weight.

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
    masked = Signal(False)
    sums_weight = Signal(intbv(0)[width:])
    key_weight = Signal(intbv(0)[width:])

    @always_comb
    def invert() -> None:
        masked.next = not live

    weights = [
        separate_weight(clk, x, drop, weight, fmt=fmt, exponential=exponential, instance=name)
        for name, x, drop, weight in (
            ("rescale_weight", rescale, start, sums_weight),
            ("value_weight", offset, masked, key_weight),
        )
    ]
    rescale_lanes = lanes(multiply, a=sums_weight, b=fields(sums, width), fmt=fmt, instance="rescale")
    value_lanes = lanes(multiply, a=key_weight, b=fields(value, width), fmt=fmt, instance="value", start=1)
    rescaled_lanes = rescale_lanes.y
    weighted_lanes = joined([key_weight, *value_lanes.signals["y"]])

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return instances()


class BaselineModel(Fa2Model):
    """FlashAttention-2 with separate exponential and multiplication."""

    infinite_rises = False

    def exp_multiply(self, x: CodeArray, v: CodeArray) -> CodeArray:
        """Return the codes of the exponential that is chosen, rounded, times v, rounded."""
        # A kernel of another author may take this model without having the choice.
        if getattr(self.parameters, "exponential", PIECEWISE) == VEXP:
            return multiply_model(vexp(x)[..., None], v, self.fmt)
        if isinstance(self.fmt, IeeeFormat):
            return ieee.multiply(ieee.pwl_exp(x, self.fmt)[..., None], v, self.fmt)
        return separate_exp_mul(x, v, self.fmt)


WEIGH = Stage(weigh_separate, "weigh", value_rank=1)

FA2_BASELINE = register(
    Kernel(
        name="fa2_baseline",
        description="FlashAttention-2 kernel: two piecewise-linear exponentials, 2d+1 multipliers",
        parameters=(*FA2_CHOICES, EXPONENTIAL),
        score=CHOSEN_SCORE,
        recurrence=(
            chosen_maximum(infinite_rises=False),
            CHOSEN_DIFFERENCE,
            StageChoice(
                "products",
                two=StageChoice("arithmetic", flush=WEIGH, ieee=replace(WEIGH, unit=ieee_weigh_separate)),
                one=replace(WEIGH, unit=weigh_one_separate, wires={"rises": "rises_held"}),
            ),
            CHOSEN_ACCUMULATE,
        ),
        finish=(CHOSEN_DIVIDE,),
        model=BaselineModel,
        fewest_keys=fewest_keys,
    )
)
