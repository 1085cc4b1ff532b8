"""The design rules of what the flow draws, on the shapes of the delivered GDS, by KLayout's own checks.

The rules are those of the technology LEF: width, spacing, area and line ends of wires; size, spacing and
enclosure of cuts. What lies within a library cell alone is the library's, and is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from klayout import db, rdb

from flow.formats.lef_rules import CutRules, LayoutRules, WireRules, read_rules
from flow.record.result import Check
from flow.signoff.extracted_layout import read_layout
from flow.signoff.verdict import failed, verdict_of
from pdk_configs.layer_stack import LayerStack


@dataclass(frozen=True)
class RuleMarkers:
    """What breaks one rule: the rule's name, what it asks for, and a polygon per place, in database units."""

    name: str
    text: str
    places: db.Region


def check_rules(
    gds: Path,
    top: str,
    stack: LayerStack,
    technology_lef: Path,
    known: Mapping[str, str],
    database: Path,
) -> Check:
    """Return whether the shapes of the GDS keep the rules, and leave the places that do not in `database`.

    `known` names rules whose breaking is expected on the PDK, with the reason: they are counted and told, and
    fail nothing. A file that cannot be read fails.
    """
    try:
        layout = read_layout(gds)
        rules = read_rules(technology_lef)
        cell = layout.cell(top)
        if cell is None:
            raise ValueError(f"{gds}: no cell {top}")
    except ValueError as error:
        return failed(error)
    own = library_breaks(layout, cell, stack, rules)
    checked = [
        replace(
            markers,
            places=markers.places.not_inside(own[markers.name]) if markers.name in own else markers.places,
        )
        for markers in broken_rules(layout, cell, stack, rules)
    ]
    write_database(checked, layout, top, database)
    counts = {markers.name: markers.places.count() for markers in checked}
    broken = {name: count for name, count in counts.items() if count}
    figures = {"rules": len(counts)} | broken
    told = [f"{name} {count:,} x: {known[name]}" for name, count in broken.items() if name in known]
    differences = [
        f"{markers.name} ({markers.text}) is broken {counts[markers.name]:,} x, "
        f"first at {place_of(markers, layout)}"
        for markers in checked
        if counts[markers.name] and markers.name not in known
    ]
    passed = "; ".join([f"{len(counts)} rules of wires and cuts kept", *told])
    return verdict_of(differences, passed, figures)


def library_breaks(
    layout: db.Layout, top: db.Cell, stack: LayerStack, rules: LayoutRules
) -> dict[str, db.Region]:
    """Return what breaks each rule within a library's cell alone, wherever `top` has that cell."""
    breaks: dict[str, db.Region] = {}
    alone: dict[int, dict[str, db.Region]] = {}
    for instance in top.each_inst():
        index = instance.cell_index
        if index not in alone:
            alone[index] = {
                markers.name: markers.places
                for markers in broken_rules(layout, layout.cell(index), stack, rules)
                if not markers.places.is_empty()
            }
        for name, places in alone[index].items():
            region = breaks.setdefault(name, db.Region())
            for polygon in places.each():
                region.insert(instance.cplx_trans * polygon)
    return breaks


def place_of(markers: RuleMarkers, layout: db.Layout) -> str:
    """Return the middle of the first place, as (x, y) um."""
    middle = min(
        (polygon.bbox().center() for polygon in markers.places.each()), key=lambda point: (point.x, point.y)
    )
    return f"({middle.x * layout.dbu:.3f}, {middle.y * layout.dbu:.3f}) um"


def write_database(checked: list[RuleMarkers], layout: db.Layout, top: str, path: Path) -> None:
    """Write the places to a report database that KLayout's marker browser opens beside the GDS."""
    database = rdb.ReportDatabase(top)
    cell = database.create_cell(top)
    to_um = db.CplxTrans(layout.dbu)
    for markers in checked:
        category = database.create_category(markers.name)
        category.description = markers.text
        polygons = sorted(
            markers.places.each(), key=lambda polygon: (polygon.bbox().left, polygon.bbox().bottom)
        )
        for polygon in polygons:
            database.create_item(cell.rdb_id(), category.rdb_id()).add_value(
                rdb.RdbItemValue(to_um * polygon)
            )
    database.save(str(path))


def flat_markers(name: str, text: str, places: db.Region) -> RuleMarkers:
    """Return markers that outlive the hierarchy of shapes in which they were found."""
    return RuleMarkers(name, text, db.Region(list(places.each())))


class Shapes:
    """The merged shapes below a cell, with the cells' hierarchy: a cell of the library is looked at once."""

    def __init__(self, layout: db.Layout, cell: db.Cell) -> None:
        """Take the shapes below `cell`."""
        self.layout, self.cell = layout, cell
        self.store = db.DeepShapeStore()

    def on(self, *layers: tuple[int, int]) -> db.Region:
        """Return the merged shapes on the GDS layers."""
        first, *others = (
            db.Region(self.cell.begin_shapes_rec(self.layout.layer(number, datatype)), self.store)
            for number, datatype in layers
        )
        region = first
        for other in others:
            region += other
        return region.merged()


