"""Places for the labels of points: near their point, over no other point and over no other label."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Of the chart's letters: height, and width of a letter, in pixels.
LINE_PX, LETTER_PX = 11.0, 5.7
POINT_PX = 5.0
GAPS_PX = (7.0, 13.0, 21.0, 31.0)
ALIGNS = {1: "left", 0: "center", -1: "right"}
# To the right, above and below it first: reading order; then around.
SIDES = ((1, 0), (1, -1), (1, 1), (0, -1), (0, 1), (-1, 0), (-1, -1), (-1, 1))


# Left, top, right, bottom.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelPlace:
    """Where a label stands from its point: pixels to the right and down, and how it is aligned there."""

    dx: float
    dy: float
    align: str


def label_places(
    points: Sequence[tuple[float, float, str]], lines: Sequence[Box], width_px: float, height_px: float
) -> list[LabelPlace]:
    """Return a place for each label, in order.

    points  x and y in pixels, from the top left, and the text
    lines   boxes of lines, left and top to right and bottom: no label covers them

    A label that finds no free place takes the one where it covers least.
    """
    taken = [box_around(x, y) for x, y, _ in points]
    taken += [(left - 1, top - 1, right + 1, bottom + 1) for left, top, right, bottom in lines]
    places = []
    for x, y, text in points:
        candidates = [
            (overlap(box, taken, width_px, height_px), place, box)
            for place, box in candidate_places(x, y, text)
        ]
        _, place, box = min(candidates, key=lambda candidate: candidate[0])
        taken.append(box)
        places.append(place)
    return places


def candidate_places(x: float, y: float, text: str) -> Iterator[tuple[LabelPlace, Box]]:
    """Yield the places around a point, the nearest first, each with the box that the label fills there."""
    length = LETTER_PX * len(text)
    for gap in GAPS_PX:
        for right, down in SIDES:
            reach = gap if not right or not down else gap / math.sqrt(2)
            place = LabelPlace(round(right * reach, 1), round(down * reach, 1), ALIGNS[right])
            left = x + place.dx - {"left": 0.0, "center": length / 2, "right": length}[place.align]
            middle = y + place.dy
            yield place, (left, middle - LINE_PX / 2, left + length, middle + LINE_PX / 2)


def box_around(x: float, y: float) -> Box:
    """Return the box that a point fills."""
    return (x - POINT_PX, y - POINT_PX, x + POINT_PX, y + POINT_PX)


def overlap(box: Box, others: Sequence[Box], width_px: float, height_px: float) -> float:
    """Return the area of `box` that others cover or that lies outside the chart."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    outside = area - common_area(box, (0.0, 0.0, width_px, height_px))
    return outside + sum(common_area(box, other) for other in others)


def common_area(a: Box, b: Box) -> float:
    """Return the area that two boxes have in common."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)
