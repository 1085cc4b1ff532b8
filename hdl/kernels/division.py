"""The division o / l in other ways than `stages.divide`: at every key, by logarithms, lane after lane.

Ports that the stages share:

    clk, rst   clock; synchronous reset of the flags
    finish     bool: the sums are those of a whole query
    sums       1 + d numbers, number i = bits [i*W, (i+1)*W): l, then o
    valid_out  bool, for one clock: o is this query's
    o          d numbers, +0 where zero, and all +0 where l is zero; held until the next ones

every_key: the operands of the division follow the sums at every key, as in the group's code, and only o waits
for finish. Else nothing switches between the queries.
"""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat
from hdl.kernels.stages import multiply_unsigned_zero
from hdl.language.lanes import fields, lanes
from hdl.language.unit import In, Instances, Out, always, always_comb, instances, unit
from hdl.units.arithmetic.log_division_constants import log2_mantissas
from hdl.units.arithmetic.reciprocal import reciprocal
from hdl.units.delays import enabled_register, valid_delay_line
from hdl.units.ieee.reciprocal import ieee_reciprocal
from hdl.units.registers import register


@unit(divisor="divisor_bits", sums="vector_bits", divisor_held="divisor_bits", numerator="vector_bits")
def division_operands(
    clk: In,
    take: In,
    divisor: In,
    sums: In,
    divisor_held: Out,
    numerator: Out,
    *,
    divisor_bits: int,
    vector_bits: int,
) -> Instances:
    """The division's operands one clock later, where they are taken.

    divisor  divisor_bits bits, what stands for 1/l
    sums     d numbers, vector_bits bits: o
    """
    divisor_register = enabled_register(
        clk, take, divisor, divisor_held, width=divisor_bits, instance="divisor_register"
    )
    numerator_register = enabled_register(
        clk, take, sums, numerator, width=vector_bits, instance="numerator_register"
    )

    return instances()


@unit(quotients="vector_bits", o="vector_bits")
def division_result(
    clk: In, rst: In, finish: In, quotients: In, valid_out: Out, o: Out, *, vector_bits: int, every_key: bool
) -> Instances:
    """o takes the quotients two clocks after finish, and keeps them until the next ones."""
    finish_held = Signal(False)
    finishing = valid_delay_line(clk, rst, finish, finish_held, clocks=1, instance="finishing")
    valid = valid_delay_line(clk, rst, finish_held, valid_out, clocks=1, instance="valid")
    if every_key:
        output_register = enabled_register(
            clk, finish_held, quotients, o, width=vector_bits, instance="output_register"
        )
    else:
        # Its operands are still, so it is too.
        output_register = register(clk, quotients, o, width=vector_bits, instance="output_register")

    return instances()


@unit(sums="(d + 1) * fmt.width", o="d * fmt.width")
def divide_at_every_key(
    clk: In, rst: In, finish: In, sums: In, valid_out: Out, o: Out, *, fmt: FloatFormat, d: int
) -> Instances:
    """Two clocks after finish: one reciprocal and d multipliers, which work at every key."""
    width = fmt.width
    vector = d * width
    inverse = Signal(intbv(0)[width:])
    inverse_held = Signal(intbv(0)[width:])
    numerator = Signal(intbv(0)[vector:])

    unit_of = ieee_reciprocal if isinstance(fmt, IeeeFormat) else reciprocal
    invert = unit_of(sums(width, 0), inverse, fmt=fmt, instance="reciprocal")
    operands = division_operands(
        clk, True, inverse, sums(vector + width, width), inverse_held, numerator,
        divisor_bits=width, vector_bits=vector, instance="operands",
    )  # fmt: skip
    multipliers = lanes(
        multiply_unsigned_zero, a=inverse_held, b=fields(numerator, width), fmt=fmt, instance="multiply"
    )
    result = division_result(
        clk, rst, finish, multipliers.y, valid_out, o,
        vector_bits=vector, every_key=True, instance="result",
    )  # fmt: skip

    return instances()


@unit(total="fmt.width", divisor="fmt.width + 1")
def log_divisor(total: In, divisor: Out, *, fmt: FloatFormat) -> Instances:
    """divisor = code of 1 - code of total, with total's mantissa through the table of its logarithm.

    total    number, not negative
    divisor  width + 1 bits, two's complement; the most negative value, which makes any quotient zero, for 0
    """
    mantissa_bits = fmt.mantissa_bits
    sign_bit = fmt.sign_bit
    one_code = fmt.one_code
    modulus = 1 << (fmt.width + 1)
    zero_code = 1 << fmt.width
    table = log2_mantissas(mantissa_bits)
    mantissa = Signal(intbv(0)[mantissa_bits:])
    logarithm = Signal(intbv(0)[mantissa_bits:])

    @always_comb
    def take_mantissa() -> None:
        mantissa.next = total[mantissa_bits:]

    @always_comb
    def look_up() -> None:
        logarithm.next = table[mantissa]

    @always_comb
    def subtract() -> None:
        if total[sign_bit:mantissa_bits] == 0:
            divisor.next = zero_code
        else:
            divisor.next = (modulus + one_code - concat(total[sign_bit:mantissa_bits], logarithm)) & (
                modulus - 1
            )

    return instances()


