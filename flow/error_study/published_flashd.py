"""FLASH-D as its authors published it, a model only: it does not work on real scores, and here is how.

    w = sigmoid(s - s_before + ln w_before)        o <- w v + (1 - w) o

From the published code [C], Thrace group, 2025-08: the recurrence, its functions as eight segments each in
BF16 with truncation, the coefficients (here to four digits, BF16 has fewer), how a segment is chosen, the
start, and what happens to keys whose score lies far from the one before. That code is a demonstration, with
optimised files announced, not the circuit that was measured. Three ways to run it, from the letter on:

    published   as it stands
    mended      segments chosen by their breaks, arguments and w held in the functions' range, and a start
                without a virtual key
    exact       sigmoid and ln exact, and no key treated apart; w is a BF16 number, and so are the lanes
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from flow.attention_data.sample import load
from flow.error_study.attention_arm import attend_exact, kernel_arm
from flow.error_study.measure import row_errors
from hdl.formats import BF16
from hdl.ieee_format import NEAREST, TRUNCATE, IeeeFormat, ieee_format
from hdl.models.ieee import dot_product
from hdl.models.ieee_codes import decode, encode
from hdl.models.numpy_when_used import FloatArray, IntArray

SIGMOID_RANGE, WEIGHT_RANGE = (-6.0, 11.0), (0.00001, 0.99999)
# Segments from the lowest: where each but the first begins, slope, value at 0.
SIGMOID_BREAKS = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0)
SIGMOID_SLOPES = (0.01967, 0.07208, 0.1477, 0.2390, 0.1491, 0.06622, 0.03564, 0.002268)
SIGMOID_OFFSETS = (0.1001, 0.2574, 0.4086, 0.4999, 0.5899, 0.7556, 0.8473, 0.9808)
LN_BREAKS = (2.0**-8, 2.0**-6, 2.0**-5, 2.0**-4, 2.0**-3, 2.0**-2, 2.0**-1)
LN_SLOPES = (1632.0, 90.09, 42.33, 22.57, 11.07, 5.536, 2.784, 1.371)
LN_OFFSETS = (-11.53, -5.505, -4.759, -4.141, -3.423, -2.731, -2.043, -1.336)

# Scores that fall or rise by so much: w is set, and o kept or replaced.
FALL, RISE = -6.0, 11.0
WEIGHT_AFTER_FALL, WEIGHT_AFTER_RISE = WEIGHT_RANGE

# A row that errs by so much of its length has failed: half of it is wrong.
FAILURE = 0.5
QUERIES_PER_HEAD = 4
RANDOM_QUERIES, RANDOM_D = 24, 64
RANDOM_SCORES = ((1, 128), (2, 128), (3, 128), (1, 512), (2, 512), (3, 512))

Function = Callable[[FloatArray, IeeeFormat], FloatArray]


def rounded(values: FloatArray, fmt: IeeeFormat) -> FloatArray:
    """Return the values as the format has them."""
    return decode(encode(values, fmt), fmt)


def segment_by_breaks(x: FloatArray, breaks: Sequence[float]) -> IntArray:
    """Return the segment that x lies in."""
    return np.searchsorted(breaks, x, side="right").astype(np.int64)


def sigmoid_segment_published(x: FloatArray) -> IntArray:
    """Return the segment that the published decoder takes.

    Positive x get the segment below theirs; |x| < 1, which no case has, an outermost one.
    """
    negative = np.select([(x > -4) & (x <= -3), (x > -3) & (x <= -2), (x > -2) & (x <= -1)], [0, 1, 2], 0)
    positive = np.select(
        [(x >= 1) & (x < 2), (x >= 2) & (x < 3), (x >= 3) & (x < 4), (x >= 4) & (x < 8)], [3, 4, 5, 6], 7
    )
    return np.where(x < 0, negative, positive)


def ln_segment_published(x: FloatArray) -> IntArray:
    """Return the segment that the published decoder takes: for [2^-7, 2^-6) and from 1 on the lowest."""
    segment = segment_by_breaks(x, LN_BREAKS)
    return np.where(((x >= 2.0**-7) & (x < 2.0**-6)) | (x >= 1.0), 0, segment)


def by_segments(
    slopes: Sequence[float],
    offsets: Sequence[float],
    segment_of: Callable[[FloatArray], IntArray],
    x: FloatArray,
    fmt: IeeeFormat,
) -> FloatArray:
    """Return slope * x + offset of x's segment, coefficients and x in the format, rounded once."""
    a, b = (rounded(np.array(column), fmt) for column in (slopes, offsets))
    x = rounded(x, fmt)
    segment = segment_of(np.nan_to_num(x))
    return rounded(a[segment] * x + b[segment], fmt)


def exact_sigmoid(x: FloatArray, fmt: IeeeFormat) -> FloatArray:
    """Return sigmoid(x), rounded once."""
    return rounded(np.exp(-np.logaddexp(0.0, -x)), fmt)


def exact_ln(x: FloatArray, fmt: IeeeFormat) -> FloatArray:
    """Return ln x as it is; -Inf for 0."""
    result: FloatArray = np.log(x)
    return result


