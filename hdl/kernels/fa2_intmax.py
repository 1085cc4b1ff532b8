"""The second baseline: an integer maximum, exact rescale, and one multiplier per lane."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.kernels.fa2 import ACCUMULATE
from hdl.kernels.frame import Kernel, Stage
from hdl.kernels.frame_choices import CHOSEN_DIVIDE, DIVISION, DIVISION_ACTIVITY, fewest_keys
from hdl.kernels.log2_weights import (
    FLOOR_DIFFERENCE,
    FLOOR_MAXIMUM,
    Log2Model,
    power_weight,
    rescale_sums,
    score_fraction_bits,
)
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models.log2 import KeyWeight
from hdl.models.numpy_when_used import CodeArray
from hdl.models.operators import multiply as multiply_model
from hdl.registry import register
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.log2_constants import DISTANCE_BITS, held_fraction_bits


@unit(
    rescale=DISTANCE_BITS,
    distance=DISTANCE_BITS,
    fraction=lambda p: held_fraction_bits(p.fraction_bits),
    sums="(d + 1) * fmt.width",
    value="d * fmt.width",
    rescaled="(d + 1) * fmt.width",
    weighted="(d + 1) * fmt.width",
)
def weigh_intmax(
    clk: In,
    start: In,
    live: In,
    rescale: In,
    distance: In,
    fraction: In,
    far: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """A rounded weight, which is the lane of the constant 1, and a multiplier per lane of v.

    Weights are held in registers: all inputs but sums and value enter one clock before those.

    start     bool: the sums are those of the query before, and count as zero
    live      bool: the key counts, unless it is far
    rescale, distance, fraction, far  as `log2_difference` gives them
    sums      1 + d numbers: the sum of weights, then o
    value     d numbers
    rescaled  2^-rescale * sums, exact: exponents are lowered
    weighted  2^(fraction / 2^F - distance) * [1, value]
    """
    width = fmt.width
    constant_term = Signal(intbv(0)[width:])
    masked = Signal(False)

    @always_comb
    def invert() -> None:
        masked.next = not live

    rescale_of_sums = rescale_sums(
        clk, rescale, start, sums, rescaled, fmt=fmt, lanes=d + 1, instance="rescale_sums"
    )
    constant_lane = power_weight(
        clk, distance, fraction, far, masked, constant_term, fmt=fmt, fraction_bits=fraction_bits,
        instance="value_0",
    )  # fmt: skip
    value_lanes = lanes(multiply, a=constant_term, b=fields(value, width), fmt=fmt, instance="value", start=1)
    weighted_lanes = joined([constant_term, *value_lanes.signals["y"]])

    @always_comb
    def deliver() -> None:
        weighted.next = weighted_lanes

    return instances()


class Multiplied(Log2Model):
    """The rounded weight times v."""

    def product(self, key: KeyWeight, weight: CodeArray, value: CodeArray) -> CodeArray:
        """Return the codes of the weighted value."""
        return multiply_model(weight, value, self.fmt)


FA2_INTMAX = register(
    Kernel(
        name="fa2_intmax",
        description="FlashAttention-2 kernel: integer maximum, exact rescale, d multipliers",
        baseline="fa2_baseline",
        parameters=(score_fraction_bits(usual=7), DIVISION, DIVISION_ACTIVITY),
        recurrence=(FLOOR_MAXIMUM, FLOOR_DIFFERENCE, Stage(weigh_intmax, "weigh", value_rank=1), ACCUMULATE),
        finish=(CHOSEN_DIVIDE,),
        model=Multiplied,
        fewest_keys=fewest_keys,
    )
)
