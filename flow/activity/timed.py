"""Timed simulation of a netlist with the delays of its layout: glitches count.

An event-driven loop in C++. Icarus Verilog 11 (Debian 12) takes neither wire delays nor conditional paths
nor escaped instance names from SDF, and is slower; tests compare the two.

Model: a wire's delay is added to the paths that start at its load pin, except at sequential cells,
whose pins see the wire's delay before they sample. Outputs are inertial: a pulse shorter than the
path delay that ends it is swallowed. Several unconditional delays of one path count by their mean.
"""

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import numpy.typing as npt

from flow.activity import native
from flow.activity.cell_logic import asynchronous, complement, follows_level, levelise
from flow.activity.gate_design import Activity, GateDesign, check_inputs
from flow.formats import boolean
from flow.formats.liberty import Cell
from flow.formats.netlist import Instance
from flow.formats.sdf import Arc, Delays
from flow.formats.streams import Words, pack, unpack

UNITS_PER_NS = 10_000

_GATE, _NEXT_BY_LEVEL, _NEXT_BY_EDGE, _FIRST_OUTPUT = 1, 2, 4, 3

_WIRE_TABLE = np.array([0, 1 << _FIRST_OUTPUT] * 2, dtype=np.int32)

Int32s = npt.NDArray[np.int32]


def _assignments(names: tuple[str, ...]) -> list[dict[str, bool]]:
    """Return every assignment of `names`; the first name is bit 0 of its index."""
    return [
        {name: bool(index >> bit & 1) for bit, name in enumerate(names)} for index in range(1 << len(names))
    ]


@cache
def _cell_table(cell: Cell) -> Int32s:
    """Return the cell's entries by input values, pin 0 in bit 0, and by the state bit above them."""
    state = cell.state
    names = (*cell.inputs, state.variable if state else "")
    entries = []
    for values in _assignments(names):
        entry = 0
        if state is not None:
            if state.complement:
                values[state.complement] = complement(state).value(values)
            entry += _GATE * state.gate.value(values)
            entry += _NEXT_BY_LEVEL * follows_level(state).value(values)
            entry += _NEXT_BY_EDGE * asynchronous(state, state.data).value(values)
        for position, pin in enumerate(cell.outputs):
            assert pin.function is not None
            entry += pin.function.value(values) << (_FIRST_OUTPUT + position)
        entries.append(entry)
    return np.array(entries, dtype=np.int32)


def _units(delay_ns: float) -> int:
    return max(0, round(delay_ns * UNITS_PER_NS))


