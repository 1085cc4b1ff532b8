"""What the sum or the difference of two numbers adds to the logarithm of the larger."""

from myhdl import Signal, intbv, modbv

from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.hfa_constants import (
    POWER_GUARD_BITS,
    POWER_SEGMENT_BITS,
    correction_tables,
    near_decreases,
    power_tables,
)
from hdl.units.exponential.log_addition_constants import INTEGER_BITS, SEGMENT_BITS


def correction_bits(fraction_bits: int) -> int:
    """Return the bits of the sound correction: the largest is that of x = 2^-F."""
    return max(near_decreases(fraction_bits)).bit_length()


@unit(correction=lambda p: correction_bits(p.fraction_bits))
def sound_correction(
    distance: In, opposite: In, correction: Out, cancels: Out, *, fraction_bits: int
) -> Instances:
    """correction ~ log2(1 + 2^-distance), or -log2(1 - 2^-distance) for opposite signs.

    distance    unsigned, any width from 5 + F bits, in units of 2^-F, F = fraction_bits
    correction  unsigned, in the same units
    cancels     bool: opposite signs and a distance of 0: the difference is zero
    """
    offset_bits = fraction_bits - SEGMENT_BITS
    table_top = fraction_bits + INTEGER_BITS
    rounding = (1 << offset_bits >> 1) - 1
    second_table = 1 << INTEGER_BITS + SEGMENT_BITS
    starts, falls = correction_tables(fraction_bits)
    near = near_decreases(fraction_bits)
    start_bits = max(starts).bit_length()
    fall_bits = max(falls).bit_length()
    bits = correction_bits(fraction_bits)
    width = len(distance)

    index = Signal(intbv(0)[INTEGER_BITS + SEGMENT_BITS + 1 :])
    offset = Signal(intbv(0)[offset_bits:])
    start = Signal(intbv(0)[start_bits:])
    fall = Signal(intbv(0)[fall_bits:])
    product = Signal(intbv(0)[fall_bits + offset_bits :])
    rounded = Signal(intbv(0)[fall_bits + offset_bits :])
    # Of two tables' entries for a while, settling.
    chord = Signal(modbv(0)[start_bits:])
    near_index = Signal(intbv(0)[fraction_bits:])
    near_value = Signal(intbv(0)[bits:])
    below_one = Signal(False)

    @always_comb
    def split() -> None:
        if opposite:
            index.next = second_table + distance[table_top:offset_bits]
        else:
            index.next = distance[table_top:offset_bits]
        offset.next = distance[offset_bits:]
        near_index.next = distance[fraction_bits:]
        below_one.next = distance[width:fraction_bits] == 0

    @always_comb
    def look_up() -> None:
        start.next = starts[index]
        fall.next = falls[index]

    @always_comb
    def look_up_near() -> None:
        near_value.next = near[near_index]

    @always_comb
    def interpolate() -> None:
        product.next = fall * offset

    @always_comb
    def round_half_down() -> None:
        rounded.next = product + rounding

    @always_comb
    def subtract() -> None:
        chord.next = start - rounded[fall_bits + offset_bits : offset_bits]

    @always_comb
    def choose() -> None:
        cancels.next = opposite and distance == 0
        if distance[width:table_top] != 0:
            correction.next = 0
        elif opposite and below_one:
            correction.next = near_value
        else:
            correction.next = chord

    return instances()


@unit(correction="fraction_bits + 1")
def inferred_correction(distance: In, correction: Out, *, fraction_bits: int) -> Instances:
    """correction ~ 2^-distance, which log2(1 + 2^-distance) and its opposite are taken for.

    distance    unsigned, any width from 5 + F bits, in units of 2^-F, F = fraction_bits, at least 4
    correction  unsigned, F + 1 bits, in the same units, rounded half up
    """
    offset_bits = fraction_bits - POWER_SEGMENT_BITS
    starts, falls = power_tables(fraction_bits)
    start_bits = max(starts).bit_length()
    fall_bits = max(falls).bit_length()
    # A binade more than the power has bits leaves nothing of it.
    shift_bits = (fraction_bits + POWER_GUARD_BITS).bit_length()
    shift_top = fraction_bits + shift_bits
    width = len(distance)

    segment = Signal(intbv(0)[POWER_SEGMENT_BITS:])
    offset = Signal(intbv(0)[offset_bits:])
    binades = Signal(intbv(0)[shift_bits:])
    start = Signal(intbv(0)[start_bits:])
    fall = Signal(intbv(0)[fall_bits:])
    product = Signal(intbv(0)[fall_bits + offset_bits :])
    power = Signal(modbv(0)[start_bits:])
    shifted = Signal(intbv(0)[fraction_bits + 2 :])
    rounded = Signal(intbv(0)[fraction_bits + 3 :])

    @always_comb
    def split() -> None:
        segment.next = distance[fraction_bits:offset_bits]
        offset.next = distance[offset_bits:]
        binades.next = distance[shift_top:fraction_bits]

    @always_comb
    def look_up() -> None:
        start.next = starts[segment]
        fall.next = falls[segment]

    @always_comb
    def interpolate() -> None:
        product.next = fall * offset

    @always_comb
    def subtract() -> None:
        power.next = start - product[fall_bits + offset_bits : offset_bits]

    @always_comb
    def shift_right() -> None:
        # To half a unit.
        shifted.next = power[start_bits:1] >> binades

    @always_comb
    def round_half_up() -> None:
        rounded.next = shifted + 1

    @always_comb
    def limit() -> None:
        if distance[width:shift_top] != 0:
            correction.next = 0
        else:
            correction.next = rounded[fraction_bits + 2 : 1]

    return instances()
