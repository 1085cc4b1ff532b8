"""A mapped netlist as flat tables: instances, pins and nets, with the path of each instance kept."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

Bit = int | str

# Separate process: a Yosys error ends the process it happens in.
_READ_SCRIPT = """
import sys
from pyosys import libyosys
source, top, result = sys.argv[1:]
design = libyosys.Design()
for words in (
    ["read_verilog", source],
    ["hierarchy", "-top", top],
    ["flatten", "-noscopeinfo"],
    ["write_json", result],
):
    libyosys.Pass.call(design, words)
"""


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


class _Nets:
    """Numbers the bits of Yosys's JSON; a constant becomes a net of its own (x reads as 0)."""

    def __init__(self) -> None:
        self.numbers: dict[Bit, int] = {}

    def number(self, bit: Bit) -> int:
        return self.numbers.setdefault(
            "1" if bit == "1" else "0" if isinstance(bit, str) else bit, len(self.numbers)
        )

    def constants(self) -> dict[int, int]:
        return {number: int(bit) for bit, number in self.numbers.items() if isinstance(bit, str)}


def read_netlist(path: Path, top: str) -> Netlist:
    """Read the structural Verilog of module `top` and of the modules below it, flattened.

    Raises ValueError with Yosys's error for Verilog that it cannot read.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "netlist.json"
        process = subprocess.run(
            [sys.executable, "-c", _READ_SCRIPT, str(path), top, str(result)],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode != 0 or not result.exists():
            errors = [line for line in (process.stderr + process.stdout).splitlines() if "ERROR" in line]
            raise ValueError(f"{path}: {errors[0] if errors else 'Yosys could not read the netlist'}")
        modules = json.loads(result.read_text())["modules"]
    nets = _Nets()
    ports = tuple(
        Port(name, port["direction"], tuple(nets.number(bit) for bit in port["bits"]))
        for name, port in modules[top]["ports"].items()
    )
    instances = tuple(
        Instance(
            # Flattening keeps the path of an instance in this attribute, one name per level.
            tuple(cell["attributes"].get("hdlname", name).split(" ")),
            cell["type"],
            {pin: nets.number(bits[0]) for pin, bits in sorted(cell["connections"].items()) if bits},
        )
        for name, cell in sorted(modules[top]["cells"].items())
    )
    return Netlist(top, ports, instances, len(nets.numbers), nets.constants())
