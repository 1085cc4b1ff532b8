"""The design rules of wires and cuts in a technology LEF: what a router has to keep."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_COMMENT = re.compile(r"#[^\n]*")
_LAYER = re.compile(r"^\s*LAYER\s+(\S+)\s*\n(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_VIA_RULE = re.compile(r"^\s*VIARULE\s+(\S+)\s+GENERATE.*?\n(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_VIA = re.compile(r"^\s*VIA\s+(\S+)(?!\S)[^\n]*\n(.*?)^\s*END\s+\1\s*$", re.MULTILINE | re.DOTALL)
_LEF58 = re.compile(r'PROPERTY\s+LEF58_\w+\s+"(.*?)"\s*;', re.DOTALL)
_END_OF_LINE = re.compile(
    r"SPACING ([\d.]+) ENDOFLINE ([\d.]+) WITHIN ([\d.]+)(?: ENDTOEND ([\d.]+))?( PARALLELEDGE)?"
)
_CUT_CLASS = re.compile(r"CUTCLASS \S+ WIDTH ([\d.]+)(?: LENGTH ([\d.]+))?")
_CUT_SPACING_TABLE = re.compile(r"SPACINGTABLE\s+DEFAULT ([\d.]+)(.*?);", re.DOTALL)
_SPACING = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_RECT = re.compile(r"RECT (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+)")


@dataclass(frozen=True)
class Spacing:
    """Shapes at least `width_um` wide, side by side for at least `length_um`, keep `spacing_um`."""

    width_um: float
    length_um: float
    spacing_um: float


@dataclass(frozen=True)
class EndOfLine:
    """An end narrower than `width_um` keeps `to_end_um` to an end it faces, and `to_side_um` to any metal.

    To a side it looks ahead over its own width and `within_um` beyond either corner. `to_side_um` is 0 where
    the rule asks for a neighbour alongside (PARALLELEDGE) as well: such a rule is read for ends alone.
    """

    width_um: float
    to_end_um: float
    to_side_um: float
    within_um: float


@dataclass(frozen=True)
class WireRules:
    """The rules of a routing layer; what the LEF does not say is 0 or empty."""

    name: str
    width_um: float
    spacings: tuple[Spacing, ...]
    area_um2: float
    ends_of_line: tuple[EndOfLine, ...]


@dataclass(frozen=True)
class CutRules:
    """The rules of a cut layer: sizes that are allowed, spacing, and how wires enclose a cut.

    An enclosure is (least overhang on two opposite sides, on the other two) in um; any one of
    `enclosures_below` and one of `enclosures_above` has to hold, in either direction.
    """

    name: str
    sizes_um: tuple[tuple[float, float], ...]
    spacing_um: float
    enclosures_below: tuple[tuple[float, float], ...]
    enclosures_above: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class LayoutRules:
    """The rules of a technology, by the names of its layers."""

    wires: dict[str, WireRules]
    cuts: dict[str, CutRules]

    def of_layers(self, names: set[str]) -> "LayoutRules":
        """Return the rules of the layers called `names` alone."""
        return LayoutRules(
            {name: rules for name, rules in self.wires.items() if name in names},
            {name: rules for name, rules in self.cuts.items() if name in names},
        )


def read_rules(path: Path) -> LayoutRules:
    """Return the rules in the technology LEF `path`. Raises ValueError where it has no layers."""
    text = _COMMENT.sub("", path.read_text(encoding="utf-8", errors="replace"))
    wires: dict[str, WireRules] = {}
    cuts: dict[str, CutRules] = {}
    for name, body in _LAYER.findall(text):
        plain, extended = _LEF58.sub(";", body), " ".join(_LEF58.findall(body))
        statements = [" ".join(words.split()) for words in plain.split(";")]
        if "TYPE ROUTING" in statements:
            wires[name] = _wire_rules(name, statements, extended)
        elif "TYPE CUT" in statements:
            cuts[name] = _cut_rules(name, statements, extended, text)
    if not wires:
        raise ValueError(f"{path}: no routing layer")
    return LayoutRules(wires, cuts)


def _numbers(statement: str) -> list[float]:
    return [float(word) for word in re.findall(r"-?\d+\.?\d*(?:[eE]-?\d+)?|-?\.\d+", statement)]


def _first(statements: list[str], keyword: str) -> float:
    """Return the number of the first statement `keyword NUMBER`, 0 where there is none."""
    for statement in statements:
        words = statement.split()
        if len(words) == 2 and words[0] == keyword:
            return float(words[1])
    return 0.0


def _wire_rules(name: str, statements: list[str], extended: str) -> WireRules:
    ends = [
        EndOfLine(
            float(width),
            float(end_to_end or spacing),
            0.0 if parallel_edge else float(spacing),
            float(within),
        )
        for spacing, width, within, end_to_end, parallel_edge in _END_OF_LINE.findall(
            " ".join(extended.split())
        )
    ]
    return WireRules(
        name,
        max(_first(statements, "MINWIDTH"), 0.0) or _first(statements, "WIDTH"),
        _binding(_spacings(statements)),
        _first(statements, "AREA"),
        tuple(ends),
    )


def _spacings(statements: list[str]) -> Iterator[Spacing]:
    for statement in statements:
        words = statement.split()
        if words[:1] == ["SPACING"] and len(words) == 2:
            yield Spacing(0.0, 0.0, float(words[1]))
        elif words[:1] == ["SPACING"] and words[2:3] == ["RANGE"]:
            yield Spacing(float(words[3]), 0.0, float(words[1]))
        elif words[:2] == ["SPACINGTABLE", "PARALLELRUNLENGTH"]:
            header, *rows = re.split(r"\bWIDTH\b", statement)
            lengths_um = _numbers(header)
            for row in rows:
                width_um, *spacings_um = _numbers(row)
                for length_um, spacing_um in zip(lengths_um, spacings_um, strict=True):
                    yield Spacing(width_um, length_um, spacing_um)


def _binding(spacings: Iterable[Spacing]) -> tuple[Spacing, ...]:
    """Return those spacings that ask for more than the others that hold wherever they do."""
    binding: list[Spacing] = []
    for spacing in sorted(spacings, key=lambda entry: (entry.width_um, entry.length_um)):
        if not any(
            wider.spacing_um >= spacing.spacing_um
            for wider in binding
            if wider.width_um <= spacing.width_um and wider.length_um <= spacing.length_um
        ):
            binding.append(spacing)
    return tuple(binding)


def _cut_rules(name: str, statements: list[str], extended: str, text: str) -> CutRules:
    width_um = _first(statements, "WIDTH")
    sizes_um = {(width_um, width_um)} if width_um else set()
    for width, length in _CUT_CLASS.findall(" ".join(extended.split())):
        sizes_um.add((float(width), float(length or width)))
    sizes_um |= set(_via_cut_sizes_um(name, text))
    below: list[tuple[float, float]] = []
    above: list[tuple[float, float]] = []
    for statement in statements:
        words = statement.split()
        if words[:1] == ["ENCLOSURE"]:
            first_um, second_um = _numbers(statement)[:2]
            if "ABOVE" not in words:
                below.append((first_um, second_um))
            if "BELOW" not in words:
                above.append((first_um, second_um))
    if not below and not above:
        for lower, upper in _via_enclosures(name, text):
            below.append(lower)
            above.append(upper)
    return CutRules(
        name,
        tuple(sorted(sizes_um)),
        _first(statements, "SPACING") or _least_class_spacing_um(extended),
        tuple(dict.fromkeys(below)),
        tuple(dict.fromkeys(above)),
    )


def _least_class_spacing_um(extended: str) -> float:
    """Return what cuts of any two classes keep at least, 0 where there is no table of spacings by class.

    The table's default stands for `-`; a pair of classes with a number of its own may ask for more or less.
    """
    tables = _CUT_SPACING_TABLE.findall(extended)
    return min(
        (float(word) for default, rows in tables for word in (default, *_own_spacings(rows))), default=0.0
    )


def _own_spacings(rows: str) -> list[str]:
    """Return the numbers in a table's rows; names of classes are none."""
    return [word for word in rows.split() if _SPACING.fullmatch(word)]


