"""From a raw result to a number of the format: the one place that rounds, overflows and makes Inf and NaN."""

from typing import Any

from myhdl import Signal, concat, intbv, modbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


@unit
def ieee_round(
    sign: In,
    zero: In,
    infinite: In,
    nan: In,
    base: In,
    raised: In,
    significand: In,
    y: Out,
    *,
    fmt: IeeeFormat,
    significand_bits: int,
    highest_base: int,
) -> Instances:
    """y = significand * 2^(base + raised + 1 - bias - (significand_bits - 1)), rounded once.

    sign            bool, also of a zero and of Inf
    zero            bool: the result is a zero, whatever the rest
    infinite, nan   bools: the result is Inf, NaN; nan counts before zero, zero before infinite
    base            unsigned, up to highest_base: the exponent field that an integer bit of 0 would leave
    raised          bool: one more; only where significand has its top bit
    significand     unsigned, significand_bits bits, the top one of weight 1; it is 0 only where base is
                    0. The last bit may stand for all beyond it (sticky)
    y               number, fmt.width bits
    """
    mantissa_bits = fmt.mantissa_bits
    fraction_bits = significand_bits - 1
    dropped_bits = fraction_bits - mantissa_bits
    base_bits = len(base)
    assert len(significand) == significand_bits and dropped_bits >= 0
    assert highest_base < 1 << base_bits
    sign_bit = fmt.sign_bit
    code_bits = base_bits + mantissa_bits + 1
    largest = fmt.max_finite_code
    overflow_code = fmt.overflow_code
    overflow_is_nan = overflow_code == fmt.nan_code
    infinity_code = fmt.infinity_code if fmt.has_infinity else fmt.overflow_code
    nan_code = fmt.nan_code
    can_overflow = (highest_base + 3) << mantissa_bits > largest

    increment = Signal(intbv(0)[mantissa_bits + 2 :])
    rounded = Signal(modbv(0)[code_bits:])
    overflow = Signal(False)

    if dropped_bits == 0 or fmt.truncates:

        @always_comb
        def gather() -> None:
            increment.next = concat(
                raised, significand[fraction_bits] and not raised, intbv(0)[mantissa_bits:]
            )
    else:
        up = Signal(False)

        if dropped_bits == 1:

            @always_comb
            def decide() -> None:
                up.next = significand[0] and significand[1]
        else:

            @always_comb
            def decide() -> None:
                up.next = significand[dropped_bits - 1] and (
                    significand[dropped_bits - 1 :] != 0 or significand[dropped_bits]
                )

        @always_comb
        def gather() -> None:
            increment.next = concat(
                raised, significand[fraction_bits] and not raised, intbv(0)[mantissa_bits - 1 :], up
            )

    @always_comb
    def round_mantissa() -> None:
        # Exponent field and mantissa side by side: the integer bit and a carry both raise the exponent.
        rounded.next = concat(base, significand[fraction_bits:dropped_bits]) + increment

    @always_comb
    def compare() -> None:
        overflow.next = can_overflow and rounded > largest

    @always_comb
    def deliver() -> None:
        if nan:
            y.next = nan_code
        elif zero:
            y.next = concat(sign, intbv(0)[sign_bit:])
        elif infinite:
            y.next = concat(sign, intbv(infinity_code)[sign_bit:])
        elif overflow:
            if overflow_is_nan:
                y.next = nan_code
            else:
                y.next = concat(sign, intbv(overflow_code)[sign_bit:])
        else:
            y.next = concat(sign, rounded[sign_bit:])

    return instances()


@unit
def denormalise(
    exponent: In,
    significand: In,
    base: Out,
    shifted: Out,
    *,
    significand_bits: int,
    distance_bits: int,
) -> Instances:
    """The same number at an exponent of at least 1: shifted to the right where the exponent is below that.

    exponent     signed; a distance 1 - exponent of distance_bits bits shifts all out
    significand  significand_bits bits
    base         unsigned, the bounded exponent less 1
    shifted      significand_bits bits, the last one also the OR of all shifted out
    """
    all_ones = (1 << significand_bits) - 1
    far_distance = 1 << distance_bits
    base_bits = len(base)
    low = Signal(False)
    far = Signal(False)
    distance = Signal(intbv(0)[distance_bits:])
    window = Signal(intbv(0)[significand_bits:])
    kept = Signal(modbv(0)[significand_bits:])
    sticky = Signal(False)

    @always_comb
    def measure() -> None:
        low.next = exponent < 1
        far.next = 1 - exponent >= far_distance

    @always_comb
    def find_distance() -> None:
        if low:
            base.next = 0
            distance.next = (1 - exponent) & (far_distance - 1)
        else:
            base.next = (exponent - 1) & ((1 << base_bits) - 1)
            distance.next = 0

    @always_comb
    def shift() -> None:
        window.next = significand >> distance
        kept.next = all_ones << distance

    @always_comb
    def collect_lost() -> None:
        sticky.next = (significand & ~kept) != 0

    @always_comb
    def deliver() -> None:
        if low and far:
            shifted.next = significand != 0
        elif sticky:
            shifted.next = window | 1
        else:
            shifted.next = window

    return instances()


@unit
def ieee_round_any(
    sign: In,
    zero: In,
    infinite: In,
    nan: In,
    exponent: In,
    significand: In,
    y: Out,
    *,
    fmt: IeeeFormat,
    significand_bits: int,
    lowest_exponent: int,
    highest_exponent: int,
) -> Instances:
    """`ieee_round` for an exponent of any size: signed, lowest_exponent to highest_exponent.

    The top bit of significand is 1, unless the number is zero or exponent is 1.
    """
    # A sticky bit must lie below the one that halves: two bits at least are dropped.
    padding_bits = max(0, fmt.mantissa_bits + 3 - significand_bits)
    padded_bits = significand_bits + padding_bits
    base = Signal(intbv(0)[max((highest_exponent - 1).bit_length(), 1) :])
    padded = Signal(intbv(0)[padded_bits:])
    shifted = Signal(intbv(0)[padded_bits:])

    @always_comb
    def pad() -> None:
        padded.next = significand << padding_bits

    if lowest_exponent < 1:
        bound: Any = denormalise(
            exponent,
            padded,
            base,
            shifted,
            significand_bits=padded_bits,
            distance_bits=padded_bits.bit_length(),
            instance="denormalise",
        )
    else:

        @always_comb
        def bound() -> None:
            base.next = exponent - 1
            shifted.next = padded

    rounder = ieee_round(
        sign,
        zero,
        infinite,
        nan,
        base,
        False,
        shifted,
        y,
        fmt=fmt,
        significand_bits=padded_bits,
        highest_base=highest_exponent - 1,
        instance="round",
    )

    return pad, bound, rounder