@dataclass(frozen=True)
class Published:
    """A way to run it: the format that rounds, the functions, what is done to the first and to far keys."""

    fmt: IeeeFormat
    sigmoid: Function
    ln: Function
    virtual_key: bool
    treats_far_keys_apart: bool
    rounds_scores: bool = True  # their difference, and its sum with ln w

    def attend(self, q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
        """Return its output [..., d]; q [..., d], k and v [..., keys, d] are rounded first, to nearest."""
        fmt = self.fmt
        nearest = ieee_format(BF16.name)
        queries, keys = encode(q, nearest), encode(k, nearest)
        values = decode(encode(v, nearest), nearest)
        scores = decode(dot_product(queries[..., None, :], keys, fmt), fmt)
        weight, before = np.ones(scores.shape[:-1]), np.zeros(scores.shape[:-1])
        mean = np.zeros(q.shape)
        for index in range(scores.shape[-1]):
            score, value = scores[..., index], values[..., index, :]
            if index == 0 and not self.virtual_key:
                mean = value
            else:
                weight, mean = self.key(self.difference(score - before), weight, value, mean)
            before = score
        return mean

    def difference(self, x: FloatArray) -> FloatArray:
        """Return a difference of scores as it is held."""
        return rounded(x, self.fmt) if self.rounds_scores else x

    def key(
        self, rise: FloatArray, weight: FloatArray, value: FloatArray, mean: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return w and o after a key whose score lies `rise` above the one before."""
        fmt = self.fmt
        weight = self.sigmoid(self.difference(rise + self.ln(weight, fmt)), fmt)
        w = weight[..., None]
        rest = rounded(1.0 - w, fmt)
        mixed = rounded(rounded(w * value, fmt) + rounded(rest * mean, fmt), fmt)
        if not self.treats_far_keys_apart:
            return weight, mixed
        fell, rose = rise <= FALL, rise >= RISE
        fixed = rounded(np.array([WEIGHT_AFTER_FALL, WEIGHT_AFTER_RISE]), fmt)
        weight = np.select([fell, rose], [fixed[0], fixed[1]], weight)
        return weight, np.select([fell[..., None], rose[..., None]], [mean, value], mixed)


def mended_sigmoid(x: FloatArray, fmt: IeeeFormat) -> FloatArray:
    """Return the published sigmoid with its segments by their breaks, within its range."""
    segments = sigmoid_with(partial(segment_by_breaks, breaks=SIGMOID_BREAKS))
    return rounded(np.clip(segments(np.clip(x, *SIGMOID_RANGE), fmt), *WEIGHT_RANGE), fmt)


def sigmoid_with(segment_of: Callable[[FloatArray], IntArray]) -> Function:
    """Return the published sigmoid with a decoder."""
    return partial(by_segments, SIGMOID_SLOPES, SIGMOID_OFFSETS, segment_of)


def ln_with(segment_of: Callable[[FloatArray], IntArray]) -> Function:
    """Return the published logarithm with a decoder."""
    return partial(by_segments, LN_SLOPES, LN_OFFSETS, segment_of)


PUBLISHED = Published(
    ieee_format(BF16.name, TRUNCATE),
    sigmoid_with(sigmoid_segment_published),
    ln_with(ln_segment_published),
    virtual_key=True,
    treats_far_keys_apart=True,
)
MENDED = Published(
    ieee_format(BF16.name, TRUNCATE),
    mended_sigmoid,
    ln_with(partial(segment_by_breaks, breaks=LN_BREAKS)),
    virtual_key=False,
    treats_far_keys_apart=True,
)
EXACT_FUNCTIONS = Published(
    ieee_format(BF16.name, NEAREST),
    exact_sigmoid,
    exact_ln,
    virtual_key=False,
    treats_far_keys_apart=False,
    rounds_scores=False,
)

WAYS: dict[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "FLASH-D as published": PUBLISHED.attend,
    "... decoders, ranges and start mended": MENDED.attend,
    "... exact functions, w in BF16": EXACT_FUNCTIONS.attend,
    "`fa2_flashd`, form = published": kernel_arm("fa2_flashd", given={"form": "published"}),
    "`fa2_flashd`": kernel_arm("fa2_flashd"),
    "`fa2_baseline`": kernel_arm("fa2_baseline"),
}


def real_queries() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return q [n, 32], k and v [n, 128, 32] of MiniLM's sample, evenly spaced queries of every head."""
    sets = load(32)
    step = len(sets[0].queries) // QUERIES_PER_HEAD
    q = np.concatenate([one.queries[::step] for one in sets])
    k, v = (
        np.concatenate([np.repeat(array[None], QUERIES_PER_HEAD, axis=0) for array in arrays])
        for arrays in ([one.keys for one in sets], [one.values for one in sets])
    )
    return q, k, v


def random_queries(sigma: int, keys: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return q [n, d], k and v [n, keys, d] whose scores have the standard deviation sigma."""
    random = np.random.default_rng([sigma, keys])
    q = random.normal(size=(RANDOM_QUERIES, RANDOM_D)) * sigma / np.sqrt(RANDOM_D)
    k, v = (random.normal(size=(RANDOM_QUERIES, keys, RANDOM_D)) for _ in range(2))
    return q, k, v


def failures(output: FloatArray, truth: FloatArray) -> dict[str, float | None]:
    """Return median and mean of the rows' errors, None where that is no number, and the share that failed."""
    errors = row_errors(output, truth)
    finite = np.where(np.isfinite(errors), errors, np.inf)
    median, mean = float(np.median(finite)), float(finite.mean())
    return {
        "median": median if np.isfinite(median) else None,
        "mean": mean if np.isfinite(mean) else None,
        "failed": float((finite > FAILURE).mean()),
    }


def published_flashd_errors() -> list[dict[str, Any]]:
    """Return the errors of FLASH-D's ways, and of kernels beside them, on real and on random queries."""
    cases = [("MiniLM", real_queries())]
    cases += [(f"σ {sigma}, N {keys}", random_queries(sigma, keys)) for sigma, keys in RANDOM_SCORES]
    table = []
    with np.errstate(all="ignore"):  # what diverges does so silently
        for title, (q, k, v) in cases:
            truth = attend_exact(q, k, v)
            table.append(
                {"data": title, "errors": {name: failures(way(q, k, v), truth) for name, way in WAYS.items()}}
            )
    return table
