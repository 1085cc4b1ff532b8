"""The kernel with an integer maximum and fixed-point sums: variant B of hdl/LOG2_KERNELS.md.

As `fa2_log2`, but M is the largest *ceiling* of a score, so that no weight exceeds 1, and the sums are two's
complement: the rescale is a shift, the adders are integer ones. At the end of a query one converter turns the
sums into numbers, one after the other. Not a floating-point accumulation: another design than the paper's.
"""

from myhdl import Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.drain import drain
from hdl.kernels.frame import Kernel, Stage
from hdl.kernels.frame_choices import DIVISION, chosen_divide_at_last
from hdl.kernels.log2_maximum import log2_difference, log2_maximum
from hdl.kernels.log2_weights import (
    Log2Model,
    Log2State,
    log2_factor_bits,
    log2_weight,
    score_fraction_bits,
)
from hdl.language.lanes import fields, joined
from hdl.language.lanes import lanes as side_by_side
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import log2
from hdl.models.codes import decode, encode
from hdl.models.division import quotients
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.parameters import Integer
from hdl.registry import register as register_design
from hdl.units.arithmetic.to_fixed import to_fixed
from hdl.units.exponential.log2_constants import (
    DISTANCE_BITS,
    WEIGHT_TABLE_BITS,
    held_fraction_bits,
    power_mantissas,
)
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.registers import flag_register, register

# The constants of the saturation have to fit the 32 bits of a Verilog number without a size.
SUM_BITS_MAX = 30
# Of the sums' bits, what is left for the integer part and the sign at least.
SUM_INTEGER_BITS_MIN = 3


@unit(total="sum_bits", y="sum_bits")
def shift_lane(total: In, shift: In, clear: In, y: Out, *, sum_bits: int) -> Instances:
    """y = total >> shift, two's complement of sum_bits bits, rounded down; 0 for clear."""

    @always_comb
    def move() -> None:
        if clear:
            y.next = 0
        else:
            y.next = total.signed() >> shift

    return instances()


@unit(
    distance=DISTANCE_BITS,
    fraction=lambda p: held_fraction_bits(p.fraction_bits),
    weight="sum_fraction_bits + 1",
)
def fixed_weight(
    clk: In,
    distance: In,
    fraction: In,
    far: In,
    drop: In,
    weight: Out,
    carry: Out,
    *,
    fraction_bits: int,
    sum_fraction_bits: int,
) -> Instances:
    """One clock later: weight + carry = 2^(fraction / 2^F - distance), at most 1; 0 for drop or far.

    weight  unsigned, sum_fraction_bits + 1 bits, truncated
    carry   the bit below, for rounding half up
    """
    mantissas = power_mantissas(fraction_bits, WEIGHT_TABLE_BITS)
    hidden_one = 1 << WEIGHT_TABLE_BITS
    # One bit below the result's last.
    spare_bits = sum_fraction_bits + 1 - WEIGHT_TABLE_BITS
    mantissa = Signal(intbv(0)[WEIGHT_TABLE_BITS:])
    significand = Signal(intbv(0)[WEIGHT_TABLE_BITS + 1 :])
    # Its top bit would be that of weights of 2 and more, which do not count.
    shifted = Signal(modbv(0)[sum_fraction_bits + 2 :])
    chosen = Signal(intbv(0)[sum_fraction_bits + 1 :])
    round_bit = Signal(False)

    @always_comb
    def look_up() -> None:
        mantissa.next = mantissas[fraction]

    @always_comb
    def complete() -> None:
        significand.next = hidden_one + mantissa

    @always_comb
    def shift_right() -> None:
        shifted.next = (significand << spare_bits) >> distance

    @always_comb
    def choose() -> None:
        if drop or far:
            chosen.next = 0
            round_bit.next = False
        else:
            chosen.next = shifted[sum_fraction_bits + 2 : 1]
            round_bit.next = shifted[0]

    weight_register = register(clk, chosen, weight, width=sum_fraction_bits + 1, instance="weight_register")
    carry_register = flag_register(clk, round_bit, carry, instance="carry_register")

    return instances()


