"""From magnitude, round bit and sign to two's complement, by one carry; and a number of a format so."""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.to_fixed import to_fixed


@unit(truncated="magnitude_bits", fixed="magnitude_bits + 1")
def signed_fixed(negative: In, truncated: In, round_bit: In, fixed: Out, *, magnitude_bits: int) -> Instances:
    """fixed = truncated + round_bit, at most all ones, and its opposite for negative; two's complement.

    negative, round_bit  bools
    truncated            unsigned, magnitude_bits bits
    """
    all_ones = (1 << magnitude_bits) - 1
    sign_weight = 1 << magnitude_bits
    base = Signal(intbv(0)[magnitude_bits + 1 :])
    carry = Signal(False)
    wrapped = Signal(modbv(0)[magnitude_bits + 1 :])

    @always_comb
    def choose() -> None:
        # -(t + 1) is the inverse of t, and -t that and one more.
        if negative:
            base.next = sign_weight + (truncated ^ all_ones)
            carry.next = not round_bit or truncated == all_ones
        else:
            base.next = truncated
            carry.next = round_bit and truncated != all_ones

    @always_comb
    def add_carry() -> None:
        # Minus zero: all ones and a carry.
        wrapped.next = base + carry

    @always_comb
    def deliver() -> None:
        fixed.next = wrapped

    return instances()


@unit(number="fmt.width", fixed="fixed_bits")
def number_to_fixed(
    number: In, fixed: Out, *, fmt: FloatFormat, fixed_bits: int, fraction_bits: int
) -> Instances:
    """fixed = number * 2^fraction_bits, the magnitude rounded half up and at most 2^(fixed_bits - 1) - 1.

    number  fmt.width bits
    fixed   two's complement, fixed_bits bits
    """
    magnitude_bits = fixed_bits - 1
    sign_bit = fmt.sign_bit
    truncated = Signal(intbv(0)[magnitude_bits:])
    round_bit = Signal(False)
    negative = Signal(False)

    truncate = to_fixed(
        number, truncated, round_bit, fmt=fmt, integer_bits=magnitude_bits - fraction_bits,
        fraction_bits=fraction_bits, instance="to_fixed",
    )  # fmt: skip

    @always_comb
    def take_sign() -> None:
        negative.next = number[sign_bit]

    complete = signed_fixed(
        negative, truncated, round_bit, fixed, magnitude_bits=magnitude_bits, instance="complete"
    )

    return instances()