def _via_layers(body: str) -> list[tuple[str, str]]:
    """Return the layers of a via or via rule with what it says of each, in the file's order."""
    parts = re.split(r"\bLAYER\s+(\S+)\s*;", body)
    return list(zip(parts[1::2], (" ".join(part.split()) for part in parts[2::2]), strict=True))


def _via_cut_sizes_um(cut: str, text: str) -> Iterator[tuple[float, float]]:
    """Yield the sizes of a cut layer's rectangles in the technology's vias and via rules."""
    for pattern in (_VIA_RULE, _VIA):
        for _, body in pattern.findall(text):
            for layer, said in _via_layers(body):
                if layer == cut:
                    for corners in _RECT.findall(said):
                        x0, y0, x1, y1 = map(float, corners)
                        width_um, height_um = sorted((round(x1 - x0, 6), round(y1 - y0, 6)))
                        yield width_um, height_um


def _via_enclosures(cut: str, text: str) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the enclosures below and above that the technology's vias and via rules give a cut."""
    for _, body in _VIA_RULE.findall(text):
        layers = _via_layers(body)
        if cut in (layer for layer, _ in layers):
            pairs = [
                _numbers(said.partition("ENCLOSURE")[2])[:2] for _, said in layers if "ENCLOSURE" in said
            ]
            if len(pairs) == 2:
                (a, b), (c, d) = pairs
                yield (a, b), (c, d)
    for _, body in _VIA.findall(text):
        boxes = {
            layer: [tuple(map(float, box)) for box in _RECT.findall(said)]
            for layer, said in _via_layers(body)
        }
        if not boxes.get(cut) or len(boxes) != 3:
            continue
        x0, y0 = min(box[0] for box in boxes[cut]), min(box[1] for box in boxes[cut])
        x1, y1 = max(box[2] for box in boxes[cut]), max(box[3] for box in boxes[cut])
        overhangs = []
        for layer, metal in boxes.items():
            if layer != cut:
                left, bottom, right, top = metal[0]
                overhangs.append(
                    (
                        round(min(x0 - left, right - x1), 6),
                        round(min(y0 - bottom, top - y1), 6),
                    )
                )
        yield overhangs[0], overhangs[1]
