"""The groups weigh and accumulate of fa2_log2_fixed: sums in fixed point, rescaled by a shift.

    rescaled = sums >> rescale                     arithmetic, rounded down
    term + carry = 2^(fraction / 2^F - distance) * [1, value], rounded half up, in two's complement
    sums = rescaled + term + carry, saturated

Weights are held in registers: rescale, distance, fraction, far and the flags enter one clock before sums and
value.
"""

from myhdl import ConcatSignal, Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.weigh_log2 import log2_weight
from hdl.language.unit import In, Instances, Out, always_comb, unit
from hdl.units.arithmetic.to_fixed import to_fixed
from hdl.units.exponential.log2_constants import DISTANCE_BITS, WEIGHT_TABLE_BITS, power_mantissas
from hdl.units.exponential.log2_lane import log2_lane
from hdl.units.registers import flag_register, register


@unit
def shift_lane(total: In, shift: In, clear: In, y: Out, *, sum_bits: int) -> Instances:
    """y = total >> shift, two's complement of sum_bits bits, rounded down; 0 for clear."""

    @always_comb
    def move() -> None:
        if clear:
            y.next = 0
        else:
            y.next = total.signed() >> shift

    return move


@unit
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

    return look_up, complete, shift_right, choose, weight_register, carry_register


@unit
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

    return scale, truncate, invert, apply_sign


@unit
def weigh_fixed(
    clk: In,
    drop_sums: In,
    drop_value: In,
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
    """Variant B: a shift of every sum, and d lanes that add logarithms and convert; see the docstring above.

    sums, rescaled, weighted  d + 1 fields of sum_bits bits, the sum of weights lowest
    carries            d + 1 bits
    """
    width = fmt.width
    lanes = d + 1
    shift = Signal(intbv(0)[DISTANCE_BITS:])
    clear = Signal(False)
    log2_factor = Signal(intbv(0)[DISTANCE_BITS + fraction_bits + 1 :])
    zero = Signal(False)
    weight = Signal(intbv(0)[sum_fraction_bits + 1 :])
    weight_term = Signal(intbv(0)[sum_bits:])
    rescaled_lane = [Signal(intbv(0)[sum_bits:]) for _ in range(lanes)]
    term = [Signal(intbv(0)[sum_bits:]) for _ in range(d)]
    carry = [Signal(False) for _ in range(d)]
    weight_carry = Signal(False)
    rescaled_lanes = ConcatSignal(*reversed(rescaled_lane))
    weighted_lanes = ConcatSignal(*reversed(term), weight_term)
    carry_lanes = ConcatSignal(*reversed(carry), weight_carry)

    hold_shift = register(clk, rescale, shift, width=DISTANCE_BITS, instance="rescale_shift")
    hold_clear = flag_register(clk, drop_sums, clear, instance="rescale_clear")
    shift_lanes = [
        shift_lane(
            sums((i + 1) * sum_bits, i * sum_bits), shift, clear, rescaled_lane[i], sum_bits=sum_bits,
            instance=f"rescale_{i}",
        )
        for i in range(lanes)
    ]  # fmt: skip
    log2_weight_of_value = log2_weight(
        clk, distance, fraction, far, drop_value, log2_factor, zero, fraction_bits=fraction_bits,
        instance="log2_weight",
    )  # fmt: skip
    constant_lane = fixed_weight(
        clk, distance, fraction, far, drop_value, weight, weight_carry, fraction_bits=fraction_bits,
        sum_fraction_bits=sum_fraction_bits, instance="value_0",
    )  # fmt: skip
    value_lanes = [
        fixed_lane(
            value((i + 1) * width, i * width), log2_factor, zero, term[i], carry[i], fmt=fmt,
            fraction_bits=fraction_bits, sum_bits=sum_bits, sum_fraction_bits=sum_fraction_bits,
            instance=f"value_{i + 1}",
        )
        for i in range(d)
    ]  # fmt: skip

    @always_comb
    def widen() -> None:
        weight_term.next = weight

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes
        carries.next = carry_lanes

    return (
        hold_shift,
        hold_clear,
        shift_lanes,
        log2_weight_of_value,
        constant_lane,
        value_lanes,
        widen,
        deliver,
    )


@unit
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

    return widen, add, saturate


@unit
def accumulate_fixed(
    clk: In, rescaled: In, weighted: In, carries: In, sums: Out, *, lanes: int, sum_bits: int
) -> Instances:
    """One clock later: sums = rescaled + weighted + carries, saturated; `lanes` fields of sum_bits bits."""
    total = [Signal(intbv(0)[sum_bits:]) for _ in range(lanes)]
    totals = ConcatSignal(*reversed(total))

    adders = [
        saturating_add(
            rescaled((i + 1) * sum_bits, i * sum_bits), weighted((i + 1) * sum_bits, i * sum_bits),
            carries(i),
            total[i], sum_bits=sum_bits, instance=f"add_{i}",
        )
        for i in range(lanes)
    ]  # fmt: skip
    sums_register = register(clk, totals, sums, width=lanes * sum_bits, instance="sums_register")

    return adders, sums_register
