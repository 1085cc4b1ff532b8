"""Multiplier with subnormals, Inf and NaN."""

from myhdl import Signal, concat, intbv, modbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.ieee.normalise import leading_zeros
from hdl.units.ieee.rounding import ieee_round
from hdl.units.ieee.unpack import ieee_is_infinite, ieee_is_nan, ieee_unpack


@unit(a="fmt.width", b="fmt.width", y="fmt.width")
def ieee_multiply(a: In, b: In, drop: In, y: Out, *, fmt: IeeeFormat) -> Instances:
    """y = a * b, rounded once; numbers of fmt.width bits.

    drop  bool: y is a zero with the product's sign, whatever a and b, NaN included

    The product moves once: to the left by the zeros before a subnormal factor, as far as the exponent
    allows, or to the right where the result is subnormal.
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    exponent_bits = fmt.exponent_bits
    bias = fmt.bias
    significand_bits = mantissa_bits + 1
    product_bits = 2 * significand_bits
    # To the left by 0 to mantissa_bits; to the right by 1 to mantissa_bits + 2, beyond which nothing is left.
    step_bits = mantissa_bits.bit_length()
    step = 1 << step_bits
    window_bits = product_bits + 2 * step
    top = window_bits - 1
    # Of the product as moved: integer part in [0, 4), mantissa and one bit to round by; then a sticky bit.
    kept_bits = significand_bits + 2
    low = window_bits - kept_bits
    low_ones = (1 << low) - 1
    position_limit = 1 << (exponent_bits + 1)

    sign = Signal(False)
    exponent_a = Signal(intbv(0)[exponent_bits:])
    exponent_b = Signal(intbv(0)[exponent_bits:])
    significand_a = Signal(intbv(0)[significand_bits:])
    significand_b = Signal(intbv(0)[significand_bits:])
    infinite_a = Signal(False)
    infinite_b = Signal(False)
    nan_a = Signal(False)
    nan_b = Signal(False)
    subnormal = Signal(intbv(0)[significand_bits:])
    zeros = Signal(intbv(0)[step_bits:])
    # The exponent field at the bit of weight 1, less 1; then less the zeros.
    position = Signal(intbv(0, min=-position_limit, max=position_limit))
    normal_position = Signal(intbv(0, min=-position_limit, max=position_limit))
    amount = Signal(intbv(0)[step_bits:])
    row = Signal(intbv(0, min=-position_limit, max=position_limit))
    base = Signal(intbv(0)[exponent_bits + 1 :])
    product = Signal(intbv(0)[product_bits:])
    placed = Signal(modbv(0)[window_bits:])
    moved = Signal(modbv(0)[window_bits:])
    lost = Signal(intbv(0)[low:])
    wide = Signal(intbv(0)[kept_bits + 1 :])
    raised = Signal(False)
    significand = Signal(modbv(0)[kept_bits + 1 :])
    zero = Signal(False)
    infinite = Signal(False)
    nan = Signal(False)

    unpack_a = ieee_unpack(a, exponent_a, significand_a, fmt=fmt, instance="unpack_a")
    unpack_b = ieee_unpack(b, exponent_b, significand_b, fmt=fmt, instance="unpack_b")
    find_infinite_a = ieee_is_infinite(a, infinite_a, fmt=fmt, instance="find_infinite_a")
    find_infinite_b = ieee_is_infinite(b, infinite_b, fmt=fmt, instance="find_infinite_b")
    find_nan_a = ieee_is_nan(a, nan_a, fmt=fmt, instance="find_nan_a")
    find_nan_b = ieee_is_nan(b, nan_b, fmt=fmt, instance="find_nan_b")

    @always_comb
    def choose_subnormal() -> None:
        # Where both are subnormal the result is zero, or the smallest number, and no zeros count.
        if significand_a[mantissa_bits]:
            subnormal.next = significand_b
        else:
            subnormal.next = significand_a

    count_zeros = leading_zeros(subnormal, zeros, width=significand_bits, instance="count_zeros")

    @always_comb
    def multiply_significands() -> None:
        product.next = significand_a * significand_b

    @always_comb
    def add_exponents() -> None:
        position.next = exponent_a + exponent_b - (bias + 1)

    @always_comb
    def take_zeros() -> None:
        normal_position.next = position - zeros

    @always_comb
    def choose_amount() -> None:
        row.next = position >> step_bits
        if normal_position < 0:
            amount.next = position[step_bits:]
            base.next = 0
        else:
            amount.next = zeros
            base.next = normal_position[exponent_bits + 1 :]

    @always_comb
    def place() -> None:
        if normal_position >= 0 or row == 0:
            placed.next = product << 2 * step
        elif row == -1:
            placed.next = product << step
        elif row == -2:
            placed.next = product
        else:
            placed.next = 0

    @always_comb
    def move() -> None:
        moved.next = placed << amount
        # What the move leaves below the bits that are kept.
        lost.next = placed[low:] & (low_ones >> amount)

    @always_comb
    def gather() -> None:
        wide.next = concat(moved[window_bits:low], lost != 0)

    @always_comb
    def normalise_product() -> None:
        raised.next = moved[top]
        if moved[top]:
            significand.next = wide
        else:
            significand.next = wide << 1

    @always_comb
    def classify() -> None:
        sign.next = a[sign_bit] ^ b[sign_bit]
        zero.next = drop or significand_a == 0 or significand_b == 0
        infinite.next = infinite_a or infinite_b
        nan.next = not drop and (
            nan_a or nan_b or (infinite_a and significand_b == 0) or (infinite_b and significand_a == 0)
        )

    rounder = ieee_round(
        sign,
        zero,
        infinite,
        nan,
        base,
        raised,
        significand,
        y,
        fmt=fmt,
        significand_bits=kept_bits + 1,
        highest_base=2 * fmt.max_exponent_field - bias - 1,
        instance="round",
    )

    return instances()
