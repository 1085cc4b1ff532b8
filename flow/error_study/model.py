"""The study on a real transformer: each layer's attention, and the whole model with all of it replaced."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.attention_data import minilm
from flow.attention_data.short_texts import SHORT_TEXTS
from flow.attention_data.texts import TEXTS
from flow.error_study.attention_arm import TRUTH, Arm
from flow.error_study.measure import relative_l2, rounded, row_errors
from hdl.models.numpy_when_used import FloatArray

LONG_TOKENS = minilm.MAX_TOKENS
QUERIES_PER_HEAD = 32
Attention = Callable[[minilm.Array, minilm.Array, minilm.Array], minilm.Array]


def attention_of(arm: Arm) -> Attention:
    """Return the arm's attention in the shape that the model's layers call."""

    def attend(q: minilm.Array, k: minilm.Array, v: minilm.Array) -> minilm.Array:
        mixed: minilm.Array = arm.attend(q / math.sqrt(minilm.HEAD_DIMENSION), k[:, None], v[:, None])
        return mixed

    return attend


@dataclass(frozen=True)
class LayerInputs:
    """What a layer's attention is given, k and v rounded once, and what it should give.

    queries [12 heads, n, 32] with 1/sqrt(32), keys and values [12 heads, 1, tokens, 32], truth as queries
    """

    queries: FloatArray
    keys: FloatArray
    values: FloatArray
    truth: FloatArray


def layer_inputs(weights: minilm.Weights, ids: npt.NDArray[np.int64]) -> list[LayerInputs]:
    """Return each layer's inputs: at most QUERIES_PER_HEAD evenly spaced queries, which see all keys."""
    chosen = np.unique(np.linspace(0, len(ids) - 1, min(QUERIES_PER_HEAD, len(ids))).astype(int))
    layers = []
    for q, k, v in minilm.forward(weights, ids)[0]:
        queries = q[:, chosen] / math.sqrt(minilm.HEAD_DIMENSION)
        keys, values = (rounded(array)[:, None] for array in (k, v))
        layers.append(LayerInputs(queries, keys, values, TRUTH.attend(queries, keys, values)))
    return layers


def layer_errors(layers: Sequence[LayerInputs], arms: Sequence[Arm]) -> list[dict[str, dict[str, float]]]:
    """Return for each layer and arm the output's error: of all rows together, their mean, the worst row's."""
    return [{arm.name: layer_error(layer, arm) for arm in arms} for layer in layers]


def layer_error(layer: LayerInputs, arm: Arm) -> dict[str, float]:
    """Return an arm's error in a layer."""
    output = arm.attend(layer.queries, layer.keys, layer.values)
    by_row = row_errors(output, layer.truth)
    return {
        "all_rows": relative_l2(output, layer.truth),
        "mean_row": float(by_row.mean()),
        "worst_row": float(by_row.max()),
    }


def embedding(hidden: minilm.Array) -> FloatArray:
    """Return the sentence embedding: the mean over the tokens, of length 1."""
    mean: FloatArray = hidden.mean(axis=0)
    return mean / np.linalg.norm(mean)


def ranks(values: FloatArray) -> FloatArray:
    """Return the rank of each value; equal values do not occur among similarities."""
    return np.argsort(np.argsort(values)).astype(np.float64)


def embeddings(
    weights: minilm.Weights,
    all_ids: Sequence[npt.NDArray[np.int64]],
    attend: Attention = minilm.softmax_attention,
) -> FloatArray:
    """Return the embedding of each text [n, 384], with every layer's attention as given."""
    return np.stack([embedding(minilm.forward(weights, ids, attend)[1]) for ids in all_ids])


def model_errors(
    weights: minilm.Weights,
    all_ids: Sequence[npt.NDArray[np.int64]],
    original: FloatArray,
    arms: Sequence[Arm],
) -> dict[str, dict[str, float]]:
    """Return for each arm how near the `original` embeddings stay with every layer's attention replaced.

    The cosine to the original embedding, mean and smallest, and Spearman's rank correlation of the
    similarities of all pairs of texts.
    """
    pairs = np.triu_indices(len(all_ids), 1)
    order = ranks((original @ original.T)[pairs])
    by_arm = {}
    for arm in arms:
        replaced = embeddings(weights, all_ids, attention_of(arm))
        cosines = (original * replaced).sum(axis=1)
        correlation = np.corrcoef(order, ranks((replaced @ replaced.T)[pairs]))[0, 1]
        by_arm[arm.name] = {
            "cosine_mean": float(cosines.mean()),
            "cosine_smallest": float(cosines.min()),
            "rank_correlation": float(correlation),
        }
    return by_arm


def model_texts() -> dict[str, npt.NDArray[np.int64]]:
    """Return the texts of the study of layers as tokens; raises FileNotFoundError without the model."""
    folder = minilm.model_folder()
    return {
        "short": minilm.token_ids(folder, TEXTS[0])[:128],
        "long": minilm.token_ids(folder, " ".join(TEXTS))[:LONG_TOKENS],
    }


def model_measures() -> dict[str, Callable[[Sequence[Arm]], Any]]:
    """Return what measures arms on each text's layers and on the whole model, by their names.

    Raises FileNotFoundError where the model is not installed. It is loaded, and what its arms have in common
    computed, when the first arm is measured.
    """
    folder = minilm.model_folder()
    weights = cache(lambda: minilm.load_weights(folder, np.float64))
    short_texts = cache(lambda: [minilm.token_ids(folder, text) for text in SHORT_TEXTS])
    original = cache(lambda: embeddings(weights(), short_texts()))
    layers = cache(lambda text: layer_inputs(weights(), model_texts()[text]))
    return {
        "short": lambda arms: layer_errors(layers("short"), arms),
        "long": lambda arms: layer_errors(layers("long"), arms),
        "whole": lambda arms: model_errors(weights(), short_texts(), original(), arms),
    }
