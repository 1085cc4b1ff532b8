"""H-FA: sums as signs and logarithms, no product but the dot product's and no exponential.

    S = log2(e) q . k in fixed point        M' = max(M, S)
    A = L_o + (M - M')                      B = log2|v| + (S - M')
    L_o' = max(A, B) + log2(1 +- 2^-|A - B|)       and after the last key 2^(L_o - L_l)

The lane of the constant 1 gives L_l. hdl/HFA_KERNEL.md has widths, tables, and what is the source's.
"""

from dataclasses import dataclass

from myhdl import Signal, concat, intbv

from hdl.formats import FloatFormat
from hdl.kernels.frame import Kernel, Stage
from hdl.kernels.hfa_maximum import hfa_difference, hfa_maximum, weight_bits
from hdl.language.lanes import fields, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import hfa
from hdl.models.arithmetic import dot_product as dot_product_model
from hdl.models.attention import LOG2_E, Model
from hdl.models.log2 import log2_score
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.parameters import Choice, Integer
from hdl.registry import register as register_design
from hdl.units.delays import enabled_register, valid_delay_line
from hdl.units.exponential.hfa_constants import DROP_MAX, logarithm_bits
from hdl.units.exponential.log2_constants import SCORE_INTEGER_BITS
from hdl.units.exponential.log_correction import correction_bits, inferred_correction, sound_correction
from hdl.units.registers import register

SOUND, INFERRED = "sound", "inferred"


@unit(
    total=lambda p: logarithm_bits(p.fmt, p.fraction_bits) + 1,
    v="fmt.width",
    rescale=lambda p: weight_bits(p.fraction_bits),
    offset=lambda p: logarithm_bits(p.fmt, p.fraction_bits) + 1,
    y=lambda p: logarithm_bits(p.fmt, p.fraction_bits) + 1,
)
def log_sum_lane(
    total: In,
    v: In,
    rescale: In,
    offset: In,
    drop_total: In,
    drop_value: In,
    y: Out,
    *,
    fmt: FloatFormat,
    fraction_bits: int,
    log_sum: str,
) -> Instances:
    """y = 2^rescale * total + 2^offset * v, sums as sign and logarithm, L bits.

    total, y    sign, then L bits in two's complement in units of 2^-F, F = fraction_bits; the most negative
                value is zero
    v           number, fmt.width bits
    rescale     two's complement, in units of 2^-F, not positive
    offset      the same less the code of 1: L + 1 bits
    drop_total, drop_value  bools: that term is zero
    """
    log_bits = logarithm_bits(fmt, fraction_bits)
    sign_bit = fmt.sign_bit
    mantissa_bits = fmt.mantissa_bits
    spare_bits = fraction_bits - mantissa_bits
    half = 1 << log_bits
    zero = -(1 << (log_bits - 1))
    zero_code = 1 << (log_bits - 1)
    bits = correction_bits(fraction_bits) if log_sum == SOUND else fraction_bits + 1

    before = Signal(intbv(0)[log_bits:])
    a = Signal(intbv(0, min=-half, max=half))
    b = Signal(intbv(0, min=-half, max=half))
    a_zero = Signal(False)
    b_zero = Signal(False)
    difference = Signal(intbv(0, min=-2 * half, max=2 * half))
    larger_is_a = Signal(False)
    distance = Signal(intbv(0)[log_bits + 1 :])
    opposite = Signal(False)
    sign = Signal(False)
    larger = Signal(intbv(0, min=-half, max=half))
    correction = Signal(intbv(0)[bits:])
    cancels = Signal(False)
    nothing_left = Signal(False)
    corrected = Signal(intbv(0, min=-2 * half, max=2 * half))
    result = Signal(intbv(0)[log_bits:])

    @always_comb
    def take_logarithm() -> None:
        before.next = total[log_bits:]

    @always_comb
    def weigh() -> None:
        a.next = before.signed() + rescale.signed()
        b.next = (v[sign_bit:] << spare_bits) + offset.signed()

    @always_comb
    def find_zeros() -> None:
        a_zero.next = drop_total or a <= zero
        b_zero.next = drop_value or v[sign_bit:mantissa_bits] == 0 or b <= zero

    @always_comb
    def compare() -> None:
        difference.next = a - b
        opposite.next = total[log_bits] != v[sign_bit]

    @always_comb
    def order() -> None:
        larger_is_a.next = not a_zero and (b_zero or difference >= 0)
        if difference < 0:
            distance.next = -difference
        else:
            distance.next = difference[log_bits + 1 :]

    if log_sum == SOUND:
        correct = sound_correction(
            distance, opposite, correction, cancels, fraction_bits=fraction_bits, instance="correct"
        )

        @always_comb
        def cancel() -> None:
            nothing_left.next = (cancels and not a_zero and not b_zero) or (a_zero and b_zero)
    else:
        correct = inferred_correction(distance, correction, fraction_bits=fraction_bits, instance="correct")

        @always_comb
        def cancel() -> None:
            # Where two equal terms cancel, H0 leaves half of one.
            nothing_left.next = a_zero and b_zero

    @always_comb
    def choose() -> None:
        if larger_is_a:
            larger.next = a
            sign.next = total[log_bits]
        else:
            larger.next = b
            sign.next = v[sign_bit]

    @always_comb
    def add() -> None:
        if a_zero or b_zero:
            corrected.next = larger
        elif opposite:
            corrected.next = larger - correction
        else:
            corrected.next = larger + correction

    @always_comb
    def hold_at_zero() -> None:
        if nothing_left or corrected < zero:
            result.next = zero_code
        else:
            result.next = corrected[log_bits:]

    @always_comb
    def deliver() -> None:
        y.next = concat(sign, result)

    return instances()


