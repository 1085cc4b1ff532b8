"""The finish of kernels that hold a running mean: there is nothing to divide, only to deliver."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.kernels.division import countdown, turning_register
from hdl.kernels.drain import fixed_to_format
from hdl.kernels.flashd import before_first
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.parameters import Choice, Parameters
from hdl.units.delays import enabled_register, valid_delay_line

SERIAL, SIDE_BY_SIDE = "serial", "side_by_side"
OUTPUT = Choice("output", (SERIAL, SIDE_BY_SIDE), "o to the format lane after lane, or by d converters")


def fewest_keys(parameters: Parameters) -> int:
    """Return the keys or gaps that a query has at least: a serial output takes a clock for each lane."""
    return int(parameters.d) if parameters.output == SERIAL else 1


def field_bits(fmt: FloatFormat, value_bits: int) -> int:
    """Return the bits of a field that holds a value, in fixed point, before and as a number."""
    return max(fmt.width, value_bits)


@unit(mean="value_bits", number="fmt.width")
def mean_to_number(
    mean: In, empty: In, number: Out, *, fmt: FloatFormat, value_bits: int, value_fraction_bits: int
) -> Instances:
    """number = mean * 2^-value_fraction_bits, rounded to nearest even; +0 for empty."""
    converted = Signal(intbv(0)[fmt.width :])
    convert = fixed_to_format(
        mean, converted, fmt=fmt, sum_bits=value_bits, sum_fraction_bits=value_fraction_bits,
        instance="convert",
    )  # fmt: skip

    @always_comb
    def clear() -> None:
        if empty:
            number.next = 0
        else:
            number.next = converted

    return instances()


@unit
def hold_empty(clk: In, start: In, live: In, finish: In, empty: Out) -> Instances:
    """One clock after finish, until the next: whether no key of that query has counted; all bools."""
    fresh = Signal(False)
    none = Signal(False)
    find_fresh = before_first(clk, start, live, fresh, instance="find_fresh")

    @always_comb
    def decide() -> None:
        none.next = fresh and not live

    empty_register = enabled_register(clk, finish, none, empty, width=1, instance="empty_register")

    return instances()


@unit(mean="value_bits", field="bits")
def widen(mean: In, field: Out, *, value_bits: int, bits: int) -> Instances:
    """field = mean, zeros above."""

    @always_comb
    def copy() -> None:
        field.next = mean

    return instances()


@unit(mean="d * value_bits", o="d * fmt.width")
def deliver_serially(
    clk: In,
    rst: In,
    start: In,
    live: In,
    finish: In,
    mean: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    value_bits: int,
    value_fraction_bits: int,
) -> Instances:
    """d + 1 clocks after finish: one converter, a lane per clock; `turning_register` holds both sides.

    start, live  bools, of each key, as finish: o is zero where none has counted
    finish       at most once in d clocks: a query has d keys or gaps at least
    mean         d fields of value_bits bits, two's complement
    o            d numbers
    """
    width = fmt.width
    step = field_bits(fmt, value_bits)
    vector = d * step
    spare = step - width
    held = Signal(intbv(0)[vector:])
    turned = Signal(intbv(0)[vector:])
    empty_held = Signal(False)
    number = Signal(intbv(0)[width:])
    field = Signal(intbv(0)[step:])
    busy = Signal(False)
    ending = Signal(False)

    widened = lanes(widen, mean=fields(mean, value_bits), value_bits=value_bits, bits=step, instance="widen")
    turning = turning_register(
        clk, finish, busy, widened.field, field, held, turned, width=vector, step=step,
        instance="turning_register",
    )  # fmt: skip
    find_empty = hold_empty(clk, start, live, finish, empty_held, instance="find_empty")
    convert = mean_to_number(
        held(value_bits, 0), empty_held, number, fmt=fmt, value_bits=value_bits,
        value_fraction_bits=value_fraction_bits, instance="convert",
    )  # fmt: skip
    extend = widen(number, field, value_bits=width, bits=step, instance="extend")
    counter = countdown(clk, rst, finish, busy, ending, valid_out, clocks=d, instance="countdown")
    numbers = joined([turned(i * step + width, i * step) for i in range(d)])
    output_register = enabled_register(clk, ending, numbers, o, width=d * width, instance="output_register")

    return instances()


@unit(mean="d * value_bits", o="d * fmt.width")
def deliver_side_by_side(
    clk: In,
    rst: In,
    start: In,
    live: In,
    finish: In,
    mean: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    value_bits: int,
    value_fraction_bits: int,
) -> Instances:
    """Two clocks after finish: d converters; ports as those of `deliver_serially`, queries of any length."""
    held = Signal(intbv(0)[d * value_bits :])
    empty_held = Signal(False)

    capture = enabled_register(clk, finish, mean, held, width=d * value_bits, instance="capture")
    find_empty = hold_empty(clk, start, live, finish, empty_held, instance="find_empty")
    converters = lanes(
        mean_to_number, mean=fields(held, value_bits), empty=empty_held, fmt=fmt, value_bits=value_bits,
        value_fraction_bits=value_fraction_bits, instance="convert",
    )  # fmt: skip
    captured = Signal(False)
    flag = valid_delay_line(clk, rst, finish, captured, clocks=1, instance="flag")
    output_register = enabled_register(
        clk, captured, converters.number, o, width=d * fmt.width, instance="output_register"
    )
    valid = valid_delay_line(clk, rst, captured, valid_out, clocks=1, instance="valid")

    return instances()


@unit(mean="fmt.width", number="fmt.width")
def unsigned_zero(mean: In, number: Out, *, fmt: FloatFormat) -> Instances:
    """number = mean, and +0 where it is -0."""
    sign_bit = fmt.sign_bit

    @always_comb
    def clear_sign() -> None:
        if mean[sign_bit:] == 0:
            number.next = 0
        else:
            number.next = mean

    return instances()


@unit(mean="d * fmt.width", o="d * fmt.width")
def deliver_numbers(
    clk: In, rst: In, finish: In, mean: In, valid_out: Out, o: Out, *, fmt: FloatFormat, d: int
) -> Instances:
    """One clock after finish: o = mean, d numbers, a zero as +0."""
    cleaned = lanes(unsigned_zero, mean=fields(mean, fmt.width), fmt=fmt, instance="lane")
    output_register = enabled_register(
        clk, finish, cleaned.number, o, width=d * fmt.width, instance="output_register"
    )
    valid = valid_delay_line(clk, rst, finish, valid_out, clocks=1, instance="valid")

    return instances()
