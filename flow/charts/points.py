"""What a chart of points shows, whoever draws it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flow.charts.ranges import Span

# The name of a front over all series.
FRONT = "front"


@dataclass(frozen=True)
class Point:
    """A labelled point; `x_range` and `y_range` are the ends of its bars, None where nothing varied."""

    label: str
    x: float
    y: float
    x_range: Span | None = None
    y_range: Span | None = None


@dataclass(frozen=True)
class PointSeries:
    """Points of one kind, of which less is better in both directions."""

    name: str
    points: tuple[Point, ...]

    def front(self) -> tuple[Point, ...]:
        """Return the points that no other one of the series beats in both directions, by x."""
        return front_of(self.points)


def front_of(points: Iterable[Point]) -> tuple[Point, ...]:
    """Return the points that no other of `points` beats in both directions, by x."""
    unbeaten: list[Point] = []
    for point in sorted(points, key=lambda each: (each.x, each.y)):
        if not unbeaten or point.y < unbeaten[-1].y:
            unbeaten.append(point)
    return tuple(unbeaten)


@dataclass(frozen=True)
class PointChart:
    """Points over a linear x and a logarithmic y. `name` is the file's stem.

    `common_front`: one line, of the points that none of any series beats, in place of one for each series.
    """

    name: str
    title: str
    x_unit: str
    y_unit: str
    series: tuple[PointSeries, ...]
    x_decimals: int = 0
    y_decimals: int = 3
    common_front: bool = False

    def fronts(self) -> tuple[PointSeries, ...]:
        """Return the fronts that are drawn, each as a series of its points."""
        if self.common_front:
            points = (point for series in self.series for point in series.points)
            return (PointSeries(FRONT, front_of(points)),)
        return tuple(PointSeries(series.name, series.front()) for series in self.series)
