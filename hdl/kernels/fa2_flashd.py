"""The kernel with a running mean in the format: FLASH-D's recurrence, its weight from the sum's logarithm.

    lanes = product    o <- o + w (v - o), w a number        form = published    o <- w v + (1 - w) o
    lanes = log2       o <- o + w (v - o), w added to exponent and mantissa of v - o as in `fa2_log2`

hdl/FLASHD_KERNELS.md has widths, reasons, and how FLASH-D as it is published differs.
"""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.flashd import (
    CHOSEN_QUANTISE,
    CHOSEN_SCORE,
    FRACTION_BITS,
    LOG_SUM,
    ROUNDED,
    MeanModel,
    MeanState,
    log_total_bits,
    score_below_total,
    score_bits,
    score_choice,
)
from hdl.kernels.frame import Kernel, Stage, StageChoice
from hdl.kernels.mean_output import deliver_numbers
from hdl.language.lanes import fields
from hdl.language.lanes import lanes as side_by_side
from hdl.language.unit import In, Instances, Out, Width, always_comb, instances, unit
from hdl.models import arithmetic, operators
from hdl.models.log2 import log2_scale
from hdl.models.mean_weights import log2_weight, weight_code
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.parameters import Choice, Integer, Parameters
from hdl.registry import register as register_design
from hdl.units.arithmetic.add import add, subtract
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.exponential.mean_weight_constants import INDEX_BITS, WHOLE_BITS, number_mantissas
from hdl.units.registers import flag_register, register

FARTHEST = (1 << WHOLE_BITS) - 1
PRODUCT, LOG2 = "product", "log2"
DIFFERENCE, PUBLISHED = "difference", "published"

# Ports of the units that weigh; what they mean is in `weigh_difference_product`.
WEIGH_WIDTHS: dict[str, Width] = {
    "log_total": lambda p: log_total_bits(p.fraction_bits),
    "log_score_held": lambda p: score_bits(p.fraction_bits),
    "value": "d * fmt.width",
    "mean": "d * fmt.width",
    "kept": "d * fmt.width",
    "step": "d * fmt.width",
}


def factor_bits(weight_bits: int) -> int:
    """Return the bits of a weight's logarithm in units of 2^-weight_bits, -32 to 0: two's complement."""
    return WHOLE_BITS + 1 + weight_bits


