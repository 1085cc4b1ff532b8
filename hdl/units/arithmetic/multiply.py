"""Floating-point multiplier."""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.round_to_format import exponent_signal, round_to_format


@unit(a="fmt.width", b="fmt.width", y="fmt.width")
def multiply(a: In, b: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = a * b, rounded to nearest, ties to even; numbers of fmt.width bits."""
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    bias = fmt.bias
    # Two significands in [1, 2) make a product in [1, 4) with twice the mantissa's bits after the point.
    product_bits = 2 * (mantissa_bits + 1)
    product_top = product_bits - 1
    lowest_exponent = 2 - bias
    highest_exponent = 2 * fmt.max_exponent_field + 1 - bias

    sign = Signal(False)
    zero = Signal(False)
    significand_a = Signal(intbv(0)[mantissa_bits + 1 :])
    significand_b = Signal(intbv(0)[mantissa_bits + 1 :])
    product = Signal(intbv(0)[product_bits:])
    exponent = exponent_signal(lowest_exponent, highest_exponent)
    fraction = Signal(intbv(0)[product_top:])

    @always_comb
    def unpack() -> None:
        sign.next = a[sign_bit] ^ b[sign_bit]
        zero.next = a[sign_bit:mantissa_bits] == 0 or b[sign_bit:mantissa_bits] == 0
        significand_a.next = concat(True, a[mantissa_bits:])
        significand_b.next = concat(True, b[mantissa_bits:])

    @always_comb
    def multiply_significands() -> None:
        product.next = significand_a * significand_b

    @always_comb
    def normalise() -> None:
        exponent.next = a[sign_bit:mantissa_bits] + b[sign_bit:mantissa_bits] + product[product_top] - bias
        if product[product_top]:
            fraction.next = product[product_top:]
        else:
            fraction.next = concat(product[product_top - 1 :], False)

    rounder = round_to_format(
        sign,
        zero,
        exponent,
        fraction,
        y,
        fmt=fmt,
        fraction_bits=product_top,
        lowest_exponent=lowest_exponent,
        highest_exponent=highest_exponent,
        instance="round",
    )

    return instances()