@unit(
    rescale=lambda p: weight_bits(p.fraction_bits),
    offset=lambda p: logarithm_bits(p.fmt, p.fraction_bits) + 1,
    value="d * fmt.width",
    sums=lambda p: (p.d + 1) * (logarithm_bits(p.fmt, p.fraction_bits) + 1),
)
def accumulate_logarithms(
    clk: In,
    start: In,
    live: In,
    rescale: In,
    offset: In,
    value: In,
    sums: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
    log_sum: str,
) -> Instances:
    """One clock later: sums = 2^rescale * sums + 2^offset * [1, value]; all inputs of one clock.

    start    bool: the sums are those of the query before, and count as zero
    live     bool: the key counts
    rescale, offset  as `hfa_difference` gives them
    value    d numbers
    sums     d + 1 fields of sign and logarithm, the sum of weights lowest, as `log_sum_lane` has them
    """
    field_bits = logarithm_bits(fmt, fraction_bits) + 1
    one_code = fmt.one_code
    masked = Signal(False)
    values = Signal(intbv(0)[(d + 1) * fmt.width :])

    @always_comb
    def invert() -> None:
        masked.next = not live

    @always_comb
    def prepend_one() -> None:
        values.next = concat(value, intbv(one_code)[fmt.width :])

    add_lanes = lanes(
        log_sum_lane, total=fields(sums, field_bits), v=fields(values, fmt.width), rescale=rescale,
        offset=offset, drop_total=start, drop_value=masked, fmt=fmt, fraction_bits=fraction_bits,
        log_sum=log_sum, instance="add",
    )  # fmt: skip
    sums_register = register(clk, add_lanes.y, sums, width=(d + 1) * field_bits, instance="sums_register")

    return instances()


@unit(total="logarithm_bits", divisor="logarithm_bits + 1")
def hfa_divisor(
    total: In, divisor: Out, *, fmt: FloatFormat, fraction_bits: int, logarithm_bits: int
) -> Instances:
    """divisor = code of 1, and half of what is rounded off, less L_l.

    total    L_l, two's complement; its most negative value is zero
    divisor  two's complement; the most negative value, which makes any quotient zero, for l = 0
    """
    zero_code = 1 << (logarithm_bits - 1)
    nothing = 1 << logarithm_bits
    modulus = 2 * nothing
    spare_bits = fraction_bits - fmt.mantissa_bits
    rounded_one = (fmt.bias << fraction_bits) + (1 << spare_bits >> 1)
    difference = Signal(intbv(0, min=-nothing, max=nothing))

    @always_comb
    def subtract() -> None:
        difference.next = rounded_one - total.signed()

    @always_comb
    def choose() -> None:
        if total == zero_code:
            divisor.next = nothing
        else:
            divisor.next = difference[logarithm_bits + 1 :]

    return instances()


@unit(divisor="logarithm_bits + 1", total="logarithm_bits + 1", y="fmt.width")
def hfa_quotient_lane(
    divisor: In, total: In, y: Out, *, fmt: FloatFormat, fraction_bits: int, logarithm_bits: int
) -> Instances:
    """y = o / l, read back as a number: zero as +0, the largest finite number where it is exceeded.

    divisor  as `hfa_divisor` gives it
    total    o: sign, then L_o in two's complement, logarithm_bits bits
    y        number, fmt.width bits
    """
    log_bits = logarithm_bits
    sign_bit = fmt.sign_bit
    spare_bits = fraction_bits - fmt.mantissa_bits
    half = 1 << (log_bits + 1)
    smallest = 1 << (fmt.mantissa_bits + spare_bits)
    beyond = (fmt.max_finite_code + 1) << spare_bits
    largest = fmt.max_finite_code
    low = spare_bits
    high = sign_bit + spare_bits
    logarithm = Signal(intbv(0)[log_bits:])
    code = Signal(intbv(0, min=-half, max=half))

    @always_comb
    def take_logarithm() -> None:
        logarithm.next = total[log_bits:]

    @always_comb
    def add() -> None:
        code.next = logarithm.signed() + divisor.signed()

    @always_comb
    def limit() -> None:
        if code < smallest:
            y.next = 0
        elif code >= beyond:
            y.next = concat(total[log_bits], intbv(largest)[sign_bit:])
        else:
            y.next = concat(total[log_bits], code[high:low])

    return instances()