class _Tables:
    """Fills the arrays that the C++ loop reads."""

    def __init__(self, design: GateDesign, delays: Delays) -> None:
        self.design = design
        self.delays_of = delays
        self.net_count = design.netlist.net_count
        self.instances: list[tuple[int, int, int, int, int, int]] = []
        self.output_nets: list[int] = []
        self.tables: list[Int32s] = [_WIRE_TABLE]
        self.table_of: dict[str, int] = {}
        self.table_end = len(_WIRE_TABLE)
        self.delays: list[Int32s] = []
        self.delay_end = 0
        self.fanout: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.missing: list[str] = []
        self.read = {
            net
            for instance in design.instances
            for pin in design.cell(instance).inputs
            for net in [instance.pins[pin]]
        }
        self.read |= {net for port in design.outputs for net in port.nets}
        self.late_wires: list[tuple[int, int, float, float]] = []
        for instance in levelise(design):
            self.add(instance)
        # A flip-flop stands before what drives its data: the wires between settle after both.
        for wire in self.late_wires:
            self._append_wire(*wire)

    def _append(
        self, table: int, inputs: list[int], outputs: list[int], delays: Int32s, by_values: bool
    ) -> None:
        number = len(self.instances)
        self.instances.append(
            (len(inputs), len(outputs), table, len(self.output_nets), self.delay_end, int(by_values))
        )
        self.output_nets += outputs
        self.delays.append(delays)
        self.delay_end += len(delays)
        for pin, net in enumerate(inputs):
            self.fanout[net].append((number, pin))

    def add(self, instance: Instance) -> None:
        cell, name = self.design.cell(instance), "/".join(instance.path)
        inputs = [instance.pins[pin] for pin in cell.inputs]
        wires = [self.delays_of.wires_ns.get(f"{name}/{pin}", (0.0, 0.0)) for pin in cell.inputs]
        if cell.state is not None:
            for pin, (rise_ns, fall_ns) in enumerate(wires):
                if rise_ns or fall_ns:
                    inputs[pin] = self._wire(
                        inputs[pin], rise_ns, fall_ns, cell.inputs[pin] in cell.read_at_once
                    )
            wires = [(0.0, 0.0)] * len(wires)
        if cell.name not in self.table_of:
            self.table_of[cell.name] = self.table_end
            self.tables.append(_cell_table(cell))
            self.table_end += len(self.tables[-1])
        delays, by_values = self._instance_delays(cell, instance, wires)
        outputs = [instance.pins[pin.name] for pin in cell.outputs]
        self._append(self.table_of[cell.name], inputs, outputs, delays, by_values)

    def _wire(self, net: int, rise_ns: float, fall_ns: float, at_once: bool) -> int:
        """Add a wire of its own between `net` and a pin, now or late; return the pin's net."""
        pin_net = self.net_count
        self.net_count += 1
        if at_once:
            self._append_wire(net, pin_net, rise_ns, fall_ns)
        else:
            self.late_wires.append((net, pin_net, rise_ns, fall_ns))
        return pin_net

    def _append_wire(self, net: int, pin_net: int, rise_ns: float, fall_ns: float) -> None:
        delays = np.array([_units(rise_ns), _units(fall_ns)], dtype=np.int32)
        self._append(0, [net], [pin_net], delays, False)

    def _instance_delays(
        self, cell: Cell, instance: Instance, wires: list[tuple[float, float]]
    ) -> tuple[Int32s, bool]:
        """Return delays [outputs, inputs, rise and fall], flat, before them [input values] if they depend."""
        by_pair: dict[tuple[str, str], list[Arc]] = defaultdict(list)
        name = "/".join(instance.path)
        for arc in self.delays_of.arcs.get(name, ()):
            by_pair[arc.start, arc.end].append(arc)
        by_values = any(arc.condition for arcs in by_pair.values() for arc in arcs)
        rows = 1 << len(cell.inputs) if by_values else 1
        table = np.zeros((rows, len(cell.outputs), len(cell.inputs), 2), dtype=np.int32)
        for output, pin in enumerate(cell.outputs):
            for position, start in enumerate(cell.inputs):
                arcs = by_pair.get((start, pin.name))
                if arcs is not None:
                    # The wire's edge is that of its load pin, which may be either for a given output edge.
                    wire_ns = sum(wires[position]) / 2
                    table[:, output, position] = _path_delays(arcs, cell.inputs, wire_ns, rows)
                elif (start, pin.name) in cell.arcs and instance.pins[pin.name] in self.read:
                    self.missing.append(f"{name}/{start}")
        return table.reshape(-1), by_values


