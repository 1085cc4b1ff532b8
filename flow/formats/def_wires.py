"""The wires of a layout's nets, from what DEF says of them: straight pieces by layer, and vias."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.formats.liberty import read_text

_LEF_VIA = re.compile(r"^\s*VIA\s+(\S+)(?!\S)[^\n]*\n(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_LEF_LAYER = re.compile(r"\bLAYER\s+(\S+)\s*;")
_ROUTING_LAYER = re.compile(
    r"^\s*LAYER\s+(\S+)\s*\n(?:(?!^\s*END\s+\1\b).*\n)*?\s*TYPE\s+ROUTING\s*;", re.MULTILINE
)
_DEF_VIA = re.compile(r"^\s*- (\S+) \+ VIARULE .*?\+ LAYERS (\S+) \S+ (\S+)", re.MULTILINE)
_PIN = re.compile(r"^\s*- (\S+) \+ NET (\S+)(.*?);\s*$", re.MULTILINE | re.DOTALL)
_DIRECTION = re.compile(r"\+ DIRECTION (\w+)")
_PLACE = re.compile(r"\+ (?:PLACED|FIXED) \( (-?\d+) (-?\d+) \)")
_SUPPLY = re.compile(r"\+ USE (?:POWER|GROUND)\b")
# Words between the points of a path that take one more word.
_WITH_A_WORD = ("TAPERRULE", "STYLE", "MASK")


@dataclass(frozen=True)
class Wiring:
    """The wires of a net in the DEF's units.

    `pieces` are (layer, x0, y0, x1, y1) along one axis; `vias` (lower layer, x, y).
    """

    pieces: tuple[tuple[str, int, int, int, int], ...]
    vias: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Terminal:
    """A port's bit on the die's edge: the net behind it, DEF's direction and place in the file's units."""

    net: str
    direction: str
    x: int
    y: int


def routing_layers(lefs: Iterable[Path]) -> list[str]:
    """Return the routing layers of technology LEF files, from the lowest up."""
    return [name for lef in lefs for name in _ROUTING_LAYER.findall(read_text(lef))]


def via_layers(lefs: Sequence[Path], layout: str) -> dict[str, tuple[str, str]]:
    """Return the lower and the upper layer of each via of technology LEF files and of the text of a DEF."""
    rank = {name: number for number, name in enumerate(routing_layers(lefs))}
    layers = {}
    for lef in lefs:
        for name, body in _LEF_VIA.findall(read_text(lef)):
            # The cut is named between them or before them.
            joined = sorted(
                {layer for layer in _LEF_LAYER.findall(body) if layer in rank}, key=lambda layer: rank[layer]
            )
            if len(joined) == 2:
                layers[name] = (joined[0], joined[1])
    return layers | {name: (low, high) for name, low, high in _DEF_VIA.findall(layout)}


def terminals(layout: str) -> dict[str, Terminal]:
    """Return the ports' bits by name from the text of a DEF, supplies left out."""
    body = layout.partition("\nPINS ")[2].partition("\nEND PINS")[0]
    ports = {}
    for name, net, said in _PIN.findall(body):
        place, direction = _PLACE.search(said), _DIRECTION.search(said)
        if place and not _SUPPLY.search(said):
            ports[name.replace("\\", "")] = Terminal(
                net.replace("\\", ""), direction[1] if direction else "", int(place[1]), int(place[2])
            )
    return ports


def wiring(wires: str, vias: Mapping[str, tuple[str, str]]) -> Wiring:
    """Return the wires of a net's routing `wires`, as `Net` has it.

    A via continues on its other layer. Raises ValueError for a via that is not in `vias`.
    """
    pieces: list[tuple[str, int, int, int, int]] = []
    put: list[tuple[str, int, int]] = []
    for path in re.split(r"\bNEW\b", wires.rstrip().removesuffix(";")):
        words = iter(path.split())
        layer, at, virtual = next(words, ""), None, False
        for word in words:
            if word == "(":
                point = []
                for number in words:
                    if number == ")":
                        break
                    point.append(number)
                x = int(point[0]) if point[0] != "*" else at[0] if at else 0
                y = int(point[1]) if point[1] != "*" else at[1] if at else 0
                if at is not None and at != (x, y) and not virtual:
                    pieces.append((layer, *at, x, y))
                at, virtual = (x, y), False
            elif word == "RECT":
                # A patch beside the wire: "( dx0 dy0 dx1 dy1 )".
                for number in words:
                    if number == ")":
                        break
            elif word in _WITH_A_WORD:
                next(words, None)
            elif word == "VIRTUAL":
                virtual = True
            elif word != "TAPER":
                if word not in vias:
                    raise ValueError(f"via {word} is neither in the technology LEF nor in the DEF")
                low, high = vias[word]
                if at is not None:
                    put.append((low, *at))
                layer = high if layer == low else low
    return Wiring(tuple(pieces), tuple(put))
