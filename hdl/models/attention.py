"""What every kernel's model has in common: scores, the loop over the keys, and the truth in float64.

Arrays of any leading shape: queries and heads are axes, only the keys are a loop.
"""

from typing import Any

from hdl.models.by_format import arithmetic_of
from hdl.models.codes import as_codes
from hdl.models.numpy_when_used import ArrayLike, BoolArray, CodeArray, FloatArray, np
from hdl.parameters import Parameters

LOG2_E = 1.4426950408889634


class Model:
    """A kernel's model: what it holds between keys, what a key does to it, what comes out.

    The state is whatever a kernel needs, arrays with the queries as leading axes. `query_factor` is what q
    contains beside 1/sqrt(d).
    """

    query_factor = 1.0

    def __init__(self, parameters: Parameters) -> None:
        """Take the design's parameters: a model has no default of its own."""
        self.parameters = parameters
        self.fmt = parameters.fmt

    def score(self, q: CodeArray, k: CodeArray) -> Any:
        """Return the score of each key, codes unless the kernel's own stage gives something else."""
        return arithmetic_of(self.fmt).dot_product(q, k, self.fmt)

    def start(self, shape: tuple[int, ...]) -> Any:
        """Return the state before the first key of queries whose outputs are of `shape`, (..., d)."""
        raise NotImplementedError

    def key(self, state: Any, score: Any, value: CodeArray, live: BoolArray) -> Any:
        """Return the state after a key: score (...), value (..., d), live (...), False where it is masked."""
        raise NotImplementedError

    def finish(self, state: Any) -> CodeArray:
        """Return the codes of the output, (..., d)."""
        raise NotImplementedError


def attend(model: Model, q: ArrayLike, k: ArrayLike, v: ArrayLike, key_valid: ArrayLike = True) -> CodeArray:
    """Return the codes that the kernel gives for each query, shape (..., d).

    q          codes, (..., d), with 1/sqrt(d) and the model's query factor in them
    k, v       codes, (..., keys, d)
    key_valid  bools, (..., keys): False where the key is masked; leading axes of all four broadcast
    """
    queries, keys, values = (as_codes(codes, model.fmt) for codes in (q, k, v))
    scores = model.score(queries[..., None, :], keys)
    valid = np.broadcast_to(np.asarray(key_valid, np.bool_), scores.shape)
    values = np.broadcast_to(values, (*scores.shape, values.shape[-1]))
    state = model.start((*scores.shape[:-1], values.shape[-1]))
    for index in range(scores.shape[-1]):
        state = model.key(state, scores[..., index], values[..., index, :], valid[..., index])
    return model.finish(state)


def attention_exact(q: FloatArray, k: FloatArray, v: FloatArray, key_valid: ArrayLike = True) -> FloatArray:
    """Return softmax(q . k) v in float64, shapes as in `attention`; 0 where all keys are masked."""
    scores = np.einsum("...d,...nd->...n", q, k)
    valid = np.broadcast_to(np.asarray(key_valid, np.bool_), scores.shape)
    highest = np.max(scores, axis=-1, keepdims=True, where=valid, initial=-np.inf)
    weights = np.where(valid, np.exp(np.where(valid, scores - np.maximum(highest, -1e300), 0.0)), 0.0)
    total = weights.sum(axis=-1, keepdims=True)
    weights /= np.where(total == 0, 1.0, total)
    result: FloatArray = np.einsum("...n,...nd->...d", weights, v)
    return result
