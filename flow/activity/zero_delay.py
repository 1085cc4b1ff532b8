"""Zero-delay simulation of a netlist: values settle at once, so no glitches.

The netlist is levelised into a program of two-operand operations on 64-bit words, one bit per
independent stream (attention queries are independent), and a small C++ loop runs the program. Nothing
is compiled per netlist. Compared with cxxrtl, whose C++ for a kernel of 30,000 cells compiles for minutes.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flow.activity import boolean, native
from flow.activity.boolean import Expression
from flow.activity.design import Activity, Design
from flow.activity.liberty import State
from flow.activity.netlist import Instance
from flow.activity.streams import MAX_STREAMS, Words

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
            step = target if position == len(operands) else self.signal()
            into.append((_CODES[expression.operator], step, left, right))
            left = step
        return target


def _asynchronous(state: State, held: Expression) -> Expression:
    """Return the state's value given what it `held`: clear and preset act over it."""
    only_preset = boolean.any_of(state.preset, held) if state.preset != boolean.ZERO else held
    if state.clear == boolean.ZERO:
        return only_preset
    cleared = boolean.all_of(boolean.inverted(state.clear), only_preset)
    if state.preset == boolean.ZERO or not state.both_variable:
        return cleared
    return boolean.any_of(cleared, boolean.all_of(state.clear, state.preset))


def _complement(state: State) -> Expression:
    """Return the complement output's value: the inverse but where clear and preset are both on."""
    inverse = boolean.inverted(boolean.variable(state.variable))
    if boolean.ZERO in (state.clear, state.preset):
        return inverse
    both = boolean.all_of(state.clear, state.preset)
    if state.both_complement:
        return boolean.any_of(inverse, both)
    return boolean.all_of(inverse, boolean.inverted(both))


def levelise(design: Design) -> list[tuple[int, Instance]]:
    """Return (level, instance), drivers before what they drive.

    Raises ValueError for a combinational loop.
    """
    readers: dict[int, list[int]] = {}
    waiting = []
    driven = {
        instance.pins[pin.name] for instance in design.instances for pin in design.cell(instance).outputs
    }
    for index, instance in enumerate(design.instances):
        nets = {instance.pins[pin] for pin in design.cell(instance).read_at_once} & driven
        waiting.append(len(nets))
        for net in nets:
            readers.setdefault(net, []).append(index)
    ready = [index for index, count in enumerate(waiting) if count == 0]
    ordered: list[tuple[int, Instance]] = []
    level = 0
    while ready:
        # Equal operations side by side help the branch predictor of the loop that runs them.
        ready.sort(key=lambda index: (design.instances[index].cell, index))
        following = []
        for index in ready:
            instance = design.instances[index]
            ordered.append((level, instance))
            for pin in design.cell(instance).outputs:
                for reader in readers.get(instance.pins[pin.name], ()):
                    waiting[reader] -= 1
                    if waiting[reader] == 0:
                        following.append(reader)
        ready = following
        level += 1
    if len(ordered) < len(design.instances):
        stuck = next(index for index, count in enumerate(waiting) if count > 0)
        name = "/".join(design.instances[stuck].path)
        raise ValueError(f"netlist {design.netlist.top}: combinational loop behind {name}")
    return ordered


def _translate(design: Design) -> _Programs:
    programs = _Programs(design.netlist.net_count)
    from_clock = set(design.clock.nets)
    scratch = programs.signal
    for _, instance in levelise(design):
        cell, state = design.cell(instance), design.cell(instance).state
        names = dict(instance.pins)
        operations: list[Operation] = []
        if state is not None:
            word = names[state.variable] = scratch()
            held = boolean.variable(state.variable)
            if state.edge_triggered:
                gate = programs.emit(state.gate, names, programs.sample)
                data = programs.emit(state.data, names, programs.sample)
                programs.flip_flops.append((gate, data, word))
            else:
                held = boolean.any_of(
                    boolean.all_of(state.gate, state.data), boolean.all_of(boolean.inverted(state.gate), held)
                )
            settled = _asynchronous(state, held)
            if settled != boolean.variable(state.variable):
                programs.emit(settled, names, operations, result=word)
            if state.complement:
                names[state.complement] = programs.emit(_complement(state), names, operations)
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


def simulate(
    design: Design,
    inputs: Mapping[str, Words],
    streams: int,
    clock_period_ns: float,
    count_from: int = 0,
    folder: Path | None = None,
) -> tuple[dict[str, Words], Activity]:
    """Simulate all clocks of `inputs` and return the outputs and the activity.

    `inputs` has words [clocks, width] for every input port but the clock; outputs likewise. At each rising
    edge the flip-flops take what was there, then the inputs of that clock apply; outputs are those just
    before the next rising edge. State starts at 0. Activity is counted from clock `count_from` on and
    summed over `streams`. `folder` is for the compiled loop (default: a temporary one).

    Raises ValueError for inputs that do not fit the ports.
    """
    names = [port.name for port in design.inputs]
    if sorted(inputs) != sorted(names):
        raise ValueError(f"inputs {sorted(inputs)} given, the ports are {sorted(names)}")
    if not 1 <= streams <= MAX_STREAMS:
        raise ValueError(f"{streams} streams, must be 1 to {MAX_STREAMS}")
    lengths = {len(words) for words in inputs.values()}
    if len(lengths) != 1:
        raise ValueError(f"inputs have different numbers of clocks: {sorted(lengths)}")
    clocks = lengths.pop()
    if not 0 <= count_from < clocks:
        raise ValueError(f"counting from clock {count_from} of {clocks}")
    for port in design.inputs:
        if inputs[port.name].shape != (clocks, len(port.nets)):
            raise ValueError(f"input {port.name}: shape {inputs[port.name].shape}, width is {len(port.nets)}")

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
    packed = np.ascontiguousarray(np.concatenate([inputs[name] for name in names], axis=1), dtype=np.uint64)
    packed_outputs = np.zeros((clocks, len(output_nets)), dtype=np.uint64)
    toggles, high = np.zeros(nets, dtype=np.uint64), np.zeros(nets, dtype=np.uint64)
    tables = [_table(rows, 4) for rows in (programs.clock_cone, programs.sample, programs.settle)]

    with tempfile.TemporaryDirectory() as temporary:
        run = native.load("zero_delay.cpp", folder or Path(temporary)).run
        native.call(
            run,
            *(part for table in tables for part in (table, len(table))),
            flip_flops, len(flip_flops), gate_before, value, before, nets, design.clock.nets[0],
            input_nets, len(input_nets), packed, output_nets, len(output_nets), packed_outputs,
            clocks, count_from, (1 << streams) - 1, toggles, high,
        )  # fmt: skip

    outputs, start = {}, 0
    for port in design.outputs:
        outputs[port.name] = packed_outputs[:, start : start + len(port.nets)]
        start += len(port.nets)
    counted = (clocks - count_from) * streams
    return outputs, Activity(
        counted * clock_period_ns,
        counted,
        toggles.astype(np.int64),
        high.astype(np.float64) * (clock_period_ns / 2),
    )
