"""Which of two numbers is the larger, with subnormals, Inf and NaN."""

from myhdl import Signal, concat, intbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.ieee.unpack import ieee_is_nan


@unit
def ieee_above(a: In, b: In, above: Out, *, fmt: IeeeFormat) -> Instances:
    """above = a > b; +0 counts as above -0, NaN in a is above nothing. b is not NaN.

    a, b  numbers, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    magnitude_bits = (1 << sign_bit) - 1
    a_order = Signal(intbv(0)[fmt.width :])
    b_order = Signal(intbv(0)[fmt.width :])
    nan = Signal(False)

    find_nan = ieee_is_nan(a, nan, fmt=fmt, instance="is_nan")

    @always_comb
    def order() -> None:
        # Codes in the order of their values: sign inverted, magnitudes of negative numbers inverted.
        if a[sign_bit]:
            a_order.next = a[sign_bit:] ^ magnitude_bits
        else:
            a_order.next = concat(True, a[sign_bit:])
        if b[sign_bit]:
            b_order.next = b[sign_bit:] ^ magnitude_bits
        else:
            b_order.next = concat(True, b[sign_bit:])

    @always_comb
    def compare() -> None:
        above.next = a_order > b_order and not nan

    return instances()