def broken_rules(
    layout: db.Layout, cell: db.Cell, stack: LayerStack, rules: LayoutRules
) -> Iterator[RuleMarkers]:
    """Yield every rule of the stack's layers with the places below `cell` that break it, broken or not."""
    shapes = Shapes(layout, cell)
    dbu_um = layout.dbu
    wires = [shapes.on(*wire.shapes) for wire in stack.wires]
    for wire, region in zip(stack.wires, wires, strict=True):
        if wire.name in rules.wires:
            yield from _wire_markers(region, rules.wires[wire.name], dbu_um)
    for cut, below, above in zip(stack.cuts, wires, wires[1:], strict=False):
        if cut.name in rules.cuts:
            yield from _cut_markers(shapes.on(cut.shape), below, above, rules.cuts[cut.name], dbu_um)


def _wire_markers(wires: db.Region, rules: WireRules, dbu_um: float) -> Iterator[RuleMarkers]:
    def units(length_um: float) -> int:
        return round(length_um / dbu_um)

    if rules.width_um:
        narrow = wires.width_check(units(rules.width_um), metrics=db.Metrics.Projection)
        yield flat_markers(f"{rules.name}.width", f"width of {rules.width_um:g} um", narrow.polygons())
    for spacing in rules.spacings:
        wide = wires if not spacing.width_um else _at_least_as_wide(wires, units(spacing.width_um))
        text = f"spacing of {spacing.spacing_um:g} um"
        name = f"{rules.name}.spacing"
        length = units(spacing.length_um)
        if spacing.width_um:
            name += f".wide_{spacing.width_um:g}"
            text += f" from wires at least {spacing.width_um:g} um wide"
        if spacing.length_um:
            name += f".beside_{spacing.length_um:g}"
            text += f" side by side for more than {spacing.length_um:g} um"
        if spacing.width_um:
            close = wide.separation_check(
                wires - wide,
                units(spacing.spacing_um),
                metrics=db.Metrics.Projection,
                min_projection=length + 1,
            ) + wide.space_check(
                units(spacing.spacing_um), metrics=db.Metrics.Projection, min_projection=length + 1
            )
        elif spacing.length_um:
            close = wires.space_check(
                units(spacing.spacing_um), metrics=db.Metrics.Projection, min_projection=length + 1
            )
        else:
            close = wires.space_check(units(spacing.spacing_um), metrics=db.Metrics.Euclidian)
        yield flat_markers(name, text, close.polygons())
    if rules.area_um2:
        # A unit of area more or less is rounding.
        small = wires.with_area(0, max(round(rules.area_um2 / dbu_um**2) - 1, 0), False)
        yield flat_markers(f"{rules.name}.area", f"area of {rules.area_um2:g} um2", small)
    for end in rules.ends_of_line:
        ends = line_ends(wires, units(end.width_um))
        close = ends.space_check(units(end.spacing_um), metrics=db.Metrics.Projection)
        yield flat_markers(
            f"{rules.name}.line_end",
            f"spacing of {end.spacing_um:g} um between ends narrower than {end.width_um:g} um",
            close.polygons(),
        )


def _at_least_as_wide(wires: db.Region, width: int) -> db.Region:
    """Return the parts of `wires` in which a square of `width` has room."""
    half = width // 2
    return wires.sized(-half).sized(half) & wires


def line_ends(wires: db.Region, width: int) -> db.Edges:
    """Return the edges shorter than `width` between two convex corners."""
    short = wires.edges().with_length(1, width, False)
    corners = wires.corners(-91, -89, 1)  # KLayout counts a convex corner of a merged polygon so.
    return short.interacting(corners) if corners else short


def _cut_markers(
    cuts: db.Region, below: db.Region, above: db.Region, rules: CutRules, dbu_um: float
) -> Iterator[RuleMarkers]:
    def units(length_um: float) -> int:
        return round(length_um / dbu_um)

    if rules.sizes_um:
        allowed = {(units(width_um), units(height_um)) for width_um, height_um in rules.sizes_um}
        wrong = db.Region()
        for cut in cuts.each():
            box = cut.bbox()
            if not cut.is_box() or tuple(sorted((box.width(), box.height()))) not in allowed:
                wrong.insert(cut)
        sizes = " or ".join(f"{width_um:g} x {height_um:g}" for width_um, height_um in rules.sizes_um)
        yield flat_markers(f"{rules.name}.size", f"size of {sizes} um", wrong)
    if rules.spacing_um:
        close = cuts.space_check(units(rules.spacing_um), metrics=db.Metrics.Euclidian)
        yield flat_markers(f"{rules.name}.spacing", f"spacing of {rules.spacing_um:g} um", close.polygons())
    for side, wires, enclosures in (
        ("below", below, rules.enclosures_below),
        ("above", above, rules.enclosures_above),
    ):
        bare = cuts.not_inside(wires)
        if not enclosures:
            yield flat_markers(f"{rules.name}.enclosure_{side}", f"a wire {side} it", bare)
            continue
        enclosed = db.Region()
        for first_um, second_um in enclosures:
            for x, y in {(units(first_um), units(second_um)), (units(second_um), units(first_um))}:
                grown = cuts.sized(x, y, 2)
                grown.merged_semantics = False
                fitting = grown.inside(wires)
                fitting.merged_semantics = False
                enclosed += fitting.sized(-x, -y, 2)
        text = " or ".join(f"{first_um:g} and {second_um:g}" for first_um, second_um in enclosures)
        yield flat_markers(
            f"{rules.name}.enclosure_{side}",
            f"a wire {side} it that reaches {text} um beyond it",
            cuts.not_inside(enclosed) + bare,
        )
