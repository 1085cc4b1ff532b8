"""Read a layout in DEF as OpenROAD writes it: die, rows, components and routed nets."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from flow.formats.cycle_collector import without_cycle_collection
from flow.formats.liberty import read_text

_UNITS = re.compile(r"^UNITS DISTANCE MICRONS (\d+)", re.MULTILINE)
_DESIGN = re.compile(r"^DESIGN (\S+)", re.MULTILINE)
_DIE = re.compile(r"^DIEAREA \( (-?\d+) (-?\d+) \) \( (-?\d+) (-?\d+) \)", re.MULTILINE)
_ROW = re.compile(r"^ROW \S+ \S+ (-?\d+) (-?\d+) \S+ DO (\d+) BY 1 STEP (\d+)", re.MULTILINE)
_COMPONENT = re.compile(
    r"^\s*- (\S+) (\S+)(?: .*\+ (?:PLACED|FIXED) \( (-?\d+) (-?\d+) \) (\w+))?", re.MULTILINE
)
# A supply net names the pins that every cell has on it as `( * PIN )`.
_SUPPLY_NET = re.compile(r"^\s*- (\S+)((?: \( \S+ \S+ \))*) \+ USE (?:POWER|GROUND)\b", re.MULTILINE)
_EVERY_PIN = re.compile(r"\( \* (\S+) \)")
_CONNECTION = re.compile(r"\( (\S+) (\S+) \)")


@dataclass(frozen=True)
class Component:
    """A cell: its master, its lower left corner in the file's units and its orientation (N, FS, ...).

    The last three are None where it is not placed.
    """

    master: str
    x: int | None
    y: int | None
    orientation: str | None


@dataclass(frozen=True)
class SiteRow:
    """A row of sites: its lower left corner, the number of sites and their pitch, in the file's units."""

    x: int
    y: int
    sites: int
    site_pitch: int


@dataclass(frozen=True)
class Net:
    """A net: its pins as (instance, pin), ("PIN", bit) for a port's, and its wires as DEF has them."""

    pins: tuple[tuple[str, str], ...]
    wires: str


@dataclass(frozen=True)
class DefFile:
    """A layout. Names are without DEF's escapes; lengths are in `1 / units_per_um` um.

    `die` is (x0, y0, x1, y1), None where the file gives none as a rectangle; `rows` are in its order.
    `supply_of_pin` maps the name of a pin that all cells have on one supply to that supply's net.
    """

    design: str
    units_per_um: int
    die: tuple[int, int, int, int] | None
    rows: tuple[SiteRow, ...]
    components: dict[str, Component]
    nets: dict[str, Net]
    supply_of_pin: dict[str, str] = field(default_factory=dict)


def section(text: str, name: str, path: Path) -> str:
    """Return what stands between `<name> <count> ;` and `END <name>`; ValueError where it does not."""
    match = re.search(rf"^{name} (\d+) ;$(.*?)^END {name}$", text, re.MULTILINE | re.DOTALL)
    if match is None:
        raise ValueError(f"{path}: no whole section {name}")
    if len(re.findall(r"^\s*- ", match[2], re.MULTILINE)) != int(match[1]):
        raise ValueError(f"{path}: {name} does not hold the {match[1]} entries it announces")
    return match[2]


def plain(name: str) -> str:
    """Return a DEF name without its escapes."""
    return name.replace("\\", "")


@without_cycle_collection
def read_def(path: Path) -> DefFile:
    """Return the layout in `path`, plain or gzip.

    Raises OSError, or ValueError for a file that is cut short or no DEF.
    """
    text = read_text(path)
    units, design = _UNITS.search(text), _DESIGN.search(text)
    if units is None or design is None or "\nEND DESIGN" not in text:
        raise ValueError(f"{path}: not a whole DEF")
    components = {
        plain(name): Component(
            master, int(x) if x else None, int(y) if y else None, orientation if orientation else None
        )
        for name, master, x, y, orientation in _COMPONENT.findall(section(text, "COMPONENTS", path))
    }
    nets = {}
    for entry in re.split(r"^\s*- ", section(text, "NETS", path), flags=re.MULTILINE)[1:]:
        head, plus, wires = entry.partition("+ ROUTED")
        name = head.split(maxsplit=1)[0]
        pins = _CONNECTION.findall(head.partition(" + ")[0])
        nets[plain(name)] = Net(
            tuple((plain(instance), plain(pin)) for instance, pin in pins), wires if plus else ""
        )
    supply_of_pin = {
        plain(pin): plain(name)
        for name, pins in _SUPPLY_NET.findall(text)
        for pin in _EVERY_PIN.findall(pins)
    }
    corners = _DIE.search(text)
    x0, y0, x1, y1 = (int(length) for length in corners.groups()) if corners else (0, 0, 0, 0)
    return DefFile(
        design=design[1],
        units_per_um=int(units[1]),
        die=(x0, y0, x1, y1) if corners else None,
        rows=tuple(SiteRow(*map(int, row)) for row in _ROW.findall(text)),
        components=components,
        nets=nets,
        supply_of_pin=supply_of_pin,
    )
