"""Fused dot product: exact products, aligned to the largest, one sum, rounded once.

    q ─ register ─┐             ┌ sign ──────── register ─┬───────── count_negatives ──┐
                  ├─ product_i ─┼ zero ──────── register ─┤                            + ─ register ─┐
    k ─ register ─┘             ├ significand ─ register ─┼─ align_i ── sum_terms ─────┘             ├─ round
                                └ exponent ──┬─ register ─┤                                          │
                                     largest ┴─ register ─┴───────────────────────────── register ───┘

The alignment, E4M3 and d = 2: a product of two significands 1.mmm is xx.xxxxxx, 2 * (M + 1) = 8 bits; its
exponent is the sum of two exponent fields. The window has ceil(log2(d)) = 1 guard bit more. The product of
the largest exponent stands at its top; one of an exponent less by 3 is shifted by 3, and two bits are lost:

    largest       xx.xxxxxx0       the point weighs 2^(largest_exponent - 2 * bias)
    3 less        00.0xxxxxx|xx
    term         sxx.xxxxxxx       the sign above; the magnitude is inverted where it is 1
    total       ssxx.xxxxxxx       a bit more for each level of the sum
                +          n       count_negatives: the ones that two's complement of n terms lacks
"""

from myhdl import Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.lanes import joined
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.sum_to_format import sum_to_format
from hdl.units.arithmetic.trees import maximum_tree, sum_signal, sum_tree, tree_levels
from hdl.units.delays import enabled_register
from hdl.units.registers import register

# Operands, products, sum: the score is combinational after the third rank.
REGISTER_RANKS = 3


def guard_bits(d: int) -> int:
    """Return the bits kept below the last bit of the largest product: ceil(log2(d)).

    Alignment cuts off less than 2^-guard_bits of that last bit from each product, so d products
    together lose less than one last bit of the largest product, 2^-(2*mantissa_bits) of its binade.
    """
    return tree_levels(d)


def window_bits(fmt: FloatFormat, d: int) -> int:
    """Return the width of an aligned product's magnitude: the exact product and the guard bits."""
    return 2 * (fmt.mantissa_bits + 1) + guard_bits(d)


