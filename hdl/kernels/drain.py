"""Fixed-point sums to numbers, one after the other through one converter."""

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always, always_comb, instances, unit
from hdl.units.arithmetic.sum_to_format import sum_to_format
from hdl.units.delays import valid_delay_line


@unit(d="width", q="width")
def unload_register(clk: In, load: In, d: In, q: Out, *, width: int, field_bits: int) -> Instances:
    """q takes d at a load, else moves down by `field_bits` bits; `width` bits."""

    @always(clk.posedge)
    def store() -> None:
        if load:
            q.next = d
        else:
            q.next = q >> field_bits

    return instances()


@unit(d="field_bits", q="width")
def fill_register(clk: In, d: In, q: Out, *, width: int, field_bits: int) -> Instances:
    """q moves down by `field_bits` bits at each clock and takes d at its top; `width` bits."""

    @always(clk.posedge)
    def store() -> None:
        q.next = concat(d, q[width:field_bits])

    return instances()


@unit(total="sum_bits", y="fmt.width")
def fixed_to_format(
    total: In, y: Out, *, fmt: FloatFormat, sum_bits: int, sum_fraction_bits: int
) -> Instances:
    """y = total * 2^-sum_fraction_bits, rounded to nearest even; total in two's complement."""
    # A bit more than the sum's: the magnitude of its smallest value does not fit the sum's own.
    total_bits = sum_bits + 1
    extended = Signal(intbv(0)[total_bits:])
    exponent = Signal(intbv(0)[fmt.exponent_bits + 1 :])
    unit_exponent = 2 * fmt.bias
    sign = sum_bits - 1

    @always_comb
    def extend() -> None:
        extended.next = concat(total[sign], total[sum_bits:])
        exponent.next = unit_exponent

    convert = sum_to_format(
        extended, exponent, y, fmt=fmt, total_bits=total_bits,
        top_weight=total_bits - 2 - sum_fraction_bits, instance="convert",
    )  # fmt: skip

    return instances()


@unit(sums="lanes * sum_bits", numbers="lanes * fmt.width")
def drain(
    clk: In,
    rst: In,
    finish: In,
    sums: In,
    drained: Out,
    numbers: Out,
    *,
    fmt: FloatFormat,
    lanes: int,
    sum_bits: int,
    sum_fraction_bits: int,
) -> Instances:
    """lanes + 1 clocks after finish: the sums of that clock as numbers, and drained for one clock.

    finish   bool; at most once in `lanes` clocks
    sums     `lanes` fields of sum_bits bits, two's complement
    numbers  `lanes` numbers, in the same order, complete while drained
    """
    held = Signal(intbv(0)[lanes * sum_bits :])
    lane = Signal(intbv(0)[sum_bits:])
    number = Signal(intbv(0)[fmt.width :])

    capture = unload_register(
        clk, finish, sums, held, width=lanes * sum_bits, field_bits=sum_bits, instance="capture"
    )

    @always_comb
    def take_lowest() -> None:
        lane.next = held[sum_bits:]

    convert = fixed_to_format(
        lane, number, fmt=fmt, sum_bits=sum_bits, sum_fraction_bits=sum_fraction_bits, instance="convert"
    )
    # What follows the last sum is zero, so that nothing switches between queries.
    collect = fill_register(
        clk, number, numbers, width=lanes * fmt.width, field_bits=fmt.width, instance="collect"
    )
    flag = valid_delay_line(clk, rst, finish, drained, clocks=lanes + 1, instance="flag")

    return instances()
