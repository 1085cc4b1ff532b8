"""Netlists of transistors in SPICE, as far as a cell library's CDL and an extracted layout go."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

_SUFFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "meg": 1e6, "k": 1e3}
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(meg|[munpfk])?[a-z]*", re.IGNORECASE)
# Lengths come in um, or in metres: no transistor is that long, none that short.
_METRES_BELOW = 1e-3
# How many nets a card names before its model. An X card ends its nets with what it calls.
_NETS_OF_CARD = {"M": 4, "R": 2, "D": 2}
CHANNEL_ENDS = (0, 2)
GATE, BULK = 1, 3


@dataclass(frozen=True)
class Device:
    """A device, or a call of a subcircuit: its model, its nets in order, and width and length in um.

    A transistor's nets are drain, gate, source and bulk. Lengths are None where the card has none.
    """

    name: str
    model: str
    nets: tuple[str, ...]
    width_um: float | None = None
    length_um: float | None = None


@dataclass(frozen=True)
class Subcircuit:
    """A subcircuit: its name, its ports in order, and its devices."""

    name: str
    ports: tuple[str, ...]
    devices: tuple[Device, ...] = field(default=())

    @property
    def reached_ports(self) -> frozenset[str]:
        """The ports that a device is on, in small letters: SPICE knows no others."""
        nets = {net for device in self.devices for net in device.nets}
        return frozenset(port.lower() for port in self.ports if port in nets)


def read_spice(text: str) -> dict[str, Subcircuit]:
    """Return the subcircuits of a netlist by name; raises ValueError for a card of another kind.

    A card's `m` multiplies its width. A shorted resistor of CDL has the model `short`.
    """
    found: dict[str, Subcircuit] = {}
    header: list[str] | None = None
    devices: list[Device] = []
    for line in re.sub(r"\n\+", " ", text).splitlines():
        words = line.split()
        if not words or words[0].startswith("*") or words[0].lower() in (".end", ".global"):
            continue
        keyword = words[0].lower()
        if keyword == ".subckt":
            header, devices = words[1:], []
        elif keyword == ".ends" and header:
            found[header[0]] = Subcircuit(header[0], tuple(header[1:]), tuple(devices))
            header = None
        elif header is None:
            raise ValueError(f"'{line[:40]}' stands outside a subcircuit")
        else:
            devices.append(_device(words, header[0]))
    return found


def _device(words: list[str], inside: str) -> Device:
    kind = words[0][0].upper()
    plain = [word for word in words[1:] if "=" not in word and word != "/"]
    values = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    count = len(plain) - 1 if kind == "X" else _NETS_OF_CARD.get(kind)
    if count is None or len(plain) <= count:
        raise ValueError(f"{inside}: a card '{' '.join(words[:8])}' is not known here")
    given = {name.lower(): _value(value) for name, value in values.items() if name.lower() in "wlm"}
    width_um, length_um = _um(given.get("w")), _um(given.get("l"))
    if width_um is not None:
        width_um *= given.get("m", 1.0)
    return Device(words[0], plain[count], tuple(plain[:count]), width_um, length_um)


def _value(text: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is no number")
    return float(match[1]) * _SUFFIXES[(match[2] or "").lower()]


def _um(length: float | None) -> float | None:
    return None if length is None else length * 1e6 if length < _METRES_BELOW else length


def write_spice(subcircuits: Iterable[Subcircuit]) -> str:
    """Return the netlist as text: every device is an X card, its lengths in um."""
    lines = ["* every device is a call of its model"]
    for subcircuit in subcircuits:
        lines.append(" ".join([".subckt", subcircuit.name, *subcircuit.ports]))
        for number, device in enumerate(subcircuit.devices):
            sizes = {"w": device.width_um, "l": device.length_um}
            told = [f"{name}={value:.6g}u" for name, value in sizes.items() if value is not None]
            lines.append(" ".join([f"X{number}", *device.nets, device.model, *told]))
        lines.append(".ends")
    return "\n".join([*lines, ""])


def merged(subcircuit: Subcircuit, transistors: Iterable[str]) -> Subcircuit:
    """Return `subcircuit` with transistors in parallel as one, their widths added, and stacks of them too.

    A wide gate is drawn as several fingers, and a wide stack as several stacks: each has nets of its own
    between its transistors, at one potential by symmetry, which a schematic draws as one net. Stacks are
    merged that have the same ends and bulk and, in order, the same gates and lengths.
    """
    models = frozenset(transistors)
    while True:
        parallel = _parallel(subcircuit.devices, models)
        inner = _joined_stacks(parallel, models, subcircuit.ports)
        if not inner:
            return replace(subcircuit, devices=tuple(parallel))
        joined = (
            replace(device, nets=tuple(inner.get(net, net) for net in device.nets)) for device in parallel
        )
        subcircuit = replace(subcircuit, devices=tuple(joined))


def _parallel(devices: Iterable[Device], models: frozenset[str]) -> list[Device]:
    """Return the devices, those between the same nets merged."""
    merged_devices: dict[object, Device] = {}
    for device in devices:
        key: object = device.name
        if device.model in models:
            ends = frozenset(device.nets[end] for end in CHANNEL_ENDS)
            key = device.model, ends, device.nets[GATE], device.nets[BULK], device.length_um
        first = merged_devices.get(key)
        if first is None:
            merged_devices[key] = device
        else:
            width_um = (first.width_um or 0.0) + (device.width_um or 0.0)
            merged_devices[key] = replace(first, width_um=width_um)
    return list(merged_devices.values())


def _joined_stacks(
    devices: Iterable[Device], models: frozenset[str], ports: Iterable[str]
) -> Mapping[str, str]:
    """Return the inner nets of stacks that are alike, each with the net of the first such stack."""
    channels: dict[str, list[Device]] = {}
    elsewhere = set(ports)
    for device in devices:
        is_transistor = device.model in models
        for place, net in enumerate(device.nets):
            if is_transistor and place in CHANNEL_ENDS:
                channels.setdefault(net, []).append(device)
            else:
                elsewhere.add(net)
    inner = {net for net, touching in channels.items() if len(touching) == 2 and net not in elsewhere}
    stacks: dict[object, list[str]] = {}
    joined: dict[str, str] = {}
    seen: set[str] = set()
    for start in sorted(inner):
        if start in seen:
            continue
        walked = _stack_around(start, channels, inner)
        if walked is None:  # a ring of transistors
            continue
        ends, nets, transistors = walked
        seen |= set(nets)
        told = [
            (device.model, device.nets[GATE], device.nets[BULK], device.length_um) for device in transistors
        ]
        key, reverse = (ends, tuple(told)), (ends[::-1], tuple(told[::-1]))
        if reverse in stacks and key not in stacks:
            key, nets = reverse, nets[::-1]
        first = stacks.setdefault(key, nets)
        joined |= {net: kept for net, kept in zip(nets, first, strict=True) if net != kept}
    return joined


def _stack_around(
    start: str, channels: Mapping[str, list[Device]], inner: set[str]
) -> tuple[tuple[str, str], list[str], list[Device]] | None:
    """Return the ends, inner nets and transistors, in order, of the stack around `start`; None for a ring."""
    nets, transistors = [start], [channels[start][0], channels[start][1]]
    ends = []
    for side in (0, 1):
        net, device = start, channels[start][side]
        while True:
            first, second = (device.nets[end] for end in CHANNEL_ENDS)
            net = second if net == first else first
            if net not in inner:
                break
            if net in nets:
                return None
            left, right = channels[net]
            device = right if left is device else left
            if side == 0:
                nets.insert(0, net)
                transistors.insert(0, device)
            else:
                nets.append(net)
                transistors.append(device)
        ends.append(net)
    return (ends[0], ends[1]), nets, transistors
