"""What a search varies: parameters of the design and settings of the flow, each over a list or a range."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flow.common.decimals import QUANTITY, WHOLE_NUMBER
from flow.common.errors import UserError
from flow.record.settings import Settings, find_design, nearest
from hdl.design import Design

# Settings of the flow by the names of run.py's options, and what they are called in `make_settings`.
SETTINGS = {
    "clock": "clock_ns",
    "utilization": "utilization_percent",
    "padding": "padding_sites",
    "synthesis": "synthesis",
    "seed": "seed",
}
POINTS_MAX = 10_000
Value = int | float | str
MakeSettings = Callable[..., Settings]


@dataclass(frozen=True)
class Axis:
    """A name and the values that it takes: numbers in their order, else as given."""

    name: str
    values: tuple[Value, ...]

    @property
    def is_ordered(self) -> bool:
        """Whether the values are numbers, of which near ones are alike."""
        return not any(isinstance(value, str) for value in self.values)


def read_value(text: str) -> Value:
    """Return a whole number, a decimal one or a name."""
    if WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return float(text) if QUANTITY.fullmatch(text) else text


def read_axis(words: str, design: Design) -> Axis:
    """Return what `NAME=A,B,C` or `NAME=LOW..HIGH[:STEP]` varies; raises UserError."""
    name, equals, given = words.partition("=")
    if not equals or not given:
        raise UserError(f"--vary {words}: it takes NAME=A,B,C or NAME=LOW..HIGH:STEP")
    if name not in SETTINGS and name != "format" and name not in design.parameter_names:
        raise nearest("thing to vary", name, [*SETTINGS, *design.parameter_names])
    texts = ranged(words, given) if ".." in given else given.split(",")
    values = tuple(read_value(text) for text in texts)
    if len(set(values)) < len(values) or "" in values:
        raise UserError(f"--vary {words}: a value is empty or there twice")
    axis = Axis(name, values)
    return Axis(name, tuple(sorted(values, key=float))) if axis.is_ordered else axis


def ranged(words: str, given: str) -> list[str]:
    """Return the numbers of `LOW..HIGH[:STEP]` as text, both ends included; STEP is 1 without one."""
    span, _, step_text = given.partition(":")
    low_text, _, high_text = span.partition("..")
    try:
        low, high, step = (Decimal(text) for text in (low_text, high_text, step_text or "1"))
        number = math.floor((high - low) / step) + 1 if step > 0 and low <= high else 0
    except (ArithmeticError, ValueError):
        number = 0
    if not 1 <= number <= POINTS_MAX:
        raise UserError(f"--vary {words}: no range as in 40..80:5")
    return [f"{(low + index * step).normalize():f}" for index in range(number)]


def read_space(given: Sequence[str], design_name: str) -> list[Axis]:
    """Return the axes of a search, each name once; raises UserError."""
    design = find_design(design_name)
    axes = [read_axis(words, design) for words in given]
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--vary {name}: given twice")
    if not axes:
        raise UserError("--vary NAME=... is needed: what is searched?")
    return axes


def settings_at(point: Mapping[str, Value], make: MakeSettings, given: Mapping[str, Any]) -> Settings:
    """Return the settings of a point; `given` are the design's parameters that stay. Raises UserError."""
    parameters = dict(given) | {name: value for name, value in point.items() if name not in SETTINGS}
    options = {SETTINGS[name]: value for name, value in point.items() if name in SETTINGS}
    return make(parameters, **options)


def usual_point(axes: Sequence[Axis], usual: Settings) -> dict[str, Value] | None:
    """Return the point of the defaults, None where an axis does not have its default."""
    of_flow: dict[str, Value] = {
        "clock": usual.clock_ns,
        "utilization": usual.utilization_percent,
        "padding": usual.padding_sites,
        "synthesis": usual.synthesis,
        "seed": usual.seed,
    }
    point = {axis.name: (of_flow | usual.parameters).get(axis.name) for axis in axes}
    if any(point[axis.name] not in axis.values for axis in axes):
        return None
    return {axis.name: axis.values[axis.values.index(point[axis.name])] for axis in axes}


def size_of(axes: Sequence[Axis]) -> int:
    """Return how many points there are."""
    return math.prod(len(axis.values) for axis in axes)
