"""The study on a real transformer: each layer's attention, and the whole model with all of it replaced."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.attention_data import minilm
from flow.attention_data.short_texts import SHORT_TEXTS
from flow.attention_data.texts import TEXTS
from flow.common.command_line import Say
from flow.error_study.measure import relative_l2, rounded, row_errors
from flow.error_study.study_parts import FinishedParts
from flow.error_study.variants import ARMS, TRUTH, Arm
from hdl.models.numpy_when_used import FloatArray

LONG_TOKENS = minilm.MAX_TOKENS
QUERIES_PER_HEAD = 32
# Names of `model_parts`.
MODEL_PARTS = ("model_short", "model_long", "model_whole")
Attention = Callable[[minilm.Array, minilm.Array, minilm.Array], minilm.Array]


def attention_of(arm: Arm) -> Attention:
    """Return the arm's attention in the shape that the model's layers call."""

    def attend(q: minilm.Array, k: minilm.Array, v: minilm.Array) -> minilm.Array:
        mixed: minilm.Array = arm.attend(q / math.sqrt(minilm.HEAD_DIMENSION), k[:, None], v[:, None])
        return mixed

    return attend


def layer_errors(
    weights: minilm.Weights, ids: npt.NDArray[np.int64], arms: Sequence[Arm], say: Say
) -> list[dict[str, dict[str, float]]]:
    """Return for each layer and arm the output's error: of all rows together, their mean, the worst row's.

    Queries are evenly spaced, at most QUERIES_PER_HEAD of each head; every query sees all keys.
    """
    inputs, _ = minilm.forward(weights, ids)
    chosen = np.unique(np.linspace(0, len(ids) - 1, min(QUERIES_PER_HEAD, len(ids))).astype(int))
    layers = []
    for number, (q, k, v) in enumerate(inputs):
        queries = q[:, chosen] / math.sqrt(minilm.HEAD_DIMENSION)
        keys, values = (rounded(array)[:, None] for array in (k, v))
        truth = TRUTH.attend(queries, keys, values)
        layer = {}
        for arm in arms:
            output = arm.attend(queries, keys, values)
            by_row = row_errors(output, truth)
            layer[arm.name] = {
                "all_rows": relative_l2(output, truth),
                "mean_row": float(by_row.mean()),
                "worst_row": float(by_row.max()),
            }
        layers.append(layer)
        say(f"layer {number}, {len(ids)} tokens")
    return layers


def embedding(hidden: minilm.Array) -> FloatArray:
    """Return the sentence embedding: the mean over the tokens, of length 1."""
    mean: FloatArray = hidden.mean(axis=0)
    return mean / np.linalg.norm(mean)


def ranks(values: FloatArray) -> FloatArray:
    """Return the rank of each value; equal values do not occur among similarities."""
    return np.argsort(np.argsort(values)).astype(np.float64)


def model_errors(
    weights: minilm.Weights, all_ids: Sequence[npt.NDArray[np.int64]], arms: Sequence[Arm], say: Say
) -> dict[str, dict[str, float]]:
    """Return for each arm how near the model's embeddings stay with every layer's attention replaced.

    The cosine to the original embedding, mean and smallest, and Spearman's rank correlation of the
    similarities of all pairs of texts.
    """
    pairs = np.triu_indices(len(all_ids), 1)

    def embed(attend: Attention) -> FloatArray:
        return np.stack([embedding(minilm.forward(weights, ids, attend)[1]) for ids in all_ids])

    original = embed(minilm.softmax_attention)
    order = ranks((original @ original.T)[pairs])
    by_arm = {}
    for arm in arms:
        replaced = embed(attention_of(arm))
        cosines = (original * replaced).sum(axis=1)
        correlation = np.corrcoef(order, ranks((replaced @ replaced.T)[pairs]))[0, 1]
        by_arm[arm.name] = {
            "cosine_mean": float(cosines.mean()),
            "cosine_smallest": float(cosines.min()),
            "rank_correlation": float(correlation),
        }
        say(f"whole model: {arm.title}")
    return by_arm


def model_texts() -> dict[str, npt.NDArray[np.int64]]:
    """Return the texts of the study of layers as tokens; raises FileNotFoundError without the model."""
    folder = minilm.model_folder()
    return {
        "short": minilm.token_ids(folder, TEXTS[0])[:128],
        "long": minilm.token_ids(folder, " ".join(TEXTS))[:LONG_TOKENS],
    }


def model_parts(say: Say, arms: Sequence[Arm] = ARMS[1:]) -> dict[str, Callable[[], Any]]:
    """Return what measures each part of the study; raises FileNotFoundError where there is no model."""
    folder = minilm.model_folder()
    weights = minilm.load_weights(folder, np.float64)
    short_texts = [minilm.token_ids(folder, text) for text in SHORT_TEXTS]
    parts: dict[str, Callable[[], Any]] = {
        f"model_{name}": partial(layer_errors, weights, ids, arms, say) for name, ids in model_texts().items()
    }
    return parts | {"model_whole": partial(model_errors, weights, short_texts, arms, say)}


def model_study(say: Say, finished: FinishedParts, arms: Sequence[Arm] = ARMS[1:]) -> dict[str, Any]:
    """Return the errors on the model; raises FileNotFoundError where it is not installed."""
    parts = model_parts(say, arms)
    by_text: dict[str, Any] = {
        name: {"tokens": len(ids), "layers": finished.get(f"model_{name}", parts[f"model_{name}"])}
        for name, ids in model_texts().items()
    }
    whole = finished.get("model_whole", parts["model_whole"])
    return by_text | {"texts": len(SHORT_TEXTS), "whole": whole}
