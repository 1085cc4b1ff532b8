"""A netlist by names, joined with its library: what drives each net, seen through buffers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flow.formats.boolean import Expression
from flow.formats.cycle_collector import without_cycle_collection
from flow.formats.liberty import Cell
from flow.formats.netlist import CONSTANTS, Netlist, read_netlist


@dataclass(frozen=True)
class Source:
    """Where a signal comes from, through buffers and inverters: a port ("", bit), a cell's output
    (instance, pin) or a constant ("", "0" or "1"); `inverted` after an odd number of inverters."""

    instance: str
    pin: str
    inverted: bool = False


@dataclass(frozen=True)
class TracedInstance:
    """A cell of the netlist: its library cell, None for one that Liberty does not have, and pin to net."""

    name: str
    cell_name: str
    cell: Cell | None
    nets: Mapping[str, str]


@dataclass(frozen=True)
class TracedNetlist:
    """`ports` maps each port's bits to its direction; `net_of_name` maps a name of a net to the one used."""

    name: str
    ports: Mapping[str, str]
    instances: Mapping[str, TracedInstance]
    net_of_name: Mapping[str, str]

    def net(self, name: str) -> str:
        """Return the one name under which pins and ports know the net called `name`."""
        return self.net_of_name.get(name, name)

    @cached_property
    def drivers(self) -> dict[str, tuple[str, str]]:
        """The driver of each net: (instance, output pin), or ("", port bit)."""
        drivers: dict[str, tuple[str, str]] = {constant: ("", constant) for constant in CONSTANTS}
        for bit, direction in self.ports.items():
            if direction == "input":
                self._add_driver(drivers, self.net(bit), ("", bit))
        for instance in self.instances.values():
            for pin in instance.cell.outputs if instance.cell else ():
                if pin.name in instance.nets:
                    self._add_driver(drivers, instance.nets[pin.name], (instance.name, pin.name))
        return drivers

    def _add_driver(self, drivers: dict[str, tuple[str, str]], net: str, driver: tuple[str, str]) -> None:
        if net in drivers:
            names = " and ".join("/".join(place).strip("/") for place in (drivers[net], driver))
            raise ValueError(f"netlist {self.name}: net {net} is driven by {names}")
        drivers[net] = driver

    @cached_property
    def _sources(self) -> dict[str, Source | None]:
        return {}

    def source(self, net: str) -> Source | None:
        """Return what drives `net` through buffers, inverters and tie cells; None for an open net."""
        if net in self._sources:
            return self._sources[net]
        passed: list[tuple[str, bool]] = []
        inverted = False
        origin: Source | None = None
        while True:
            passed.append((net, inverted))
            driver = self.drivers.get(net)
            if driver is None or len(passed) > len(self.instances) + 1:
                break
            name, pin = driver
            through = pass_through(self.instances[name].cell, pin) if name else None
            if through is None:
                origin = Source(name, pin, inverted)
                break
            constant, inverts = through
            inverted ^= inverts
            if constant in CONSTANTS:
                origin = Source("", CONSTANTS[(constant == "1") ^ inverted])
                break
            net = self.instances[name].nets.get(constant, "")
        for passed_net, before in passed:
            self._sources[passed_net] = None if origin is None else _from_behind(origin, before)
        return self._sources[passed[0][0]]


def _from_behind(source: Source, inverts: bool) -> Source:
    """Return `source`, seen from the start of a chain, as it is from behind gates that may invert it."""
    if not source.instance and source.pin in CONSTANTS:
        return Source("", CONSTANTS[(source.pin == "1") ^ inverts])
    return Source(source.instance, source.pin, source.inverted ^ inverts)


def pass_through(cell: Cell | None, pin: str) -> tuple[str, bool] | None:
    """Return what output `pin` passes on and whether it inverts it, None for a cell that computes.

    What is passed on is an input pin, or a constant: (pin, inverts) or ("0" or "1", False).
    """
    if cell is None or cell.state is not None:
        return None
    function = next((output.function for output in cell.outputs if output.name == pin), None)
    inverts = function is not None and function.operator == "not"
    inner = function.operands[0] if function is not None and inverts else function
    if inner is None or inner.operator not in ("var", "const"):
        return None
    if inner.operator == "const":
        return (CONSTANTS[(inner.name == "1") ^ inverts], False)
    return (inner.name, inverts)


def is_buffer(cell: Cell | None) -> bool:
    """Return whether every output of `cell` passes on one input, inverted or not, or a constant."""
    return cell is not None and bool(cell.outputs) and all(pass_through(cell, p.name) for p in cell.outputs)


def _net_names(netlist: Netlist) -> dict[int, str]:
    """Return one name of each net: a constant's digit, or the first of its names, a port's before others.

    A net inside a module below the top has a number for a name.
    """
    names = {net: CONSTANTS[level] for net, level in netlist.constants.items()}
    for name, net in netlist.names.items():
        names.setdefault(net, name)
    return {net: names.get(net, f"#{net}") for net in range(netlist.net_count)}


@without_cycle_collection
def read_traced_netlist(path: Path, top: str, cells: Mapping[str, Cell]) -> TracedNetlist:
    """Read the structural Verilog of `top`, as `read_netlist` does, and join it with the library `cells`."""
    netlist = read_netlist(path, top, bits_by_name=True)
    names = _net_names(netlist)
    ports = {bit: port.direction for port in netlist.ports for bit in port.bit_names}
    instances: dict[str, TracedInstance] = {}
    for instance in netlist.instances:
        cell = cells.get(instance.cell)
        supplies = cell.supply_pins if cell else ()
        name = "/".join(instance.path)
        nets = {pin: names[net] for pin, net in instance.pins.items() if pin not in supplies}
        instances[name] = TracedInstance(name, instance.cell, cell, nets)
    return TracedNetlist(top, ports, instances, {name: names[net] for name, net in netlist.names.items()})


def truth_table(expression: Expression, names: tuple[str, ...]) -> tuple[bool, ...]:
    """Return the values of `expression` over all values of `names`, the first name changing slowest."""
    count = len(names)
    return tuple(
        expression.value({name: bool(row >> (count - 1 - place) & 1) for place, name in enumerate(names)})
        for row in range(1 << count)
    )
