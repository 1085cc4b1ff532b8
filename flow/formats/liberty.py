"""What a simulation needs from Liberty files: pins, functions, state and timing arcs of every cell.

A reader of its own: pyosys, which reads functions too, drops the arcs. The tables, nearly all of a file, are
skipped unread, so that the 64 MB of a 7 nm library take seconds.
"""

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flow.formats import boolean
from flow.formats.boolean import Expression

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_STATEMENT = re.compile(
    r"""(?P<name>\w+)\s*:\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^;{}\n"]*))\s*;?"""
    r"""|(?P<group>\w+)\s*\((?P<arguments>[^()]*)\)\s*(?P<open>\{?)"""
    r"""|(?P<close>\})"""
)
_PULSE_AND_CONSTRAINTS = re.compile(
    r"(setup|hold|recovery|removal|skew|min_pulse|minimum_period|non_seq|nochange)"
)
_STATE_GROUPS = ("ff", "latch", "statetable")


@dataclass(frozen=True)
class Pin:
    """A signal pin: its direction, and for an output the function of inputs and state variables.

    `tristate` is the condition under which the output floats.
    """

    name: str
    direction: str
    function: Expression | None = None
    tristate: Expression | None = None


@dataclass(frozen=True)
class State:
    """One bit of state: `variable`, and `complement` for its inverse ("" for none).

    Edge-triggered: takes `data` when `gate` rises. Otherwise: is `data` while `gate` is 1. `clear` and
    `preset` act at once; where both are 1, the variable is `both_variable`, the inverse `both_complement`.
    """

    variable: str
    complement: str
    edge_triggered: bool
    gate: Expression
    data: Expression
    clear: Expression = boolean.ZERO
    preset: Expression = boolean.ZERO
    both_variable: bool = False
    both_complement: bool = False


@dataclass(frozen=True)
class Cell:
    """A library cell. `arcs` are the (from, to) pin pairs with a delay, sorted; supply pins are apart."""

    name: str
    area_um2: float
    pins: tuple[Pin, ...]
    state: State | None = None
    arcs: tuple[tuple[str, str], ...] = ()
    supply_pins: tuple[str, ...] = ()

    @cached_property
    def pin_names(self) -> frozenset[str]:
        """Names of all pins but the supplies."""
        return frozenset(pin.name for pin in self.pins)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input pins in the file's order."""
        return tuple(pin.name for pin in self.pins if pin.direction == "input")

    @cached_property
    def outputs(self) -> tuple[Pin, ...]:
        """Output pins in the file's order."""
        return tuple(pin for pin in self.pins if pin.direction in ("output", "inout"))

    @cached_property
    def read_at_once(self) -> frozenset[str]:
        """Names of the input pins that outputs follow without a clock edge."""
        expressions = [pin.function for pin in self.outputs if pin.function is not None]
        if self.state is not None:
            expressions += [self.state.clear, self.state.preset]
            if not self.state.edge_triggered:
                expressions += [self.state.gate, self.state.data]
        names = {name for expression in expressions for name in expression.variables()}
        return frozenset(names & set(self.inputs))


