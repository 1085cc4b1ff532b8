"""From this project's frame to the paper's, and from the paper's baseline to the strongest exact one.

A saving is a number only together with its frame. Each path changes one choice of the frame at a time; each
of its steps is a pair of kept results, baseline and ExpMul. All steps of a shown path have the same depth: a
mapped netlist and a routed layout differ by more than a step does. A step without results is in the next one,
by its title too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flow.charts.bars import BarChart, Line, Series
from flow.comparison.configuration import Configuration, Frame, frame_of
from flow.comparison.kept_rows import first_seed
from flow.comparison.rows import Row
from flow.comparison.summary import describe
from flow.record.results_store import COMPARABLE
from hdl.kernels.frame import WITH_KEY

SERIES = {"area_um2": "area", "power_timed_w": "power, real data"}


@dataclass(frozen=True)
class Step:
    """A frame on a path, and what it changes against the one before."""

    title: str
    format: str
    frame: Frame


@dataclass(frozen=True)
class Path:
    """A way from one frame to another in steps, the first being the start.

    exact  the baseline gives the same codes at every step; else ExpMul's saving is what is followed
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    exact: bool


def make_step(title: str, format_name: str, **choices: str) -> Step:
    """Return a step in the frame of the given choices."""
    return Step(title, format_name, frame_of(choices))


PAPER = {"arithmetic": "ieee", "division_activity": "every_key"}
# Choices that make the baseline smaller and keep its codes.
STRONGEST = {"products": "one", "division": "serial"}
# The group's FP8 reserves the top exponent [C].
PAPER_FORMATS = {"bf16": "bf16", "e4m3": "e4m3_ieee"}


def paths(format_name: str) -> tuple[Path, ...]:
    """Return the paths of a format of this project's frame."""
    own, papers = format_name, PAPER_FORMATS[format_name]
    to_paper = [
        make_step("this project's frame", own),
        make_step("subnormals, Inf and NaN", papers, arithmetic="ieee"),
        make_step("division at every key", papers, **PAPER),
    ]
    if format_name == "bf16":
        to_paper.append(make_step("results truncated", papers, rounding="truncate", **PAPER))
    return (
        Path("to_paper", "To the paper's frame", tuple(to_paper), exact=False),
        Path(
            "exact_paper",
            "The paper's baseline, made stronger",
            (
                make_step("the paper's baseline", papers, **PAPER),
                make_step("one product per lane", papers, products="one", **PAPER),
                make_step("division after the last key", papers, products="one", arithmetic="ieee"),
                make_step(
                    "one multiplier for the division",
                    papers,
                    arithmetic="ieee",
                    **STRONGEST,
                ),
            ),
            exact=True,
        ),
        Path(
            "exact_own",
            "This project's baseline, made stronger",
            (
                make_step("this project's baseline", own),
                make_step("one product per lane", own, products="one"),
                make_step("one multiplier for the division", own, **STRONGEST),
            ),
            exact=True,
        ),
    )


@dataclass(frozen=True)
class Waterfall:
    """A path through the kept rows of one depth: its steps, each with its row."""

    path: Path
    pdk: str
    format: str
    d: int
    depth: str
    rows: tuple[tuple[Step, Row], ...]

    @property
    def name(self) -> str:
        """Name of its chart."""
        return f"frame_{self.path.name}_{self.pdk}_{self.format}_{self.d}_{self.depth}"

    @property
    def title(self) -> str:
        """Title of its chart."""
        depth = "netlists" if self.depth == "synth" else f"to {self.depth}"
        return f"{self.path.title}: {self.pdk}, {self.format.upper()}, d = {self.d}, {depth}"


def waterfalls(rows: Sequence[Row]) -> list[Waterfall]:
    """Return every path with two steps or more: at its deepest depth, and at others that have more steps."""
    by_place = {(row.configuration, row.depth): first_seed(row) for row in rows}
    designs = dict.fromkeys(
        (row.configuration.pdk, row.configuration.format, row.configuration.d)
        for row in rows
        if row.configuration.is_usual and row.configuration.format in PAPER_FORMATS
    )
    falls = []
    for pdk, format_name, d in designs:
        for path in paths(format_name):
            most_steps = 1
            for depth in COMPARABLE:
                by_step = {step: by_place.get((_configuration(step, pdk, d), depth)) for step in path.steps}
                steps = kept_steps(by_step)
                if len(steps) > most_steps and steps[0][0] == path.steps[0]:
                    falls.append(Waterfall(path, pdk, format_name, d, depth, steps))
                    most_steps = len(steps)
    return falls


