"""What the kernels of the FLASH-D family share: a running mean of v, and the logarithm of the sum of weights.

With log2 e folded into q and S the score in fixed point, for each key that counts

    L <- log2(2^L + 2^S)        w = 2^(S - L)        o <- o + w (v - o)

o is the attention of the keys so far: there is no maximum, no sum of weights, no division.
hdl/FLASHD_KERNELS.md has the widths, and what of it is FLASH-D's own.
"""

from dataclasses import dataclass
from typing import Any

from myhdl import Signal, intbv, modbv

from hdl.formats import FloatFormat
from hdl.kernels.frame import DOT_PRODUCT, Stage, StageChoice
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.models import arithmetic
from hdl.models.attention import LOG2_E, Model
from hdl.models.codes import encode
from hdl.models.log2 import log2_score as log2_score_model
from hdl.models.log_addition import log_sum as log_sum_model
from hdl.models.mean_weights import aligned_log2_score as aligned_log2_score_model
from hdl.models.numpy_when_used import BoolArray, CodeArray, IntArray, np
from hdl.parameters import Choice, Integer
from hdl.units.arithmetic.aligned_dot_product import aligned_dot_product, aligned_total_bits
from hdl.units.arithmetic.dot_product import REGISTER_RANKS
from hdl.units.exponential.aligned_log2_score import aligned_log2_score
from hdl.units.exponential.log2_constants import SCORE_INTEGER_BITS
from hdl.units.exponential.log2_score import log2_score
from hdl.units.exponential.log_addition import log_addition
from hdl.units.exponential.log_addition_constants import FRACTION_BITS_RANGE
from hdl.units.registers import flag_register, register

ROUNDED, FIXED = "format", "fixed"


def score_bits(fraction_bits: int) -> int:
    """Return the bits of S: signed Q9.F."""
    return SCORE_INTEGER_BITS + 1 + fraction_bits


def log_total_bits(fraction_bits: int) -> int:
    """Return the bits of L: signed Q10.F. It exceeds the largest S by 13 at most, where T is 0."""
    return score_bits(fraction_bits) + 1


def score_choice(usual: str) -> Choice:
    """Return the parameter `score`, by default `usual`."""
    words = (usual, ROUNDED if usual == FIXED else FIXED)
    return Choice("score", words, "the dot product rounded to the format, or its aligned sum in fixed point")


FRACTION_BITS = Integer(
    "fraction_bits",
    10,
    FRACTION_BITS_RANGE.start,
    FRACTION_BITS_RANGE.stop - 1,
    "fraction bits of a score and of the sum's logarithm",
)


@unit(score="fmt.width", log_score=lambda p: score_bits(p.fraction_bits))
def quantise_score(clk: In, score: In, log_score: Out, *, fmt: FloatFormat, fraction_bits: int) -> Instances:
    """One clock later: the score in fixed point, Q9.F as `log2_score` has it."""
    fixed = Signal(modbv(0)[score_bits(fraction_bits) :])
    quantise = log2_score(score, fixed, fmt=fmt, fraction_bits=fraction_bits, instance="quantise")
    score_register = register(clk, fixed, log_score, width=len(log_score), instance="score_register")

    return instances()


@unit(
    total=lambda p: aligned_total_bits(p.fmt, p.d),
    scale="fmt.exponent_bits + 1",
    log_score=lambda p: score_bits(p.fraction_bits),
)
def quantise_sum(
    clk: In, total: In, scale: In, log_score: Out, *, fmt: FloatFormat, d: int, fraction_bits: int
) -> Instances:
    """One clock later: the dot product's aligned sum in fixed point, Q9.F."""
    fixed = Signal(modbv(0)[score_bits(fraction_bits) :])
    quantise = aligned_log2_score(
        total, scale, fixed, fmt=fmt, d=d, fraction_bits=fraction_bits, instance="quantise"
    )
    score_register = register(clk, fixed, log_score, width=len(log_score), instance="score_register")

    return instances()


@unit
def before_first(clk: In, start: In, live: In, fresh: Out) -> Instances:
    """fresh: no key since start has counted before this one; all bools, start and live of this key."""
    empty = Signal(False)
    empty_before = Signal(False)

    @always_comb
    def restart() -> None:
        fresh.next = start or empty_before

    @always_comb
    def count() -> None:
        empty.next = (start or empty_before) and not live

    empty_register = flag_register(clk, empty, empty_before, instance="empty_register")

    return instances()


