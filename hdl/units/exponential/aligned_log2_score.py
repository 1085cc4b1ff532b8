"""A score of the log2 domain in fixed point, from the dot product's sum without a number in between."""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.aligned_dot_product import aligned_total_bits
from hdl.units.arithmetic.signed_fixed import signed_fixed
from hdl.units.arithmetic.trees import tree_levels
from hdl.units.exponential.log2_constants import SCORE_INTEGER_BITS


@unit(
    total=lambda p: aligned_total_bits(p.fmt, p.d),
    scale="fmt.exponent_bits + 1",
    fixed=lambda p: SCORE_INTEGER_BITS + p.fraction_bits + 1,
)
def aligned_log2_score(
    total: In, scale: In, fixed: Out, *, fmt: FloatFormat, d: int, fraction_bits: int
) -> Instances:
    """fixed = sign(s) * min(floor(|s| * 2^F + 1/2), 2^(8+F) - 1), F = fraction_bits: one shift, one rounding.

    total, scale  the sum s, as `aligned_dot_product` gives it
    fixed         two's complement, 9 + F bits: Q9.F, as that of `log2_score`
    """
    sum_bits = aligned_total_bits(fmt, d) - 1
    fixed_bits = SCORE_INTEGER_BITS + fraction_bits
    all_ones = (1 << fixed_bits) - 1
    # The window above the sum, the round bit lowest; a sum lifted beyond it does not fit.
    window_bits = fixed_bits + 1
    highest_lift = sum_bits + window_bits
    # Lift of a sum of scale 0, from the weight 2^-(F + 1) of the round bit.
    first_lift = fraction_bits + 1 - 2 * fmt.bias + 1 + tree_levels(d) + 1
    highest_scale = 2 * fmt.max_exponent_field
    lift_bits = highest_lift.bit_length()
    bound = max(abs(first_lift), abs(first_lift + highest_scale), highest_lift) + 1

    negative = Signal(False)
    magnitude = Signal(modbv(0)[sum_bits:])
    wanted = Signal(intbv(0, min=-bound, max=bound))
    lift = Signal(intbv(0)[lift_bits:])
    lifted = Signal(modbv(0)[highest_lift + sum_bits :])
    truncated = Signal(intbv(0)[fixed_bits:])
    round_bit = Signal(False)

    @always_comb
    def take_magnitude() -> None:
        negative.next = total[sum_bits]
        if total[sum_bits]:
            magnitude.next = -total
        else:
            magnitude.next = total

    @always_comb
    def find_lift() -> None:
        wanted.next = scale + first_lift

    @always_comb
    def limit() -> None:
        if wanted < 0:
            lift.next = 0
        elif wanted > highest_lift:
            lift.next = highest_lift
        else:
            lift.next = wanted[lift_bits:]

    @always_comb
    def shift() -> None:
        lifted.next = magnitude << lift

    @always_comb
    def clip() -> None:
        round_bit.next = lifted[sum_bits]
        if lifted[highest_lift + sum_bits : highest_lift] != 0:
            truncated.next = all_ones
        else:
            truncated.next = lifted[highest_lift : sum_bits + 1]

    complete = signed_fixed(
        negative, truncated, round_bit, fixed, magnitude_bits=fixed_bits, instance="complete"
    )

    return instances()