@unit(v="fmt.width", term="sum_bits")
def fixed_lane(
    v: In,
    log2_factor: In,
    drop: In,
    term: Out,
    carry: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
    sum_bits: int,
    sum_fraction_bits: int,
) -> Instances:
    """term + carry = v * 2^(log2_factor / 2^F) as `log2_lane` has it, in fixed point, rounded half up.

    A magnitude beyond the range is its end. The sign's two's complement and the rounding share the carry.

    v     number, fmt.width bits
    term  two's complement, sum_bits bits
    """
    truncated_bits = sum_bits - 1
    sign_bit = fmt.sign_bit
    all_ones = (1 << truncated_bits) - 1
    scaled = Signal(intbv(0)[fmt.width :])
    truncated = Signal(intbv(0)[truncated_bits:])
    inverse = Signal(intbv(0)[truncated_bits:])
    round_bit = Signal(False)

    scale = log2_lane(v, log2_factor, drop, scaled, fmt=fmt, fraction_bits=fraction_bits, instance="scale")
    truncate = to_fixed(
        scaled, truncated, round_bit, fmt=fmt, integer_bits=truncated_bits - sum_fraction_bits,
        fraction_bits=sum_fraction_bits, instance="to_fixed",
    )  # fmt: skip

    @always_comb
    def invert() -> None:
        inverse.next = truncated ^ all_ones

    @always_comb
    def apply_sign() -> None:
        if scaled[sign_bit]:
            term.next = concat(True, inverse[truncated_bits:])
            carry.next = not round_bit
        else:
            term.next = concat(False, truncated[truncated_bits:])
            carry.next = round_bit

    return instances()


@unit(
    rescale=DISTANCE_BITS,
    distance=DISTANCE_BITS,
    fraction=lambda p: held_fraction_bits(p.fraction_bits),
    sums="(d + 1) * sum_bits",
    value="d * fmt.width",
    rescaled="(d + 1) * sum_bits",
    weighted="(d + 1) * sum_bits",
    carries="d + 1",
)
def weigh_fixed(
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
    carries: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
    sum_bits: int,
    sum_fraction_bits: int,
) -> Instances:
    """A shift of every sum, and d lanes that add logarithms and convert to fixed point.

    Weights are held in registers: all inputs but sums and value enter one clock before those.

    start     bool: the sums are those of the query before, and count as zero
    live      bool: the key counts, unless it is far
    rescale, distance, fraction, far  as `log2_difference` gives them
    sums      d + 1 fields of sum_bits bits, two's complement, the sum of weights lowest
    value     d numbers
    rescaled  sums >> rescale, arithmetic, rounded down; fields as those of sums
    weighted, carries  field + bit = 2^(fraction / 2^F - distance) * [1, value], rounded half up
    """
    width = fmt.width
    shift = Signal(intbv(0)[DISTANCE_BITS:])
    clear = Signal(False)
    log2_factor = Signal(intbv(0)[log2_factor_bits(fraction_bits) :])
    zero = Signal(False)
    weight = Signal(intbv(0)[sum_fraction_bits + 1 :])
    weight_term = Signal(intbv(0)[sum_bits:])
    weight_carry = Signal(False)
    masked = Signal(False)

    @always_comb
    def invert() -> None:
        masked.next = not live

    hold_shift = register(clk, rescale, shift, width=DISTANCE_BITS, instance="rescale_shift")
    hold_clear = flag_register(clk, start, clear, instance="rescale_clear")
    shift_lanes = side_by_side(
        shift_lane, total=fields(sums, sum_bits), shift=shift, clear=clear, sum_bits=sum_bits,
        instance="rescale",
    )  # fmt: skip
    factor = log2_weight(
        clk, distance, fraction, far, masked, log2_factor, zero, fraction_bits=fraction_bits,
        instance="log2_weight",
    )  # fmt: skip
    constant_lane = fixed_weight(
        clk, distance, fraction, far, masked, weight, weight_carry, fraction_bits=fraction_bits,
        sum_fraction_bits=sum_fraction_bits, instance="value_0",
    )  # fmt: skip
    value_lanes = side_by_side(
        fixed_lane, v=fields(value, width), log2_factor=log2_factor, drop=zero, fmt=fmt,
        fraction_bits=fraction_bits, sum_bits=sum_bits, sum_fraction_bits=sum_fraction_bits,
        instance="value", start=1,
    )  # fmt: skip
    rescaled_lanes = shift_lanes.y
    weighted_lanes = joined([weight_term, *value_lanes.signals["term"]])
    carry_lanes = joined([weight_carry, *value_lanes.signals["carry"]])

    @always_comb
    def widen() -> None:
        weight_term.next = weight

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes
        carries.next = carry_lanes

    return instances()


