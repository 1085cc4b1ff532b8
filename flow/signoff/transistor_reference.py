"""Netlists down to the transistors: that after layout, by the library's CDL, and that of a layout."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flow.formats.def_file import DefFile
from flow.formats.spice import Device, Subcircuit, merged, read_spice
from flow.signoff.connections import PORT, Pin
from pdk_configs.transistors import Transistors


@dataclass(frozen=True)
class TransistorNetlist:
    """Subcircuits, the top last, and what the top's nets are called elsewhere, where that is another name."""

    subcircuits: Mapping[str, Subcircuit]
    top: str
    told: Mapping[str, str]

    def counts(self) -> tuple[int, int]:
        """Return how many devices and nets the top has, flat."""
        devices, inner = self._below(self.top)
        return devices, inner + len(self.subcircuits[self.top].ports)

    def _below(self, name: str) -> tuple[int, int]:
        subcircuit = self.subcircuits[name]
        nets = {net for device in subcircuit.devices for net in device.nets}
        devices, inner = 0, len(nets - set(subcircuit.ports))
        for device in subcircuit.devices:
            below = self._below(device.model) if device.model in self.subcircuits else (1, 0)
            devices, inner = devices + below[0], inner + below[1]
        return devices, inner


def library_cells(text: str, facts: Transistors) -> dict[str, Subcircuit]:
    """Return the cells of a library's netlist in Magic's devices; raises ValueError for an unknown card."""
    device_of = {**facts.transistors, **facts.resistors}
    cells = {}
    for name, cell in read_spice(text).items():
        devices = [
            replace(device, model=device_of.get(device.model, device.model)) for device in cell.devices
        ]
        if name in facts.missing_devices:
            added = f".subckt {name}\n{facts.missing_devices[name]}\n.ends\n"
            devices += read_spice(added)[name].devices
        cells[name] = merged(replace(cell, devices=tuple(devices)), facts.transistors.values())
    return cells


def netlist_reference(
    top: str,
    placed: DefFile,
    expected: Mapping[Pin, str],
    cells: Mapping[str, Subcircuit],
    facts: Transistors,
) -> TransistorNetlist:
    """Return the netlist of `top`: the cells that the DEF places, their pins on the nets that are `expected`.

    Cells without a device are left out. Raises ValueError for a cell that the library's netlist lacks.
    """
    port_of_net = {net: bit for (instance, bit), net in sorted(expected.items()) if instance == PORT}
    told: dict[str, str] = {}
    number_of_net: dict[str, str] = {}

    def name_of(net: str) -> str:
        # SPICE knows no capitals and few signs.
        if net in port_of_net:
            return port_of_net[net]
        if net not in number_of_net:
            number_of_net[net] = f"net{len(number_of_net)}"
            told[number_of_net[net]] = net
        return number_of_net[net]

    used: dict[str, Subcircuit] = {}
    calls = []
    for number, (name, component) in enumerate(sorted(placed.components.items())):
        cell = cells.get(component.master)
        if cell is None:
            raise ValueError(f"the library's netlist of transistors has no cell {component.master}")
        if not cell.devices:
            continue
        used[cell.name] = cell
        nets = []
        for pin in cell.ports:
            if pin in facts.net_of_pin:
                nets.append(facts.net_of_pin[pin])
            else:
                net = expected.get((name, pin))
                nets.append(f"open{number}_{pin}" if net is None else name_of(net))
        calls.append(Device(name, cell.name, tuple(nets)))
    ports = tuple(sorted(set(port_of_net.values())))
    subcircuits = dict(sorted(used.items())) | {top: Subcircuit(top, ports, tuple(calls))}
    return TransistorNetlist(subcircuits, top, told)


def extracted_netlist(
    text: str, top: str, cells: Mapping[str, Subcircuit], facts: Transistors
) -> TransistorNetlist:
    """Return a layout's netlist as Magic extracts it, the calls of cells without a device left out.

    Raises ValueError for a netlist without `top`.
    """
    extracted = read_spice(text)
    if top not in extracted:
        raise ValueError(f"Magic extracted no subcircuit {top}")
    empty = {name for name, cell in cells.items() if not cell.devices and name not in extracted}
    resistors = frozenset(facts.resistors.values())
    subcircuits = {}
    for name, subcircuit in extracted.items():
        # The library's netlist has no sizes of resistors.
        devices = tuple(
            replace(device, width_um=None, length_um=None) if device.model in resistors else device
            for device in subcircuit.devices
            if device.model not in empty
        )
        subcircuits[name] = merged(replace(subcircuit, devices=devices), facts.transistors.values())
    subcircuits[top] = subcircuits.pop(top)  # the top stands last
    return TransistorNetlist(subcircuits, top, {})
