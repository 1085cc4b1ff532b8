"""The ranges around a chart's values, as both libraries take them."""

import math
from collections.abc import Sequence

Span = tuple[float, float]


def ends(values: Sequence[tuple[float, Span | None]]) -> list[list[float]] | None:
    """Return the distances down and up to the ends of the ranges, None where no value has one.

    A value without a range has NaN: no bar, which is not the same as a bar without length.
    """
    if all(span is None for _, span in values):
        return None
    spans = [(value, span or (math.nan, math.nan)) for value, span in values]
    return [[value - low for value, (low, _) in spans], [high - value for value, (_, high) in spans]]
