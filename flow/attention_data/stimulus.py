"""What the ports of a design see, clock by clock, in numbers: the caller encodes them in its format."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from flow.attention_data.sample import LAYERS, AttentionSet, Floats, load, query_jobs

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
    """Return `queries` queries of `sets`, taken in the order of `query_jobs`, each with its first keys.

    A query whose set has fewer keys than `keys_per_query` is padded with masked zero keys.
    Raises ValueError where the sets hold fewer queries.
    """
    jobs = list(islice(query_jobs(list(sets)), queries))
    if len(jobs) < queries or queries < 1:
        raise ValueError(f"{queries} queries asked for, the sets hold {len(jobs)}")
    d = jobs[0][0].shape[0]
    shape = (queries, keys_per_query, d)
    q, k, v = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    key_valid = np.zeros(shape[:2], dtype=np.bool_)
    for index, (query, keys, values) in enumerate(jobs):
        count = min(len(keys), keys_per_query)
        q[index] = query
        k[index, :count] = keys[:count]
        v[index, :count] = values[:count]
        key_valid[index, :count] = True
    position = np.broadcast_to(np.arange(keys_per_query), shape[:2])
    return KernelStimulus(
        q.reshape(-1, d),
        k.reshape(-1, d),
        v.reshape(-1, d),
        (position == 0).reshape(-1),
        (position == keys_per_query - 1).reshape(-1),
        key_valid.reshape(-1),
    )


def operator_stimulus(queries: int, lanes: int, keys_per_query: int = 128) -> tuple[Floats, Floats]:
    """Return x [clocks] and v [clocks, lanes] of one operator e^x·V in a kernel, from the model's sample.

    Scores are those of the real heads (d = 32). Each query gives 2 x keys_per_query clocks: first the
    value products, x = s_i - m_i with v = v_i, then the rescale products, x = m_{i-1} - m_i with
    v = o_{i-1} (float64 accumulators; the first key rescales zero, with x = 0). A kernel has one unit
    for each of the two kinds, so they are not interleaved. Lanes are the features of the values,
    from the head on.

    Raises ValueError for more queries, keys or lanes than the sample holds.
    """
    sets, lane_sets = load(32), load(lanes)
    jobs = list(islice(query_jobs(sets), queries))
    keys_held = len(sets[0].keys)
    if len(jobs) < queries or queries < 1 or not 1 <= keys_per_query <= keys_held:
        raise ValueError(
            f"{queries} queries of {keys_per_query} keys asked for, "
            f"the sample holds {len(jobs)} of {keys_held}"
        )
    heads_per_layer, lane_groups = len(sets) // LAYERS, len(lane_sets) // LAYERS
    x, v = [], []
    for index, (query, keys, _) in enumerate(jobs):
        layer, head = divmod(index % len(sets), heads_per_layer)
        values = lane_sets[layer * lane_groups + head % lane_groups].values[:keys_per_query]
        scores = keys[:keys_per_query] @ query
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
