"""Dot product of the log2 domain in a fixed window: no largest exponent, no number, a score at once.

    q ─ held ─┐
              ├─ product_i ─ register ─ term_i ─┬─ sum_0 ─ register ─┐
    k ────────┘                                 ├─  …                ├─ sum_terms ─ score
                                                └─ sum_n ─ register ─┘

A score in the exponent of 2 needs few bits after the point and few before it. So each product goes to its
place in one window of fixed weights, and the sum of all is the score. What that costs is in the units below.

A register has a product and its place, not k: it takes no more bits, and the glitches of a multiplier end
there, not in the shift and the sum behind.
"""

from myhdl import Signal, concat, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, name_signal, unit
from hdl.units.arithmetic.trees import sum_signal, sum_tree, tree_levels
from hdl.units.delays import enabled_register
from hdl.units.registers import register

# Products, partial sums: the score is combinational after the second rank.
WINDOWED_RANKS = 2
# What a partial sum holds: a register fewer than one for each product, and two adders' depth before it.
TERMS_PER_SUM = 4
# Bits that a window has below the score's last: what is cut off there moves a score by less than half a unit.
WINDOW_GUARD_BITS = 2


def truncated_product_bits(fmt: FloatFormat, dropped_columns: int) -> int:
    """Return the bits of a product of significands without its lowest columns."""
    return 2 * (fmt.mantissa_bits + 1) - dropped_columns


def dropped_mean(dropped_columns: int) -> int:
    """Return what the dropped columns hold on average, in units of the lowest that is left."""
    return (dropped_columns + 1) // 4


def term_bits(product_integer_bits: int, fraction_bits: int) -> int:
    """Return the bits of a product in the window, and its sign."""
    return product_integer_bits + 1 + fraction_bits + WINDOW_GUARD_BITS + 1


def near_bits(product_integer_bits: int, fraction_bits: int) -> int:
    """Return the bits of a product's distance from the window's top: all ones leave no bit of it, or one."""
    return (term_bits(product_integer_bits, fraction_bits) - 2).bit_length()


