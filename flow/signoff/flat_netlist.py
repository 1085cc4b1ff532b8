"""A flat netlist by names, joined with its library: what drives each net, seen through buffers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flow.activity.boolean import Expression
from flow.activity.collector import uncollected
from flow.activity.liberty import Cell
from flow.activity.structural_verilog import Bit, Module, read_modules

# The constants as nets.
CONSTANTS = ("0", "1")


@dataclass(frozen=True)
class Source:
    """Where a signal comes from, through buffers and inverters: a port ("", bit), a cell's output
    (instance, pin) or a constant ("", "0" or "1"); `inverted` after an odd number of inverters."""

    instance: str
    pin: str
    inverted: bool = False


@dataclass(frozen=True)
class FlatInstance:
    """A cell of the netlist: its library cell, None for one that Liberty does not have, and pin to net."""

    name: str
    cell_name: str
    cell: Cell | None
    nets: Mapping[str, str]


def bit_name(bit: Bit) -> str:
    """Return the name of a net: `name`, `name[index]`, or a constant's digit.

    A scalar that is called `name[index]` is the same net: OpenROAD's database knows no other.
    """
    if isinstance(bit, int):
        return CONSTANTS[bit]
    name, index = bit
    return name if index is None else f"{name}[{index}]"


@dataclass(frozen=True)
class FlatNetlist:
    """`ports` maps each port's bits to its direction; `joined` maps a net to another name of it."""

    name: str
    ports: Mapping[str, str]
    instances: Mapping[str, FlatInstance]
    joined: Mapping[str, str]

    def net(self, name: str) -> str:
        """Return the one name under which pins and ports know the net called `name`."""
        while name in self.joined:
            name = self.joined[name]
        return name

    @cached_property
    def drivers(self) -> dict[str, tuple[str, str]]:
        """The driver of each net: (instance, output pin), or ("", port bit)."""
        found: dict[str, tuple[str, str]] = {constant: ("", constant) for constant in CONSTANTS}
        for bit, direction in self.ports.items():
            if direction == "input":
                self._add_driver(found, self.net(bit), ("", bit))
        for instance in self.instances.values():
            for pin in instance.cell.outputs if instance.cell else ():
                if pin.name in instance.nets:
                    self._add_driver(found, instance.nets[pin.name], (instance.name, pin.name))
        return found

    def _add_driver(self, found: dict[str, tuple[str, str]], net: str, driver: tuple[str, str]) -> None:
        if net in found:
            names = " and ".join("/".join(one).strip("/") for one in (found[net], driver))
            raise ValueError(f"netlist {self.name}: net {net} is driven by {names}")
        found[net] = driver

    @cached_property
    def _sources(self) -> dict[str, Source | None]:
        return {}

    def source(self, net: str) -> Source | None:
        """Return what drives `net` through buffers, inverters and tie cells; None for an open net."""
        if net in self._sources:
            return self._sources[net]
        passed: list[tuple[str, bool]] = []
        inverted = False
        found: Source | None = None
        while True:
            passed.append((net, inverted))
            driver = self.drivers.get(net)
            if driver is None or len(passed) > len(self.instances) + 1:
                break
            name, pin = driver
            through = pass_through(self.instances[name].cell, pin) if name else None
            if through is None:
                found = Source(name, pin, inverted)
                break
            constant, turns = through
            inverted ^= turns
            if constant in CONSTANTS:
                found = Source("", CONSTANTS[(constant == "1") ^ inverted])
                break
            net = self.instances[name].nets.get(constant, "")
        for one, before in passed:
            self._sources[one] = None if found is None else _turned(found, before)
        return self._sources[passed[0][0]]


def _turned(source: Source, turned: bool) -> Source:
    """Return `source`, seen from the start of a chain, as it is from behind an inversion that is `turned`."""
    if not source.instance and source.pin in CONSTANTS:
        return Source("", CONSTANTS[(source.pin == "1") ^ turned])
    return Source(source.instance, source.pin, source.inverted ^ turned)


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


def _joined(module: Module) -> dict[str, str]:
    """Return for each net but one of those that assignments join another of them."""
    joined: dict[str, str] = {}

    def find(name: str) -> str:
        while name in joined:
            name = joined[name]
        return name

    for targets, sources in module.assignments:
        for target, source in zip(targets, sources, strict=True):
            one, other = find(bit_name(target)), find(bit_name(source))
            if one == other:
                continue
            if other not in CONSTANTS:
                one, other = other, one
            if one in CONSTANTS:
                raise ValueError(f"module {module.name}: a net is tied to both constants")
            joined[one] = other
    return joined


def _port_bits(module: Module) -> Iterator[tuple[str, str]]:
    for name, direction in module.ports.items():
        for bit in module.bits_of(name):
            yield bit_name(bit), direction


@uncollected
def read_flat_netlist(path: Path, top: str, cells: Mapping[str, Cell]) -> FlatNetlist:
    """Read the flat structural Verilog of `top`.

    Raises OSError, or ValueError for Verilog that is not flat and structural or lacks the module.
    """
    modules = read_modules(path)
    if top not in modules:
        raise ValueError(f"{path}: no module '{top}'")
    module = modules[top]
    joined = _joined(module)
    netlist = FlatNetlist(top, dict(_port_bits(module)), {}, joined)
    instances: dict[str, FlatInstance] = {}
    for cell_name, name, pins in module.instances:
        if name in instances:
            raise ValueError(f"{path}: two instances are called {name}")
        cell = cells.get(cell_name)
        supplies = cell.supply_pins if cell else ()
        nets = {pin: netlist.net(bit_name(bits[0])) for pin, bits in pins.items() if bits}
        nets = {pin: net for pin, net in nets.items() if pin not in supplies}
        instances[name] = FlatInstance(name, cell_name, cell, nets)
    return FlatNetlist(top, netlist.ports, instances, joined)


def truth_table(expression: Expression, names: tuple[str, ...]) -> tuple[bool, ...]:
    """Return the values of `expression` over all values of `names`, the first name changing slowest."""
    count = len(names)
    return tuple(
        expression.value({name: bool(row >> (count - 1 - place) & 1) for place, name in enumerate(names)})
        for row in range(1 << count)
    )
