"""Zero-delay simulation of a netlist: values settle at once, so no glitches.

The netlist is levelised into a program of two-operand operations on 64-bit words, one bit per
independent stream (attention queries are independent), and a small C++ loop runs the program. Nothing
is compiled per netlist. Compared with cxxrtl, whose C++ for a kernel of 30,000 cells compiles for minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from flow.activity import native
from flow.activity.cell_logic import asynchronous, complement, follows_level, levelise
from flow.activity.gate_design import Activity, GateDesign, check_inputs
from flow.formats import boolean
from flow.formats.boolean import Expression
from flow.formats.cycle_collector import without_cycle_collection
from flow.formats.streams import Words

_CODES = {"and": 0, "or": 1, "xor": 2, "not": 3}
_ALL_ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)

Operation = tuple[int, int, int, int]


@dataclass
class _Programs:
    """What the C++ loop runs. Signals are the nets, two constants, the states, then scratch words."""

    signals: int
    zero: int = 0
    one: int = 0
    clock_cone: list[Operation] = field(default_factory=list)
    sample: list[Operation] = field(default_factory=list)
    settle: list[Operation] = field(default_factory=list)
    flip_flops: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.zero, self.one = self.signal(), self.signal()

    def signal(self) -> int:
        self.signals += 1
        return self.signals - 1

    def emit(
        self,
        expression: Expression,
        names: Mapping[str, int],
        into: list[Operation],
        result: int | None = None,
    ) -> int:
        """Append the operations of `expression` and return the signal that holds it, `result` if given."""
        if expression.operator in ("var", "const"):
            source = (
                names[expression.name]
                if expression.operator == "var"
                else (self.one if expression.name == "1" else self.zero)
            )
            if result is None:
                return source
            into.append((_CODES["and"], result, source, source))
            return result
        operands = [self.emit(operand, names, into) for operand in expression.operands]
        target = self.signal() if result is None else result
        if expression.operator == "not":
            into.append((_CODES["not"], target, operands[0], operands[0]))
            return target
        left = operands[0]
        for position, right in enumerate(operands[1:], start=2):
            partial = target if position == len(operands) else self.signal()
            into.append((_CODES[expression.operator], partial, left, right))
            left = partial
        return target


def _translate(design: GateDesign) -> _Programs:
    programs = _Programs(design.netlist.net_count)
    from_clock = set(design.clock.nets)
    scratch = programs.signal
    for instance in levelise(design):
        cell, state = design.cell(instance), design.cell(instance).state
        names = dict(instance.pins)
        operations: list[Operation] = []
        if state is not None:
            word = names[state.variable] = scratch()
            if state.edge_triggered:
                gate = programs.emit(state.gate, names, programs.sample)
                data = programs.emit(asynchronous(state, state.data), names, programs.sample)
                programs.flip_flops.append((gate, data, word))
            next_state = follows_level(state)
            if next_state != boolean.variable(state.variable):
                programs.emit(next_state, names, operations, result=word)
            if state.complement:
                names[state.complement] = programs.emit(complement(state), names, operations)
        for pin in cell.outputs:
            if pin.function is not None:
                programs.emit(pin.function, names, operations, result=instance.pins[pin.name])
        programs.settle += operations
        if from_clock & {instance.pins[pin] for pin in cell.read_at_once}:
            programs.clock_cone += operations
            from_clock |= {instance.pins[pin.name] for pin in cell.outputs}
    return programs


def _table(rows: Sequence[Iterable[int]], columns: int) -> npt.NDArray[np.int32]:
    return np.ascontiguousarray(np.asarray(list(rows), dtype=np.int32).reshape(-1, columns))


@without_cycle_collection
def simulate(
    design: GateDesign,
    inputs: Mapping[str, Words],
    streams: int,
    clock_period_ns: float,
    count_from: int = 0,
) -> tuple[dict[str, Words], Activity]:
    """Simulate all clocks of `inputs` and return the outputs and the activity.

    `inputs` has words [clocks, width] for every input port but the clock; outputs likewise. At each rising
    edge the flip-flops take what was there, then the inputs of that clock apply; outputs are those just
    before the next rising edge. State and inputs start at 0. Activity is counted from clock `count_from`
    on and summed over `streams`.

    Raises ValueError for inputs that do not fit the ports.
    """
    clocks = check_inputs(design, inputs, streams, count_from)
    programs = _translate(design)
    nets = design.netlist.net_count
    value = np.zeros(programs.signals, dtype=np.uint64)
    value[[programs.one, *(net for net, level in design.netlist.constants.items() if level)]] = _ALL_ONES
    before = np.zeros(nets, dtype=np.uint64)
    flip_flops = _table(programs.flip_flops, 3)
    gate_before = np.zeros(len(flip_flops), dtype=np.uint64)
    input_nets = _table(
        [port.nets for port in design.inputs] and [sum((p.nets for p in design.inputs), ())], 1
    )
    output_nets = _table([sum((port.nets for port in design.outputs), ())], 1)
    packed = np.ascontiguousarray(
        np.concatenate([inputs[port.name] for port in design.inputs], axis=1), dtype=np.uint64
    )
    packed_outputs = np.zeros((clocks, len(output_nets)), dtype=np.uint64)
    toggles, high = np.zeros(nets, dtype=np.uint64), np.zeros(nets, dtype=np.uint64)
    tables = [_table(rows, 4) for rows in (programs.clock_cone, programs.sample, programs.settle)]

    run = native.load("zero_delay.cpp").run
    native.call(
        run,
        *(part for table in tables for part in (table, len(table))),
        flip_flops, len(flip_flops), gate_before, value, before, nets, design.clock.nets[0],
        input_nets, len(input_nets), packed, output_nets, len(output_nets), packed_outputs,
        clocks, count_from, (1 << streams) - 1, toggles, high,
    )  # fmt: skip

    counted = (clocks - count_from) * streams
    activity = Activity(
        counted * clock_period_ns,
        counted,
        toggles.astype(np.int64),
        high.astype(np.float64) * (clock_period_ns / 2),
    )
    return design.split_outputs(packed_outputs & np.uint64((1 << streams) - 1)), activity
