"""One lane of the log2-domain kernels: multiplication by a power of two with a fractional exponent."""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


@unit(v="fmt.width", y="fmt.width")
def log2_lane(v: In, log2_factor: In, drop: In, y: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """y ~ v * 2^(log2_factor / 2^F), F = fraction_bits: added to exponent and top F mantissa bits.

    That is Mitchell's approximation log2(1 + m) = m, on both sides of the addition. Exact for
    whole binades.

    v, y   numbers, fmt.width bits; the sign and the lower mantissa bits are v's
    log2_factor   two's complement, any width
    drop   bool: the result is zero
    A zero v, a drop and an exponent field of 0 or less give zero with v's sign; a carry out of the exponent
    field leaves all ones in it and in the top F mantissa bits.
    """
    sign_bit = fmt.sign_bit
    exponent_low = fmt.mantissa_bits
    field_low = fmt.mantissa_bits - fraction_bits
    field_bits = fmt.exponent_bits + fraction_bits
    all_ones = (1 << field_bits) - 1
    largest_factor = 1 << (len(log2_factor) - 1)

    total = Signal(
        intbv(0, min=-2 * max(largest_factor, all_ones), max=2 * max(largest_factor, all_ones + 1))
    )
    field = Signal(intbv(0)[field_bits:])
    zero = Signal(False)

    @always_comb
    def add() -> None:
        total.next = v[sign_bit:field_low] + log2_factor.signed()

    @always_comb
    def limit() -> None:
        zero.next = drop or v[sign_bit:exponent_low] == 0 or total < (1 << fraction_bits)
        if total > all_ones:
            field.next = all_ones
        else:
            field.next = total[field_bits:]

    if field_low:

        @always_comb
        def assemble() -> None:
            if zero:
                y.next = concat(v[sign_bit], intbv(0)[sign_bit:])
            else:
                y.next = concat(v[sign_bit], field, v[field_low:])
    else:

        @always_comb
        def assemble() -> None:
            if zero:
                y.next = concat(v[sign_bit], intbv(0)[sign_bit:])
            else:
                y.next = concat(v[sign_bit], field)

    return instances()
