"""Arrays and lists of names in few bytes; `coding.js` reads them back.

An array becomes a description, plain data for the pack's header, and the bytes that follow there:

- `["planes", kind, elements]`: all lowest bytes, then all second ones, and so on: alike bytes side by side.
- `["small", elements, wide]`: each whole number as 2n, or -2n - 1 where negative, in a byte; 255 stands for
  the next of `wide` numbers, which follow in planes of u4.
- `["steps", elements, wide]`: so each number less the one before it.
- `["grid", elements, wide, least, step]`: so each number less `least`, in units of `step`.
- `["milli", elements]`: thousandths in planes of i4; MISSING stands for NaN.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from flow.layout.inspector.facts import Array

Coded = tuple[list[Any], bytes]

KINDS = {"u1": "u1", "u2": "<u2", "u4": "<u4", "i4": "<i4", "f4": "<f4"}
ESCAPE = 255
MISSING = 2**31 - 1
# Of a float's 23 bits behind the point: these are right to a part in 4,096, more than the page shows.
MANTISSA_BITS = 11
# A name with one number in it, which reads back as it was.
_NUMBERED = re.compile(r"(.*?)(0|[1-9]\d{0,8})(\D*)", re.DOTALL)


def planes(array: Array) -> Coded:
    """Return the array as it is."""
    kind = array.dtype.str[1:]
    values = array.astype(KINDS[kind])
    by_plane = np.ascontiguousarray(values.view(np.uint8).reshape(len(values), values.itemsize).T)
    return ["planes", kind, len(values)], by_plane.tobytes()


def small(array: Array) -> Coded:
    """Return whole numbers that are mostly small."""
    values = array.astype(np.int64)
    folded = np.where(values < 0, -2 * values - 1, 2 * values)
    wide = folded[folded >= ESCAPE].astype(np.uint32)
    low = np.minimum(folded, ESCAPE).astype(np.uint8)
    return ["small", len(values), len(wide)], low.tobytes() + planes(wide)[1]


def steps(array: Array) -> Coded:
    """Return whole numbers each of which is near the one before it."""
    (_, *counts), data = small(np.diff(array.astype(np.int64), prepend=0))
    return ["steps", *counts], data


def grid(array: Array) -> Coded:
    """Return places on a grid, each near the one before it."""
    values = array.astype(np.int64)
    least = int(values.min(initial=2**31 - 1)) if len(values) else 0
    step = int(np.gcd.reduce(values - least)) or 1
    (_, *counts), data = steps((values - least) // step)
    return ["grid", *counts, least, step], data


def milli(array: Array) -> Coded:
    """Return numbers to a thousandth."""
    known = np.where(np.isnan(array), 0.0, array)
    values = np.where(np.isnan(array), MISSING, np.rint(1000 * known.astype(float))).astype(np.int32)
    return ["milli", len(values)], planes(values)[1]


def rounded(array: Array) -> Coded:
    """Return floats to MANTISSA_BITS."""
    bits = array.astype(np.float32).view(np.uint32)
    cut = 23 - MANTISSA_BITS
    near = ((bits + np.uint32(1 << (cut - 1))) >> np.uint32(cut)) << np.uint32(cut)
    return planes(np.where(np.isnan(array), bits, near).astype(np.uint32).view(np.float32))


def names(words: Sequence[str]) -> tuple[list[list[str]], Array, Array]:
    """Return names as kinds `[before, after]`, and the kind and the number of each.

    A name without a number is a kind of its own, `[name]`.
    """
    numbers_of: dict[tuple[str, ...], int] = {}
    kinds, numbers = [], []
    for word in words:
        match = _NUMBERED.fullmatch(word)
        kind = (match[1], match[3]) if match else (word,)
        kinds.append(numbers_of.setdefault(kind, len(numbers_of)))
        numbers.append(int(match[2]) if match else 0)
    return [list(kind) for kind in numbers_of], np.array(kinds, np.int64), np.array(numbers, np.int64)
