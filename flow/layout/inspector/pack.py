"""The facts of a run in few bytes: two streams that the page's `facts.js` reads back.

What the first picture needs stands in the first, so that it is there before names, pins and wires are.
"""

import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import zopfli.zlib

from flow.layout.inspector.chains import chains
from flow.layout.inspector.coding import Coded, grid, milli, names, planes, rounded, small, steps
from flow.layout.inspector.facts import Array, Facts

FIRST_TABLES = ("run", "masters", "groups", "orientations")
FIRST_ARRAYS = ("x", "y", "master", "orientation", "group")
# Names of which there is one for each cell or net.
NAMED = ("cells", "nets")
# The total is the sum of its kinds; wires go as chains, pins of a net as its driver and its loads.
LEFT_OUT = (
    "power",
    "piece_start",
    "piece_x",
    "piece_y",
    "piece_length",
    "via_start",
    "via_layer",
    "via_x",
    "via_y",
)
CODINGS: dict[str, Callable[[Array], Coded]] = {
    "x": grid,
    "y": grid,
    "pin_start": steps,
    "internal": rounded,
    "switching": rounded,
    "leakage": rounded,
    "glitch_power": rounded,
    "setup_slack": milli,
    "hold_slack": milli,
}
CHAIN_STEPS = ("lone_net",)
ZLIB_LEVEL = 6

Compress = Callable[[bytes], bytes]


def for_keeping(data: bytes) -> bytes:
    """Return the data deflated to the same bytes on every machine: zlib's depend on its version."""
    packed: bytes = zopfli.zlib.compress(data, numiterations=1)
    return packed


def for_now(data: bytes) -> bytes:
    """Return the data deflated fast."""
    return zlib.compress(data, ZLIB_LEVEL)


def pack(facts: Facts, compress: Compress = for_keeping) -> tuple[bytes, bytes]:
    """Return both deflated streams: the header's length (4 bytes, low first), the header in JSON, the arrays.

    The header's `arrays` maps a name to its coding (`coding.py`); the arrays stand in that order. Powers are
    right to MANTISSA_BITS, slacks to a ps. The same facts give the same bytes.
    """
    first = {name: coded(name, facts.arrays[name]) for name in FIRST_ARRAYS}
    rest = {
        name: coded(name, array)
        for name, array in sorted(facts.arrays.items())
        if name not in (*FIRST_ARRAYS, *LEFT_OUT, "pin_owner", "piece_layer")
    }
    tables = {name: table for name, table in facts.tables.items() if name not in (*FIRST_TABLES, *NAMED)}
    for name in NAMED:
        tables[f"{name}_kinds"], kinds, numbers = names(facts.tables[name])
        rest |= {f"{name}_kind": steps(kinds), f"{name}_number": steps(numbers)}
    rest |= pins(facts.arrays)
    wires, told = chains(facts.arrays, facts.tables["ports"])
    rest |= {name: (steps if name in CHAIN_STEPS else small)(array) for name, array in wires.items()}
    return (
        compress(stream({name: facts.tables[name] for name in FIRST_TABLES}, first)),
        compress(stream(tables | told, rest)),
    )


def coded(name: str, array: Array) -> Coded:
    """Return the array by the coding of its name."""
    return CODINGS.get(name, planes)(array)


def pins(arrays: dict[str, Array]) -> dict[str, Coded]:
    """Return the owners of pins, the first of each net and the others, each near the one before."""
    start, owner = arrays["pin_start"].astype(np.int64), arrays["pin_owner"]
    is_first = np.zeros(len(owner), bool)
    is_first[start[:-1][np.diff(start) > 0]] = True
    return {"pin_firsts": steps(owner[is_first]), "pin_others": steps(owner[~is_first])}


def stream(tables: dict[str, Any], arrays: dict[str, Coded]) -> bytes:
    """Return the header with its length, and the arrays."""
    places = {name: description for name, (description, _) in arrays.items()}
    head = json.dumps({"arrays": places, **tables}, separators=(",", ":"), ensure_ascii=False).encode()
    return b"".join((len(head).to_bytes(4, "little"), head, *(data for _, data in arrays.values())))
