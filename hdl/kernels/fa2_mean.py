"""The kernel whose running mean is four clocks behind its keys; hdl/MEAN_KERNEL.md has widths and reasons.

    L <- log2(2^L + 2^S)        w = 2^(S - L)        o <- o + w (v - o)

as in hdl/kernels/flashd.py, with less of everything: a score in a fixed window, its weight in the same clock
as the logarithm of the sum, v in fixed point from where it enters, a weight of three shifts.
"""

from myhdl import Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.division import countdown
from hdl.kernels.flashd import FixedMeanModel, before_first
from hdl.kernels.frame import WHEN_NEEDED, WITH_KEY, Kernel, Stage, StageChoice
from hdl.kernels.mean_output import (
    OUTPUT,
    deliver_side_by_side,
    fewest_keys,
    field_bits,
    hold_empty,
    mean_to_number,
    widen,
)
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always, always_comb, instances, unit
from hdl.models import log2
from hdl.models.codes import decode
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.models.step_weight import step_weight, windowed_log2_score
from hdl.parameters import Integer, Parameters
from hdl.registry import register as register_design
from hdl.units.arithmetic.signed_fixed import number_to_fixed
from hdl.units.arithmetic.windowed_dot_product import (
    WINDOWED_RANKS,
    windowed_dot_product,
    windowed_score_bits,
)
from hdl.units.delays import delay_line, enabled_register
from hdl.units.exponential.log_addition import log_addition
from hdl.units.exponential.log_addition_constants import FRACTION_BITS_RANGE
from hdl.units.exponential.step_weight_constants import (
    COARSE_SHIFTS,
    FINE_SHIFTS,
    Digit,
    index_bits,
    step_weights,
)
from hdl.units.registers import register

# Bits below the mean's last that a step is summed with: the rows of a weight are cut off there.
STEP_GUARD_BITS = 1
# A digit as three flags: subtracted, by the smaller shift, by the larger.
DIGIT_BITS = 3


def is_wide(fmt: FloatFormat) -> bool:
    """Whether numbers are so exact that v in fixed point has 7 bits after the point, otherwise 5."""
    return fmt.mantissa_bits > 3


def score_bits(parameters: Parameters) -> int:
    """Return the bits of a score."""
    return windowed_score_bits(parameters.product_integer_bits, parameters.fraction_bits, parameters.d)


def shift_bits(value_bits: int) -> int:
    """Return the bits of a step's shift: the largest leaves of a difference less than rounding counts."""
    return (value_bits + STEP_GUARD_BITS).bit_length()


def digit_code(digit: Digit, shifts: tuple[int, ...]) -> int:
    """Return a digit's three flags as a number, `DIGIT_BITS` bits."""
    if digit.sign == 0:
        return 0
    return (digit.sign < 0) + (2 << shifts.index(digit.shift))


@unit(below="bits", weight=2 * DIGIT_BITS, shift=lambda p: shift_bits(p.value_bits))
def look_up_step(
    live: In, below: In, weight: Out, shift: Out, *, bits: int, fraction_bits: int, value_bits: int
) -> Instances:
    """2^-below as digits and shift; no digits and the largest shift where not live, or where it is that far.

    live    bool
    below   unsigned, in units of 2^-F
    weight  the coarse digit's flags and above them the fine one's
    """
    table_bits = index_bits(fraction_bits)
    index_low = fraction_bits - table_bits
    farthest = (1 << shift_bits(value_bits)) - 1
    steps = step_weights(fraction_bits)
    halvings = tuple(step.halvings for step in steps)
    digits = tuple(
        digit_code(step.coarse, COARSE_SHIFTS) + (digit_code(step.fine, FINE_SHIFTS) << DIGIT_BITS)
        for step in steps
    )
    halving = Signal(intbv(0)[1:])
    chosen = Signal(intbv(0)[2 * DIGIT_BITS :])
    wanted = Signal(intbv(0)[bits - fraction_bits + 1 :])

    @always_comb
    def look_up() -> None:
        halving.next = halvings[below[fraction_bits:index_low]]
        chosen.next = digits[below[fraction_bits:index_low]]

    @always_comb
    def add() -> None:
        wanted.next = below[bits:fraction_bits] + halving

    @always_comb
    def limit() -> None:
        if not live or wanted >= farthest:
            weight.next = 0
            shift.next = farthest
        else:
            weight.next = chosen
            shift.next = wanted[len(shift) :]

    return instances()


