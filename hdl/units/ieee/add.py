"""Adder and subtractor with subnormals, Inf and NaN."""

from myhdl import Signal, concat, intbv, modbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.normalise import zeros_bits
from hdl.units.ieee.normalise import normalise_within
from hdl.units.ieee.rounding import ieee_round

# Where the shift exceeds 1 a difference has at most one leading zero: guard and sticky bit are enough to cut
# it off, rounding to nearest wants one bit between them.
EXTRA_BITS_NEAREST = 3
EXTRA_BITS_TRUNCATE = 2


@unit
def align_with_sticky(
    significand: In, distance: In, aligned: Out, *, significand_bits: int, distance_bits: int, extra_bits: int
) -> Instances:
    """aligned = significand * 2^(extra_bits - distance); its last bit is also the OR of what is lost.

    significand  unsigned, significand_bits bits
    distance     unsigned, distance_bits bits
    aligned      unsigned, significand_bits + extra_bits bits
    """
    width = significand_bits + extra_bits
    assert len(significand) == significand_bits and len(aligned) == width
    # A distance that needs more bits loses everything.
    near_bits = min(distance_bits, (width - 1).bit_length())
    near_limit = 1 << near_bits
    all_ones = (1 << width) - 1

    far = Signal(False)
    window = Signal(intbv(0)[width:])
    shifted = Signal(intbv(0)[width:])
    kept = Signal(modbv(0)[width:])
    sticky = Signal(False)

    @always_comb
    def widen() -> None:
        far.next = distance >= near_limit
        window.next = significand << extra_bits

    @always_comb
    def shift() -> None:
        shifted.next = window >> distance[near_bits:]
        kept.next = all_ones << distance[near_bits:]

    @always_comb
    def collect_lost() -> None:
        sticky.next = (window & ~kept) != 0

    @always_comb
    def deliver() -> None:
        if far:
            aligned.next[width:1] = 0
            aligned.next[0] = window != 0
        else:
            aligned.next[width:1] = shifted[width:1]
            aligned.next[0] = shifted[0] or sticky

    return instances()


