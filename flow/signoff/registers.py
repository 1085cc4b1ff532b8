"""Which register of the Verilog each register of the layout is.

By the names of the nets that carry them, seen through buffers and inverters. Where synthesis kept another
net's name, or a seed scrambled them all, by their data: on random inputs only one unclaimed register of the
Verilog takes what the layout's takes. Those that take the same are told apart by what reads them. A wrong
match could only make equivalence fail, never hold.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, product

from flow.formats.boolean import ZERO, Expression
from flow.formats.liberty import Cell, State
from flow.formats.netlist import CONSTANTS
from flow.signoff.reference_graph import ReferenceGraph
from flow.signoff.traced_netlist import TracedInstance, TracedNetlist

RANDOM_BITS = 512
# Registers that are told apart by their readers are few; a netlist with more of them has lost its registers.
MAX_ALIKE, MAX_CANDIDATES = 64, 8


class NotComparableError(Exception):
    """The two sides cannot be compared this way; the message says why."""


@dataclass(frozen=True)
class Match:
    """A register of the layout, the reference's register that it is, and whether it holds its inverse."""

    instance: str
    register: int
    inverted: bool


def flip_flop(netlist: TracedNetlist, instance: TracedInstance) -> State:
    """Return the state of a flip-flop whose clear and preset, where it has them, are tied off.

    Raises NotComparableError for a cell with another kind of state, or whose clear or preset may act.
    """
    state = instance.cell.state if instance.cell else None
    if state is None or not state.edge_triggered:
        raise NotComparableError(f"{instance.cell_name} is no plain flip-flop")
    if not all(_tied_off(netlist, instance, forced) for forced in (state.clear, state.preset)):
        raise NotComparableError(
            f"{instance.cell_name} is no plain flip-flop: {instance.name} can be cleared or preset"
        )
    return state


def _tied_off(netlist: TracedNetlist, instance: TracedInstance, condition: Expression) -> bool:
    """Return whether the constants at the pins of `instance` leave `condition` 0 whatever the others are."""
    sources = {name: netlist.source(instance.nets.get(name, "")) for name in condition.variables()}
    tied = {
        name: source.pin == "1"
        for name, source in sources.items()
        if source is not None and not source.instance and source.pin in CONSTANTS
    }
    free = [name for name in sources if name not in tied]
    return not any(
        condition.value(tied | dict(zip(free, levels, strict=True)))
        for levels in product((False, True), repeat=len(free))
    )


@cache
def _gives_inverse(cell: Cell, pin: str) -> bool | None:
    """Return whether output `pin` of a flip-flop gives the inverse of its state, None if it gives neither."""
    function = next((output.function for output in cell.outputs if output.name == pin), None)
    if function is None or cell.state is None:
        return None
    inverts = function.operator == "not"
    name = (function.operands[0] if inverts else function).name
    if name == cell.state.variable:
        return inverts
    return not inverts if name and name == cell.state.complement else None


def match_registers(netlist: TracedNetlist, reference: ReferenceGraph) -> list[Match]:
    """Return the reference's register for each of the layout's, in the order of their names.

    Raises ValueError for a register of the layout that the reference does not have, and
    NotComparableError for cells with a state that are no plain flip-flops.
    """
    registers = sorted(
        name for name, instance in netlist.instances.items() if instance.cell and instance.cell.state
    )
    for name in registers:
        flip_flop(netlist, netlist.instances[name])
    known: dict[str, Match] = {}
    for name, register in reference.registers_by_name.items():
        source = netlist.source(netlist.net(name))
        cell = netlist.instances[source.instance].cell if source and source.instance else None
        inverse = _gives_inverse(cell, source.pin) if source and cell else None
        if source and inverse is not None:
            known.setdefault(source.instance, Match(source.instance, register, inverse ^ source.inverted))
    # Each round's matches give the next one's their data: a pipeline without names is matched stage by stage.
    while missing := [name for name in registers if name not in known]:
        candidates = _Data(netlist, reference, known).candidates(missing)
        matched = {name: matches[0] for name, matches in candidates.items() if len(matches) == 1}
        matched = matched or _match_by_readers(netlist, reference, known, candidates)
        if not matched:
            raise ValueError(f"register {missing[0]} of the layout is none of the Verilog's")
        known |= matched
    return [known[name] for name in registers]