@unit(log_score="bits", below="bits + 2")
def follow_log_sum(
    clk: In, start: In, live: In, log_score: In, below: Out, *, bits: int, fraction_bits: int
) -> Instances:
    """below = L - S with the score S in the sum's logarithm L, at once; L is held for the next key.

    start, live  bools: forget the sum; the score counts
    log_score    two's complement, in units of 2^-F
    below        unsigned, in the same units; of a score that does not count it means nothing
    """
    total_bits = bits + 1
    half = 1 << total_bits
    fresh = Signal(False)
    log_total = Signal(intbv(0)[total_bits:])
    difference = Signal(intbv(0, min=-half, max=half))
    lower = Signal(False)
    distance = Signal(intbv(0)[total_bits:])
    increase = Signal(intbv(0)[fraction_bits + 1 :])
    larger = Signal(modbv(0)[total_bits:])
    together = Signal(modbv(0)[total_bits:])
    following = Signal(modbv(0)[total_bits:])

    find_fresh = before_first(clk, start, live, fresh, instance="find_fresh")

    @always_comb
    def subtract() -> None:
        difference.next = log_total.signed() - log_score.signed()

    @always_comb
    def choose() -> None:
        lower.next = difference >= 0
        if difference < 0:
            distance.next = -difference
            larger.next = log_score.signed()
        else:
            distance.next = difference[total_bits:]
            larger.next = log_total

    addition = log_addition(distance, increase, fraction_bits=fraction_bits, instance="log_addition")

    @always_comb
    def add() -> None:
        together.next = larger + increase

    @always_comb
    def follow() -> None:
        if not live:
            following.next = log_total
        elif fresh:
            following.next = log_score.signed()
        else:
            following.next = together

    @always_comb
    def measure() -> None:
        if fresh:
            below.next = 0
        elif lower:
            below.next = distance + increase
        else:
            below.next = increase

    total_register = register(clk, following, log_total, width=total_bits, instance="total_register")

    return instances()


@unit(log_score=score_bits, weight=2 * DIGIT_BITS, shift=lambda p: shift_bits(p.value_bits))
def weigh_score(
    clk: In,
    start: In,
    live: In,
    log_score: In,
    weight: Out,
    shift: Out,
    *,
    d: int,
    product_integer_bits: int,
    fraction_bits: int,
    value_bits: int,
) -> Instances:
    """One clock after a score: its weight among all so far, as `look_up_step` gives it.

    start, live  bools: forget the sum; the score counts
    log_score    two's complement, in units of 2^-F
    """
    bits = len(log_score)
    below_bits = bits + 2
    below = Signal(intbv(0)[below_bits:])
    chosen_weight = Signal(intbv(0)[2 * DIGIT_BITS :])
    chosen_shift = Signal(intbv(0)[len(shift) :])

    log_sum = follow_log_sum(
        clk, start, live, log_score, below, bits=bits, fraction_bits=fraction_bits, instance="log_sum"
    )
    step = look_up_step(
        live, below, chosen_weight, chosen_shift, bits=below_bits, fraction_bits=fraction_bits,
        value_bits=value_bits, instance="step",
    )  # fmt: skip
    weight_register = register(clk, chosen_weight, weight, width=2 * DIGIT_BITS, instance="weight_register")
    shift_register = register(clk, chosen_shift, shift, width=len(shift), instance="shift_register")

    return instances()


