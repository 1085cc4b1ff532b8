"""The division o / l by one of two constants, as in SOLE; ports as in `hdl/kernels/division.py`.

    l = 2^e m, 1 <= m < 2        o / l = o 2^-e (0.568, and 1/4 more where m < 1.5)

A quotient is 18 % too small to 23 % too large, by 10 % RMS over the mantissas of l.
"""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat
from hdl.kernels.division import division_operands, division_result
from hdl.language.lanes import fields, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.division_constants import smaller_inverse
from hdl.units.arithmetic.round_to_format import exponent_signal, round_to_format


@unit(divisor="fmt.exponent_bits + 1", numerator="fmt.width", y="fmt.width")
def constant_quotient_lane(divisor: In, numerator: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = numerator / l, rounded to nearest, ties to even; zero as +0, also where l is zero.

    divisor       l's exponent field and below it the highest bit of its mantissa
    numerator, y  numbers, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    # A significand in [1, 2) times an inverse in [1/2, 1).
    product_bits = 2 * (mantissa_bits + 1)
    product_top = product_bits - 1
    inverse = smaller_inverse(mantissa_bits)
    quarter_shift = mantissa_bits - 1
    lowest_exponent = fmt.bias - fmt.max_exponent_field
    highest_exponent = fmt.bias + fmt.max_exponent_field - 1

    zero = Signal(False)
    significand = Signal(intbv(0)[mantissa_bits + 1 :])
    quarter = Signal(intbv(0)[product_bits:])
    product = Signal(intbv(0)[product_bits:])
    exponent = exponent_signal(lowest_exponent, highest_exponent)
    fraction = Signal(intbv(0)[product_top:])
    quotient = Signal(intbv(0)[fmt.width :])

    @always_comb
    def unpack() -> None:
        zero.next = numerator[sign_bit:mantissa_bits] == 0 or divisor[:1] == 0
        significand.next = concat(True, numerator[mantissa_bits:])

    @always_comb
    def choose() -> None:
        if divisor[0]:
            quarter.next = 0
        else:
            quarter.next = significand << quarter_shift

    @always_comb
    def multiply_significand() -> None:
        product.next = significand * inverse + quarter

    @always_comb
    def normalise() -> None:
        exponent.next = fmt.bias - 1 + numerator[sign_bit:mantissa_bits] - divisor[:1] + product[product_top]
        if product[product_top]:
            fraction.next = product[product_top:]
        else:
            fraction.next = concat(product[product_top - 1 :], False)

    rounder = round_to_format(
        numerator(sign_bit), zero, exponent, fraction, quotient, fmt=fmt, fraction_bits=product_top,
        lowest_exponent=lowest_exponent, highest_exponent=highest_exponent, instance="round",
    )  # fmt: skip

    @always_comb
    def clear_sign() -> None:
        if quotient[sign_bit:] == 0:
            y.next = 0
        else:
            y.next = quotient

    return instances()


@unit(sums="(d + 1) * fmt.width", o="d * fmt.width")
def divide_by_constants(
    clk: In,
    rst: In,
    finish: In,
    sums: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    every_key: bool,
) -> Instances:
    """Two clocks after finish: no reciprocal, a product with a constant; for formats without Inf and NaN."""
    assert not isinstance(fmt, IeeeFormat)
    width = fmt.width
    vector = d * width
    divisor_bits = fmt.exponent_bits + 1
    divisor_held = Signal(intbv(0)[divisor_bits:])
    numerator = Signal(intbv(0)[vector:])

    operands = division_operands(
        clk, True if every_key else finish, sums(fmt.sign_bit, fmt.mantissa_bits - 1),
        sums(vector + width, width), divisor_held, numerator,
        divisor_bits=divisor_bits, vector_bits=vector, instance="operands",
    )  # fmt: skip
    quotients = lanes(
        constant_quotient_lane, divisor=divisor_held, numerator=fields(numerator, width), fmt=fmt,
        instance="lane",
    )  # fmt: skip
    result = division_result(
        clk, rst, finish, quotients.y, valid_out, o,
        vector_bits=vector, every_key=every_key, instance="result",
    )  # fmt: skip

    return instances()
