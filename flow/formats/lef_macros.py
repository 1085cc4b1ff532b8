"""The sizes and the pins of a library's cells, from its LEF."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from klayout import db

_MACRO = re.compile(r"^\s*MACRO\s+(\S+)\s*$(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_SIZE = re.compile(r"^\s*SIZE\s+([\d.]+)\s+BY\s+([\d.]+)\s*;", re.MULTILINE)
_PIN = re.compile(r"^\s*PIN\s+(\S+)\s*$(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_SUPPLY = re.compile(r"\bUSE\s+(?:POWER|GROUND)\s*;", re.IGNORECASE)
_ORIGIN = re.compile(r"^\s*ORIGIN\s+(-?[\d.]+)\s+(-?[\d.]+)\s*;", re.MULTILINE)
_NUMBER = r"\s+(-?[\d.]+)"
_MASK = r"(?:\s+MASK\s+\d+)?"
_LAYER_OR_SHAPE = re.compile(
    rf"\bLAYER\s+(\S+)\s*;|\bRECT{_MASK}{_NUMBER * 4}\s*;|\bPOLYGON{_MASK}((?:\s+-?[\d.]+)+)\s*;"
)
_GRID_UM = 0.001


@dataclass(frozen=True)
class PinBox:
    """A box of a pin on a layer, and its middle in um from the cell's lower left corner."""

    pin: str
    layer: str
    x_um: float
    y_um: float


@dataclass(frozen=True)
class Macro:
    """A cell: its width and height in um, its pins' boxes, and which of its pins are supplies."""

    size_um: tuple[float, float]
    pin_boxes: tuple[PinBox, ...]
    supplies: frozenset[str]


def read_macros(paths: Iterable[Path]) -> dict[str, Macro]:
    """Return the macros in the LEF files `paths`, by name."""
    macros: dict[str, Macro] = {}
    for path in paths:
        for name, body in _MACRO.findall(path.read_text(encoding="utf-8", errors="replace")):
            size = _SIZE.search(body)
            if size is not None:
                pins = _PIN.findall(body)
                macros[name] = Macro(
                    (float(size[1]), float(size[2])),
                    tuple(box for pin, said in pins for box in _pin_boxes(pin, said, _ORIGIN.search(body))),
                    frozenset(pin for pin, said in pins if _SUPPLY.search(said)),
                )
    return macros


def _pin_boxes(pin: str, said: str, origin: re.Match[str] | None) -> Iterator[PinBox]:
    x_um, y_um = (float(origin[1]), float(origin[2])) if origin else (0.0, 0.0)
    layer = ""
    for name, *corners, outline in _LAYER_OR_SHAPE.findall(said):
        if name:
            layer = name
            continue
        for box in _boxes(outline) if outline else [db.DBox(*map(float, corners))]:
            middle = box.center()
            yield PinBox(pin, layer, x_um + middle.x, y_um + middle.y)


def _boxes(outline: str) -> Iterator[db.DBox]:
    """Yield the boxes that a polygon's corners, x and y in turn in um, enclose."""
    numbers = [float(word) for word in outline.split()]
    points = [db.DPoint(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    for piece in db.DPolygon(points).to_itype(_GRID_UM).decompose_trapezoids():
        yield piece.bbox().to_dtype(_GRID_UM)