@unit(
    log_score=lambda p: score_bits(p.fraction_bits),
    log_total=lambda p: log_total_bits(p.fraction_bits),
    log_score_held=lambda p: score_bits(p.fraction_bits),
)
def log_sum(
    clk: In,
    start: In,
    live: In,
    log_score: In,
    log_total: Out,
    log_score_held: Out,
    *,
    fraction_bits: int,
) -> Instances:
    """One clock after a score: the logarithm of the sum of weights with it, and the score itself.

    start, live     bools: forget the sum; the score counts
    log_score, log_score_held  two's complement, 9 + F bits, Q9.F
    log_total       two's complement, 10 + F bits, Q10.F; of the first score that counts the score itself
    """
    bits = log_total_bits(fraction_bits)
    half = 1 << bits
    fresh = Signal(False)
    difference = Signal(intbv(0, min=-half, max=half))
    distance = Signal(intbv(0)[bits:])
    larger = Signal(modbv(0)[bits:])
    increase = Signal(intbv(0)[fraction_bits + 1 :])
    together = Signal(modbv(0)[bits:])
    following = Signal(modbv(0)[bits:])

    find_fresh = before_first(clk, start, live, fresh, instance="find_fresh")

    @always_comb
    def subtract() -> None:
        difference.next = log_total.signed() - log_score.signed()

    @always_comb
    def choose() -> None:
        if difference < 0:
            distance.next = -difference
            larger.next = log_score.signed()
        else:
            distance.next = difference[bits:]
            larger.next = log_total

    addition = log_addition(distance, increase, fraction_bits=fraction_bits, instance="log_addition")

    @always_comb
    def add() -> None:
        together.next = larger + increase

    @always_comb
    def follow() -> None:
        if not live:
            following.next = log_total
        elif fresh:
            following.next = log_score.signed()
        else:
            following.next = together

    total_register = register(clk, following, log_total, width=bits, instance="total_register")
    score_register = register(
        clk, log_score, log_score_held, width=len(log_score_held), instance="score_register"
    )

    return instances()


@unit(
    log_total=lambda p: log_total_bits(p.fraction_bits),
    log_score_held=lambda p: score_bits(p.fraction_bits),
    below=lambda p: log_total_bits(p.fraction_bits),
)
def score_below_total(log_total: In, log_score_held: In, below: Out, *, fraction_bits: int) -> Instances:
    """below = log_total - log_score_held: n of a weight 2^-n, Q10.F; not negative where the key counts."""
    difference = Signal(modbv(0)[log_total_bits(fraction_bits) :])

    @always_comb
    def subtract() -> None:
        difference.next = log_total.signed() - log_score_held.signed()

    @always_comb
    def deliver() -> None:
        below.next = difference

    return instances()


CHOSEN_SCORE = StageChoice(
    "score", format=DOT_PRODUCT, fixed=Stage(aligned_dot_product, "dot_product", REGISTER_RANKS)
)
CHOSEN_QUANTISE = StageChoice(
    "score", format=Stage(quantise_score, "quantise"), fixed=Stage(quantise_sum, "quantise")
)
LOG_SUM = Stage(log_sum, "log_sum")


@dataclass(frozen=True)
class MeanState:
    """L (...), whether no key has counted (...), and o (..., d): codes, or integers in fixed point."""

    log_total: IntArray
    empty: BoolArray
    mean: Any


class MeanModel(Model):
    """A running mean whose weights are 2^(S - L)."""

    query_factor = LOG2_E

    def move(self, mean: Any, below: IntArray, value: CodeArray, counts: BoolArray) -> Any:
        """Return the mean after a key; counts (..., 1), below (..., 1) is n of its weight 2^-n."""
        raise NotImplementedError

    def score(self, q: CodeArray, k: CodeArray) -> IntArray:
        """Return the score in fixed point."""
        p = self.parameters
        if p.score == FIXED:
            return aligned_log2_score_model(q, k, self.fmt, p.fraction_bits)
        return log2_score_model(arithmetic.dot_product(q, k, self.fmt), self.fmt, p.fraction_bits)

    def start(self, shape: tuple[int, ...]) -> MeanState:
        """Return a mean of zero of no key."""
        empty = np.ones(shape[:-1], np.bool_)
        return MeanState(np.zeros(shape[:-1], np.int64), empty, np.zeros(shape, np.int64))

    def key(self, state: MeanState, score: IntArray, value: CodeArray, live: BoolArray) -> MeanState:
        """Add the key's weight to the sum, and move the mean."""
        added = log_sum_model(state.log_total, score, self.parameters.fraction_bits)
        total = np.where(live, np.where(state.empty, score, added), state.log_total)
        mean = self.move(state.mean, (total - score)[..., None], value, live[..., None])
        return MeanState(total, state.empty & ~live, mean)


class FixedMeanModel(MeanModel):
    """That mean in fixed point, int64, value_fraction_bits bits after the point."""

    def finish(self, state: MeanState) -> CodeArray:
        """Convert to the format."""
        values = np.ldexp(state.mean.astype(np.float64), -self.parameters.value_fraction_bits)
        codes: CodeArray = np.where(state.empty[..., None], 0, encode(values, self.fmt)).astype(np.uint32)
        return codes
