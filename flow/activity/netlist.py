"""A mapped netlist as flat tables: instances, pins and nets, with the path of each instance kept."""

from dataclasses import dataclass
from pathlib import Path

from flow.activity.collector import uncollected
from flow.activity.structural_verilog import Bit, Module, read_modules


@dataclass(frozen=True)
class Instance:
    """A library cell in the netlist: its path from the top, and the net of each connected pin."""

    path: tuple[str, ...]
    cell: str
    pins: dict[str, int]


@dataclass(frozen=True)
class Port:
    """A port of the top: `direction` is input, output or inout; `nets[i]` is the net of bit i."""

    name: str
    direction: str
    nets: tuple[int, ...]


@dataclass(frozen=True)
class Netlist:
    """A flat netlist. Nets are numbers below `net_count`; `constants` maps tied nets to 0 or 1."""

    top: str
    ports: tuple[Port, ...]
    instances: tuple[Instance, ...]
    net_count: int
    constants: dict[int, int]

    def port(self, name: str) -> Port:
        """Return the port called `name`. Raises ValueError where there is none."""
        for port in self.ports:
            if port.name == name:
                return port
        raise ValueError(f"netlist {self.top} has no port '{name}'")


class _Flattener:
    """Numbers the nets of a hierarchy; joined nets share a number. Nets 0 and 1 are the constants."""

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules
        self.joined = [0, 1]
        self.instances: list[tuple[tuple[str, ...], str, dict[str, int]]] = []

    def find(self, net: int) -> int:
        while self.joined[net] != net:
            self.joined[net] = self.joined[self.joined[net]]
            net = self.joined[net]
        return net

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        if high == 1:
            raise ValueError("a net is tied to both constants")
        self.joined[high] = low

    def net(self, bit: Bit, nets: dict[Bit, int]) -> int:
        if isinstance(bit, int):
            return bit
        if bit not in nets:
            nets[bit] = len(self.joined)
            self.joined.append(nets[bit])
        return nets[bit]

    def walk(self, module: Module, path: tuple[str, ...], nets: dict[Bit, int]) -> None:
        for targets, sources in module.assignments:
            for target, source in zip(targets, sources, strict=True):
                self.join(self.net(target, nets), self.net(source, nets))
        for cell, name, pins in sorted(module.instances, key=lambda one: one[1]):
            inner = self.modules.get(cell)
            if inner is None:
                found = {pin: self.net(bits[0], nets) for pin, bits in sorted(pins.items()) if bits}
                self.instances.append(((*path, name), cell, found))
                continue
            inner_nets: dict[Bit, int] = {}
            for port, bits in pins.items():
                for inside, outside in zip(inner.bits_of(port), bits, strict=bool(bits)):
                    inner_nets[inside] = self.net(outside, nets)
            self.walk(inner, (*path, name), inner_nets)


@uncollected
def read_netlist(path: Path, top: str) -> Netlist:
    """Read the structural Verilog of module `top` and of the modules below it, flattened.

    Raises OSError, or ValueError for Verilog that holds more than structure or lacks the module.
    """
    modules = read_modules(path)
    if top not in modules:
        raise ValueError(f"{path}: no module '{top}'")
    flattener = _Flattener(modules)
    nets: dict[Bit, int] = {}
    ports = {
        name: [flattener.net(bit, nets) for bit in modules[top].bits_of(name)] for name in modules[top].ports
    }
    try:
        flattener.walk(modules[top], (), nets)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    numbers: dict[int, int] = {}

    def number(net: int) -> int:
        return numbers.setdefault(flattener.find(net), len(numbers))

    return Netlist(
        top,
        tuple(
            Port(name, modules[top].ports[name], tuple(number(net) for net in bits))
            for name, bits in ports.items()
        ),
        tuple(
            Instance(path, cell, {pin: number(net) for pin, net in pins.items()})
            for path, cell, pins in flattener.instances
        ),
        len(numbers),
        {numbers[level]: level for level in (0, 1) if level in numbers},
    )