@unit(a="fmt.width", b="fmt.width", y="fmt.width")
def ieee_add(a: In, b: In, y: Out, *, fmt: IeeeFormat) -> Instances:
    """y = a + b, rounded once; an exact zero is -0 only for (-0) + (-0); numbers of fmt.width bits."""
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    exponent_bits = fmt.exponent_bits
    significand_bits = mantissa_bits + 1
    extra_bits = EXTRA_BITS_TRUNCATE if fmt.truncates else EXTRA_BITS_NEAREST
    aligned_bits = significand_bits + extra_bits
    # One bit more for the carry; below the last bit, one that brings in the complement's one.
    total_bits = aligned_bits + 1
    all_ones = (1 << aligned_bits) - 1
    top_exponent = fmt.max_exponent_field
    has_infinity = fmt.has_infinity
    magnitude_ones = (1 << sign_bit) - 1

    swap = Signal(False)
    subtracting = Signal(False)
    larger = Signal(intbv(0)[sign_bit:])
    smaller = Signal(intbv(0)[sign_bit:])
    larger_sign = Signal(False)
    larger_normal = Signal(False)
    smaller_normal = Signal(False)
    larger_exponent = Signal(intbv(0)[exponent_bits:])
    smaller_exponent = Signal(intbv(0)[exponent_bits:])
    distance = Signal(modbv(0)[exponent_bits:])
    larger_significand = Signal(intbv(0)[significand_bits:])
    smaller_significand = Signal(intbv(0)[significand_bits:])
    aligned = Signal(intbv(0)[aligned_bits:])
    inverted = Signal(intbv(0)[aligned_bits:])
    operand = Signal(modbv(0)[total_bits + 1 :])
    total = Signal(modbv(0)[total_bits + 1 :])
    normalised = Signal(modbv(0)[total_bits:])
    shift = Signal(intbv(0)[zeros_bits(total_bits) :])
    base = Signal(modbv(0)[exponent_bits:])
    sign = Signal(False)
    zero = Signal(False)
    infinite = Signal(False)
    nan = Signal(False)

    @always_comb
    def compare() -> None:
        swap.next = b[sign_bit:] > a[sign_bit:]
        subtracting.next = a[sign_bit] ^ b[sign_bit]

    @always_comb
    def order() -> None:
        if swap:
            larger.next = b[sign_bit:]
            smaller.next = a[sign_bit:]
            larger_sign.next = b[sign_bit]
        else:
            larger.next = a[sign_bit:]
            smaller.next = b[sign_bit:]
            larger_sign.next = a[sign_bit]

    @always_comb
    def classify() -> None:
        larger_normal.next = larger[sign_bit:mantissa_bits] != 0
        smaller_normal.next = smaller[sign_bit:mantissa_bits] != 0

    @always_comb
    def unpack() -> None:
        # An exponent field of 0 becomes 1 by its last bit.
        larger_exponent.next = concat(
            larger[sign_bit : mantissa_bits + 1], larger[mantissa_bits] or not larger_normal
        )
        smaller_exponent.next = concat(
            smaller[sign_bit : mantissa_bits + 1], smaller[mantissa_bits] or not smaller_normal
        )
        larger_significand.next = concat(larger_normal, larger[mantissa_bits:])
        smaller_significand.next = concat(smaller_normal, smaller[mantissa_bits:])

    if has_infinity:

        @always_comb
        def find_special() -> None:
            # The larger one is NaN, or Inf, if either is: their codes are the largest.
            infinite.next = larger[sign_bit:mantissa_bits] == top_exponent
            nan.next = larger[sign_bit:mantissa_bits] == top_exponent and (
                larger[mantissa_bits:] != 0
                or (subtracting and smaller[sign_bit:mantissa_bits] == top_exponent)
            )
    else:

        @always_comb
        def find_special() -> None:
            infinite.next = False
            nan.next = larger == magnitude_ones

    @always_comb
    def measure() -> None:
        distance.next = larger_exponent - smaller_exponent

    alignment = align_with_sticky(
        smaller_significand,
        distance,
        aligned,
        significand_bits=significand_bits,
        distance_bits=exponent_bits,
        extra_bits=extra_bits,
        instance="align",
    )

    @always_comb
    def complement() -> None:
        inverted.next = aligned ^ all_ones

    @always_comb
    def choose_operand() -> None:
        if subtracting:
            operand.next = concat(True, inverted, True)
        else:
            operand.next = concat(aligned, False)

    @always_comb
    def add_significands() -> None:
        total.next = ((larger_significand << (extra_bits + 1)) | 1) + operand

    # One place to the left leaves the exponent as it is, since the top bit is the carry.
    normaliser = normalise_within(
        total(total_bits + 1, 1),
        larger_exponent,
        normalised,
        shift,
        width=total_bits,
        limit_bits=exponent_bits,
        instance="normalise",
    )

    @always_comb
    def find_zero() -> None:
        zero.next = normalised == 0

    @always_comb
    def find_base() -> None:
        base.next = larger_exponent - shift

    @always_comb
    def choose_sign() -> None:
        if zero and subtracting:
            sign.next = False
        else:
            sign.next = larger_sign

    rounder = ieee_round(
        sign,
        zero,
        infinite,
        nan,
        base,
        False,
        normalised,
        y,
        fmt=fmt,
        significand_bits=total_bits,
        highest_base=top_exponent,
        instance="round",
    )

    return instances()


@unit(a="fmt.width", b="fmt.width", y="fmt.width")
def ieee_subtract(a: In, b: In, y: Out, *, fmt: IeeeFormat) -> Instances:
    """y = a - b: the adder with b's sign turned; ports as those of `ieee_add`."""
    sign_bit = fmt.sign_bit
    minus_b = Signal(intbv(0)[fmt.width :])

    @always_comb
    def negate() -> None:
        minus_b.next = concat(not b[sign_bit], b[sign_bit:])

    adder = ieee_add(a, minus_b, y, fmt=fmt, instance="add")

    return negate, adder
