"""From a code to the parts of its number."""

from myhdl import Signal, concat

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


@unit
def ieee_unpack(x: In, exponent: Out, significand: Out, *, fmt: IeeeFormat) -> Instances:
    """Parts of a number, if it is finite: |x| = significand * 2^(exponent - bias - mantissa_bits).

    x            number, fmt.width bits
    exponent     exponent_bits bits; 1 for a subnormal and for zero
    significand  mantissa_bits + 1 bits, the top one 0 for a subnormal and for zero
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    normal = Signal(False)

    @always_comb
    def classify() -> None:
        normal.next = x[sign_bit:mantissa_bits] != 0

    @always_comb
    def deliver() -> None:
        # An exponent field of 0 becomes 1 by its last bit.
        exponent.next = concat(x[sign_bit : mantissa_bits + 1], x[mantissa_bits] or not normal)
        significand.next = concat(normal, x[mantissa_bits:])

    return instances()


@unit
def ieee_is_nan(x: In, nan: Out, *, fmt: IeeeFormat) -> Instances:
    """nan = 1 where the number x, fmt.width bits, is NaN."""
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    top_exponent = fmt.max_exponent_field
    magnitude_ones = (1 << sign_bit) - 1

    if fmt.has_infinity:

        @always_comb
        def compare() -> None:
            nan.next = x[sign_bit:mantissa_bits] == top_exponent and x[mantissa_bits:] != 0
    else:

        @always_comb
        def compare() -> None:
            nan.next = x[sign_bit:] == magnitude_ones

    return instances()


@unit
def ieee_is_infinite(x: In, infinite: Out, *, fmt: IeeeFormat) -> Instances:
    """infinite = 1 where the number x, fmt.width bits, is Inf; never in a format without it."""
    sign_bit = fmt.sign_bit
    # No code below the sign is beyond all ones.
    infinity_code = fmt.infinity_code if fmt.has_infinity else 1 << sign_bit

    @always_comb
    def compare() -> None:
        infinite.next = x[sign_bit:] == infinity_code

    return instances()
