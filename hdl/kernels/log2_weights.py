"""What the log2-domain kernels share beside their maximum: weights that are powers of two.

With log2 e folded into q and S the score in fixed point, M the largest floor of a score:

    o* = 2^-(M - M_before) o* + 2^(S - M) v*        the first factor is an exact power of two
"""

from dataclasses import dataclass

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.frame import Stage
from hdl.kernels.log2_maximum import log2_difference, log2_maximum
from hdl.language.lanes import fields
from hdl.language.lanes import lanes as side_by_side
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import arithmetic
from hdl.models.attention import LOG2_E, Model
from hdl.models.division import quotients
from hdl.models.log2 import KeyWeight, log2_score, weigh_key
from hdl.models.log2 import power_weight as power_weight_model
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.models.operators import scale_down
from hdl.parameters import Integer
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.units.exponential.log2_constants import (
    DISTANCE_BITS,
    DISTANCE_MAX,
    MAXIMUM_START,
    held_fraction_bits,
    power_mantissas,
)
from hdl.units.registers import flag_register, register

FLOOR_MAXIMUM = Stage(log2_maximum, "maximum", parameters={"ceiling": False})
FLOOR_DIFFERENCE = Stage(log2_difference, "difference", parameters={"ceiling": False})


def score_fraction_bits(usual: int) -> Integer:
    """Return the parameter `fraction_bits`, F: `usual`, or all mantissa bits where there are fewer."""
    return Integer(
        "fraction_bits",
        lambda p: min(usual, p.fmt.mantissa_bits),
        0,
        lambda p: p.fmt.mantissa_bits,
        "fraction bits of a score in the log2 domain",
    )


def log2_factor_bits(fraction_bits: int) -> int:
    """Return the bits of a weight's logarithm in units of 2^-F, from -31 to below 1: two's complement."""
    return DISTANCE_BITS + fraction_bits + 1


@unit(rescale=DISTANCE_BITS, shift="shift_bits")
def rescale_shift(clk: In, rescale: In, drop: In, shift: Out, *, shift_bits: int) -> Instances:
    """One clock later: shift = rescale, or all ones, which takes any exponent to zero, for drop = 1."""
    all_ones = (1 << shift_bits) - 1
    chosen = Signal(intbv(0)[shift_bits:])

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = all_ones
        else:
            chosen.next = rescale

    shift_register = register(clk, chosen, shift, width=shift_bits, instance="shift_register")

    return instances()


@unit(distance=DISTANCE_BITS, fraction=lambda p: held_fraction_bits(p.fraction_bits), weight="fmt.width")
def power_weight(
    clk: In,
    distance: In,
    fraction: In,
    far: In,
    drop: In,
    weight: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
) -> Instances:
    """One clock later: weight = 2^(fraction / 2^F - distance), rounded, or 0 for drop or far.

    distance  unsigned, 5 bits
    fraction  unsigned, F bits
    weight    number, fmt.width bits: the mantissa of 2^(fraction / 2^F) from a table
    """
    mantissas = power_mantissas(fraction_bits, fmt.mantissa_bits)
    mantissa_bits = fmt.mantissa_bits
    bias = fmt.bias
    mantissa = Signal(intbv(0)[mantissa_bits:])
    exponent = Signal(intbv(0, min=-DISTANCE_MAX - 1, max=fmt.max_exponent_field + 1))
    chosen = Signal(intbv(0)[fmt.width :])

    @always_comb
    def look_up() -> None:
        mantissa.next = mantissas[fraction]

    @always_comb
    def subtract() -> None:
        exponent.next = bias - distance

    @always_comb
    def choose() -> None:
        if drop or far or exponent <= 0:
            chosen.next = 0
        else:
            chosen.next = (exponent[fmt.exponent_bits :] << mantissa_bits) + mantissa

    weight_register = register(clk, chosen, weight, width=fmt.width, instance="weight_register")

    return instances()


