"""The kernel with a running mean in fixed point; hdl/FLASHD_KERNELS.md has its widths and reasons.

o stays between itself and v, so nothing overflows: a lane is a difference, a product with a significand of a
few bits, a shift and a sum. Not a floating-point accumulation: another design point than the paper's.
"""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.flashd import (
    CHOSEN_QUANTISE,
    CHOSEN_SCORE,
    FIXED,
    FRACTION_BITS,
    LOG_SUM,
    FixedMeanModel,
    log_total_bits,
    score_below_total,
    score_bits,
    score_choice,
)
from hdl.kernels.frame import Kernel, Stage, StageChoice
from hdl.kernels.mean_output import OUTPUT, deliver_serially, deliver_side_by_side, fewest_keys
from hdl.language.lanes import fields, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import log2
from hdl.models.codes import decode
from hdl.models.mean_weights import significand_and_exponent
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.parameters import Integer
from hdl.registry import register as register_design
from hdl.units.arithmetic.signed_fixed import number_to_fixed
from hdl.units.exponential.mean_weight_constants import WHOLE_BITS, index_bits, significand_mantissas
from hdl.units.registers import register

# A shift of 31 leaves nothing of a difference: as a key that does not count.
FARTHEST = (1 << WHOLE_BITS) - 1
VALUE_BITS_MIN, VALUE_BITS_MAX = 6, 28


@unit(below=lambda p: log_total_bits(p.fraction_bits), significand="weight_bits + 1", shift=WHOLE_BITS)
def mean_weight(
    clk: In, live: In, below: In, significand: Out, shift: Out, *, fraction_bits: int, weight_bits: int
) -> Instances:
    """One clock later: significand * 2^-(weight_bits + shift) ~ 2^-below, or a significand of 0.

    live         bool
    below        unsigned, 10 + F bits, Q10.F
    significand  unsigned, weight_bits + 1 bits, its top bit set; 0 where not live and for below of 31 or more
    shift        unsigned, 5 bits
    """
    mantissas = significand_mantissas(fraction_bits, weight_bits)
    table_bits = index_bits(fraction_bits)
    index_low = fraction_bits - table_bits
    bits = log_total_bits(fraction_bits)
    whole_high = fraction_bits + WHOLE_BITS
    hidden_one = 1 << weight_bits
    mantissa = Signal(intbv(0)[weight_bits:])
    exact = Signal(False)
    counts = Signal(False)
    chosen_significand = Signal(intbv(0)[weight_bits + 1 :])
    chosen_shift = Signal(modbv(0)[WHOLE_BITS:])

    @always_comb
    def look_up() -> None:
        mantissa.next = mantissas[below[fraction_bits:index_low]]

    @always_comb
    def classify() -> None:
        exact.next = below[fraction_bits:] == 0
        counts.next = live and below[bits:fraction_bits] < FARTHEST

    @always_comb
    def choose_significand() -> None:
        if not counts:
            chosen_significand.next = 0
        elif exact:
            chosen_significand.next = hidden_one
        else:
            chosen_significand.next = hidden_one + mantissa

    @always_comb
    def choose_shift() -> None:
        if exact:
            chosen_shift.next = below[whole_high:fraction_bits]
        else:
            chosen_shift.next = below[whole_high:fraction_bits] + 1

    significand_register = register(
        clk, chosen_significand, significand, width=weight_bits + 1, instance="significand_register"
    )
    shift_register = register(clk, chosen_shift, shift, width=WHOLE_BITS, instance="shift_register")

    return instances()


@unit(
    value="value_bits", mean="value_bits", significand="weight_bits + 1", shift=WHOLE_BITS, step="value_bits"
)
def step_lane(
    value: In,
    mean: In,
    significand: In,
    shift: In,
    step: Out,
    carry: Out,
    *,
    value_bits: int,
    weight_bits: int,
) -> Instances:
    """step + carry = (value - mean) * significand * 2^-(weight_bits + shift), rounded half up.

    value, mean  two's complement, value_bits bits
    step         two's complement, value_bits bits: modulo 2^value_bits, as is the sum with the mean
    carry        bool
    """
    product_bits = value_bits + 1 + weight_bits + 1
    half_difference = 1 << value_bits
    half_product = 1 << (product_bits - 1)
    difference = Signal(intbv(0, min=-half_difference, max=half_difference))
    product = Signal(intbv(0, min=-half_product, max=half_product))
    doubled_step = Signal(intbv(0, min=-half_product, max=half_product))
    dropped_bits = weight_bits - 1

    @always_comb
    def subtract() -> None:
        difference.next = value.signed() - mean.signed()

    @always_comb
    def multiply() -> None:
        product.next = difference * significand

    @always_comb
    def shift_right() -> None:
        # A bit below the result's last, for rounding.
        doubled_step.next = (product >> dropped_bits) >> shift

    @always_comb
    def split() -> None:
        step.next = doubled_step[value_bits + 1 : 1]
        carry.next = doubled_step[0]

    return instances()


