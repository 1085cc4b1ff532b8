"""Fused dot product with subnormals, Inf and NaN: exact products, aligned to the largest, one rounding.

Subnormal factors count with exponent field 1 and are not normalised: as in the flushing unit all products
together lose less than one last bit of a product with the largest sum of exponent fields, but that product
may have leading zeros.
"""

from myhdl import ConcatSignal, Signal, intbv, modbv

from hdl.ieee_format import IeeeFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.dot_product import align_product, guard_bits, window_bits
from hdl.units.arithmetic.normalise import normalise, zeros_bits
from hdl.units.arithmetic.round_to_format import exponent_signal
from hdl.units.arithmetic.trees import maximum_tree, sum_signal, sum_tree, tree_levels
from hdl.units.delays import enabled_register
from hdl.units.ieee.rounding import ieee_round_any
from hdl.units.ieee.unpack import ieee_is_infinite, ieee_is_nan, ieee_unpack
from hdl.units.registers import register


@unit
def ieee_exact_product(
    a: In,
    b: In,
    sign: Out,
    zero: Out,
    exponent: Out,
    significand: Out,
    positive_infinite: Out,
    negative_infinite: Out,
    nan: Out,
    *,
    fmt: IeeeFormat,
) -> Instances:
    """Exact product of two numbers, not normalised; ports as those of `exact_product`, and what is no number.

    positive_infinite, negative_infinite, nan  bools; nan also for 0 * Inf, where the others are of no meaning
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    exponent_a = Signal(intbv(0)[fmt.exponent_bits :])
    exponent_b = Signal(intbv(0)[fmt.exponent_bits :])
    significand_a = Signal(intbv(0)[mantissa_bits + 1 :])
    significand_b = Signal(intbv(0)[mantissa_bits + 1 :])
    infinite_a, infinite_b, nan_a, nan_b = (Signal(False) for _ in range(4))
    any_zero = Signal(False)
    any_infinite = Signal(False)
    negative = Signal(False)

    unpack_a = ieee_unpack(a, exponent_a, significand_a, fmt=fmt, instance="unpack_a")
    unpack_b = ieee_unpack(b, exponent_b, significand_b, fmt=fmt, instance="unpack_b")
    find_infinite_a = ieee_is_infinite(a, infinite_a, fmt=fmt, instance="find_infinite_a")
    find_infinite_b = ieee_is_infinite(b, infinite_b, fmt=fmt, instance="find_infinite_b")
    find_nan_a = ieee_is_nan(a, nan_a, fmt=fmt, instance="find_nan_a")
    find_nan_b = ieee_is_nan(b, nan_b, fmt=fmt, instance="find_nan_b")

    @always_comb
    def classify() -> None:
        negative.next = a[sign_bit] ^ b[sign_bit]
        any_zero.next = significand_a == 0 or significand_b == 0
        any_infinite.next = infinite_a or infinite_b

    @always_comb
    def multiply_significands() -> None:
        significand.next = significand_a * significand_b

    @always_comb
    def deliver() -> None:
        sign.next = negative
        zero.next = any_zero
        positive_infinite.next = any_infinite and not negative
        negative_infinite.next = any_infinite and negative
        nan.next = nan_a or nan_b or (any_infinite and any_zero)
        if any_zero:
            exponent.next = 0
        else:
            exponent.next = exponent_a + exponent_b

    return instances()


@unit
def ieee_sum_to_format(
    total: In, exponent: In, specials: In, y: Out, *, fmt: IeeeFormat, total_bits: int, top_weight: int
) -> Instances:
    """`sum_to_format` with gradual underflow, and with what is no number.

    specials  3 bits: some product is NaN, -Inf, +Inf
    """
    magnitude_bits = total_bits - 1
    count_bits = zeros_bits(magnitude_bits)
    offset = top_weight - fmt.bias
    lowest_exponent = offset - ((1 << count_bits) - 1)
    highest_exponent = offset + 2 * fmt.max_exponent_field

    sign = Signal(False)
    magnitude = Signal(modbv(0)[magnitude_bits:])
    normalised = Signal(intbv(0)[magnitude_bits:])
    zeros = Signal(intbv(0)[count_bits:])
    zero = Signal(False)
    infinite = Signal(False)
    nan = Signal(False)
    field = exponent_signal(lowest_exponent, highest_exponent)

    @always_comb
    def take_magnitude() -> None:
        if total[magnitude_bits]:
            magnitude.next = -total
        else:
            magnitude.next = total

    normaliser = normalise(magnitude, normalised, zeros, width=magnitude_bits, instance="normalise")

    @always_comb
    def classify() -> None:
        infinite.next = specials[0] or specials[1]
        nan.next = specials[2] or (specials[0] and specials[1])
        if specials[0] or specials[1]:
            sign.next = specials[1]
        else:
            sign.next = total[magnitude_bits]
        zero.next = not normalised[magnitude_bits - 1] and not (specials[0] or specials[1])
        field.next = exponent + offset - zeros

    rounder = ieee_round_any(
        sign,
        zero,
        infinite,
        nan,
        field,
        normalised,
        y,
        fmt=fmt,
        significand_bits=magnitude_bits,
        lowest_exponent=lowest_exponent,
        highest_exponent=highest_exponent,
        instance="round",
    )

    return instances()


@unit(q="d * fmt.width", k="d * fmt.width", score="fmt.width")
def ieee_dot_product(clk: In, start: In, q: In, k: In, score: Out, *, fmt: IeeeFormat, d: int) -> Instances:
    """score = sum of q_i * k_i; ports and ranks as those of `dot_product`."""
    width = fmt.width
    exponent_bits = fmt.exponent_bits + 1
    significand_bits = 2 * (fmt.mantissa_bits + 1)
    guard = guard_bits(d)
    term_bits = window_bits(fmt, d) + 1
    total_bits = term_bits + tree_levels(d)

    q_held = Signal(intbv(0)[d * width :])
    k_held = Signal(intbv(0)[d * width :])
    sign = [Signal(False) for _ in range(d)]
    zero = [Signal(False) for _ in range(d)]
    positive_infinite = [Signal(False) for _ in range(d)]
    negative_infinite = [Signal(False) for _ in range(d)]
    nan = [Signal(False) for _ in range(d)]
    exponent = [Signal(intbv(0)[exponent_bits:]) for _ in range(d)]
    significand = [Signal(intbv(0)[significand_bits:]) for _ in range(d)]
    signs = ConcatSignal(*reversed(sign))
    zeros = ConcatSignal(*reversed(zero))
    positive_infinites = ConcatSignal(*reversed(positive_infinite))
    negative_infinites = ConcatSignal(*reversed(negative_infinite))
    nans = ConcatSignal(*reversed(nan))
    exponents = ConcatSignal(*reversed(exponent))
    significands = ConcatSignal(*reversed(significand))
    largest_exponent = Signal(intbv(0)[exponent_bits:])
    specials = Signal(intbv(0)[3:])
    signs_held = Signal(intbv(0)[d:])
    zeros_held = Signal(intbv(0)[d:])
    exponents_held = Signal(intbv(0)[d * exponent_bits :])
    significands_held = Signal(intbv(0)[d * significand_bits :])
    largest_exponent_held = Signal(intbv(0)[exponent_bits:])
    specials_held = Signal(intbv(0)[3:])
    term = [Signal(intbv(0)[term_bits:]) for _ in range(d)]
    terms = ConcatSignal(*reversed(term))
    terms_total = sum_signal(d, term_bits, True)
    negatives = Signal(intbv(0)[1 + tree_levels(d) :])
    total = Signal(modbv(0)[total_bits:])
    total_held = Signal(intbv(0)[total_bits:])
    sum_exponent = Signal(intbv(0)[exponent_bits:])
    sum_specials = Signal(intbv(0)[3:])

    q_register = enabled_register(clk, start, q, q_held, width=d * width, instance="q_register")
    k_register = register(clk, k, k_held, width=d * width, instance="k_register")

    product = [
        ieee_exact_product(
            q_held((index + 1) * width, index * width),
            k_held((index + 1) * width, index * width),
            sign[index],
            zero[index],
            exponent[index],
            significand[index],
            positive_infinite[index],
            negative_infinite[index],
            nan[index],
            fmt=fmt,
            instance=f"product_{index}",
        )
        for index in range(d)
    ]
    largest = maximum_tree(exponents, largest_exponent, count=d, width=exponent_bits, instance="largest")

    @always_comb
    def gather_specials() -> None:
        specials.next[0] = positive_infinites != 0
        specials.next[1] = negative_infinites != 0
        specials.next[2] = nans != 0

    product_registers = [
        register(clk, source, held, width=bits, instance=f"{name}_register")
        for name, source, held, bits in (
            ("sign", signs, signs_held, d),
            ("zero", zeros, zeros_held, d),
            ("exponent", exponents, exponents_held, d * exponent_bits),
            ("significand", significands, significands_held, d * significand_bits),
            ("largest", largest_exponent, largest_exponent_held, exponent_bits),
            ("specials", specials, specials_held, 3),
        )
    ]

    align = [
        align_product(
            signs_held(index),
            zeros_held(index),
            exponents_held((index + 1) * exponent_bits, index * exponent_bits),
            significands_held((index + 1) * significand_bits, index * significand_bits),
            largest_exponent_held,
            term[index],
            fmt=fmt,
            guard_bits=guard,
            instance=f"align_{index}",
        )
        for index in range(d)
    ]
    sum_terms = sum_tree(terms, terms_total, count=d, width=term_bits, is_signed=True, instance="sum_terms")
    count_negatives = sum_tree(
        signs_held, negatives, count=d, width=1, is_signed=False, instance="count_negatives"
    )

    @always_comb
    def complete() -> None:
        total.next = terms_total + negatives

    sum_registers = [
        register(clk, source, held, width=bits, instance=f"{name}_register")
        for name, source, held, bits in (
            ("total", total, total_held, total_bits),
            ("scale", largest_exponent_held, sum_exponent, exponent_bits),
            ("sum_specials", specials_held, sum_specials, 3),
        )
    ]
    rounding = ieee_sum_to_format(
        total_held,
        sum_exponent,
        sum_specials,
        score,
        fmt=fmt,
        total_bits=total_bits,
        # A product's top bit weighs 2; each level of the sum adds a bit above it.
        top_weight=1 + tree_levels(d),
        instance="round",
    )

    inputs = q_register, k_register
    trees = sum_terms, count_negatives, complete
    return inputs, product, largest, gather_specials, product_registers, align, trees, sum_registers, rounding