@unit(
    distance=DISTANCE_BITS,
    fraction=lambda p: held_fraction_bits(p.fraction_bits),
    log2_factor=lambda p: log2_factor_bits(p.fraction_bits),
)
def log2_weight(
    clk: In,
    distance: In,
    fraction: In,
    far: In,
    drop: In,
    log2_factor: Out,
    zero: Out,
    *,
    fraction_bits: int,
) -> Instances:
    """One clock later: log2_factor = fraction - distance * 2^F, two's complement; zero = drop or far."""
    difference = Signal(modbv(0)[log2_factor_bits(fraction_bits) :])
    no_weight = Signal(False)

    @always_comb
    def subtract() -> None:
        difference.next = fraction - (distance << fraction_bits)
        no_weight.next = drop or far

    log2_weight_register = register(
        clk, difference, log2_factor, width=len(log2_factor), instance="log2_weight_register"
    )
    zero_register = flag_register(clk, no_weight, zero, instance="zero_register")

    return instances()


@unit(rescale=DISTANCE_BITS, sums="lanes * fmt.width", rescaled="lanes * fmt.width")
def rescale_sums(
    clk: In, rescale: In, drop: In, sums: In, rescaled: Out, *, fmt: FloatFormat, lanes: int
) -> Instances:
    """rescaled = 2^-rescale * sums, `lanes` numbers each; rescale and drop of one clock before."""
    width = fmt.width
    shift_bits = max(DISTANCE_BITS, fmt.exponent_bits)
    shift = Signal(intbv(0)[shift_bits:])

    hold = rescale_shift(clk, rescale, drop, shift, shift_bits=shift_bits, instance="hold_shift")
    lowered = side_by_side(expmul_lane, v=fields(sums, width), shift=shift, fmt=fmt, instance="lane")
    together = lowered.y

    @always_comb
    def deliver() -> None:
        rescaled.next = together

    return instances()


@dataclass(frozen=True)
class Log2State:
    """The integer maximum (...), and the sums [l, o] (..., d + 1): codes, or integers in fixed point."""

    maximum: IntArray
    sums: CodeArray | IntArray


class Log2Model(Model):
    """An integer maximum of the scores' floors and sums in the format, but for the product with v."""

    query_factor = LOG2_E
    ceiling = False

    def product(self, key: KeyWeight, weight: CodeArray, value: CodeArray) -> CodeArray:
        """Return the codes of the weighted value, (..., d); `weight`, (..., 1), is the rounded one."""
        raise NotImplementedError

    def score(self, q: CodeArray, k: CodeArray) -> IntArray:
        """Return the score in fixed point."""
        codes = arithmetic.dot_product(q, k, self.fmt)
        return log2_score(codes, self.fmt, self.parameters.fraction_bits)

    def start(self, shape: tuple[int, ...]) -> Log2State:
        """Return a maximum of -256, and sums of zero."""
        maximum = np.full(shape[:-1], MAXIMUM_START, np.int64)
        return Log2State(maximum, np.zeros((*shape[:-1], shape[-1] + 1), np.uint32))

    def weigh(self, state: Log2State, score: IntArray, live: BoolArray) -> tuple[IntArray, KeyWeight]:
        """Return the maximum after the key, and what the key does."""
        return weigh_key(state.maximum, score, live, self.parameters.fraction_bits, self.ceiling)

    def key(self, state: Log2State, score: IntArray, value: CodeArray, live: BoolArray) -> Log2State:
        """Rescale the sums by a power of two and add the weighted value."""
        maximum, key = self.weigh(state, score, live)
        weight = power_weight_model(key.distance, key.fraction, self.fmt, self.parameters.fraction_bits)
        weighted = np.concatenate([weight[..., None], self.product(key, weight[..., None], value)], axis=-1)
        counted = np.where(key.counts[..., None], weighted, 0).astype(np.uint32)
        rescaled = scale_down(state.sums, key.rescale[..., None], self.fmt)
        return Log2State(maximum, arithmetic.add(rescaled, counted, self.fmt))

    def finish(self, state: Log2State) -> CodeArray:
        """Divide."""
        return quotients(state.sums.astype(np.uint32), self.parameters)
