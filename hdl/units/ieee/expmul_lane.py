"""One lane of ExpMul on numbers with subnormals, Inf and NaN."""

from myhdl import Signal, intbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


@unit(v="fmt.width", y="fmt.width")
def ieee_expmul_lane(v: In, shift: In, drop: In, y: Out, *, fmt: IeeeFormat) -> Instances:
    """y = v * 2^-shift: still one subtraction from the exponent field (mark [I] in hdl/README.md).

    A shift of 0 passes v through, subnormal or not. Any other takes a result whose exponent field is 0 or
    less to zero with v's sign: the lane makes no subnormals. Inf and NaN pass through.

    v      number, fmt.width bits
    shift  unsigned amount taken from the exponent field, any width
    drop   bool: y is zero with v's sign, whatever v
    y      number, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    exponent_low = fmt.mantissa_bits
    largest_shift = (1 << len(shift)) - 1
    top_exponent = fmt.max_exponent_field
    magnitude_ones = (1 << sign_bit) - 1

    exponent = Signal(intbv(0, min=-largest_shift, max=top_exponent + 1))
    passes = Signal(False)

    @always_comb
    def subtract() -> None:
        exponent.next = v[sign_bit:exponent_low] - shift

    if fmt.has_infinity:

        @always_comb
        def find_passing() -> None:
            passes.next = shift == 0 or v[sign_bit:exponent_low] == top_exponent
    else:

        @always_comb
        def find_passing() -> None:
            passes.next = shift == 0 or v[sign_bit:] == magnitude_ones

    @always_comb
    def assemble() -> None:
        y.next = v
        if drop or (exponent <= 0 and not passes):
            y.next[sign_bit:] = 0
        elif not passes:
            y.next[sign_bit:exponent_low] = exponent[fmt.exponent_bits :]

    return instances()
