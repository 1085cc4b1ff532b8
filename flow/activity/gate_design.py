"""A netlist joined with its library: which cell drives each net, checked before any simulation."""

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flow.formats.cycle_collector import without_cycle_collection
from flow.formats.liberty import Cell
from flow.formats.netlist import Instance, Netlist, NetlistPort
from flow.formats.streams import MAX_STREAMS, Words


@dataclass(frozen=True)
class GateDesign:
    """A netlist whose cells are known. `clock` is the one-bit input port that the flip-flops follow.

    `instances` are those with outputs: fillers, taps and decoupling cells do not switch. An output that
    the netlist leaves open has a net of its own here, since its power counts too.
    """

    netlist: Netlist
    cells: Mapping[str, Cell]
    clock: NetlistPort
    inputs: tuple[NetlistPort, ...]
    outputs: tuple[NetlistPort, ...]
    instances: tuple[Instance, ...]

    def cell(self, instance: Instance) -> Cell:
        """Return the library cell of `instance`."""
        return self.cells[instance.cell]

    def split_outputs(self, words: Words) -> dict[str, Words]:
        """Return words [clocks, width] by output port of `words` [clocks, all outputs]."""
        ends = list(itertools.accumulate(len(port.nets) for port in self.outputs))
        return {
            port.name: words[:, end - len(port.nets) : end]
            for port, end in zip(self.outputs, ends, strict=True)
        }

    @cached_property
    def driven(self) -> frozenset[int]:
        """Nets with a driver: those of inputs, constants and cell outputs."""
        nets = set(self.netlist.constants) | set(self.clock.nets)
        nets.update(net for port in self.inputs for net in port.nets)
        for instance in self.instances:
            outputs = self.cell(instance).outputs
            nets.update(instance.pins[pin.name] for pin in outputs)
        return frozenset(nets)


@dataclass(frozen=True)
class Activity:
    """Switching of every net over a simulated time, summed over all streams.

    `toggles` [nets] counts changes of value, `high_ns` [nets] is the time at 1; both of `duration_ns`.
    `clocks` is the number of clock cycles in that time.
    """

    duration_ns: float
    clocks: int
    toggles: npt.NDArray[np.int64]
    high_ns: npt.NDArray[np.float64]


def _check_drivers(netlist: Netlist, instances: tuple[Instance, ...], cells: Mapping[str, Cell]) -> None:
    drivers: dict[int, list[str]] = defaultdict(list)
    for port in netlist.ports:
        if port.direction == "input":
            for net in port.nets:
                drivers[net].append(f"port {port.name}")
    for net in netlist.constants:
        drivers[net].append("a constant")
    for instance in instances:
        for pin in cells[instance.cell].outputs:
            drivers[instance.pins[pin.name]].append(f"{'/'.join(instance.path)}/{pin.name}")
    for names in drivers.values():
        if len(names) > 1:
            raise ValueError(
                f"netlist {netlist.top}: one net has {len(names)} drivers: {', '.join(names[:3])}"
            )
    for instance in instances:
        for pin_name in cells[instance.cell].inputs:
            if instance.pins.get(pin_name) not in drivers:
                name = "/".join(instance.path)
                raise ValueError(f"netlist {netlist.top}: nothing drives pin {pin_name} of {name}")
    for port in netlist.ports:
        if port.direction == "output" and any(net not in drivers for net in port.nets):
            raise ValueError(f"netlist {netlist.top}: nothing drives port {port.name}")


def _without_supplies(netlist: Netlist, cells: Mapping[str, Cell]) -> Netlist:
    """Drop supply pins and ports, and the fill and tap cells that some Liberty files leave out."""
    supplies: set[int] = set()
    for instance in netlist.instances:
        if instance.cell in cells:
            supplies |= {
                instance.pins[pin] for pin in cells[instance.cell].supply_pins if pin in instance.pins
            }
    instances = tuple(
        instance
        if supplies.isdisjoint(instance.pins.values())
        else replace(instance, pins={pin: net for pin, net in instance.pins.items() if net not in supplies})
        for instance in netlist.instances
        if instance.cell in cells or not set(instance.pins.values()) <= supplies
    )
    ports = tuple(port for port in netlist.ports if not set(port.nets) <= supplies)
    return replace(netlist, instances=instances, ports=ports)


def _with_open_outputs(netlist: Netlist, cells: Mapping[str, Cell]) -> Netlist:
    nets = itertools.count(netlist.net_count)
    instances = tuple(
        instance
        if all(pin.name in instance.pins for pin in cells[instance.cell].outputs)
        else replace(
            instance, pins={pin.name: next(nets) for pin in cells[instance.cell].outputs} | instance.pins
        )
        for instance in netlist.instances
    )
    return replace(netlist, instances=instances, net_count=next(nets))


def check_inputs(design: GateDesign, inputs: Mapping[str, Words], streams: int, count_from: int) -> int:
    """Return the number of clocks of `inputs`. Raises ValueError where they do not fit the ports."""
    names = [port.name for port in design.inputs]
    if sorted(inputs) != sorted(names):
        raise ValueError(f"inputs {sorted(inputs)} given, the ports are {sorted(names)}")
    if not 1 <= streams <= MAX_STREAMS:
        raise ValueError(f"{streams} streams, must be 1 to {MAX_STREAMS}")
    clocks = len(inputs[names[0]])
    for port in design.inputs:
        if inputs[port.name].shape != (clocks, len(port.nets)):
            shape = inputs[port.name].shape
            raise ValueError(f"input {port.name}: shape {shape}, must be {(clocks, len(port.nets))}")
    if not 0 <= count_from < clocks:
        raise ValueError(f"counting from clock {count_from} of {clocks}")
    return clocks


@without_cycle_collection
def join(netlist: Netlist, cells: Mapping[str, Cell], clock: str) -> GateDesign:
    """Join `netlist` with the library `cells`.

    Raises ValueError for an unknown cell or pin, and for an output that is tri-state or has no function. So
    it does for a net with no driver or with several, and a clock that is not a one-bit input port.
    """
    netlist = _without_supplies(netlist, cells)
    for instance in netlist.instances:
        cell = cells.get(instance.cell)
        if cell is None:
            raise ValueError(f"netlist {netlist.top}: cell {instance.cell} is not in the Liberty files")
        unknown = instance.pins.keys() - cell.pin_names
        if unknown:
            raise ValueError(f"netlist {netlist.top}: cell {cell.name} has no pin {min(unknown)}")
        for pin in cell.outputs:
            if pin.function is None or pin.tristate is not None:
                raise ValueError(f"cell {cell.name}: output {pin.name} is tri-state or has no function")
    clock_port = netlist.port(clock)
    if clock_port.direction != "input" or len(clock_port.nets) != 1:
        raise ValueError(f"netlist {netlist.top}: clock '{clock}' is not a one-bit input port")
    netlist = _with_open_outputs(netlist, cells)
    active = tuple(instance for instance in netlist.instances if cells[instance.cell].outputs)
    _check_drivers(netlist, active, cells)
    return GateDesign(
        netlist,
        cells,
        clock_port,
        tuple(port for port in netlist.ports if port.direction == "input" and port.name != clock),
        tuple(port for port in netlist.ports if port.direction == "output"),
        active,
    )