def kept_steps(by_step: Mapping[Step, Row | None]) -> tuple[tuple[Step, Row], ...]:
    """Return the steps that have a row, each titled with those before it that have none."""
    steps = []
    titles: list[str] = []
    for step, row in by_step.items():
        titles.append(step.title)
        if row is not None:
            steps.append((replace(step, title="; ".join(titles)), row))
            titles = []
    return tuple(steps)


def _configuration(step: Step, pdk: str, d: int) -> Configuration:
    return Configuration(pdk, step.format, d, WITH_KEY, frame=step.frame)


def described(waterfall: Waterfall, kernels: Sequence[str]) -> dict[str, Any]:
    """Return a waterfall as the templates show it."""
    return {
        "name": waterfall.name,
        "title": waterfall.title,
        "exact": waterfall.path.exact,
        "depth": waterfall.depth,
        "steps": [{"title": step.title, "row": describe(row, kernels)} for step, row in waterfall.rows],
    }


def waterfall_chart(shown: Mapping[str, Any], kernels: Sequence[str], paper: Mapping[str, Any]) -> BarChart:
    """Return the chart of a described waterfall: totals at its ends, steps between them."""
    levels = exact_levels if shown["exact"] else saving_levels
    titles, by_quantity = levels(shown["steps"], kernels)
    base = 100.0 if shown["exact"] else 0.0
    # Totals stand at the start and at the ends: of the exact path also where ExpMul takes over.
    totals = {0, len(titles) - 1} | ({len(titles) - 3} if shown["exact"] else set())
    series = []
    for quantity, values in by_quantity.items():
        if all(value is None for value in values):
            continue
        starts = [0.0 if index in totals else values[index - 1] for index in range(len(values))]
        series.append(Series(SERIES[quantity], tuple(values), starts=tuple(starts)))
    unit = f"% of {kernels[0]} at the start" if shown["exact"] else f"change against {kernels[0]}, %"
    lines = tuple(
        Line(
            f"paper, {SERIES[quantity].split(',')[0]}: {-paper[quantity]:.1f} %",
            base - paper[quantity],
            position,
        )
        for position, quantity in enumerate(by_quantity)
        if any(value is not None for value in by_quantity[quantity])
    )
    return BarChart(
        shown["name"], shown["title"], unit, tuple(titles), tuple(series), lines, signed=not shown["exact"]
    )


Levels = tuple[list[str], dict[str, list[float | None]]]


def saving_levels(steps: Sequence[Mapping[str, Any]], kernels: Sequence[str]) -> Levels:
    """Return the bars' titles and by quantity ExpMul's change after each step, the end once more."""
    titles = [step["title"] for step in steps] + ["in the last frame"]
    values: dict[str, list[float | None]] = {}
    for quantity in SERIES:
        reductions = [step["row"]["reductions"][kernels[1]][quantity] for step in steps]
        changes = [None if reduction is None else -reduction["percent"] for reduction in reductions]
        values[quantity] = [*changes, changes[-1]]
    return titles, values


def exact_levels(steps: Sequence[Mapping[str, Any]], kernels: Sequence[str]) -> Levels:
    """Return the bars' titles and by quantity the baseline after each step, then ExpMul in the last frame."""
    titles = [
        *(step["title"] for step in steps),
        "strongest exact baseline",
        "ExpMul's own part",
        "ExpMul, same frame",
    ]
    values: dict[str, list[float | None]] = {}
    for quantity in SERIES:
        start = _median(steps[0], kernels[0], quantity)
        levels = [_share(_median(step, kernels[0], quantity), start) for step in steps]
        last = _share(_median(steps[-1], kernels[1], quantity), start)
        values[quantity] = [*levels, levels[-1], last, last]
    return titles, values


def _median(step: Mapping[str, Any], kernel: str, quantity: str) -> float | None:
    figure = step["row"]["kernels"][kernel][quantity]
    return None if figure is None else float(figure["median"])


def _share(value: float | None, whole: float | None) -> float | None:
    return None if value is None or not whole else 100 * value / whole
