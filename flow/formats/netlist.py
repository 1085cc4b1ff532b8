"""A mapped netlist as flat tables: instances, pins and nets, with the path of each instance kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flow.formats.cycle_collector import without_cycle_collection
from flow.formats.structural_verilog import Bit, VerilogModule, read_modules

# The constants as names of nets.
CONSTANTS = ("0", "1")


@dataclass(frozen=True)
class Instance:
    """A library cell in the netlist: its path from the top, and the net of each connected pin."""

    path: tuple[str, ...]
    cell: str
    pins: dict[str, int]


@dataclass(frozen=True)
class NetlistPort:
    """A port of the top: `direction` is input, output or inout; `nets[i]` is the net of bit i.

    `bit_names[i]` is what the Verilog calls bit i, `name` or `name[index]`.
    """

    name: str
    direction: str
    nets: tuple[int, ...]
    bit_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Netlist:
    """A flat netlist. Nets are numbers below `net_count`; `constants` maps tied nets to 0 or 1.

    `names` maps each name that the top module has for a net, `name` or `name[index]`, to its number.
    """

    top: str
    ports: tuple[NetlistPort, ...]
    instances: tuple[Instance, ...]
    net_count: int
    constants: dict[int, int]
    names: Mapping[str, int] = field(default_factory=dict)

    def port(self, name: str) -> NetlistPort:
        """Return the port called `name`. Raises ValueError where there is none."""
        for port in self.ports:
            if port.name == name:
                return port
        raise ValueError(f"netlist {self.top} has no port '{name}'")


def bit_name(bit: Bit) -> str:
    """Return the name of a net: `name`, `name[index]`, or a constant's digit."""
    if isinstance(bit, int):
        return CONSTANTS[bit]
    name, index = bit
    return name if index is None else f"{name}[{index}]"


class _Flattener:
    """Numbers the nets of a hierarchy; joined nets share a number. Nets 0 and 1 are the constants."""

    def __init__(self, modules: dict[str, VerilogModule], bits_by_name: bool) -> None:
        self.modules = modules
        self.bits_by_name = bits_by_name
        self.joined = [0, 1]
        self.instances: list[tuple[tuple[str, ...], str, dict[str, int]]] = []

    def find(self, net: int) -> int:
        while self.joined[net] != net:
            self.joined[net] = self.joined[self.joined[net]]
            net = self.joined[net]
        return net

    def join(self, target: int, source: int) -> None:
        low, high = sorted((self.find(target), self.find(source)))
        if high == 1:
            raise ValueError("a net is tied to both constants")
        self.joined[high] = low

    def net(self, bit: Bit, nets: dict[Bit, int]) -> int:
        if isinstance(bit, int):
            return bit
        if self.bits_by_name:
            bit = (bit_name(bit), None)
        if bit not in nets:
            nets[bit] = len(self.joined)
            self.joined.append(nets[bit])
        return nets[bit]

    def walk(self, module: VerilogModule, path: tuple[str, ...], nets: dict[Bit, int]) -> None:
        for targets, sources in module.assignments:
            for target, source in zip(targets, sources, strict=True):
                self.join(self.net(target, nets), self.net(source, nets))
        for cell, name, pins in sorted(module.instances, key=lambda instance: instance[1]):
            inner = self.modules.get(cell)
            if inner is None:
                net_of_pin = {pin: self.net(bits[0], nets) for pin, bits in sorted(pins.items()) if bits}
                self.instances.append(((*path, name), cell, net_of_pin))
                continue
            inner_nets: dict[Bit, int] = {}
            for port, bits in pins.items():
                for inside, outside in zip(inner.bits_of(port), bits, strict=bool(bits)):
                    inner_nets[inside] = self.net(outside, nets)
            self.walk(inner, (*path, name), inner_nets)


@without_cycle_collection
def read_netlist(path: Path, top: str, bits_by_name: bool = False) -> Netlist:
    """Read the structural Verilog of module `top` and of the modules below it, flattened.

    With `bits_by_name` a scalar that is called `name[index]` is that bit of a bus: OpenROAD's database
    knows no other. Raises OSError, or ValueError for Verilog that holds more than structure, lacks the
    module or has two instances of one name.
    """
    modules = read_modules(path)
    if top not in modules:
        raise ValueError(f"{path}: no module '{top}'")
    flattener = _Flattener(modules, bits_by_name)
    nets: dict[Bit, int] = {}
    ports = {
        name: [flattener.net(bit, nets) for bit in modules[top].bits_of(name)] for name in modules[top].ports
    }
    try:
        flattener.walk(modules[top], (), nets)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    paths: set[tuple[str, ...]] = set()
    for instance_path, _, _ in flattener.instances:
        if instance_path in paths:
            raise ValueError(f"{path}: two instances are called {'/'.join(instance_path)}")
        paths.add(instance_path)
    numbers: dict[int, int] = {}

    def number_of(net: int) -> int:
        return numbers.setdefault(flattener.find(net), len(numbers))

    return Netlist(
        top,
        tuple(
            NetlistPort(
                name,
                modules[top].ports[name],
                tuple(number_of(net) for net in bits),
                tuple(bit_name(bit) for bit in modules[top].bits_of(name)),
            )
            for name, bits in ports.items()
        ),
        tuple(
            Instance(instance_path, cell, {pin: number_of(net) for pin, net in pins.items()})
            for instance_path, cell, pins in flattener.instances
        ),
        len(numbers),
        {numbers[level]: level for level in (0, 1) if level in numbers},
        {
            bit_name(bit): number
            for bit, net in nets.items()
            if (number := numbers.get(flattener.find(net))) is not None
        },
    )
