"""The facts of a run in few bytes: one stream that the page's `facts.js` reads back."""

import base64
import json
import zlib

import numpy as np

from flow.layout.inspector.facts import Array, Facts

# Level 9 takes four times as long for a hundredth less.
LEVEL = 6
KINDS = {"u1": "u1", "u2": "<u2", "u4": "<u4", "i4": "<i4", "f4": "<f4"}


def pack(facts: Facts) -> bytes:
    """Return the deflated stream: the header's length (4 bytes, low first), the header in JSON, the arrays.

    The header's `arrays` maps a name to [kind, first byte after the header, elements]. Of each array first
    come all lowest bytes, then all second ones, and so on: alike bytes side by side pack better. The same
    facts give the same bytes.
    """
    places = {}
    chunks = []
    offset = 0
    for name in sorted(facts.arrays):
        array = facts.arrays[name]
        data = planes(array)
        places[name] = [array.dtype.str[1:], offset, len(array)]
        chunks.append(data)
        offset += len(data)
    header = json.dumps({"arrays": places, **facts.tables}, separators=(",", ":"), ensure_ascii=False)
    head = header.encode()
    return zlib.compress(b"".join((len(head).to_bytes(4, "little"), head, *chunks)), LEVEL)


def planes(array: Array) -> bytes:
    """Return an array's bytes, all lowest ones first."""
    values = array.astype(KINDS[array.dtype.str[1:]])
    return np.ascontiguousarray(values.view(np.uint8).reshape(len(values), values.itemsize).T).tobytes()


def as_text(packed: bytes) -> str:
    """Return packed facts as text that stands anywhere in HTML: base64 has no character of a tag."""
    return base64.b64encode(packed).decode()
