"""What the ports of a design see, clock by clock, in numbers: the caller encodes them in its format."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from flow.attention_data.minilm import HEAD_DIMENSION, HEADS
from flow.attention_data.sample import AttentionSet, Floats, load, spread_jobs

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class KernelStimulus:
    """One key per clock, queries back to back: `q`, `k`, `v` are [clocks, d], the others [clocks].

    `q` is held for all keys of its query; `first` and `last` mark a query's first and last clock.
    """

    q: Floats
    k: Floats
    v: Floats
    first: Bools
    last: Bools
    key_valid: Bools


def kernel_stimulus(sets: Sequence[AttentionSet], queries: int, keys_per_query: int = 128) -> KernelStimulus:
    """Return `queries` queries of `sets`, taken in the order of `spread_jobs`, each with its first keys.

    All sets have the same number of queries. A query whose set has fewer keys than `keys_per_query` is
    padded with masked zero keys. Raises ValueError where the sets hold fewer queries.
    """
    jobs = take_jobs(sets, queries)
    d = sets[0].queries.shape[1]
    shape = (queries, keys_per_query, d)
    q, k, v = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    key_valid = np.zeros(shape[:2], dtype=np.bool_)
    for index, (number, position) in enumerate(jobs):
        attention_set = sets[number]
        count = min(len(attention_set.keys), keys_per_query)
        q[index] = attention_set.queries[position]
        k[index, :count] = attention_set.keys[:count]
        v[index, :count] = attention_set.values[:count]
        key_valid[index, :count] = True
    key_number = np.broadcast_to(np.arange(keys_per_query), shape[:2])
    return KernelStimulus(
        q.reshape(-1, d),
        k.reshape(-1, d),
        v.reshape(-1, d),
        (key_number == 0).reshape(-1),
        (key_number == keys_per_query - 1).reshape(-1),
        key_valid.reshape(-1),
    )


def take_jobs(sets: Sequence[AttentionSet], queries: int) -> list[tuple[int, int]]:
    """Return the first `queries` of `spread_jobs`; raises ValueError for none or more than there are."""
    jobs = list(islice(spread_jobs(len(sets), len(sets[0].queries)), queries))
    if len(jobs) < queries or queries < 1:
        raise ValueError(f"{queries} queries asked for, the sets hold {len(jobs)}")
    return jobs


def operator_stimulus(queries: int, lanes: int, keys_per_query: int = 128) -> tuple[Floats, Floats]:
    """Return x [clocks] and v [clocks, lanes] of one operator e^x·V in a kernel, from the model's sample.

    Scores are those of the real heads (d = 32). Each query gives 2 x keys_per_query clocks. First come the
    value products, x = s_i - m_i with v = v_i. The rescale products follow, x = m_{i-1} - m_i with
    v = o_{i-1}: float64 accumulators, of which the first key rescales zero, with x = 0. A kernel has one unit
    for each of the two kinds, so they are not interleaved. Lanes are the features of the layer's values,
    from the head's first on and round.

    Raises ValueError for more queries, keys or lanes than the sample holds.
    """
    sets, layers = load(HEAD_DIMENSION), load(HEAD_DIMENSION * HEADS)
    keys_held, lanes_held = layers[0].values.shape
    if not (1 <= keys_per_query <= keys_held and 1 <= lanes <= lanes_held):
        raise ValueError(
            f"{keys_per_query} keys and {lanes} lanes asked for, the sample has {keys_held} and {lanes_held}"
        )
    x, v = [], []
    for number, position in take_jobs(sets, queries):
        layer, head = divmod(number, HEADS)
        features = np.roll(layers[layer].values, -head * HEAD_DIMENSION, axis=1)
        values = features[:keys_per_query, :lanes]
        scores = sets[number].keys[:keys_per_query] @ sets[number].queries[position]
        maximum = np.maximum.accumulate(scores)
        rescale = np.append(0.0, maximum[:-1] - maximum[1:])
        sums = np.zeros(lanes)
        before = []
        for weight, factor, value in zip(np.exp(scores - maximum), np.exp(rescale), values, strict=True):
            before.append(sums)
            sums = sums * factor + weight * value
        x += [scores - maximum, rescale]
        v += [values, np.stack(before)]
    return np.concatenate(x), np.concatenate(v)
