"""The netlist after layout against the synthesised one: every cell computes the same of the same sources.

Placement, clock tree and timing repair put buffers and inverters in and take them out, resize cells, swap
equivalent pins and clone gates. So sources are told through buffers and inverters, functions by truth table,
and a clone counts as the cell that it is a clone of. Whatever else was changed is a difference.
"""

from collections.abc import Iterator
from functools import cache

from flow.formats.boolean import ONE, ZERO, Expression, inverted, variable
from flow.formats.liberty import Cell
from flow.formats.netlist import CONSTANTS
from flow.signoff.traced_netlist import TracedInstance, TracedNetlist, is_buffer

Key = tuple[str, str]
# What an expression computes: the sources that it depends on, sorted, and its values over theirs.
Meaning = tuple[tuple[Key, ...], tuple[bool, ...]]


@cache
def _expressions(cell: Cell) -> dict[str, Expression]:
    """Return what a cell computes by a name that does not depend on its size."""
    expressions = {f"output {pin.name}": pin.function for pin in cell.outputs if pin.function is not None}
    if cell.state is not None:
        edge = "clock edge" if cell.state.edge_triggered else "gate"
        expressions |= {"data": cell.state.data, edge: cell.state.gate}
        expressions |= {"clear": cell.state.clear, "preset": cell.state.preset}
    return expressions


@cache
def _alike(cell: Cell, other: Cell) -> bool:
    """Return whether two cells compute the same of pins of the same names."""
    return cell.inputs == other.inputs and _expressions(cell) == _expressions(other)


class Sources:
    """What the pins of a netlist's cells hang on; clones stand for the cell that they are clones of."""

    def __init__(self, netlist: TracedNetlist) -> None:
        """Start without clones."""
        self.netlist = netlist
        self.clones: dict[str, str] = {}

    def of(self, instance: TracedInstance) -> dict[str, tuple[Key, bool] | None]:
        """Return the source of each input pin and whether it is inverted, None for an open pin."""
        sources: dict[str, tuple[Key, bool] | None] = {}
        for pin in instance.cell.inputs if instance.cell else ():
            source = self.netlist.source(instance.nets[pin]) if pin in instance.nets else None
            sources[pin] = None
            if source is not None:
                key = (self.clones.get(source.instance, source.instance), source.pin)
                sources[pin] = (key, source.inverted)
        return sources

    def meanings(self, instance: TracedInstance) -> dict[str, Meaning]:
        """Return what each expression of a cell computes, its own state apart."""
        sources = self.of(instance)
        expressions = _expressions(instance.cell) if instance.cell else {}
        return {name: _meaning(expression, sources) for name, expression in expressions.items()}


def _meaning(expression: Expression, sources: dict[str, tuple[Key, bool] | None]) -> Meaning:
    """Return what `expression` computes; an open pin and the cell's own state are sources of their own."""
    by_variable = {name: sources.get(name) or (("state", name), False) for name in expression.variables()}
    keys = sorted({key for key, _ in by_variable.values() if key[0] or key[1] not in CONSTANTS})
    names = {key: f"v{place}" for place, key in enumerate(keys)}
    replaced = {}
    for name, (key, is_inverted) in by_variable.items():
        value = variable(names[key]) if key in names else (ZERO, ONE)[CONSTANTS.index(key[1])]
        replaced[name] = inverted(value) if is_inverted else value
    function = _replace(expression, replaced)
    rows = range(1 << len(keys))
    values = tuple(
        function.value({f"v{place}": bool(row >> place & 1) for place in range(len(keys))}) for row in rows
    )
    return _without_idle(tuple(keys), values)


def _without_idle(keys: tuple[Key, ...], values: tuple[bool, ...]) -> Meaning:
    """Drop the sources on which the values do not depend."""
    for place in reversed(range(len(keys))):
        low = tuple(value for row, value in enumerate(values) if not row >> place & 1)
        high = tuple(value for row, value in enumerate(values) if row >> place & 1)
        if low == high:
            keys, values = keys[:place] + keys[place + 1 :], low
    return keys, values


def _replace(expression: Expression, values: dict[str, Expression]) -> Expression:
    if expression.operator == "var":
        return values[expression.name]
    return Expression(
        expression.operator,
        tuple(_replace(operand, values) for operand in expression.operands),
        expression.name,
    )


def _find_clones(before: TracedNetlist, after: Sources) -> None:
    """Name the original of each cell that layout added and that computes the same as a synthesised one."""
    of_layout = [
        instance
        for name, instance in sorted(after.netlist.instances.items())
        if name not in before.instances
        and instance.cell
        and instance.cell.outputs
        and not is_buffer(instance.cell)
    ]
    if not of_layout:
        return
    originals: dict[str, str] = {}
    for name in sorted(before.instances):
        instance = after.netlist.instances.get(name)
        if instance is not None and not is_buffer(instance.cell):
            originals.setdefault(repr(after.meanings(instance)), name)
    # A clone may hang on another: until nothing more is found.
    while True:
        original_of = {instance.name: originals.get(repr(after.meanings(instance))) for instance in of_layout}
        new = {
            name: original for name, original in original_of.items() if original and name not in after.clones
        }
        if not new:
            return
        after.clones |= new


def compare_netlists(before: TracedNetlist, after: TracedNetlist) -> tuple[list[str], dict[str, int]]:
    """Return how the netlist after layout differs from the synthesised one, and counts of what layout did."""
    old, new = Sources(before), Sources(after)
    _find_clones(before, new)
    counts = {
        "cells_synthesised": len(before.instances),
        "cells_added": len(after.instances.keys() - before.instances.keys()),
        "cells_removed": len(before.instances.keys() - after.instances.keys()),
        "cells_resized": sum(
            after.instances[name].cell_name != instance.cell_name
            for name, instance in before.instances.items()
            if name in after.instances
        ),
        "gates_cloned": len(new.clones),
    }
    return [*_compare_cells(old, new), *_compare_ports(before, new)], counts


def _compare_cells(old: Sources, new: Sources) -> Iterator[str]:
    for name, instance in sorted(old.netlist.instances.items()):
        if instance.cell is None:
            yield f"cell {name}: {instance.cell_name} is not in the Liberty files"
            continue
        other = new.netlist.instances.get(name)
        if is_buffer(instance.cell):
            continue  # seen through, whether it is still there or not
        if other is None or other.cell is None:
            yield f"cell {name} of the synthesised netlist is not in the one after layout"
            continue
        if _alike(instance.cell, other.cell) and old.of(instance) == new.of(other):
            continue
        was, now = old.meanings(instance), new.meanings(other)
        changed = sorted(what for what in was.keys() | now.keys() if was.get(what) != now.get(what))
        if changed:
            yield f"cell {name}: {', '.join(changed)} is not what was synthesised"


def _compare_ports(before: TracedNetlist, new: Sources) -> Iterator[str]:
    for bit, direction in before.ports.items():
        if new.netlist.ports.get(bit) != direction:
            yield f"port {bit} is not in the netlist after layout"
        elif direction == "output":
            was, now = before.source(before.net(bit)), new.netlist.source(new.netlist.net(bit))
            key = now and (new.clones.get(now.instance, now.instance), now.pin, now.inverted)
            if (was and (was.instance, was.pin, was.inverted)) != key:
                yield f"output {bit} is driven by another cell than synthesised"