@unit(value="d * fmt.width", value_fixed="d * (value_bits - value_cut_bits)")
def carry_value(
    clk: In,
    value: In,
    value_fixed: Out,
    *,
    fmt: FloatFormat,
    d: int,
    value_bits: int,
    value_fraction_bits: int,
    value_cut_bits: int,
    clocks: int,
) -> Instances:
    """`clocks` later: value in fixed point, d fields; it waits in whichever form is the shorter.

    value_fixed  two's complement, value_cut_bits bits shorter than the mean
    """
    bits = value_bits - value_cut_bits
    late = fmt.width <= bits
    waiting = d * (fmt.width if late else bits)
    converted_from = Signal(intbv(0)[d * fmt.width :]) if late and clocks > 1 else value
    converted = lanes(
        number_to_fixed, number=fields(converted_from, fmt.width), fmt=fmt, fixed_bits=bits,
        fraction_bits=value_fraction_bits - value_cut_bits, instance="to_fixed",
    )  # fmt: skip
    if late and clocks > 1:
        ride = delay_line(clk, value, converted_from, width=waiting, clocks=clocks - 1, instance="ride")
        hold = register(clk, converted.fixed, value_fixed, width=d * bits, instance="hold")
    else:
        hold = delay_line(clk, converted.fixed, value_fixed, width=d * bits, clocks=clocks, instance="hold")

    return instances()


@unit(addend="bits", digit=DIGIT_BITS, row="bits")
def step_row(addend: In, digit: In, row: Out, carry: Out, *, bits: int, smaller_shift: int) -> Instances:
    """row + carry = addend * 2^-smaller_shift, or half of that, or 0, or the opposite: cut off towards zero.

    addend, row  two's complement; of a negative addend the one's complement is what is cut off
    digit        flags as `digit_code` gives them
    carry        bool
    """
    sign = bits - 1
    near = Signal(modbv(0)[bits:])
    far = Signal(modbv(0)[bits:])
    chosen = Signal(intbv(0)[bits:])
    all_ones = (1 << bits) - 1

    @always_comb
    def shift() -> None:
        near.next = addend.signed() >> smaller_shift
        far.next = addend.signed() >> (smaller_shift + 1)

    @always_comb
    def choose() -> None:
        if digit[1]:
            chosen.next = near
        elif digit[2]:
            chosen.next = far
        else:
            chosen.next = 0

    @always_comb
    def invert() -> None:
        if digit[0]:
            row.next = chosen ^ all_ones
        else:
            row.next = chosen

    @always_comb
    def complete() -> None:
        carry.next = (digit[1] or digit[2]) and digit[0] != addend[sign]

    return instances()


@unit(
    value="value_bits - value_cut_bits",
    mean="value_bits",
    weight=2 * DIGIT_BITS,
    shift=lambda p: shift_bits(p.value_bits),
    moved="value_bits",
)
def mean_lane(
    value: In,
    mean: In,
    weight: In,
    shift: In,
    moved: Out,
    *,
    value_bits: int,
    value_cut_bits: int,
) -> Instances:
    """moved = mean + weight * 2^-shift * (value - mean), rounded.

    value, mean, moved  two's complement; value has value_cut_bits fewer after the point
    weight, shift       as `look_up_step` gives them
    """
    bits = value_bits + 1 + STEP_GUARD_BITS
    half = 1 << value_bits
    total_bits = value_bits + STEP_GUARD_BITS
    rounding = 1 << STEP_GUARD_BITS >> 1
    coarse_shift, fine_shift = COARSE_SHIFTS[0], FINE_SHIFTS[0]
    difference = Signal(intbv(0, min=-half, max=half))
    lifted = Signal(intbv(0, min=-half << STEP_GUARD_BITS, max=half << STEP_GUARD_BITS))
    shifted = Signal(modbv(0)[bits:])
    coarse = Signal(modbv(0)[bits:])
    fine = Signal(modbv(0)[bits:])
    coarse_carry = Signal(False)
    fine_carry = Signal(False)
    total = Signal(modbv(0)[total_bits:])

    @always_comb
    def subtract() -> None:
        difference.next = (value.signed() << value_cut_bits) - mean.signed()

    @always_comb
    def lift() -> None:
        lifted.next = difference << STEP_GUARD_BITS

    @always_comb
    def shift_right() -> None:
        shifted.next = lifted >> shift

    coarse_row = step_row(
        shifted, weight(DIGIT_BITS, 0), coarse, coarse_carry, bits=bits, smaller_shift=coarse_shift,
        instance="coarse_row",
    )  # fmt: skip
    fine_row = step_row(
        shifted, weight(2 * DIGIT_BITS, DIGIT_BITS), fine, fine_carry, bits=bits, smaller_shift=fine_shift,
        instance="fine_row",
    )  # fmt: skip

    @always_comb
    def add() -> None:
        # Modulo 2^total_bits: a mean lies between itself and the value.
        total.next = (
            (mean << STEP_GUARD_BITS) + shifted + coarse + fine + coarse_carry + fine_carry + rounding
        )

    @always_comb
    def deliver() -> None:
        moved.next = total[total_bits:STEP_GUARD_BITS]

    return instances()