@dataclass
class _Group:
    """A Liberty group: its arguments, simple attributes and subgroups in order."""

    kind: str
    arguments: tuple[str, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list["_Group"] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list["_Group"]:
        return [group for group in self.groups if group.kind in kinds]


def _parse(text: str, source: str) -> _Group:
    """Return the top of the tree of groups. Raises ValueError for text that is no Liberty library."""
    stack = [_Group("", ())]
    text = _COMMENT.sub("", text).replace("\\\r\n", " ").replace("\\\n", " ")
    for match in _STATEMENT.finditer(text):
        if match["name"]:
            value = match["quoted"] if match["quoted"] is not None else match["bare"].strip()
            stack[-1].attributes[match["name"]] = value
        elif match["open"]:
            arguments = tuple(part.strip().strip('"') for part in match["arguments"].split(","))
            group = _Group(match["group"], arguments)
            stack[-1].groups.append(group)
            stack.append(group)
        elif match["close"]:
            if len(stack) == 1:
                raise ValueError(f"{source}: unbalanced braces, not a Liberty file")
            stack.pop()
    if len(stack) != 1 or not stack[0].of_kind("library"):
        raise ValueError(f"{source}: truncated, or not a Liberty file")
    return stack[0].of_kind("library")[0]


def _optional(attributes: dict[str, str], name: str) -> Expression:
    return boolean.parse(attributes[name]) if name in attributes else boolean.ZERO


def _table_state(group: _Group) -> State:
    """Return the latch that a state table describes: rows `inputs : current : next`, next H, L or N.

    It may have a second variable, the first one's inverse.
    """
    names = group.arguments[0].split()
    variable, *complement = group.arguments[1].split()
    nexts = (["L", "H"], ["H", "L"], ["N", "N"]) if complement else (["L"], ["H"], ["N"])
    follows_high: list[Expression] = []
    holds: list[Expression] = []
    for row in group.attributes["table"].split(","):
        inputs, current, following = (part.split() for part in row.split(":"))
        if set(current) != {"-"} or following not in nexts:
            raise ValueError(f"state table row '{row.strip()}' is not that of a latch")
        literals = [
            boolean.variable(name) if level == "H" else boolean.inverted(boolean.variable(name))
            for name, level in zip(names, inputs, strict=True)
            if level in ("H", "L")
        ]
        if following[0] == "H":
            follows_high.append(boolean.all_of(*literals))
        elif following[0] == "N":
            holds.append(boolean.all_of(*literals))
    gate = boolean.inverted(boolean.any_of(*holds))
    return State(variable, "".join(complement), False, gate, boolean.any_of(*follows_high))


def _state(group: _Group) -> State:
    if group.kind == "statetable":
        return _table_state(group)
    edge_triggered = group.kind == "ff"
    gate, data = ("clocked_on", "next_state") if edge_triggered else ("enable", "data_in")
    both = [group.attributes.get(f"clear_preset_var{index}", "L") for index in (1, 2)]
    if not set(both) <= {"L", "H"}:
        raise ValueError(f"clear_preset_var {both}: only L and H are simulated")
    return State(
        group.arguments[0],
        group.arguments[1],
        edge_triggered,
        _optional(group.attributes, gate),
        _optional(group.attributes, data),
        _optional(group.attributes, "clear"),
        _optional(group.attributes, "preset"),
        both[0] == "H",
        both[1] == "H",
    )


def _pin(group: _Group, name: str) -> Pin:
    attributes = group.attributes
    function = attributes.get("function", attributes.get("state_function"))
    return Pin(
        name,
        attributes.get("direction", "input"),
        boolean.parse(function) if function is not None else None,
        boolean.parse(attributes["three_state"]) if "three_state" in attributes else None,
    )


def _arcs(group: _Group, to_pin: str) -> set[tuple[str, str]]:
    return {
        (from_pin, to_pin)
        for timing in group.of_kind("timing")
        if not _PULSE_AND_CONSTRAINTS.match(timing.attributes.get("timing_type", "combinational"))
        for from_pin in timing.attributes.get("related_pin", "").split()
    }


def _cell(group: _Group) -> Cell:
    pins: list[Pin] = []
    arcs: set[tuple[str, str]] = set()
    for pin_group in group.of_kind("pin"):
        for name in pin_group.arguments:
            pins.append(_pin(pin_group, name))
            if pins[-1].direction in ("output", "inout"):
                arcs |= _arcs(pin_group, name)
    states = group.of_kind(*_STATE_GROUPS)
    # A gated clock may carry both a latch and a state table of the same bit.
    tables = [state for state in states if state.kind == "statetable"]
    chosen = tables or states
    try:
        state = _state(chosen[0]) if len(chosen) == 1 else None
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"cell {group.arguments[0]}: {error}") from None
    area = float(group.attributes.get("area", "0"))
    supplies = tuple(pin.arguments[0] for pin in group.of_kind("pg_pin"))
    return Cell(group.arguments[0], area, tuple(pins), state, tuple(sorted(arcs)), supplies)


def read_text(path: Path) -> str:
    """Return the text of a file, plain or gzip. Raises OSError, or ValueError where it is truncated."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}: {error}") from None
    return data.decode("utf-8", errors="replace")


def read_liberty(paths: Sequence[Path]) -> dict[str, Cell]:
    """Return the cells of all files by name, in the files' order; a later file's cell replaces an earlier.

    Raises OSError for an unreadable file, ValueError for one that is truncated or no Liberty.
    """
    cells: dict[str, Cell] = {}
    for path in paths:
        for group in _parse(read_text(path), str(path)).of_kind("cell"):
            cell = _cell(group)
            cells[cell.name] = cell
    return cells
