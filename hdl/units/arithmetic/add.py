"""Floating-point adder and subtractor."""

from myhdl import Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.normalise import normalise, zeros_bits
from hdl.units.arithmetic.round_to_format import exponent_signal, round_to_format

# Guard, round and sticky: where the shift exceeds 1 a difference has at most one leading zero.
EXTRA_BITS = 3


@unit(
    significand="significand_bits",
    distance="distance_bits",
    aligned=lambda p: p.significand_bits + EXTRA_BITS,
)
def align_smaller(
    significand: In, distance: In, aligned: Out, *, significand_bits: int, distance_bits: int
) -> Instances:
    """aligned = significand * 2^(EXTRA_BITS - distance); its last bit is also the OR of what is lost.

    significand  unsigned, significand_bits bits
    distance     unsigned, distance_bits bits
    aligned      unsigned, significand_bits + EXTRA_BITS bits
    """
    width = significand_bits + EXTRA_BITS
    # A distance that needs more bits loses everything.
    near_bits = min(distance_bits, (width - 1).bit_length())
    all_ones = (1 << width) - 1

    near = Signal(intbv(0)[near_bits:])
    far = Signal(False)
    window = Signal(intbv(0)[width:])
    shifted = Signal(intbv(0)[width:])
    remaining = Signal(modbv(0)[width:])
    sticky = Signal(False)

    if distance_bits > near_bits:

        @always_comb
        def split() -> None:
            near.next = distance[near_bits:]
            far.next = distance[distance_bits:near_bits] != 0
            window.next = significand << EXTRA_BITS
    else:

        @always_comb
        def split() -> None:
            near.next = distance
            far.next = False
            window.next = significand << EXTRA_BITS

    @always_comb
    def shift() -> None:
        shifted.next = window >> near
        remaining.next = all_ones << near

    @always_comb
    def collect_lost() -> None:
        sticky.next = (window & ~remaining) != 0

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
def add(a: In, b: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = a + b, rounded to nearest, ties to even; an exact zero is -0 only for (-0) + (-0).

    a, b  numbers, fmt.width bits; a zero must have mantissa 0, as every unit's result has
    y     number, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    significand_bits = mantissa_bits + 1
    aligned_bits = significand_bits + EXTRA_BITS
    # One bit more for the carry; below the last bit, one that brings in the complement's one.
    total_bits = aligned_bits + 1
    all_ones = (1 << aligned_bits) - 1
    count_bits = zeros_bits(total_bits)
    lowest_exponent = 1 - ((1 << count_bits) - 1)
    highest_exponent = fmt.max_exponent_field + 1

    swap = Signal(False)
    subtracting = Signal(False)
    larger = Signal(intbv(0)[sign_bit:])
    smaller = Signal(intbv(0)[sign_bit:])
    larger_sign = Signal(False)
    distance = Signal(modbv(0)[fmt.exponent_bits :])
    larger_significand = Signal(intbv(0)[significand_bits:])
    smaller_significand = Signal(intbv(0)[significand_bits:])
    aligned = Signal(intbv(0)[aligned_bits:])
    inverted = Signal(intbv(0)[aligned_bits:])
    operand = Signal(modbv(0)[total_bits + 1 :])
    total = Signal(modbv(0)[total_bits + 1 :])
    normalised = Signal(intbv(0)[total_bits:])
    zeros = Signal(intbv(0)[count_bits:])
    sign = Signal(False)
    zero = Signal(False)
    exponent = exponent_signal(lowest_exponent, highest_exponent)

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
    def unpack() -> None:
        distance.next = larger[sign_bit:mantissa_bits] - smaller[sign_bit:mantissa_bits]
        larger_significand.next = concat(larger[sign_bit:mantissa_bits] != 0, larger[mantissa_bits:])
        smaller_significand.next = concat(smaller[sign_bit:mantissa_bits] != 0, smaller[mantissa_bits:])

    alignment = align_smaller(
        smaller_significand,
        distance,
        aligned,
        significand_bits=significand_bits,
        distance_bits=fmt.exponent_bits,
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
        total.next = ((larger_significand << (EXTRA_BITS + 1)) | 1) + operand

    normaliser = normalise(
        total(total_bits + 1, 1), normalised, zeros, width=total_bits, instance="normalise"
    )

    @always_comb
    def classify() -> None:
        zero.next = not normalised[total_bits - 1]
        exponent.next = larger[sign_bit:mantissa_bits] + 1 - zeros

    @always_comb
    def choose_sign() -> None:
        if zero:
            sign.next = a[sign_bit] and b[sign_bit]
        else:
            sign.next = larger_sign

    rounder = round_to_format(
        sign,
        zero,
        exponent,
        normalised(aligned_bits, 0),
        y,
        fmt=fmt,
        fraction_bits=aligned_bits,
        lowest_exponent=lowest_exponent,
        highest_exponent=highest_exponent,
        instance="round",
    )

    # Logic before units: the order of the Verilog, which netlists and layouts hang on.
    logic = compare, order, unpack, complement, choose_operand, add_significands, classify, choose_sign
    return logic, alignment, normaliser, rounder


@unit(a="fmt.width", b="fmt.width", y="fmt.width")
def subtract(a: In, b: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = a - b: the adder with b's sign turned; ports as those of `add`."""
    sign_bit = fmt.sign_bit
    minus_b = Signal(intbv(0)[fmt.width :])

    @always_comb
    def negate() -> None:
        minus_b.next = concat(not b[sign_bit], b[sign_bit:])

    adder = add(a, minus_b, y, fmt=fmt, instance="add")

    return instances()