@unit(rescaled="sum_bits", term="sum_bits", y="sum_bits")
def saturating_add(rescaled: In, term: In, carry: In, y: Out, *, sum_bits: int) -> Instances:
    """y = rescaled + term + carry in two's complement of sum_bits bits, saturated."""
    largest = (1 << (sum_bits - 1)) - 1
    smallest = 1 << (sum_bits - 1)
    carry_in = Signal(intbv(0)[2:])
    total = Signal(intbv(0, min=-2 * smallest, max=2 * smallest))

    @always_comb
    def widen() -> None:
        carry_in.next = carry

    @always_comb
    def add() -> None:
        # All three signed: one unsigned operand would make the Verilog's whole sum unsigned.
        total.next = rescaled.signed() + term.signed() + carry_in.signed()

    @always_comb
    def saturate() -> None:
        if total > largest:
            y.next = largest
        elif total < -smallest:
            y.next = smallest
        else:
            y.next = total[sum_bits:]

    return instances()


@unit(rescaled="lanes * sum_bits", weighted="lanes * sum_bits", carries="lanes", sums="lanes * sum_bits")
def accumulate_fixed(
    clk: In, rescaled: In, weighted: In, carries: In, sums: Out, *, lanes: int, sum_bits: int
) -> Instances:
    """One clock later: sums = rescaled + weighted + carries, saturated; `lanes` fields of sum_bits bits."""
    adders = side_by_side(
        saturating_add, rescaled=fields(rescaled, sum_bits), term=fields(weighted, sum_bits),
        carry=fields(carries, 1), sum_bits=sum_bits, instance="add",
    )  # fmt: skip
    sums_register = register(clk, adders.y, sums, width=lanes * sum_bits, instance="sums_register")

    return instances()


class FixedSums(Log2Model):
    """An integer maximum of the scores' ceilings, and sums in fixed point, int64."""

    ceiling = True

    def start(self, shape: tuple[int, ...]) -> Log2State:
        """Return a maximum of -256, and sums of zero."""
        state = super().start(shape)
        return Log2State(state.maximum, state.sums.astype(np.int64))

    def key(self, state: Log2State, score: IntArray, value: CodeArray, live: BoolArray) -> Log2State:
        """Shift the sums, add the weighted value and saturate."""
        p = self.parameters
        maximum, key = self.weigh(state, score, live)
        weight = log2.fixed_weight(key.distance, key.fraction, p.fraction_bits, p.sum_fraction_bits)
        scaled = log2.log2_scale(value, key.log2_factor[..., None], self.fmt, p.fraction_bits)
        product = log2.to_fixed(decode(scaled, self.fmt), p.sum_bits, p.sum_fraction_bits)
        weighted = np.concatenate([weight[..., None], product], axis=-1)
        counted = np.where(key.counts[..., None], weighted, 0)
        largest = (1 << p.sum_bits - 1) - 1
        sums = np.clip((state.sums >> key.rescale[..., None]) + counted, -largest - 1, largest)
        return Log2State(maximum, sums)

    def finish(self, state: Log2State) -> CodeArray:
        """Convert to the format and divide."""
        values = np.ldexp(state.sums.astype(np.float64), -self.parameters.sum_fraction_bits)
        return quotients(encode(values, self.fmt), self.parameters)


FA2_LOG2_FIXED = register_design(
    Kernel(
        name="fa2_log2_fixed",
        description="FlashAttention-2 kernel: integer maximum, lanes that add exponents, fixed-point sums",
        baseline="fa2_baseline",
        parameters=(
            score_fraction_bits(usual=3),
            Integer(
                "sum_bits",
                24,
                WEIGHT_TABLE_BITS + SUM_INTEGER_BITS_MIN,
                SUM_BITS_MAX,
                "bits of a sum, sign and fraction included",
            ),
            Integer(
                "sum_fraction_bits",
                12,
                WEIGHT_TABLE_BITS,
                lambda p: p.sum_bits - SUM_INTEGER_BITS_MIN,
                "bits of a sum after the point",
            ),
            DIVISION,
        ),
        recurrence=(
            Stage(log2_maximum, "maximum", parameters={"ceiling": True}),
            Stage(log2_difference, "difference", parameters={"ceiling": True}),
            Stage(weigh_fixed, "weigh", value_rank=1),
            Stage(accumulate_fixed, "accumulate"),
        ),
        finish=(
            Stage(drain, "drain", lambda p: p.d + 2),
            chosen_divide_at_last(finish="drained", sums="numbers"),
        ),
        model=FixedSums,
        fewest_keys=lambda p: p.d + 1,
    )
)