class _Data:
    """What every register takes on random inputs: matched ones hold random values, the others 0."""

    def __init__(self, netlist: TracedNetlist, reference: ReferenceGraph, known: Mapping[str, Match]) -> None:
        words = random.Random(0)
        self.ones = (1 << RANDOM_BITS) - 1
        inputs = [bit for bit, kind in netlist.ports.items() if kind == "input"]
        ports = {bit: words.getrandbits(RANDOM_BITS) for bit in inputs}
        self.claimed = {match.register: words.getrandbits(RANDOM_BITS) for match in known.values()}
        held = [self.claimed.get(index, 0) for index in range(len(reference.registers))]
        values = _evaluate_reference(reference, ports, held, self.ones)
        self.of_reference = [
            values[data // 2] ^ (self.ones if data % 2 else 0) for _, data in reference.registers
        ]
        self.netlist = netlist
        self.layout = _LayoutValues(netlist, ports, self.ones)
        for match in known.values():
            self.layout.states[match.instance] = held[match.register] ^ (self.ones if match.inverted else 0)

    def of_layout(self, name: str) -> int:
        """Return what the layout's register `name` takes."""
        instance = self.netlist.instances[name]
        return self.layout.value(flip_flop(self.netlist, instance).data, instance)

    def agrees(self, match: Match) -> bool:
        """Return whether the two registers of `match` take the same."""
        inverse = self.ones if match.inverted else 0
        return self.of_layout(match.instance) == self.of_reference[match.register] ^ inverse

    def candidates(self, names: Sequence[str]) -> dict[str, list[Match]]:
        """Return for each of the layout's `names` the unclaimed registers that take what it takes."""
        by_data: dict[int, list[int]] = {}
        for index, taken in enumerate(self.of_reference):
            if index not in self.claimed:
                by_data.setdefault(taken, []).append(index)
        return {
            name: [
                Match(name, index, inverted)
                for inverted in (False, True)
                for index in by_data.get(self.of_layout(name) ^ (self.ones if inverted else 0), [])
            ]
            for name in names
        }


def _match_by_readers(
    netlist: TracedNetlist,
    reference: ReferenceGraph,
    known: Mapping[str, Match],
    candidates: Mapping[str, Sequence[Match]],
) -> dict[str, Match]:
    """Return a match for the first register of which one candidate alone leaves all others' data equal.

    For registers that take the same data and are read by different ones.
    """
    alike = {name: matches for name, matches in candidates.items() if 1 < len(matches) <= MAX_CANDIDATES}
    for name, matches in islice(alike.items(), MAX_ALIKE):
        fitting = []
        for candidate in matches:
            data = _Data(netlist, reference, {**known, name: candidate})
            if all(data.agrees(match) for match in known.values()):
                fitting.append(candidate)
        if len(fitting) == 1:
            return {name: fitting[0]}
    return {}


def _evaluate_reference(
    reference: ReferenceGraph, ports: Mapping[str, int], held: list[int], ones: int
) -> dict[int, int]:
    """Return the value of each node for the values of ports and registers."""
    values = {0: 0}
    values |= {literal // 2: ports.get(bit, 0) for bit, literal in reference.inputs.items() if bit in ports}
    values |= {literal // 2: held[index] for index, (literal, _) in enumerate(reference.registers)}
    for own, left, right in reference.ands:
        value = values[left // 2] ^ (ones if left % 2 else 0)
        values[own // 2] = value & (values[right // 2] ^ (ones if right % 2 else 0))
    return values


class _LayoutValues:
    """Values of the layout's nets, worked out as they are asked for; a register not in `states` holds 0."""

    def __init__(self, netlist: TracedNetlist, ports: Mapping[str, int], ones: int) -> None:
        self.netlist = netlist
        self.ones = ones
        self.states: dict[str, int] = {}
        self.nets = {netlist.net(bit): value for bit, value in ports.items()}
        self.nets |= dict(zip(CONSTANTS, (0, ones), strict=True))

    def value(self, expression: Expression, instance: TracedInstance) -> int:
        """Return the value of an expression over the pins and the state of `instance`."""
        for name in expression.variables():
            if name in instance.nets:
                self._settle(instance.nets[name])
        return self._apply(expression, instance)

    def _apply(self, expression: Expression, instance: TracedInstance) -> int:
        if expression.operator == "const":
            return self.ones if expression.name == "1" else 0
        if expression.operator == "var":
            state = instance.cell.state if instance.cell else None
            if state and expression.name == state.variable:
                return self.states.get(instance.name, 0)
            if state and expression.name == state.complement:
                return self.states.get(instance.name, 0) ^ self.ones
            return self.nets.get(instance.nets.get(expression.name, ""), 0)
        values = [self._apply(operand, instance) for operand in expression.operands]
        result = values[0]
        for value in values[1:]:
            result = {"and": result & value, "or": result | value}.get(expression.operator, result ^ value)
        return result ^ self.ones if expression.operator == "not" else result

    def _settle(self, net: str) -> None:
        """Give `net` and what it depends on a value, without recursion: adders are deep."""
        waiting = [net]
        while waiting:
            current = waiting[-1]
            name, pin = self.netlist.drivers.get(current, ("", ""))
            if current in self.nets or not name:
                waiting.pop()
                continue
            instance = self.netlist.instances[name]
            output = (
                next(output for output in instance.cell.outputs if output.name == pin)
                if instance.cell
                else None
            )
            function = output.function if output and output.function else ZERO
            sources = [instance.nets[name] for name in function.variables() if name in instance.nets]
            unknown = [net for net in sources if net not in self.nets and net in self.netlist.drivers]
            if unknown and len(waiting) <= len(self.netlist.instances):
                waiting.extend(unknown)
            else:
                self.nets[current] = self._apply(function, instance)
                waiting.pop()