@unit(
    weight=2 * DIGIT_BITS,
    shift=lambda p: shift_bits(p.value_bits),
    value_fixed="d * (value_bits - value_cut_bits)",
    mean="d * value_bits",
)
def move_mean(
    clk: In,
    weight: In,
    shift: In,
    value_fixed: In,
    mean: Out,
    *,
    d: int,
    value_bits: int,
    value_cut_bits: int,
) -> Instances:
    """One clock later: mean = mean + weight (value - mean), d fields of value_bits bits."""
    lane = lanes(
        mean_lane, value=fields(value_fixed, value_bits - value_cut_bits), mean=fields(mean, value_bits),
        weight=weight, shift=shift, value_bits=value_bits, value_cut_bits=value_cut_bits, instance="lane",
    )  # fmt: skip
    mean_register = register(clk, lane.moved, mean, width=d * value_bits, instance="mean_register")

    return instances()


@unit(means="width", field="step", y="width", turned="width")
def passing_register(
    clk: In, load: In, means: In, field: In, y: Out, turned: Out, *, width: int, step: int
) -> Instances:
    """y takes the means at a load, else moves down by `step` bits, `field` at its top.

    turned  y as a move leaves it, at once
    """

    @always_comb
    def prepare() -> None:
        turned.next = concat(field, y[width:step])

    @always(clk.posedge)
    def store() -> None:
        if load:
            y.next = means
        else:
            y.next = turned

    return instances()


@unit(mean="d * value_bits", o="d * fmt.width")
def deliver_in_passing(
    clk: In,
    rst: In,
    start: In,
    live: In,
    finish: In,
    mean: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    value_bits: int,
    value_fraction_bits: int,
) -> Instances:
    """d + 1 clocks after finish: one converter, a lane per clock, in a register that never stands.

    Ports as those of `deliver_serially`. What follows the numbers is zero, so that an idle register is still.
    """
    width = fmt.width
    step = field_bits(fmt, value_bits)
    vector = d * step
    held = Signal(intbv(0)[vector:])
    turned = Signal(intbv(0)[vector:])
    empty_held = Signal(False)
    number = Signal(intbv(0)[width:])
    gated = Signal(intbv(0)[width:])
    field = Signal(intbv(0)[step:])
    busy = Signal(False)
    ending = Signal(False)

    widened = lanes(widen, mean=fields(mean, value_bits), value_bits=value_bits, bits=step, instance="widen")
    passing = passing_register(
        clk, finish, widened.field, field, held, turned, width=vector, step=step, instance="passing_register"
    )
    find_empty = hold_empty(clk, start, live, finish, empty_held, instance="find_empty")
    convert = mean_to_number(
        held(value_bits, 0), empty_held, number, fmt=fmt, value_bits=value_bits,
        value_fraction_bits=value_fraction_bits, instance="convert",
    )  # fmt: skip

    @always_comb
    def gate() -> None:
        if busy:
            gated.next = number
        else:
            gated.next = 0

    extend = widen(gated, field, value_bits=width, bits=step, instance="extend")
    counter = countdown(clk, rst, finish, busy, ending, valid_out, clocks=d, instance="countdown")
    numbers = joined([turned(i * step + width, i * step) for i in range(d)])
    output_register = enabled_register(clk, ending, numbers, o, width=d * width, instance="output_register")

    return instances()


