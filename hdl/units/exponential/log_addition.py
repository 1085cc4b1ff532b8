"""What an addition in the log2 domain adds to the larger of two logarithms."""

from myhdl import Signal, intbv, modbv

from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.log_addition_constants import (
    INTEGER_BITS,
    SEGMENT_BITS,
    log_addition_table,
)


@unit(increase="fraction_bits + 1")
def log_addition(distance: In, increase: Out, *, fraction_bits: int) -> Instances:
    """increase ~ log2(1 + 2^-distance): log2(2^a + 2^b) = max(a, b) + increase for distance = |a - b|.

    distance  unsigned, any width from 4 + F bits, in units of 2^-F, F = fraction_bits, 3 to 12
    increase  unsigned, F + 1 bits, in the same units: 2^F for a distance of 0, 0 from one of 12 on
    """
    offset_bits = fraction_bits - SEGMENT_BITS
    index_bits = INTEGER_BITS + SEGMENT_BITS
    table_top = offset_bits + index_bits
    # Half a unit less its last bit: what lies in the middle falls less.
    rounding = (1 << offset_bits >> 1) - 1
    starts, falls = log_addition_table(fraction_bits)
    fall_bits = max(falls).bit_length()
    width = len(distance)

    index = Signal(intbv(0)[index_bits:])
    offset = Signal(intbv(0)[offset_bits:])
    start = Signal(intbv(0)[fraction_bits + 1 :])
    fall = Signal(intbv(0)[fall_bits:])
    product = Signal(intbv(0)[fall_bits + offset_bits :])
    raised = Signal(intbv(0)[fall_bits + offset_bits :])
    fallen = Signal(intbv(0)[fall_bits:])
    # Between two settled states a fall may exceed another segment's start.
    sloped = Signal(modbv(0)[fraction_bits + 1 :])

    @always_comb
    def split() -> None:
        index.next = distance[table_top:offset_bits]
        offset.next = distance[offset_bits:]

    @always_comb
    def look_up() -> None:
        start.next = starts[index]
        fall.next = falls[index]

    @always_comb
    def interpolate() -> None:
        product.next = fall * offset

    @always_comb
    def raise_by_half() -> None:
        raised.next = product + rounding

    @always_comb
    def cut() -> None:
        fallen.next = raised[fall_bits + offset_bits : offset_bits]

    @always_comb
    def subtract() -> None:
        sloped.next = start - fallen

    if width > table_top:

        @always_comb
        def limit() -> None:
            if distance[width:table_top] != 0:
                increase.next = 0
            else:
                increase.next = sloped
    else:

        @always_comb
        def limit() -> None:
            increase.next = sloped

    return instances()
