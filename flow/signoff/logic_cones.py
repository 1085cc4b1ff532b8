"""Register-to-register logic as BLIF: each register's output an input, its data and its clock outputs.

Take two netlists with the same registers. They compute the same when the same inputs and register outputs
give the same outputs, register data and register clocks: a question of combinational logic alone.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flow.formats.boolean import Expression
from flow.formats.netlist import CONSTANTS
from flow.signoff.reference_graph import ReferenceGraph
from flow.signoff.registers import Match, flip_flop
from flow.signoff.traced_netlist import TracedInstance, TracedNetlist, truth_table


def _input_names(netlist: TracedNetlist, reference: ReferenceGraph) -> list[str]:
    """Return the names of all inputs of the cones: ports, then the reference's registers."""
    ports = sorted(bit for bit, direction in netlist.ports.items() if direction == "input")
    return [
        *(f"in:{bit}" for bit in ports),
        *(f"register:{index}" for index in range(len(reference.registers))),
    ]


def _output_names(netlist: TracedNetlist, matches: list[Match]) -> list[str]:
    ports = sorted(bit for bit, direction in netlist.ports.items() if direction == "output")
    names = [f"output:{bit}" for bit in ports]
    return names + [f"{what}:{match.instance}" for match in matches for what in ("data", "clock")]


def _header(model: str, inputs: list[str], outputs: list[str]) -> Iterator[str]:
    yield f".model {model}"
    yield ".inputs " + " ".join(inputs)
    yield ".outputs " + " ".join(outputs)
    yield ".names $0"
    yield ".names $1\n1"


def _copy(source: str, target: str, inverted: bool = False) -> str:
    return f".names {source} {target}\n{'0' if inverted else '1'} 1"


def write_reference_cones(
    reference: ReferenceGraph, netlist: TracedNetlist, matches: list[Match], clock: str, path: Path
) -> None:
    """Write the reference's cones, with the layout's names for inputs and outputs."""

    def literal(number: int) -> tuple[str, bool]:
        return f"n{number // 2}" if number > 1 else "$0", bool(number % 2)

    lines = [*_header("verilog", _input_names(netlist, reference), _output_names(netlist, matches))]
    for bit, direction in sorted(netlist.ports.items()):
        table = reference.inputs if direction == "input" else reference.outputs
        if bit not in table:
            raise ValueError(f"port {bit} of the layout is not one of the Verilog")
        name, inverted = literal(table[bit])
        lines.append(
            _copy(f"in:{bit}", name) if direction == "input" else _copy(name, f"output:{bit}", inverted)
        )
    for index, (own, _) in enumerate(reference.registers):
        lines.append(_copy(f"register:{index}", literal(own)[0]))
    for own, *factors in reference.ands:
        (left, left_inverted), (right, right_inverted) = (literal(factor) for factor in factors)
        lines.append(f".names {left} {right} {literal(own)[0]}\n{1 - left_inverted}{1 - right_inverted} 1")
    for match in matches:
        data, inverted = literal(reference.registers[match.register][1])
        lines.append(_copy(data, f"data:{match.instance}", inverted ^ match.inverted))
        lines.append(_copy(f"in:{clock}", f"clock:{match.instance}"))
    path.write_text("\n".join([*lines, ".end", ""]), encoding="utf-8")


@cache
def _cover(expression: Expression) -> tuple[tuple[str, ...], str]:
    """Return the variables of `expression` and the rows of its BLIF table that give 1."""
    names = expression.variables()
    table = truth_table(expression, names)
    rows = [f"{row:0{len(names)}b} 1" if names else "1" for row, value in enumerate(table) if value]
    return names, "".join(f"\n{row}" for row in rows)


def write_layout_cones(
    netlist: TracedNetlist, reference: ReferenceGraph, matches: list[Match], path: Path
) -> None:
    """Write the cones of the netlist after layout.

    Raises ValueError for a cell whose function is not known.
    """
    numbers: dict[str, str] = dict(zip(CONSTANTS, ("$0", "$1"), strict=True))

    def net(name: str | None) -> str:
        return "$0" if name is None else numbers.setdefault(name, f"n{len(numbers)}")

    def table(instance: TracedInstance, expression: Expression, target: str) -> str:
        names, rows = _cover(expression)
        state = instance.cell.state if instance.cell else None
        own = {state.variable: "", state.complement: "~"} if state else {}
        sources = [
            f"state{own[name]}:{instance.name}" if name in own else net(instance.nets.get(name))
            for name in names
        ]
        return f".names {' '.join((*sources, target))}{rows}"

    lines = [*_header("layout", _input_names(netlist, reference), _output_names(netlist, matches))]
    for bit, direction in sorted(netlist.ports.items()):
        own = net(netlist.net(bit))
        lines.append(_copy(f"in:{bit}", own) if direction == "input" else _copy(own, f"output:{bit}"))
    for match in matches:
        instance = netlist.instances[match.instance]
        state = flip_flop(netlist, instance)
        for mark, inverted in (("", match.inverted), ("~", not match.inverted)):
            lines.append(_copy(f"register:{match.register}", f"state{mark}:{match.instance}", inverted))
        lines.append(table(instance, state.data, f"data:{match.instance}"))
        lines.append(table(instance, state.gate, f"clock:{match.instance}"))
    for name, instance in sorted(netlist.instances.items()):
        if instance.cell is None:
            raise ValueError(f"cell {name}: {instance.cell_name} is not in the Liberty files")
        for pin in instance.cell.outputs:
            if pin.name in instance.nets:
                if pin.function is None or pin.tristate is not None:
                    raise ValueError(f"cell {instance.cell_name}: output {pin.name} has no function")
                lines.append(table(instance, pin.function, net(instance.nets[pin.name])))
    path.write_text("\n".join([*lines, ".end", ""]), encoding="utf-8")
