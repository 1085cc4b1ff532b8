"""One lane of ExpMul: multiplication by a power of two, done on the exponent field."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


@unit(v="fmt.width", y="fmt.width")
def expmul_lane(v: In, shift: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = v * 2^-shift; a result exponent field of 0 or less gives zero with v's sign.

    v      number, fmt.width bits
    shift  unsigned amount taken from the exponent field, any width
    y      number, fmt.width bits; sign and mantissa are v's
    """
    sign_bit = fmt.sign_bit
    exponent_low = fmt.mantissa_bits
    largest_shift = (1 << len(shift)) - 1

    # One bit more than the wider operand: the difference of the exponent fields is signed.
    exponent = Signal(intbv(0, min=-largest_shift, max=fmt.max_exponent_field + 1))

    @always_comb
    def subtract() -> None:
        exponent.next = v[sign_bit:exponent_low] - shift

    @always_comb
    def assemble() -> None:
        y.next[sign_bit] = v[sign_bit]
        if exponent <= 0:
            y.next[sign_bit:] = 0
        else:
            y.next[sign_bit:exponent_low] = exponent[fmt.exponent_bits :]
            y.next[exponent_low:] = v[exponent_low:]

    return instances()