@unit(below=lambda p: log_total_bits(p.fraction_bits), weight="fmt.width")
def number_weight(live: In, below: In, weight: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """weight ~ 2^-below, a number, with `below` rounded to seven fraction bits; 0 where nothing counts.

    live   bool: the key counts, unless below is 32 or more
    below  unsigned, 10 + F bits, Q10.F
    """
    spare_bits = fraction_bits - INDEX_BITS
    bits = log_total_bits(fraction_bits)
    # Whole part and fraction of seven bits, and a bit for the rounding's carry.
    rounded_bits = bits - spare_bits + 1
    half = 1 << spare_bits >> 1 if spare_bits > 0 else 0
    mantissas = number_mantissas(fmt.mantissa_bits)
    mantissa_bits = fmt.mantissa_bits
    bias = fmt.bias
    raised = Signal(intbv(0)[bits + 1 :])
    rounded = Signal(intbv(0)[rounded_bits:])
    mantissa = Signal(intbv(0)[mantissa_bits:])
    counts = Signal(False)
    exponent = Signal(intbv(0, min=-(1 << bits), max=1 << bits))

    @always_comb
    def raise_by_half() -> None:
        raised.next = below + half

    if spare_bits > 0:

        @always_comb
        def cut() -> None:
            rounded.next = raised[bits + 1 : spare_bits]
    else:

        @always_comb
        def cut() -> None:
            rounded.next = raised << (-spare_bits)

    @always_comb
    def look_up() -> None:
        mantissa.next = mantissas[rounded[INDEX_BITS:]]

    @always_comb
    def find_exponent() -> None:
        if rounded[INDEX_BITS:] == 0:
            exponent.next = bias - rounded[rounded_bits:INDEX_BITS]
        else:
            exponent.next = bias - 1 - rounded[rounded_bits:INDEX_BITS]

    @always_comb
    def decide() -> None:
        counts.next = live and below[bits:fraction_bits] <= FARTHEST

    @always_comb
    def choose() -> None:
        if not counts or exponent <= 0:
            weight.next = 0
        else:
            weight.next = (exponent[fmt.exponent_bits :] << mantissa_bits) + mantissa

    return instances()


@unit(value="fmt.width", flushed="fmt.width")
def flush_lane(value: In, flushed: Out, *, fmt: FloatFormat) -> Instances:
    """flushed = value, its mantissa 0 where its exponent field is: as the adder wants a zero."""
    sign_bit, mantissa_bits = fmt.sign_bit, fmt.mantissa_bits

    @always_comb
    def flush() -> None:
        flushed.next = value
        if value[sign_bit:mantissa_bits] == 0:
            flushed.next[mantissa_bits:] = 0

    return instances()


@unit(value="d * fmt.width", mean="d * fmt.width", value_held="d * fmt.width", kept="d * fmt.width")
def difference_operands(
    clk: In, start: In, value: In, mean: In, value_held: Out, kept: Out, *, fmt: FloatFormat, d: int
) -> Instances:
    """value_held: values a clock later, zeros without mantissa; kept: the mean, zeros a clock after start."""
    width = fmt.width
    clear = Signal(False)
    flushed = side_by_side(flush_lane, value=fields(value, width), fmt=fmt, instance="flush")
    value_register = register(clk, flushed.flushed, value_held, width=d * width, instance="value_register")
    clear_register = flag_register(clk, start, clear, instance="clear_register")

    @always_comb
    def restart() -> None:
        if clear:
            kept.next = 0
        else:
            kept.next = mean

    return instances()


@unit(value="fmt.width", kept="fmt.width", weight="fmt.width", step="fmt.width")
def product_step_lane(value: In, kept: In, weight: In, step: Out, *, fmt: FloatFormat) -> Instances:
    """step = weight * (value - kept), each rounded; numbers."""
    difference = Signal(intbv(0)[fmt.width :])
    subtract_kept = subtract(value, kept, difference, fmt=fmt, instance="subtract")
    multiplier = multiply(weight, difference, step, fmt=fmt, instance="multiply")

    return instances()


@unit(value="fmt.width", kept="fmt.width", step="fmt.width")
def log2_step_lane(
    value: In, kept: In, log2_factor: In, drop: In, step: Out, *, fmt: FloatFormat, weight_bits: int
) -> Instances:
    """step ~ 2^(log2_factor / 2^weight_bits) * (value - kept), or a zero for drop; `log2_lane`."""
    difference = Signal(intbv(0)[fmt.width :])
    subtract_kept = subtract(value, kept, difference, fmt=fmt, instance="subtract")
    scale = log2_lane(
        difference, log2_factor, drop, step, fmt=fmt, fraction_bits=weight_bits, instance="scale"
    )

    return instances()


@unit(**WEIGH_WIDTHS)
def weigh_difference_product(
    clk: In,
    start: In,
    live: In,
    log_total: In,
    log_score_held: In,
    value: In,
    mean: In,
    kept: Out,
    step: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """A table for the weight, and a subtractor and a multiplier a lane.

    Weight and value are held in registers: all inputs but mean enter one clock before it.

    start, live                bools: the mean is that of the query before; the key counts
    log_total, log_score_held  as `log_sum` gives them; their difference is the weight's logarithm
    value, mean                d numbers each
    kept                       d numbers: what remains of the mean
    step                       d numbers: what is added to it
    """
    width = fmt.width
    below = Signal(intbv(0)[log_total_bits(fraction_bits) :])
    weight = Signal(intbv(0)[width:])
    weight_held = Signal(intbv(0)[width:])
    value_held = Signal(intbv(0)[d * width :])
    remaining = Signal(intbv(0)[d * width :])

    find_below = score_below_total(
        log_total, log_score_held, below, fraction_bits=fraction_bits, instance="find_below"
    )
    find_weight = number_weight(
        live, below, weight, fmt=fmt, fraction_bits=fraction_bits, instance="find_weight"
    )
    weight_register = register(clk, weight, weight_held, width=width, instance="weight_register")
    operands = difference_operands(
        clk, start, value, mean, value_held, remaining, fmt=fmt, d=d, instance="operands"
    )
    step_lanes = side_by_side(
        product_step_lane, value=fields(value_held, width), kept=fields(remaining, width),
        weight=weight_held, fmt=fmt, instance="step",
    )  # fmt: skip
    steps = step_lanes.step

    @always_comb
    def deliver() -> None:
        kept.next = remaining
        step.next = steps

    return instances()


@unit(**WEIGH_WIDTHS)
def weigh_difference_log2(
    clk: In,
    start: In,
    live: In,
    log_total: In,
    log_score_held: In,
    value: In,
    mean: In,
    kept: Out,
    step: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
    weight_bits: int,
) -> Instances:
    """A subtractor and an adder of exponents a lane; ports and timing as in `weigh_difference_product`."""
    width = fmt.width
    bits = log_total_bits(fraction_bits)
    spare_bits = fraction_bits - weight_bits
    half = 1 << spare_bits >> 1
    below = Signal(intbv(0)[bits:])
    raised = Signal(intbv(0)[bits + 1 :])
    far = Signal(False)
    factor = Signal(modbv(0)[factor_bits(weight_bits) :])
    factor_held = Signal(intbv(0)[factor_bits(weight_bits) :])
    drop = Signal(False)
    drop_held = Signal(False)
    value_held = Signal(intbv(0)[d * width :])
    remaining = Signal(intbv(0)[d * width :])
    rounded = Signal(intbv(0)[factor_bits(weight_bits) :])
    rounded_high = spare_bits + factor_bits(weight_bits)

    find_below = score_below_total(
        log_total, log_score_held, below, fraction_bits=fraction_bits, instance="find_below"
    )

    @always_comb
    def raise_by_half() -> None:
        raised.next = below + half

    @always_comb
    def cut() -> None:
        far.next = below[bits:fraction_bits] > FARTHEST
        rounded.next = raised[rounded_high:spare_bits]

    @always_comb
    def negate() -> None:
        drop.next = far or not live
        factor.next = -rounded

    factor_register = register(
        clk, factor, factor_held, width=factor_bits(weight_bits), instance="factor_register"
    )
    drop_register = flag_register(clk, drop, drop_held, instance="drop_register")
    operands = difference_operands(
        clk, start, value, mean, value_held, remaining, fmt=fmt, d=d, instance="operands"
    )
    step_lanes = side_by_side(
        log2_step_lane, value=fields(value_held, width), kept=fields(remaining, width),
        log2_factor=factor_held, drop=drop_held, fmt=fmt, weight_bits=weight_bits, instance="step",
    )  # fmt: skip
    steps = step_lanes.step

    @always_comb
    def deliver() -> None:
        kept.next = remaining
        step.next = steps

    return instances()


@unit(weight="fmt.width", rest="fmt.width")
def rest_weight(start: In, weight: In, rest: Out, *, fmt: FloatFormat) -> Instances:
    """rest = 1 - weight, rounded, and 0 for start: what the mean so far weighs; numbers."""
    one_code = fmt.one_code
    one = Signal(intbv(0)[fmt.width :])
    difference = Signal(intbv(0)[fmt.width :])

    subtract_weight = subtract(one, weight, difference, fmt=fmt, instance="subtract")

    @always_comb
    def choose() -> None:
        one.next = one_code
        if start:
            rest.next = 0
        else:
            rest.next = difference

    return instances()


@unit(**WEIGH_WIDTHS)
def weigh_published(
    clk: In,
    start: In,
    live: In,
    log_total: In,
    log_score_held: In,
    value: In,
    mean: In,
    kept: Out,
    step: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """Two weights, w and 1 - w, two multipliers a lane; ports, timing as in `weigh_difference_product`."""
    width = fmt.width
    below = Signal(intbv(0)[log_total_bits(fraction_bits) :])
    weight = Signal(intbv(0)[width:])
    weight_held = Signal(intbv(0)[width:])
    rest = Signal(intbv(0)[width:])
    rest_held = Signal(intbv(0)[width:])
    value_held = Signal(intbv(0)[d * width :])

    find_below = score_below_total(
        log_total, log_score_held, below, fraction_bits=fraction_bits, instance="find_below"
    )
    find_weight = number_weight(
        live, below, weight, fmt=fmt, fraction_bits=fraction_bits, instance="find_weight"
    )
    find_rest = rest_weight(start, weight, rest, fmt=fmt, instance="find_rest")
    weight_register = register(clk, weight, weight_held, width=width, instance="weight_register")
    rest_register = register(clk, rest, rest_held, width=width, instance="rest_register")
    value_register = register(clk, value, value_held, width=d * width, instance="value_register")
    mean_lanes = side_by_side(multiply, a=rest_held, b=fields(mean, width), fmt=fmt, instance="mean")
    value_lanes = side_by_side(
        multiply, a=weight_held, b=fields(value_held, width), fmt=fmt, instance="value"
    )
    kept_means = mean_lanes.y
    steps = value_lanes.y

    @always_comb
    def deliver() -> None:
        kept.next = kept_means
        step.next = steps

    return instances()


@unit(kept="d * fmt.width", step="d * fmt.width", mean="d * fmt.width")
def move_mean(clk: In, kept: In, step: In, mean: Out, *, fmt: FloatFormat, d: int) -> Instances:
    """One clock later: mean = kept + step, d numbers each."""
    width = fmt.width
    adders = side_by_side(add, a=fields(kept, width), b=fields(step, width), fmt=fmt, instance="add")
    mean_register = register(clk, adders.y, mean, width=d * width, instance="mean_register")

    return instances()


class FlashdModel(MeanModel):
    """o in codes of the format."""

    def move(self, mean: IntArray, below: IntArray, value: CodeArray, counts: BoolArray) -> CodeArray:
        """Move o by the weighted difference, or weigh both."""
        p = self.parameters
        before = mean.astype(np.uint32)
        n = np.where(counts, below, 0)
        near = counts & (n >> p.fraction_bits <= FARTHEST)
        if p.lanes == LOG2:
            difference = arithmetic.subtract(value, before, self.fmt)
            step = log2_scale(
                difference, log2_weight(n, p.fraction_bits, p.weight_bits), self.fmt, p.weight_bits
            )
            moved = arithmetic.add(before, step, self.fmt)
        else:
            weight = weight_code(n, self.fmt, p.fraction_bits)
            if p.form == DIFFERENCE:
                difference = arithmetic.subtract(value, before, self.fmt)
                moved = arithmetic.add(before, operators.multiply(weight, difference, self.fmt), self.fmt)
            else:
                rest = arithmetic.subtract(np.uint32(self.fmt.one_code), weight, self.fmt)
                kept, step = (
                    operators.multiply(*factors, self.fmt) for factors in ((rest, before), (weight, value))
                )
                moved = arithmetic.add(kept, step, self.fmt)
        result: CodeArray = np.where(near, moved, before)
        return result

    def finish(self, state: MeanState) -> CodeArray:
        """Return o, a zero as +0."""
        mean = state.mean.astype(np.uint32)
        codes: CodeArray = np.where(mean == 1 << self.fmt.sign_bit, np.uint32(0), mean)
        return codes


def _all_mantissa_bits_of_a_number(parameters: Parameters, others: int) -> int:
    return int(parameters.fmt.mantissa_bits) if parameters.lanes == PRODUCT else others


FA2_FLASHD = register_design(
    Kernel(
        name="fa2_flashd",
        description="FLASH-D family: running mean in the format, no maximum, no sum of weights, no division",
        baseline="fa2_baseline",
        parameters=(
            score_choice(ROUNDED),
            FRACTION_BITS,
            Choice("lanes", (PRODUCT, LOG2), "v - o times a weight, or the weight's logarithm added to it"),
            Choice(
                "form",
                (DIFFERENCE, PUBLISHED),
                "o + w (v - o), or w v + (1 - w) o as FLASH-D is published",
                excludes=((PUBLISHED, "lanes", LOG2),),
            ),
            Integer(
                "weight_bits",
                lambda p: _all_mantissa_bits_of_a_number(p, min(3, p.fmt.mantissa_bits)),
                lambda p: _all_mantissa_bits_of_a_number(p, 0),
                lambda p: _all_mantissa_bits_of_a_number(p, min(p.fmt.mantissa_bits, p.fraction_bits)),
                "mantissa bits of a weight; with lanes = product all of the format's",
            ),
        ),
        score=CHOSEN_SCORE,
        recurrence=(
            CHOSEN_QUANTISE,
            LOG_SUM,
            StageChoice(
                "lanes",
                product=StageChoice(
                    "form",
                    difference=Stage(weigh_difference_product, "weigh"),
                    published=Stage(weigh_published, "weigh"),
                ),
                log2=Stage(weigh_difference_log2, "weigh"),
            ),
            Stage(move_mean, "accumulate"),
        ),
        finish=(Stage(deliver_numbers, "deliver"),),
        model=FlashdModel,
    )
)
