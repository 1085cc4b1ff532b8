"""`products = one`: the recurrence with one subtractor, one exponential and one product per lane.

At every key one of the two weights is e^0 = 1 and needs no product:

    the maximum rises    o <- e^(m - s) * o + v
    it stays             o <- o + e^(s - m) * v

The codes are those of two products, zero signs included; so is every register rank. `fmt` is a `FloatFormat`,
which flushes, or an `IeeeFormat`. Ports that several units share:

    start, live      bools: first key of a query; there is a key and it is not masked
    rises            bool: the key raises the maximum
    x                number: the lower of score and maximum before, less the new maximum
    sums             1 + d numbers, number i = bits [i*W, (i+1)*W): the sum of weights, then o
    value            d numbers
    scaled, passed   1 + d numbers each: what is multiplied by e^x, and what goes to the sum as it is
    product          1 + d numbers: scaled times its weight
"""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat, argument_format
from hdl.kernels.fa2_weights import fused_weight, separate_weight
from hdl.kernels.ieee_stages import ieee_fused_weight, ieee_separate_weight
from hdl.language.lanes import fields, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.parameters import PIECEWISE
from hdl.units.arithmetic.add import subtract
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2exp import LEVEL_BITS
from hdl.units.ieee.add import ieee_subtract
from hdl.units.ieee.expmul_lane import ieee_expmul_lane
from hdl.units.ieee.maximum import ieee_above
from hdl.units.ieee.multiply import ieee_multiply
from hdl.units.ieee.unpack import ieee_is_infinite
from hdl.units.registers import flag_register, register

# Ports of a unit that weighs with one product a lane; what they mean is in the module's docstring.
WEIGH_ONE_WIDTHS = {
    "x": "fmt.width",
    "sums": "(d + 1) * fmt.width",
    "value": "d * fmt.width",
    "product": "(d + 1) * fmt.width",
    "passed": "(d + 1) * fmt.width",
}


