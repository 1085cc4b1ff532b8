"""What a chart of points shows, whoever draws it."""

from dataclasses import dataclass

from flow.charts.ranges import Span


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
        unbeaten: list[Point] = []
        for point in sorted(self.points, key=lambda each: (each.x, each.y)):
            if not unbeaten or point.y < unbeaten[-1].y:
                unbeaten.append(point)
        return tuple(unbeaten)


@dataclass(frozen=True)
class PointChart:
    """Points over a linear x and a logarithmic y. `name` is the file's stem."""

    name: str
    title: str
    x_unit: str
    y_unit: str
    series: tuple[PointSeries, ...]
    x_decimals: int = 0
    y_decimals: int = 3