@unit(divisor="fmt.width + 1", numerator="fmt.width", y="fmt.width")
def log_quotient_lane(divisor: In, numerator: In, y: Out, *, fmt: FloatFormat) -> Instances:
    """y = numerator / l: one addition of codes; zero as +0, the largest finite number where it is exceeded.

    divisor       as `log_divisor` gives it
    numerator, y  numbers, fmt.width bits
    """
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    width = fmt.width
    largest = fmt.max_finite_code
    smallest = 1 << mantissa_bits
    half = 1 << width
    offset = Signal(intbv(0, min=-half, max=half))
    code = Signal(intbv(0, min=-half, max=half))

    @always_comb
    def take_sign() -> None:
        offset.next = divisor.signed()

    @always_comb
    def add() -> None:
        code.next = offset + numerator[sign_bit:]

    @always_comb
    def limit() -> None:
        if numerator[sign_bit:mantissa_bits] == 0 or code < smallest:
            y.next = 0
        elif code > largest:
            y.next = concat(numerator[sign_bit], intbv(largest)[sign_bit:])
        else:
            y.next = concat(numerator[sign_bit], code[sign_bit:])

    return instances()


@unit(sums="(d + 1) * fmt.width", o="d * fmt.width")
def divide_by_logarithms(
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
    """Two clocks after finish: no reciprocal and no multiplier; for formats without Inf and NaN."""
    assert not isinstance(fmt, IeeeFormat)
    width = fmt.width
    vector = d * width
    divisor = Signal(intbv(0)[width + 1 :])
    divisor_held = Signal(intbv(0)[width + 1 :])
    numerator = Signal(intbv(0)[vector:])

    find_divisor = log_divisor(sums(width, 0), divisor, fmt=fmt, instance="find_divisor")
    operands = division_operands(
        clk, True if every_key else finish, divisor, sums(vector + width, width), divisor_held, numerator,
        divisor_bits=width + 1, vector_bits=vector, instance="operands",
    )  # fmt: skip
    quotients = lanes(
        log_quotient_lane, divisor=divisor_held, numerator=fields(numerator, width), fmt=fmt, instance="lane"
    )
    result = division_result(
        clk, rst, finish, quotients.y, valid_out, o,
        vector_bits=vector, every_key=every_key, instance="result",
    )  # fmt: skip

    return instances()


@unit
def countdown(clk: In, rst: In, start: In, busy: Out, ending: Out, done: Out, *, clocks: int) -> Instances:
    """busy for `clocks` clocks after a start, ending in the last of them, in which may fall the next start.

    done  ending, one clock later
    """
    remaining = Signal(intbv(0)[clocks.bit_length() :])

    @always_comb
    def tell() -> None:
        busy.next = remaining != 0
        ending.next = remaining == 1

    @always(clk.posedge)
    def count() -> None:
        done.next = not rst and remaining == 1
        if rst:
            remaining.next = 0
        elif start:
            remaining.next = clocks
        elif remaining != 0:
            remaining.next = remaining - 1

    return instances()


@unit(sums="width", quotient="step", y="width", turned="width")
def turning_register(
    clk: In, load: In, turn: In, sums: In, quotient: In, y: Out, turned: Out, *, width: int, step: int
) -> Instances:
    """y takes the sums at a load, else, at a turn, moves down by `step` bits, the quotient at its top.

    turned  y as a turn would leave it, at once; all vectors of `width` bits but the quotient, of `step`
    """

    @always_comb
    def prepare() -> None:
        turned.next = concat(quotient, y[width:step])

    @always(clk.posedge)
    def store() -> None:
        if load:
            y.next = sums
        elif turn:
            y.next = turned

    return instances()


@unit(sums="(d + 1) * fmt.width", o="d * fmt.width")
def divide_serially(
    clk: In, rst: In, finish: In, sums: In, valid_out: Out, o: Out, *, fmt: FloatFormat, d: int
) -> Instances:
    """d + 1 clocks after finish: one reciprocal, one multiplier, a lane per clock.

    finish at most once in d clocks: a query has d keys or gaps at least. A register turns: numerators leave
    it at its low end, quotients enter at the other, and o takes it whole after the last.
    """
    width = fmt.width
    vector = d * width
    inverse = Signal(intbv(0)[width:])
    inverse_held = Signal(intbv(0)[width:])
    numbers = Signal(intbv(0)[vector:])
    turned = Signal(intbv(0)[vector:])
    quotient = Signal(intbv(0)[width:])
    busy = Signal(False)
    ending = Signal(False)

    unit_of = ieee_reciprocal if isinstance(fmt, IeeeFormat) else reciprocal
    invert = unit_of(sums(width, 0), inverse, fmt=fmt, instance="reciprocal")
    inverse_register = enabled_register(
        clk, finish, inverse, inverse_held, width=width, instance="inverse_register"
    )
    turning = turning_register(
        clk, finish, busy, sums(vector + width, width), quotient, numbers, turned,
        width=vector, step=width, instance="turning_register",
    )  # fmt: skip
    multiplier = multiply_unsigned_zero(
        inverse_held, numbers(width, 0), quotient, fmt=fmt, instance="multiply"
    )
    counter = countdown(clk, rst, finish, busy, ending, valid_out, clocks=d, instance="countdown")
    output_register = enabled_register(clk, ending, turned, o, width=vector, instance="output_register")

    return instances()