def sum_levels(d: int) -> int:
    """Return the levels of the sum of d terms: those of a partial sum and of the tree above."""
    return tree_levels(TERMS_PER_SUM) + tree_levels(-(-d // TERMS_PER_SUM))


def windowed_score_bits(product_integer_bits: int, fraction_bits: int, d: int) -> int:
    """Return the bits of a score, sign included; it cannot overflow."""
    return term_bits(product_integer_bits, fraction_bits) - WINDOW_GUARD_BITS + sum_levels(d)


@unit(
    a="fmt.mantissa_bits + 1",
    b="fmt.mantissa_bits + 1",
    product=lambda p: truncated_product_bits(p.fmt, p.dropped_columns),
)
def truncated_product(a: In, b: In, product: Out, *, fmt: FloatFormat, dropped_columns: int) -> Instances:
    """Product of two significands without its lowest columns.

    product  its bits from weight 2^(dropped_columns - 2 * mantissa_bits) on. Partial products below are left
             out, and their mean is added
    """
    rows = fmt.mantissa_bits + 1
    mean = dropped_mean(dropped_columns)

    @always_comb
    def multiply() -> None:
        total = intbv(0)[2 * rows - dropped_columns :]
        total[:] = mean
        for row in range(dropped_columns):
            total[:] = total + a[row] * (b >> (dropped_columns - row))
        for row in range(dropped_columns, rows):
            total[:] = total + ((a[row] * b) << (row - dropped_columns))
        product.next = total

    return instances()


@unit(
    q="fmt.width",
    k="fmt.width",
    near=lambda p: near_bits(p.product_integer_bits, p.fraction_bits),
    product=lambda p: truncated_product_bits(p.fmt, p.dropped_columns),
)
def windowed_product(
    q: In,
    k: In,
    sign: Out,
    beyond: Out,
    near: Out,
    product: Out,
    *,
    fmt: FloatFormat,
    dropped_columns: int,
    product_integer_bits: int,
    fraction_bits: int,
) -> Instances:
    """Product of two numbers, not normalised, and its place in the window.

    sign     bool
    beyond   bool: the exponents alone say that the product is 2^product_integer_bits or more
    near     its distance from the window's top; all ones where it is that far, and where either factor has
             exponent field 0: it does not count
    product  as `truncated_product` gives it
    """
    mantissa_bits, sign_bit = fmt.mantissa_bits, fmt.sign_bit
    out = (1 << len(near)) - 1
    # Of a product at the window's top, whose two integer bits are the window's highest.
    top_exponent = 2 * fmt.bias + product_integer_bits - 1
    # Short exponents too have the bits that the shift takes.
    bound = max(top_exponent, 2 * fmt.max_exponent_field, out) + 1
    # What q leaves of it stands still while its keys come.
    left = Signal(intbv(0, min=-bound, max=bound))
    distance = Signal(intbv(0, min=-bound, max=bound))
    zero = Signal(False)
    significand_q = Signal(intbv(0)[mantissa_bits + 1 :])
    significand_k = Signal(intbv(0)[mantissa_bits + 1 :])

    @always_comb
    def unpack() -> None:
        significand_q.next = concat(True, q[mantissa_bits:])
        significand_k.next = concat(True, k[mantissa_bits:])

    multiply = truncated_product(
        significand_q, significand_k, product, fmt=fmt, dropped_columns=dropped_columns, instance="multiply"
    )

    @always_comb
    def begin() -> None:
        left.next = top_exponent - q[sign_bit:mantissa_bits]

    @always_comb
    def measure() -> None:
        distance.next = left - k[sign_bit:mantissa_bits]

    @always_comb
    def classify() -> None:
        sign.next = q[sign_bit] ^ k[sign_bit]
        zero.next = q[sign_bit:mantissa_bits] == 0 or k[sign_bit:mantissa_bits] == 0

    @always_comb
    def place() -> None:
        beyond.next = distance < 0 and not zero
        if zero or distance >= out:
            near.next = out
        else:
            near.next = distance[len(near) :]

    return instances()


@unit(
    near=lambda p: near_bits(p.product_integer_bits, p.fraction_bits),
    product=lambda p: truncated_product_bits(p.fmt, p.dropped_columns),
    term=lambda p: term_bits(p.product_integer_bits, p.fraction_bits),
)
def windowed_term(
    sign: In,
    beyond: In,
    near: In,
    product: In,
    term: Out,
    *,
    fmt: FloatFormat,
    dropped_columns: int,
    product_integer_bits: int,
    fraction_bits: int,
) -> Instances:
    """A product, as `windowed_product` gives it, in the window: magnitude cut off, inverted for sign.

    A magnitude whose distance is all ones is 0.

    term  the magnitude, one's complement where sign is 1: all that is cut off or missing is below it. Of one
          beyond the window the magnitude is all ones
    """
    product_bits = truncated_product_bits(fmt, dropped_columns)
    width = term_bits(product_integer_bits, fraction_bits) - 1
    all_ones = (1 << width) - 1
    out = (1 << len(near)) - 1
    lifted_bits = max(0, width - product_bits)
    cut_bits = max(0, product_bits - width)

    window = Signal(intbv(0)[width:])
    shifted = Signal(intbv(0)[width:])
    magnitude = Signal(intbv(0)[width:])

    @always_comb
    def lift() -> None:
        window.next = (product << lifted_bits) >> cut_bits

    @always_comb
    def shift() -> None:
        shifted.next = window >> near

    @always_comb
    def limit() -> None:
        if beyond:
            magnitude.next = all_ones
        elif near == out:
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


@unit(terms="count * width", total="total_bits")
def signed_sum(terms: In, total: Out, *, count: int, width: int, total_bits: int) -> Instances:
    """total = sum of `count` terms in two's complement; total_bits hold it."""
    exact = sum_signal(count, width, True)
    wrapped = Signal(modbv(0)[total_bits:])

    add = sum_tree(terms, exact, count=count, width=width, is_signed=True, instance="add")

    @always_comb
    def extend() -> None:
        wrapped.next = exact

    @always_comb
    def deliver() -> None:
        total.next = wrapped

    return instances()


@unit(
    q="d * fmt.width",
    k="d * fmt.width",
    log_score=lambda p: windowed_score_bits(p.product_integer_bits, p.fraction_bits, p.d),
)
def windowed_dot_product(
    clk: In,
    start: In,
    q: In,
    k: In,
    log_score: Out,
    *,
    fmt: FloatFormat,
    d: int,
    dropped_columns: int,
    product_integer_bits: int,
    fraction_bits: int,
) -> Instances:
    """log_score ~ sum of q_i * k_i in units of 2^-F, F = fraction_bits.

    start      bool: q is stored with this k and stays for the next ones
    q, k       d numbers each, number i = bits [i*W, (i+1)*W)
    log_score  two's complement, cut off below its last bit; combinational, WINDOWED_RANKS clocks after its k
    """
    width = fmt.width
    bits = term_bits(product_integer_bits, fraction_bits)
    distance_bits = near_bits(product_integer_bits, fraction_bits)
    product_bits = truncated_product_bits(fmt, dropped_columns)
    partial_bits = bits + tree_levels(TERMS_PER_SUM)
    firsts = range(0, d, TERMS_PER_SUM)
    total_bits = len(log_score) + WINDOW_GUARD_BITS

    q_held = Signal(intbv(0)[d * width :])
    q_now = Signal(intbv(0)[d * width :])
    signs_held = Signal(intbv(0)[d:])
    beyond_held = Signal(intbv(0)[d:])
    near_held = Signal(intbv(0)[d * distance_bits :])
    products_held = Signal(intbv(0)[d * product_bits :])
    partial = [Signal(modbv(0)[partial_bits:]) for _ in firsts]
    partials = joined(partial)
    partials_held = Signal(intbv(0)[len(firsts) * partial_bits :])
    total = Signal(intbv(0)[total_bits:])

    q_register = enabled_register(clk, start, q, q_held, width=d * width, instance="q_register")

    @always_comb
    def choose_query() -> None:
        if start:
            q_now.next = q
        else:
            q_now.next = q_held

    products = lanes(
        windowed_product, q=fields(q_now, width), k=fields(k, width), fmt=fmt,
        dropped_columns=dropped_columns, product_integer_bits=product_integer_bits,
        fraction_bits=fraction_bits, instance="product",
    )  # fmt: skip
    product_register = register(
        clk, products.product, products_held, width=d * product_bits, instance="product_register"
    )
    near_register = register(clk, products.near, near_held, width=d * distance_bits, instance="near_register")
    sign_register = register(clk, products.sign, signs_held, width=d, instance="sign_register")
    beyond_register = register(clk, products.beyond, beyond_held, width=d, instance="beyond_register")
    terms = lanes(
        windowed_term, sign=fields(signs_held, 1), beyond=fields(beyond_held, 1),
        near=fields(near_held, distance_bits), product=fields(products_held, product_bits), fmt=fmt,
        dropped_columns=dropped_columns, product_integer_bits=product_integer_bits,
        fraction_bits=fraction_bits, instance="term",
    )  # fmt: skip
    partial_sums = [
        signed_sum(
            name_signal(joined(terms.signals["term"][first : first + TERMS_PER_SUM]), f"terms_{index}"),
            partial[index],
            count=min(TERMS_PER_SUM, d - first), width=bits, total_bits=partial_bits,
            instance=f"partial_sum_{index}",
        )
        for index, first in enumerate(firsts)
    ]  # fmt: skip
    partial_register = register(
        clk, partials, partials_held, width=len(partials_held), instance="partial_register"
    )
    sum_terms = signed_sum(
        partials_held,
        total,
        count=len(firsts),
        width=partial_bits,
        total_bits=total_bits,
        instance="sum_terms",
    )

    @always_comb
    def cut() -> None:
        log_score.next = total[:WINDOW_GUARD_BITS]

    return instances()