@unit(
    log_total=lambda p: log_total_bits(p.fraction_bits),
    log_score_held=lambda p: score_bits(p.fraction_bits),
    value="d * fmt.width",
    mean="d * value_bits",
    step="d * value_bits",
    carries="d",
)
def weigh_fixed_step(
    clk: In,
    live: In,
    log_total: In,
    log_score_held: In,
    value: In,
    mean: In,
    step: Out,
    carries: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
    weight_bits: int,
    value_bits: int,
    value_fraction_bits: int,
) -> Instances:
    """One weight, and d lanes that give what the mean moves by.

    Weight and value are held in registers: all inputs but mean enter one clock before it.

    live                       bool: the key counts
    log_total, log_score_held  as `log_sum` gives them; their difference is the weight's logarithm
    value                      d numbers
    mean                       d fields of value_bits bits, two's complement
    step, carries              field + bit = weight * (value - mean), rounded half up; fields as those of mean
    """
    below = Signal(intbv(0)[log_total_bits(fraction_bits) :])
    significand = Signal(intbv(0)[weight_bits + 1 :])
    shift = Signal(intbv(0)[WHOLE_BITS:])
    value_held = Signal(intbv(0)[d * value_bits :])

    find_below = score_below_total(
        log_total, log_score_held, below, fraction_bits=fraction_bits, instance="find_below"
    )
    weight = mean_weight(
        clk, live, below, significand, shift, fraction_bits=fraction_bits, weight_bits=weight_bits,
        instance="weight",
    )  # fmt: skip
    converted = lanes(
        number_to_fixed, number=fields(value, fmt.width), fmt=fmt, fixed_bits=value_bits,
        fraction_bits=value_fraction_bits, instance="to_fixed",
    )  # fmt: skip
    value_register = register(
        clk, converted.fixed, value_held, width=d * value_bits, instance="value_register"
    )
    step_lanes = lanes(
        step_lane, value=fields(value_held, value_bits), mean=fields(mean, value_bits),
        significand=significand, shift=shift, value_bits=value_bits, weight_bits=weight_bits,
        instance="step",
    )  # fmt: skip
    steps = step_lanes.step
    carry_lanes = step_lanes.carry

    @always_comb
    def deliver() -> None:
        step.next = steps
        carries.next = carry_lanes

    return instances()


@unit(mean="value_bits", step="value_bits", moved="value_bits")
def move_lane(mean: In, step: In, carry: In, moved: Out, *, value_bits: int) -> Instances:
    """moved = mean + step + carry, modulo 2^value_bits."""
    total = Signal(modbv(0)[value_bits:])

    @always_comb
    def add() -> None:
        total.next = mean + step + carry

    @always_comb
    def deliver() -> None:
        moved.next = total

    return instances()


@unit(step="d * value_bits", carries="d", mean="d * value_bits")
def move_fixed_mean(clk: In, step: In, carries: In, mean: Out, *, d: int, value_bits: int) -> Instances:
    """One clock later: mean = mean + step + carries, d fields of value_bits bits."""
    moved = lanes(
        move_lane, mean=fields(mean, value_bits), step=fields(step, value_bits), carry=fields(carries, 1),
        value_bits=value_bits, instance="add",
    )  # fmt: skip
    mean_register = register(clk, moved.moved, mean, width=d * value_bits, instance="mean_register")

    return instances()


class FixedMean(FixedMeanModel):
    """o in fixed point, int64."""

    def move(self, mean: IntArray, below: IntArray, value: CodeArray, counts: BoolArray) -> IntArray:
        """Move o by the rounded weighted difference."""
        p = self.parameters
        fixed = log2.to_fixed(decode(value, self.fmt), p.value_bits, p.value_fraction_bits)
        # What a masked key would weigh does not matter, and may be more than 1.
        n = np.where(counts, below, 0)
        significand, exponent = significand_and_exponent(n, p.fraction_bits, p.weight_bits)
        product = (fixed - mean) * significand
        step = (product >> np.minimum(exponent + p.weight_bits - 1, 63)) + 1 >> 1
        moved: IntArray = np.where(counts & (n >> p.fraction_bits <= FARTHEST), mean + step, mean)
        return moved


FA2_FLASHD_FIXED = register_design(
    Kernel(
        name="fa2_flashd_fixed",
        description="FLASH-D family: running mean in fixed point, no maximum, no sum of weights, no division",
        baseline="fa2_baseline",
        parameters=(
            score_choice(FIXED),
            FRACTION_BITS,
            Integer("weight_bits", 3, 1, 7, "mantissa bits of a weight"),
            Integer(
                "value_bits",
                16,
                VALUE_BITS_MIN,
                VALUE_BITS_MAX,
                "bits of v and o in fixed point, sign included",
            ),
            Integer(
                "value_fraction_bits",
                lambda p: p.value_bits - 4,
                1,
                lambda p: p.value_bits - 2,
                "bits of v and o after the point",
            ),
            OUTPUT,
        ),
        score=CHOSEN_SCORE,
        recurrence=(
            CHOSEN_QUANTISE,
            LOG_SUM,
            Stage(weigh_fixed_step, "weigh"),
            Stage(move_fixed_mean, "accumulate"),
        ),
        finish=(
            StageChoice(
                "output",
                serial=Stage(deliver_serially, "deliver", lambda p: p.d + 1),
                side_by_side=Stage(deliver_side_by_side, "deliver", 2),
            ),
        ),
        model=FixedMean,
        fewest_keys=fewest_keys,
    )
)
