"""From a fixed-point sum to a number of the format: magnitude, normalisation, one rounding."""

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.normalise import normalise, zeros_bits
from hdl.units.arithmetic.round_to_format import exponent_signal, round_to_format


@unit(total="total_bits", exponent="fmt.exponent_bits + 1", y="fmt.width")
def sum_to_format(
    total: In, exponent: In, y: Out, *, fmt: FloatFormat, total_bits: int, top_weight: int
) -> Instances:
    """y = total * 2^(exponent - 2*bias + top_weight - (total_bits - 2)), rounded to nearest, ties to even.

    total     two's complement, total_bits bits; its magnitude fits total_bits - 1
    exponent  unsigned, exponent_bits + 1 bits: a sum of two exponent fields
    y         number, fmt.width bits; 0 gives +0

    top_weight is the exponent of the magnitude's top bit over that of 2^(exponent - 2*bias).
    """
    magnitude_bits = total_bits - 1
    count_bits = zeros_bits(magnitude_bits)
    offset = top_weight - fmt.bias
    lowest_exponent = offset - ((1 << count_bits) - 1)
    highest_exponent = offset + 2 * fmt.max_exponent_field

    negative = Signal(False)
    magnitude = Signal(modbv(0)[magnitude_bits:])
    normalised = Signal(intbv(0)[magnitude_bits:])
    zeros = Signal(intbv(0)[count_bits:])
    zero = Signal(False)
    field = exponent_signal(lowest_exponent, highest_exponent)

    @always_comb
    def take_magnitude() -> None:
        negative.next = total[magnitude_bits]
        if total[magnitude_bits]:
            magnitude.next = -total
        else:
            magnitude.next = total

    normaliser = normalise(magnitude, normalised, zeros, width=magnitude_bits, instance="normalise")

    @always_comb
    def classify() -> None:
        zero.next = not normalised[magnitude_bits - 1]
        field.next = exponent + offset - zeros

    rounder = round_to_format(
        negative,
        zero,
        field,
        normalised(magnitude_bits - 1, 0),
        y,
        fmt=fmt,
        fraction_bits=magnitude_bits - 1,
        lowest_exponent=lowest_exponent,
        highest_exponent=highest_exponent,
        instance="round",
    )

    return instances()