@unit(a="fmt.width", b="fmt.width")
def above(a: In, b: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = a > b; +0 counts as above -0; numbers rounded by a unit (no mantissa under exponent field 0)."""
    sign_bit = fmt.sign_bit
    magnitude_bits = (1 << sign_bit) - 1
    a_order = Signal(intbv(0)[fmt.width :])
    b_order = Signal(intbv(0)[fmt.width :])

    @always_comb
    def order() -> None:
        # Codes in the order of their values: sign inverted, magnitudes of negative numbers inverted.
        if a[sign_bit]:
            a_order.next = a[sign_bit:] ^ magnitude_bits
        else:
            a_order.next = concat(True, a[sign_bit:])
        if b[sign_bit]:
            b_order.next = b[sign_bit:] ^ magnitude_bits
        else:
            b_order.next = concat(True, b[sign_bit:])

    @always_comb
    def compare() -> None:
        y.next = a_order > b_order

    return instances()


@unit(score="fmt.width", current="fmt.width", lower="fmt.width")
def rising_maximum(
    clk: In,
    start: In,
    live: In,
    score: In,
    rises: Out,
    current: Out,
    lower: Out,
    *,
    fmt: FloatFormat,
    infinite_rises: bool,
) -> Instances:
    """One clock after a score: whether it raises the maximum, the maximum with it, and the lower of the two.

    start           bool: forget the maximum, start from the most negative finite number
    live            bool: the score counts
    score           number, fmt.width bits, rounded by a unit
    current, lower  numbers; lower is the maximum before where rises, else the score

    infinite_rises  whether a score of +Inf rises. Where it does not, Inf - Inf makes its weight NaN, as with
                    two products; Log2Exp makes 0 of that NaN, so its kernel lets Inf rise
    """
    width = fmt.width
    lowest = (1 << fmt.sign_bit) + fmt.max_finite_code

    before = Signal(intbv(0)[width:])
    after = Signal(intbv(0)[width:])
    is_above = Signal(False)
    raising = Signal(False)
    rising = Signal(False)
    lower_now = Signal(intbv(0)[width:])

    @always_comb
    def restart() -> None:
        if start:
            before.next = lowest
        else:
            before.next = current

    compare_unit = ieee_above if isinstance(fmt, IeeeFormat) else above
    compare = compare_unit(score, before, is_above, fmt=fmt, instance="above")

    @always_comb
    def decide() -> None:
        raising.next = live and is_above

    if isinstance(fmt, IeeeFormat) and fmt.has_infinity and not infinite_rises:
        infinite = Signal(False)
        find_infinite = ieee_is_infinite(score, infinite, fmt=fmt, instance="is_infinite")

        @always_comb
        def decide_selection() -> None:
            rising.next = raising and not infinite
    else:

        @always_comb
        def decide_selection() -> None:
            rising.next = raising

    @always_comb
    def choose() -> None:
        if raising:
            after.next = score
        else:
            after.next = before
        if rising:
            lower_now.next = before
        else:
            lower_now.next = score

    rises_register = flag_register(clk, rising, rises, instance="rises_register")
    current_register = register(clk, after, current, width=width, instance="current_register")
    lower_register = register(clk, lower_now, lower, width=width, instance="lower_register")

    return instances()


@unit(current="fmt.width", lower="fmt.width", x="fmt.width")
def single_difference(
    clk: In, rises: In, current: In, lower: In, rises_held: Out, x: Out, *, fmt: FloatFormat
) -> Instances:
    """One clock later: x = lower - current, and the flag beside it."""
    width = fmt.width
    difference = Signal(intbv(0)[width:])

    unit_of = ieee_subtract if isinstance(fmt, IeeeFormat) else subtract
    subtract_current = unit_of(lower, current, difference, fmt=argument_format(fmt), instance="subtract")
    x_register = register(clk, difference, x, width=width, instance="x_register")
    rises_register = flag_register(clk, rises, rises_held, instance="rises_register")

    return instances()


@unit(total="fmt.width", value="fmt.width", scaled="fmt.width", passed="fmt.width")
def lane_operands(
    rises: In,
    drop_passed: In,
    total: In,
    value: In,
    scaled: Out,
    passed: Out,
    *,
    fmt: FloatFormat,
    saturates: bool,
) -> Instances:
    """Of a lane's sum and value: the one that the weight scales, and the one that it does not.

    drop_passed    bool: passed is a zero, with the sum's sign; only where rises = 0
    total, value   numbers, fmt.width bits

    saturates  whether 1 * value, which passed stands for, holds a code beyond the largest finite number down
               to it, as a multiplier does and ExpMul's lane does not; a format that flushes has such codes
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    largest = fmt.max_finite_code
    flushed = Signal(intbv(0)[fmt.width :])

    if isinstance(fmt, IeeeFormat):

        @always_comb
        def flush() -> None:
            flushed.next = value
    else:

        @always_comb
        def flush() -> None:
            # As 1 * value does: an exponent field of 0 is a zero.
            flushed.next = value
            if value[sign_bit:mantissa_bits] == 0:
                flushed.next[mantissa_bits:] = 0
            elif saturates and value[sign_bit:] > largest:
                flushed.next[sign_bit:] = largest

    @always_comb
    def choose() -> None:
        if rises:
            scaled.next = total
            passed.next = flushed
        else:
            scaled.next = value
            passed.next = total
            if drop_passed:
                passed.next[sign_bit:] = 0

    return instances()


@unit(
    sums="(d + 1) * fmt.width",
    value="d * fmt.width",
    scaled="(d + 1) * fmt.width",
    passed="(d + 1) * fmt.width",
)
def key_operands(
    clk: In,
    start: In,
    live: In,
    rises: In,
    sums: In,
    value: In,
    drop_product: Out,
    scaled: Out,
    passed: Out,
    *,
    fmt: FloatFormat,
    d: int,
    saturates: bool,
) -> Instances:
    """The operands of all lanes; sums and value enter one clock after the flags.

    drop_product  bool, at once: this key's product is to be zero
    """
    width = fmt.width
    one_code = fmt.one_code
    drop_passed = Signal(False)
    rises_held = Signal(False)
    drop_passed_held = Signal(False)
    values = Signal(intbv(0)[(d + 1) * width :])

    @always_comb
    def decide() -> None:
        drop_passed.next = start and not rises
        if rises:
            drop_product.next = start
        else:
            drop_product.next = not live

    rises_register = flag_register(clk, rises, rises_held, instance="rises_register")
    drop_register = flag_register(clk, drop_passed, drop_passed_held, instance="drop_register")

    @always_comb
    def prepend_one() -> None:
        values.next = concat(value, intbv(one_code)[width:])

    choices = lanes(
        lane_operands, rises=rises_held, drop_passed=drop_passed_held, total=fields(sums, width),
        value=fields(values, width), fmt=fmt, saturates=saturates, instance="lane",
    )  # fmt: skip
    scaled_lanes = choices.scaled
    passed_lanes = choices.passed

    @always_comb
    def deliver() -> None:
        scaled.next = scaled_lanes
        passed.next = passed_lanes

    return instances()


@unit(**WEIGH_ONE_WIDTHS)
def weigh_one_separate(
    clk: In,
    start: In,
    live: In,
    rises: In,
    x: In,
    sums: In,
    value: In,
    product: Out,
    passed: Out,
    *,
    fmt: FloatFormat,
    d: int,
    exponential: str = PIECEWISE,
) -> Instances:
    """One exponential, d+1 multipliers; ports in the module's docstring.

    The flags, rises and x enter one clock before sums and value.
    """
    width = fmt.width
    drop_product = Signal(False)
    weight = Signal(intbv(0)[width:])
    scaled = Signal(intbv(0)[(d + 1) * width :])

    operands = key_operands(
        clk, start, live, rises, sums, value, drop_product, scaled, passed,
        fmt=fmt, d=d, saturates=True, instance="operands",
    )  # fmt: skip
    if isinstance(fmt, IeeeFormat):
        # 0 * NaN is NaN: a dropped product cannot be one with a weight of zero.
        drop_held = Signal(False)
        weight_of_x = ieee_separate_weight(
            clk, x, drop_product, weight, drop_held, fmt=fmt, instance="weight_of_x"
        )
        products = lanes(
            ieee_multiply, a=weight, b=fields(scaled, width), drop=drop_held, fmt=fmt, instance="multiply"
        )
    else:
        weight_of_x = separate_weight(
            clk, x, drop_product, weight, fmt=fmt, exponential=exponential, instance="weight_of_x"
        )
        products = lanes(multiply, a=weight, b=fields(scaled, width), fmt=fmt, instance="multiply")
    product_lanes = products.y

    @always_comb
    def deliver() -> None:
        product.next = product_lanes

    return instances()


@unit(**WEIGH_ONE_WIDTHS)
def weigh_one_fused(
    clk: In,
    start: In,
    live: In,
    rises: In,
    x: In,
    sums: In,
    value: In,
    product: Out,
    passed: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """One Log2Exp, d+1 ExpMul lanes; ports and timing as those of `weigh_one_separate`."""
    width = fmt.width
    # All ones take any exponent to zero: that is how a product is dropped where exponents are flushed.
    shift_bits = LEVEL_BITS if isinstance(fmt, IeeeFormat) else max(LEVEL_BITS, fmt.exponent_bits)
    drop_product = Signal(False)
    shift = Signal(intbv(0)[shift_bits:])
    scaled = Signal(intbv(0)[(d + 1) * width :])

    operands = key_operands(
        clk, start, live, rises, sums, value, drop_product, scaled, passed,
        fmt=fmt, d=d, saturates=False, instance="operands",
    )  # fmt: skip
    if isinstance(fmt, IeeeFormat):
        drop_held = Signal(False)
        weight_of_x = ieee_fused_weight(
            clk, x, drop_product, shift, drop_held, fmt=fmt, fraction_bits=fraction_bits,
            instance="weight_of_x",
        )  # fmt: skip
        products = lanes(
            ieee_expmul_lane, v=fields(scaled, width), shift=shift, drop=drop_held, fmt=fmt, instance="scale"
        )
    else:
        weight_of_x = fused_weight(
            clk, x, drop_product, shift, fmt=fmt, fraction_bits=fraction_bits, shift_bits=shift_bits,
            instance="weight_of_x",
        )  # fmt: skip
        products = lanes(expmul_lane, v=fields(scaled, width), shift=shift, fmt=fmt, instance="scale")
    product_lanes = products.y

    @always_comb
    def deliver() -> None:
        product.next = product_lanes

    return instances()
