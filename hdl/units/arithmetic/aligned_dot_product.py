"""The dot product's aligned sum as it is, for what needs no number of the format."""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.lanes import fields, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.dot_product import align_product, exact_product, guard_bits, window_bits
from hdl.units.arithmetic.trees import maximum_tree, sum_signal, sum_tree, tree_levels
from hdl.units.delays import enabled_register
from hdl.units.registers import register


def aligned_total_bits(fmt: FloatFormat, d: int) -> int:
    """Return the bits of the sum: aligned products, their sign, and a bit for each level of the tree."""
    return window_bits(fmt, d) + 1 + tree_levels(d)


@unit(
    q="d * fmt.width",
    k="d * fmt.width",
    total=lambda p: aligned_total_bits(p.fmt, p.d),
    scale="fmt.exponent_bits + 1",
)
def aligned_dot_product(
    clk: In, start: In, q: In, k: In, total: Out, scale: Out, *, fmt: FloatFormat, d: int
) -> Instances:
    """Sum of q_i * k_i, REGISTER_RANKS clocks after its k: that which `dot_product` rounds.

    start  bool: q is stored with this k and stays for the next ones
    q, k   d numbers each, number i = bits [i*W, (i+1)*W)
    total  two's complement; its magnitude's top bit weighs 2^(scale - 2 * bias + 1 + ceil(log2(d)))
    scale  unsigned, exponent_bits + 1 bits: the largest sum of two exponent fields
    """
    width = fmt.width
    exponent_bits = fmt.exponent_bits + 1
    significand_bits = 2 * (fmt.mantissa_bits + 1)
    guard = guard_bits(d)
    term_bits = window_bits(fmt, d) + 1

    # Behind rank 1: the operands, exact products, the largest of their exponents.
    q_held = Signal(intbv(0)[d * width :])
    k_held = Signal(intbv(0)[d * width :])
    largest_exponent = Signal(intbv(0)[exponent_bits:])
    # Behind rank 2: the products, each at the scale of the largest, and their sum.
    signs = Signal(intbv(0)[d:])
    zeros = Signal(intbv(0)[d:])
    exponents = Signal(intbv(0)[d * exponent_bits :])
    significands = Signal(intbv(0)[d * significand_bits :])
    largest_held = Signal(intbv(0)[exponent_bits:])
    terms_total = sum_signal(d, term_bits, True)
    negatives = Signal(intbv(0)[1 + tree_levels(d) :])
    complete_total = Signal(modbv(0)[aligned_total_bits(fmt, d) :])

    q_register = enabled_register(clk, start, q, q_held, width=d * width, instance="q_register")
    k_register = register(clk, k, k_held, width=d * width, instance="k_register")
    products = lanes(
        exact_product, a=fields(q_held, width), b=fields(k_held, width), fmt=fmt, instance="product"
    )
    find_largest = maximum_tree(
        products.exponent, largest_exponent, count=d, width=exponent_bits, instance="find_largest"
    )

    product_registers = [
        register(clk, made, held, width=len(held), instance=f"{name}_register")
        for name, made, held in (
            ("sign", products.sign, signs),
            ("zero", products.zero, zeros),
            ("exponent", products.exponent, exponents),
            ("significand", products.significand, significands),
            ("largest", largest_exponent, largest_held),
        )
    ]
    aligned = lanes(
        align_product, sign=fields(signs, 1), zero=fields(zeros, 1),
        exponent=fields(exponents, exponent_bits), significand=fields(significands, significand_bits),
        largest_exponent=largest_held, fmt=fmt, guard_bits=guard, instance="align",
    )  # fmt: skip
    sum_terms = sum_tree(
        aligned.term, terms_total, count=d, width=term_bits, is_signed=True, instance="sum_terms"
    )
    count_negatives = sum_tree(
        signs, negatives, count=d, width=1, is_signed=False, instance="count_negatives"
    )

    @always_comb
    def complete() -> None:
        complete_total.next = terms_total + negatives

    # Behind rank 3: the sum and its scale.
    total_register = register(clk, complete_total, total, width=len(total), instance="total_register")
    scale_register = register(clk, largest_held, scale, width=exponent_bits, instance="scale_register")

    return instances()