class ShortMean(FixedMeanModel):
    """o in fixed point, int64."""

    def score(self, q: CodeArray, k: CodeArray) -> IntArray:
        """Return the score in units of 2^-F."""
        p = self.parameters
        return windowed_log2_score(q, k, self.fmt, p.fraction_bits, p.product_integer_bits, p.dropped_columns)

    def move(self, mean: IntArray, below: IntArray, value: CodeArray, counts: BoolArray) -> IntArray:
        """Move o by the weighted difference."""
        p = self.parameters
        bits, fraction_bits = p.value_bits - p.value_cut_bits, p.value_fraction_bits - p.value_cut_bits
        fixed = log2.to_fixed(decode(value, self.fmt), bits, fraction_bits) << p.value_cut_bits
        # What a masked key would weigh does not matter, and may be more than 1.
        step = step_weight(fixed - mean, np.where(counts, below, 0), p.fraction_bits, STEP_GUARD_BITS)
        limit = (1 << shift_bits(p.value_bits)) - 1
        moved: IntArray = np.where(counts & (step.halvings < limit), mean + step.rounded, mean)
        return moved


FA2_MEAN = register_design(
    Kernel(
        name="fa2_mean",
        description="running mean in fixed point, scores in a fixed window, weights of three shifts",
        baseline="fa2_baseline",
        parameters=(
            Integer(
                "fraction_bits",
                8,
                FRACTION_BITS_RANGE.start,
                FRACTION_BITS_RANGE.stop - 1,
                "fraction bits of a score and of the sum's logarithm",
            ),
            Integer(
                "product_integer_bits", 5, 3, 9, "a product q_i k_i log2 e counts in full below 2 to this"
            ),
            Integer(
                "dropped_columns",
                lambda p: min(max(0, 2 * p.fmt.mantissa_bits - 7), p.fmt.mantissa_bits),
                0,
                lambda p: p.fmt.mantissa_bits,
                "lowest columns that a product of significands is made without",
            ),
            Integer(
                "value_bits",
                lambda p: 15 if is_wide(p.fmt) else 14,
                6,
                28,
                "bits of o in fixed point, sign included",
            ),
            Integer(
                "value_fraction_bits",
                lambda p: p.value_bits - 4,
                1,
                lambda p: p.value_bits - 2,
                "bits of o after the point",
            ),
            Integer(
                "value_cut_bits",
                lambda p: min(4 if is_wide(p.fmt) else 5, p.value_fraction_bits - 1),
                0,
                lambda p: p.value_fraction_bits - 1,
                "bits after the point that o has and v has not",
            ),
            OUTPUT,
        ),
        score=Stage(windowed_dot_product, "dot_product", WINDOWED_RANKS),
        recurrence=(
            StageChoice(
                "value_timing",
                **{
                    WITH_KEY: Stage(carry_value, "carry_value", 3, {"clocks": 2}, value_rank=1),
                    WHEN_NEEDED: Stage(carry_value, "carry_value", 3, {"clocks": 1}, value_rank=2),
                },
            ),
            Stage(weigh_score, "weigh"),
            Stage(move_mean, "accumulate"),
        ),
        finish=(
            StageChoice(
                "output",
                serial=Stage(deliver_in_passing, "deliver", lambda p: p.d + 1),
                side_by_side=Stage(deliver_side_by_side, "deliver", 2),
            ),
        ),
        model=ShortMean,
        fewest_keys=fewest_keys,
    )
)