@cache
def _holds(condition: str, inputs: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return for every value of `inputs` whether `condition` holds; nowhere if it reads something else."""
    expression = boolean.parse(condition)
    if not set(expression.variables()) <= set(inputs):
        return np.zeros(1 << len(inputs), dtype=np.bool_)
    return np.array([expression.value(values) for values in _assignments(inputs)])


def _path_delays(arcs: list[Arc], inputs: tuple[str, ...], wire_ns: float, rows: int) -> Int32s:
    """Return rise and fall, [rows, 2], by input values: the mean of the arcs that hold.

    Where none does, the mean of those without a condition, or of all where each has one.
    """
    free = [arc for arc in arcs if not arc.condition] or arcs
    table = np.empty((rows, 2), dtype=np.float64)
    table[:] = np.mean([(arc.rise_ns, arc.fall_ns) for arc in free], axis=0)
    bound = [arc for arc in arcs if arc.condition]
    if bound:
        holds = np.array([_holds(arc.condition, inputs) for arc in bound], dtype=np.float64)
        sums = holds.T @ np.array([(arc.rise_ns, arc.fall_ns) for arc in bound])
        counts = holds.sum(axis=0)
        table[counts > 0] = (sums / np.maximum(counts, 1)[:, None])[counts > 0]
    return np.maximum(np.rint((table + wire_ns) * UNITS_PER_NS), 0).astype(np.int32)


def simulate(
    design: GateDesign,
    delays: Delays,
    inputs: Mapping[str, Words],
    streams: int,
    clock_period_ns: float,
    input_delay_ns: float = 0.0,
    count_from: int = 0,
    threads: int = 1,
) -> tuple[dict[str, Words], Activity]:
    """Simulate all clocks of `inputs`, each stream for itself, all from the same start without events.

    As `zero_delay.simulate`, with real time. Inputs change `input_delay_ns` after the rising edge at the
    clock port, at least the hold time of what they feed. Outputs are those just before the next edge.
    `threads` streams run at once.

    Raises ValueError for inputs that do not fit the ports, an input delay outside [0, half a period), and an
    arc of the library without a delay in the SDF.
    """
    clocks = check_inputs(design, inputs, streams, count_from)
    if not 0 <= input_delay_ns < clock_period_ns / 2:
        raise ValueError(f"input delay {input_delay_ns} ns, must be below half of {clock_period_ns} ns")
    tables = _Tables(design, delays)
    if tables.missing:
        raise ValueError(f"SDF: no delay from {tables.missing[0]} ({len(tables.missing)} paths without one)")

    all_delays = np.concatenate([*tables.delays, np.zeros(1, dtype=np.int32)])
    slots = max(64, 1 << int(all_delays.max()).bit_length())
    fanout_start = np.zeros(tables.net_count + 1, dtype=np.int64)
    for net, loads in tables.fanout.items():
        fanout_start[net + 1] = len(loads)
    fanout = [load for net in range(tables.net_count) for load in tables.fanout.get(net, ())]
    initial = np.zeros(tables.net_count, dtype=np.uint8)
    initial[[net for net, level in design.netlist.constants.items() if level]] = 1
    input_nets = np.array([net for port in design.inputs for net in port.nets], dtype=np.int32)
    output_nets = np.array([net for port in design.outputs for net in port.nets], dtype=np.int32)
    packed = np.concatenate([inputs[port.name] for port in design.inputs], axis=1)
    bits = unpack(packed, streams).astype(np.uint8)
    output_bits = np.zeros((streams, clocks, len(output_nets)), dtype=np.uint8)
    toggles = np.zeros((streams, tables.net_count), dtype=np.uint64)
    high = np.zeros((streams, tables.net_count), dtype=np.uint64)
    arrays = (
        np.array(tables.instances, dtype=np.int32),
        np.array(tables.output_nets, dtype=np.int32),
        np.concatenate(tables.tables).astype(np.uint16),
        np.cumsum(fanout_start),
        np.array(fanout, dtype=np.int32),
    )
    run = native.load("timed.cpp").run

    def run_stream(stream: int) -> int:
        instances, cell_outputs, cell_tables, fanout_of, fanout_list = arrays
        return native.call(
            run,
            instances, len(instances), cell_outputs, cell_tables, all_delays, fanout_of, fanout_list,
            initial, tables.net_count, slots, design.clock.nets[0],
            input_nets, len(input_nets), np.ascontiguousarray(bits[stream]),
            output_nets, len(output_nets), output_bits[stream],
            clocks, count_from, _units(clock_period_ns), _units(input_delay_ns),
            toggles[stream], high[stream],
        )  # fmt: skip

    # The C++ loop runs without Python's lock.
    with ThreadPoolExecutor(max_workers=threads) as pool:
        list(pool.map(run_stream, range(streams)))
    nets = design.netlist.net_count
    counted = (clocks - count_from) * streams
    activity = Activity(
        counted * clock_period_ns,
        counted,
        toggles.sum(axis=0)[:nets].astype(np.int64),
        high.sum(axis=0)[:nets].astype(np.float64) / UNITS_PER_NS,
    )
    return design.split_outputs(pack(output_bits.astype(np.bool_))), activity