@unit(
    a="fmt.width", b="fmt.width", exponent="fmt.exponent_bits + 1", significand="2 * (fmt.mantissa_bits + 1)"
)
def exact_product(
    a: In, b: In, sign: Out, zero: Out, exponent: Out, significand: Out, *, fmt: FloatFormat
) -> Instances:
    """Exact product of two numbers, not normalised.

    a, b         numbers, fmt.width bits
    sign, zero   bools; zero = 1 where either factor has exponent field 0
    exponent     sum of the exponent fields, exponent_bits + 1 bits; 0 where zero
    significand  product of the significands, 2 * (mantissa_bits + 1) bits, as many after the point
                 as 2 * mantissa_bits
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    significand_a = Signal(intbv(0)[mantissa_bits + 1 :])
    significand_b = Signal(intbv(0)[mantissa_bits + 1 :])
    any_zero = Signal(False)

    @always_comb
    def unpack() -> None:
        any_zero.next = a[sign_bit:mantissa_bits] == 0 or b[sign_bit:mantissa_bits] == 0
        significand_a.next = concat(True, a[mantissa_bits:])
        significand_b.next = concat(True, b[mantissa_bits:])

    @always_comb
    def multiply_significands() -> None:
        significand.next = significand_a * significand_b

    @always_comb
    def classify() -> None:
        sign.next = a[sign_bit] ^ b[sign_bit]
        zero.next = any_zero
        if any_zero:
            exponent.next = 0
        else:
            exponent.next = a[sign_bit:mantissa_bits] + b[sign_bit:mantissa_bits]

    return instances()


@unit(
    exponent="fmt.exponent_bits + 1",
    significand="2 * (fmt.mantissa_bits + 1)",
    largest_exponent="fmt.exponent_bits + 1",
    term="2 * (fmt.mantissa_bits + 1) + guard_bits + 1",
)
def align_product(
    sign: In,
    zero: In,
    exponent: In,
    significand: In,
    largest_exponent: In,
    term: Out,
    *,
    fmt: FloatFormat,
    guard_bits: int,
) -> Instances:
    """Fixed-point term of the sum: the product at the scale of the largest, cut off below the window.

    sign, zero, exponent, significand  a product, as `exact_product` gives it
    largest_exponent                   the largest exponent of all products
    term  magnitude of 2 * (mantissa_bits + 1) + guard_bits bits, one's complement where sign is 1, and
          the sign above it: the sum adds the sign once more to make it two's complement
    """
    width = 2 * (fmt.mantissa_bits + 1) + guard_bits
    exponent_bits = fmt.exponent_bits + 1
    near_bits = min(exponent_bits, (width - 1).bit_length())
    all_ones = (1 << width) - 1

    distance = Signal(modbv(0)[exponent_bits:])
    window = Signal(intbv(0)[width:])
    shifted = Signal(intbv(0)[width:])
    magnitude = Signal(intbv(0)[width:])

    @always_comb
    def measure() -> None:
        distance.next = largest_exponent - exponent
        window.next = significand << guard_bits

    @always_comb
    def shift() -> None:
        shifted.next = window >> distance[near_bits:]

    if exponent_bits > near_bits:

        @always_comb
        def mask() -> None:
            if zero or distance[exponent_bits:near_bits] != 0:
                magnitude.next = 0
            else:
                magnitude.next = shifted
    else:

        @always_comb
        def mask() -> None:
            if zero:
                magnitude.next = 0
            else:
                magnitude.next = shifted

    @always_comb
    def complement() -> None:
        if sign:
            term.next = (1 << width) + (magnitude ^ all_ones)
        else:
            term.next = magnitude

    return instances()


@unit(q="d * fmt.width", k="d * fmt.width", score="fmt.width")
def dot_product(clk: In, start: In, q: In, k: In, score: Out, *, fmt: FloatFormat, d: int) -> Instances:
    """score = sum of q_i * k_i, the sum exact but for the alignment, rounded once to nearest even.

    start  bool: q is stored with this k and stays for the next ones
    q, k    d numbers each, number i = bits [i*W, (i+1)*W)
    score   number, fmt.width bits, combinational, REGISTER_RANKS clocks after its k; +0 for a zero sum
    """
    width = fmt.width
    exponent_bits = fmt.exponent_bits + 1
    significand_bits = 2 * (fmt.mantissa_bits + 1)
    guard = guard_bits(d)
    term_bits = window_bits(fmt, d) + 1
    total_bits = term_bits + tree_levels(d)

    # Behind rank 1: the operands, exact products, the largest of their exponents.
    q_held = Signal(intbv(0)[d * width :])
    k_held = Signal(intbv(0)[d * width :])
    sign = [Signal(False) for _ in range(d)]
    zero = [Signal(False) for _ in range(d)]
    exponent = [Signal(intbv(0)[exponent_bits:]) for _ in range(d)]
    significand = [Signal(intbv(0)[significand_bits:]) for _ in range(d)]
    signs, zeros = joined(sign), joined(zero)
    exponents, significands = joined(exponent), joined(significand)
    largest_exponent = Signal(intbv(0)[exponent_bits:])
    # Behind rank 2: the products, each at the scale of the largest, and their sum.
    signs_held = Signal(intbv(0)[d:])
    zeros_held = Signal(intbv(0)[d:])
    exponents_held = Signal(intbv(0)[d * exponent_bits :])
    significands_held = Signal(intbv(0)[d * significand_bits :])
    largest_exponent_held = Signal(intbv(0)[exponent_bits:])
    term = [Signal(intbv(0)[term_bits:]) for _ in range(d)]
    terms = joined(term)
    terms_total = sum_signal(d, term_bits, True)
    negatives = Signal(intbv(0)[1 + tree_levels(d) :])
    total = Signal(modbv(0)[total_bits:])
    # Behind rank 3: the sum and its scale.
    total_held = Signal(intbv(0)[total_bits:])
    sum_exponent = Signal(intbv(0)[exponent_bits:])

    q_register = enabled_register(clk, start, q, q_held, width=d * width, instance="q_register")
    k_register = register(clk, k, k_held, width=d * width, instance="k_register")
    product = [
        exact_product(
            q_held((i + 1) * width, i * width), k_held((i + 1) * width, i * width),
            sign[i], zero[i], exponent[i], significand[i], fmt=fmt, instance=f"product_{i}",
        )
        for i in range(d)
    ]  # fmt: skip
    largest = maximum_tree(exponents, largest_exponent, count=d, width=exponent_bits, instance="largest")

    product_registers = [
        register(clk, products, held, width=len(held), instance=f"{name}_register")
        for name, products, held in (
            ("sign", signs, signs_held),
            ("zero", zeros, zeros_held),
            ("exponent", exponents, exponents_held),
            ("significand", significands, significands_held),
            ("largest", largest_exponent, largest_exponent_held),
        )
    ]
    align = [
        align_product(
            signs_held(i), zeros_held(i), exponents_held((i + 1) * exponent_bits, i * exponent_bits),
            significands_held((i + 1) * significand_bits, i * significand_bits), largest_exponent_held,
            term[i], fmt=fmt, guard_bits=guard, instance=f"align_{i}",
        )
        for i in range(d)
    ]  # fmt: skip
    sum_terms = sum_tree(terms, terms_total, count=d, width=term_bits, is_signed=True, instance="sum_terms")
    count_negatives = sum_tree(
        signs_held, negatives, count=d, width=1, is_signed=False, instance="count_negatives"
    )

    @always_comb
    def complete() -> None:
        total.next = terms_total + negatives

    total_register = register(clk, total, total_held, width=total_bits, instance="total_register")
    scale_register = register(
        clk, largest_exponent_held, sum_exponent, width=exponent_bits, instance="scale_register"
    )
    # A product's top bit weighs 2; each level of the sum adds a bit above it.
    rounding = sum_to_format(
        total_held, sum_exponent, score, fmt=fmt, total_bits=total_bits, top_weight=1 + tree_levels(d),
        instance="round",
    )  # fmt: skip

    return instances()