@unit(sums=lambda p: (p.d + 1) * (logarithm_bits(p.fmt, p.fraction_bits) + 1), o="d * fmt.width")
def divide_logarithms(
    clk: In,
    rst: In,
    finish: In,
    sums: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    fraction_bits: int,
) -> Instances:
    """One clock after finish: o = sums[1..d] / sums[0] by d subtractions, and valid_out for one clock.

    sums  1 + d fields as `log_sum_lane` has them; they may change at any other clock
    o     d numbers, +0 where zero, and all +0 where sums[0] is zero; held until the next ones
    """
    log_bits = logarithm_bits(fmt, fraction_bits)
    field_bits = log_bits + 1
    divisor = Signal(intbv(0)[log_bits + 1 :])
    find_divisor = hfa_divisor(
        sums(log_bits, 0), divisor, fmt=fmt, fraction_bits=fraction_bits, logarithm_bits=log_bits,
        instance="find_divisor",
    )  # fmt: skip
    quotients = lanes(
        hfa_quotient_lane, divisor=divisor, total=fields(sums((d + 1) * field_bits, field_bits), field_bits),
        fmt=fmt, fraction_bits=fraction_bits, logarithm_bits=log_bits, instance="lane",
    )  # fmt: skip
    output_register = enabled_register(
        clk, finish, quotients.y, o, width=d * fmt.width, instance="output_register"
    )
    valid = valid_delay_line(clk, rst, finish, valid_out, clocks=1, instance="valid")

    return instances()


@dataclass(frozen=True)
class HfaState:
    """The largest score (...), and of [l, o] the logarithms and the signs (..., d + 1)."""

    maximum: IntArray
    logarithms: IntArray
    signs: IntArray


class HfaModel(Model):
    """H-FA on integers."""

    query_factor = LOG2_E

    def score(self, q: CodeArray, k: CodeArray) -> IntArray:
        """Return the score in fixed point."""
        codes = dot_product_model(q, k, self.fmt)
        return log2_score(codes, self.fmt, self.parameters.fraction_bits)

    def start(self, shape: tuple[int, ...]) -> HfaState:
        """Return a maximum of -256, and sums of zero."""
        lowest = -(1 << SCORE_INTEGER_BITS + self.parameters.fraction_bits)
        sums = (*shape[:-1], shape[-1] + 1)
        return HfaState(
            np.full(shape[:-1], lowest, np.int64),
            np.full(sums, self.zero, np.int64),
            np.zeros(sums, np.int64),
        )

    def key(self, state: HfaState, score: IntArray, value: CodeArray, live: BoolArray) -> HfaState:
        """Rescale the sums to the new maximum and add the weighted value."""
        bits = self.parameters.fraction_bits
        lowest = -(DROP_MAX << bits)
        maximum = np.where(live, np.maximum(state.maximum, score), state.maximum)
        rescale = np.maximum(state.maximum - maximum, lowest)[..., None]
        offset = np.maximum(score - maximum, lowest)[..., None]
        constant = np.full((*value.shape[:-1], 1), self.fmt.one_code, np.uint32)
        numbers = np.concatenate([constant, value], axis=-1)
        of_numbers = hfa.logarithm(numbers, self.fmt, bits)
        terms = np.where(of_numbers == self.zero, self.zero, of_numbers + offset)
        logarithms, signs = hfa.add_in_logarithms(
            state.logarithms + rescale,
            state.signs,
            np.where(live[..., None], terms, self.zero),
            (numbers >> self.fmt.sign_bit).astype(np.int64),
            self.zero,
            bits,
            self.parameters.log_sum == SOUND,
        )
        return HfaState(maximum, logarithms, signs)

    def finish(self, state: HfaState) -> CodeArray:
        """Subtract logarithms and read the results as numbers."""
        return hfa.quotients_of_logarithms(
            state.logarithms, state.signs, self.fmt, self.parameters.fraction_bits
        )

    @property
    def zero(self) -> int:
        """What stands for the logarithm of zero."""
        return hfa.zero_logarithm(self.fmt, self.parameters.fraction_bits)


FA2_HFA = register_design(
    Kernel(
        name="fa2_hfa",
        description="FlashAttention-2 kernel: sums as signs and logarithms, no product and no exponential",
        baseline="fa2_baseline",
        parameters=(
            Integer(
                "fraction_bits",
                lambda p: max(7, p.fmt.mantissa_bits),
                lambda p: max(4, p.fmt.mantissa_bits),
                12,
                "fraction bits of a score and of a logarithm",
            ),
            Choice(
                "log_sum",
                (SOUND, INFERRED),
                "log2(1 +- 2^-x): by tables, or taken for +- 2^-x, as inferred of H-FA",
            ),
        ),
        recurrence=(
            Stage(hfa_maximum, "maximum"),
            Stage(hfa_difference, "difference"),
            Stage(accumulate_logarithms, "accumulate"),
        ),
        finish=(Stage(divide_logarithms, "divide"),),
        model=HfaModel,
    )
)
