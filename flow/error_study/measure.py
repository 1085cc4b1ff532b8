"""The study's measurements: plain numbers by arm."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any

import numpy as np

from flow.error_study.attention_arm import TRUTH, Arm
from hdl.formats import BF16, FloatFormat
from hdl.models.codes import decode, encode
from hdl.models.numpy_when_used import FloatArray

X_MIN, X_MAX = -15.0, -(2.0**-7)
# Below it e^x is no normal number of E4M3.
E4M3_X_MIN = -4.0
SIGMAS = (1, 2, 3)
KEY_COUNTS = (128, 512, 2048)
RAMPS_PER_KEY = (0.1, 0.3, 0.5)
RAMP_KEYS = 512
D = 64
QUERIES = 16


def relative_l2(output: FloatArray, truth: FloatArray) -> float:
    """Return |output - truth| / |truth| over all elements."""
    return float(np.linalg.norm(output - truth) / np.linalg.norm(truth))


def row_errors(output: FloatArray, truth: FloatArray) -> FloatArray:
    """Return the relative L2 error of every row [..., d]."""
    errors: FloatArray = np.linalg.norm(output - truth, axis=-1) / np.linalg.norm(truth, axis=-1)
    return errors


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median and extremes over the seeds."""
    return {"median": median(values), "smallest": min(values), "largest": max(values)}


def operator_errors(
    arms: Sequence[Arm], fmt: FloatFormat = BF16, x_min: float = X_MIN
) -> dict[str, dict[str, float]]:
    """Return for each arm with an operator the relative error of e^x v, on all x in [x_min, -2^-7].

    All that its operator can be given: x times the arm's factor is a code of the format. v runs through all
    mantissas. The errors are relative: minimum, maximum, mean and root mean square, and the last also without
    the mean, which is common to l and o and cancels. Every code counts once, so small |x| weigh more;
    `rms_uniform` weighs each by the distance to its neighbours instead.
    """
    codes = decode(np.arange(1 << fmt.width), fmt)
    v = decode(np.arange(fmt.one_code, fmt.one_code + (1 << fmt.mantissa_bits)), fmt)
    by_arm = {}
    for arm in arms:
        if arm.product is not None:
            x = codes / arm.factor
            x = np.sort(x[(x >= x_min) & (x <= X_MAX)])
            truth = np.exp(x)[:, None] * v
            error = arm.product(x, v) / truth - 1
            by_arm[arm.name] = {
                "minimum": float(error.min()),
                "maximum": float(error.max()),
                "mean": float(error.mean()),
                "rms": float(np.sqrt(np.mean(error**2))),
                "rms_without_mean": float(error.std()),
                "rms_uniform": float(np.sqrt(np.average((error**2).mean(axis=1), weights=np.gradient(x)))),
            }
    return by_arm


def rounded(values: FloatArray) -> FloatArray:
    """Return `values` as BF16 has them: what every arm is given of k and v."""
    return decode(encode(values, BF16), BF16)


@dataclass(frozen=True)
class Queries:
    """Queries of several seeds, k and v rounded once, and what attention should give.

    q and truth [seeds, queries, D], k and v [seeds, queries, keys, D]
    """

    q: FloatArray
    k: FloatArray
    v: FloatArray
    truth: FloatArray

    def errors(self, arm: Arm) -> dict[str, float]:
        """Return the spread of an arm's error over the seeds."""
        output = arm.attend(self.q, self.k, self.v)
        return spread([relative_l2(*pair) for pair in zip(output, self.truth, strict=True)])


def queries_of(by_seed: Sequence[tuple[FloatArray, FloatArray, FloatArray]]) -> Queries:
    """Return q, k and v of each seed as one: an arm takes hardly longer for all than for one."""
    q, k, v = (np.stack(arrays) for arrays in zip(*by_seed, strict=True))
    return Queries(q, k, v, TRUTH.attend(q, k, v))


# Each arm is measured on the same: half a gigabyte for all of three seeds.
@cache
def random_queries(seeds: tuple[int, ...], sigma: int, keys: int) -> Queries:
    """Return queries whose scores have the standard deviation sigma."""
    by_seed = []
    for seed in seeds:
        random = np.random.default_rng([seed, sigma, keys])
        q = random.normal(size=(QUERIES, D)) * sigma / np.sqrt(D)
        k, v = (rounded(random.normal(size=(QUERIES, keys, D))) for _ in range(2))
        by_seed.append((q, k, v))
    return queries_of(by_seed)


def synthetic_errors(seeds: Sequence[int], arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """Return the error of the attention output on Gaussian scores, by score sigma and number of keys."""
    table = []
    for sigma, keys in itertools.product(SIGMAS, KEY_COUNTS):
        queries = random_queries(tuple(seeds), sigma, keys)
        errors = {arm.name: queries.errors(arm) for arm in arms}
        table.append({"sigma": sigma, "keys": keys, "errors": errors})
    return table


@cache
def ramp_queries(seeds: tuple[int, ...], step: float, first_key: int, keys: int) -> Queries:
    """Return a query per seed whose scores are step * (first_key + 0, 1, 2, ...)."""
    by_seed = []
    for seed in seeds:
        random = np.random.default_rng([seed, round(step * 10)])
        scores = step * (first_key + np.arange(keys, dtype=np.float64))
        k = np.zeros((1, keys, D))
        k[0, :, 0] = rounded(scores)
        k[0, :, 1] = rounded(scores - k[0, :, 0])
        q = np.zeros((1, D))
        q[0, :2] = 1.0
        drift = np.linspace(-2, 2, keys)[:, None] * random.normal(size=D)
        by_seed.append((q, k, rounded(random.normal(size=k.shape) + drift)))
    return queries_of(by_seed)


def ramp_errors(seeds: Sequence[int], arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """Return the error on scores that rise by the same step at each of 512 keys, up to 0 and from 0 on.

    Up to 0 the keys that count have small scores, and what shows is the rescaling. From 0 on they have the
    largest, where BF16 scores themselves rise in steps and the log2 domain ends. The score is the sum of two
    products, so that BF16 keys reach every step; scores themselves are rounded to BF16 by every arm.
    """
    table = []
    for step, first_key in itertools.product(RAMPS_PER_KEY, (1 - RAMP_KEYS, 0)):
        queries = ramp_queries(tuple(seeds), step, first_key, RAMP_KEYS)
        errors = {arm.name: queries.errors(arm) for arm in arms}
        table.append({"step": step, "up_to_zero": first_key < 0, "errors": errors})
    return table
