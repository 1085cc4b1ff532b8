"""What a bar chart shows, whoever draws it."""

from dataclasses import dataclass

from flow.charts.ranges import Span


@dataclass(frozen=True)
class Series:
    """One bar per category, None where nothing is known; `low` and `high` are the ends of its range.

    `starts`, where there are any, say where the bars begin, else at 0: those of a waterfall, where a bar is
    labelled with its length.
    """

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    starts: tuple[float | None, ...] = ()

    def start(self, index: int) -> float:
        """Return where the bar of a category begins."""
        return (self.starts[index] if self.starts else None) or 0.0

    def bars(self) -> list[tuple[int, float, Span | None]]:
        """Return the known bars: category, value, and the range where its ends differ."""
        known: list[tuple[int, float, Span | None]] = []
        for index, value in enumerate(self.values):
            low, high = (ends[index] if ends else None for ends in (self.low, self.high))
            span = None if low is None or high is None or low == high else (low, high)
            if value is not None:
                known.append((index, value, span))
        return known


@dataclass(frozen=True)
class Line:
    """A value to compare with, drawn across all categories in the colour of a series."""

    name: str
    value: float
    series: int


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars in groups. `name` is the file's stem; `signed` prints a plus before a gain."""

    name: str
    title: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    lines: tuple[Line, ...] = ()
    decimals: int = 1
    signed: bool = False
    logarithmic: bool = False

    def label(self, value: float) -> str:
        """Return the text of a bar's value."""
        return f"{value:{'+' if self.signed else ''},.{self.decimals}f}"
