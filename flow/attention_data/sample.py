"""Attention inputs for the kernels: the committed sample of a real model, or synthetic numbers.

A set is what one head sees of one text: some queries, and all keys and values. The scale 1/sqrt(d)
is folded into the queries. README.md beside this file says what is real in which dimension.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flow.attention_data.bfloat16 import from_bfloat16

SAMPLE_FOLDER = Path(__file__).resolve().parent / "sample"

# Standard deviations of the sample at d = 32, all layers together: between heads and dimensions (the part
# that all tokens of a head share) and between tokens.
SHARED_KEY_SIGMA = 0.65
KEY_SIGMA = 1.13
SHARED_VALUE_SIGMA = 0.23
VALUE_SIGMA = 0.635
SCORE_SIGMA = 2.5

GOLDEN_SECTION = (math.sqrt(5) - 1) / 2

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AttentionSet:
    """Queries [m, d] with 1/sqrt(d) folded in, keys [n, d] and values [n, d] of one head."""

    name: str
    queries: Floats
    keys: Floats
    values: Floats


def _layer_features(name: str) -> Floats:
    """Return [layers, tokens, features]: the heads of each layer side by side, as the model has them."""
    heads = from_bfloat16(np.load(SAMPLE_FOLDER / f"{name}.npy"))
    layers, head_count, tokens, dimension = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(layers, tokens, head_count * dimension)


def load(d: int) -> list[AttentionSet]:
    """Return the model's sets for head dimension `d`: 6 layers x floor(384 / d) heads, in that order.

    d = 32 is the model itself. Any other d cuts the 384 features of a layer into heads of d, and
    scales the scores by 1/sqrt(d), as a model with such heads would. Each set has 16 queries and
    128 keys. Raises ValueError unless 1 <= d <= 384.
    """
    queries, keys, values = (_layer_features(name) for name in ("queries", "keys", "values"))
    layers, _, features = keys.shape
    if not 1 <= d <= features:
        raise ValueError(f"head dimension {d}: the model's sample has 1 to {features}")
    sets = []
    for layer in range(layers):
        for head in range(features // d):
            cut = slice(head * d, (head + 1) * d)
            sets.append(
                AttentionSet(
                    f"layer {layer}, features {cut.start} to {cut.stop - 1}",
                    queries[layer, :, cut] / math.sqrt(d),
                    keys[layer, :, cut],
                    values[layer, :, cut],
                )
            )
    return sets


def synthetic(
    d: int,
    sets: int = 72,
    queries: int = 16,
    keys: int = 128,
    seed: int = 0,
    score_sigma: float = SCORE_SIGMA,
    score_rise_per_key: float = 0.0,
) -> list[AttentionSet]:
    """Return `sets` sets of Gaussian numbers whose second moments are those of the sample.

    k = shared + own, v = shared + own, with one shared vector per set (standard deviations above). q is
    scaled so that the scores of a query have the standard deviation `score_sigma` over its keys.
    With `score_rise_per_key`, dimension 0 makes a ramp of the scores instead: q[0] = 1, k_i[0] = i
    times the rise, which exercises the rescaling that real data hardly does.

    Raises ValueError for sizes below 1.
    """
    if min(d, sets, queries, keys) < 1:
        raise ValueError(f"d={d}, sets={sets}, queries={queries}, keys={keys}: all must be at least 1")
    random = np.random.default_rng(seed)
    result = []
    for index in range(sets):
        q = random.normal(0.0, score_sigma / KEY_SIGMA / math.sqrt(d), (queries, d))
        k = random.normal(0.0, SHARED_KEY_SIGMA, d) + random.normal(0.0, KEY_SIGMA, (keys, d))
        v = random.normal(0.0, SHARED_VALUE_SIGMA, d) + random.normal(0.0, VALUE_SIGMA, (keys, d))
        if score_rise_per_key:
            q[:, 0] = 1.0
            k[:, 0] = score_rise_per_key * np.arange(keys)
        result.append(AttentionSet(f"synthetic {index} of seed {seed}", q, k, v))
    return result


def spread_jobs(set_count: int, positions: int) -> Iterator[tuple[int, int]]:
    """Yield (set, position of a query) of all sets and positions, each once, evenly spread from the start.

    Sets are taken in strides of the golden section of their number. So a few queries already come from all
    layers, many heads and many positions, whatever the head dimension.
    """
    set_stride, position_stride = golden_stride(set_count), golden_stride(positions)
    for shift in range(positions):
        for index in range(set_count):
            yield index * set_stride % set_count, (index * position_stride + shift) % positions


def golden_stride(count: int) -> int:
    """Return the number next to the golden section of `count` that has no factor in common with it."""
    coprime = (stride for stride in range(1, count + 1) if math.gcd(stride, count) == 1)
    return min(coprime, key=lambda stride: abs(stride - count * GOLDEN_SECTION))
