"""The design rules of what the flow draws, on the shapes of the delivered GDS, by KLayout's own checks.

The rules are those of the technology LEF: width, spacing, area and line ends of wires; size, spacing and
enclosure of cuts. What lies within a library cell alone is the library's, and is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from klayout import db, rdb

from flow.formats.lef_rules import CutRules, LayoutRules, WireRules, read_rules
from flow.record.result import Check
from flow.signoff.extracted_layout import read_layout
from flow.signoff.verdict import failed, verdict_of
from pdk_configs.layer_stack import GdsLayer, LayerStack


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
    everywhere = list(broken_rules(layout, cell, stack, rules))
    own = library_breaks(layout, cell, stack, rules.of_layers(broken_layers(everywhere)))
    checked = [
        replace(
            markers,
            places=markers.places.not_inside(own[markers.name]) if markers.name in own else markers.places,
        )
        for markers in everywhere
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


def broken_layers(checked: Iterable[RuleMarkers]) -> set[str]:
    """Return the layers with a rule that is broken: a rule's name starts with its layer's."""
    return {markers.name.partition(".")[0] for markers in checked if not markers.places.is_empty()}


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


def shapes_on(layout: db.Layout, cell: db.Cell, layers: Iterable[GdsLayer]) -> db.Region:
    """Return the merged shapes below `cell` on the layers. Flat: a rail joins most of the cells anyway."""
    region = db.Region()
    for number, datatype in layers:
        region.insert(cell.begin_shapes_rec(layout.layer(number, datatype)))
    return region.merge()


def broken_rules(
    layout: db.Layout, cell: db.Cell, stack: LayerStack, rules: LayoutRules
) -> Iterator[RuleMarkers]:
    """Yield every rule of the stack's layers with the places below `cell` that break it, broken or not."""
    dbu_um = layout.dbu
    wires = [shapes_on(layout, cell, wire.shapes) for wire in stack.wires]
    for wire, region in zip(stack.wires, wires, strict=True):
        if wire.name in rules.wires:
            yield from _wire_markers(region, rules.wires[wire.name], dbu_um)
    for cut, below, above in zip(stack.cuts, wires, wires[1:], strict=False):
        if cut.name in rules.cuts:
            cuts = shapes_on(layout, cell, [cut.shape])
            yield from _cut_markers(cuts, below, above, rules.cuts[cut.name], dbu_um)


def _wire_markers(wires: db.Region, rules: WireRules, dbu_um: float) -> Iterator[RuleMarkers]:
    def units(length_um: float) -> int:
        return round(length_um / dbu_um)

    if rules.width_um:
        narrow = wires.width_check(units(rules.width_um), metrics=db.Metrics.Projection)
        yield RuleMarkers(f"{rules.name}.width", f"width of {rules.width_um:g} um", narrow.polygons())
    # Of edges, not of polygons: a rail is one polygon with all its cells, and beside everything.
    edges = wires.edges()
    for spacing in rules.spacings:
        text = f"spacing of {spacing.spacing_um:g} um"
        name = f"{rules.name}.spacing"
        if spacing.width_um:
            name += f".wide_{spacing.width_um:g}"
            text += f" from wires at least {spacing.width_um:g} um wide"
        if spacing.length_um:
            name += f".beside_{spacing.length_um:g}"
            text += f" side by side for more than {spacing.length_um:g} um"
        distance, length = units(spacing.spacing_um), units(spacing.length_um)
        if spacing.width_um:
            of_wide = edges & _at_least_as_wide(wires, units(spacing.width_um))
            close = of_wide.separation_check(
                edges - of_wide, distance, metrics=db.Metrics.Projection, min_projection=length + 1
            ) + of_wide.space_check(distance, metrics=db.Metrics.Projection, min_projection=length + 1)
        elif spacing.length_um:
            close = edges.space_check(distance, metrics=db.Metrics.Projection, min_projection=length + 1)
        else:
            close = edges.space_check(distance, metrics=db.Metrics.Euclidian)
        yield RuleMarkers(name, text, without_metal_between(close, wires))
    if rules.area_um2:
        # A unit of area more or less is rounding.
        small = wires.with_area(0, max(round(rules.area_um2 / dbu_um**2) - 1, 0), False)
        yield RuleMarkers(f"{rules.name}.area", f"area of {rules.area_um2:g} um2", small)
    for end in rules.ends_of_line:
        ends = line_ends(wires, units(end.width_um))
        close = ends.space_check(units(end.to_end_um), metrics=db.Metrics.Projection)
        yield RuleMarkers(
            f"{rules.name}.line_end",
            f"spacing of {end.to_end_um:g} um between ends narrower than {end.width_um:g} um",
            close.polygons(),
        )
        if end.to_side_um:
            # What runs past an end without facing it is its neighbour, and keeps the wires' own spacing.
            facing = _edges_ahead(ends, units(end.within_um)).separation_check(
                edges, units(end.to_side_um), metrics=db.Metrics.Projection, min_projection=1
            )
            yield RuleMarkers(
                f"{rules.name}.line_end_to_side",
                f"{end.to_side_um:g} um ahead of ends narrower than {end.width_um:g} um, "
                f"and of {end.within_um:g} um beyond either corner, to edges that face them",
                without_metal_between(facing, wires),
            )


def without_metal_between(pairs: db.EdgePairs, wires: db.Region) -> db.Region:
    """Return the markers of those `pairs` of edges between which there is a way that `wires` leave free.

    Edges on either side of a wire's jog may face each other through the wire: that is its width, no space.
    """
    markers = db.Region()
    # Of all wires once what lies at the markers: each is then compared with its own surroundings alone.
    metal = db.Shapes()
    metal.insert(wires & pairs.extents())
    for pair in pairs.each():
        marker = pair.polygon(0)
        surroundings = db.Region([shape.polygon for shape in metal.each_touching(marker.bbox())])
        free = db.Region(marker) - surroundings
        ends = [db.Edges([edge]) for edge in (pair.first, pair.second)]
        if not marker.area() or any(
            all(end.interacting(db.Region(piece)).count() for end in ends) for piece in free.each_merged()
        ):
            markers.insert(marker)
    return markers


def _at_least_as_wide(wires: db.Region, width: int) -> db.Region:
    """Return the parts of `wires` in which a square of `width` has room."""
    half = width // 2
    return wires.sized(-half).sized(half) & wires


def line_ends(wires: db.Region, width: int) -> db.Edges:
    """Return the edges shorter than `width` between two convex corners."""
    return wires.edges(db.EdgeMode.Convex).with_length(1, width, False)


def _edges_ahead(ends: db.Edges, within: int) -> db.Edges:
    """Return the `ends`, each longer by `within` at both of its points."""
    longer = db.Edges()
    for edge in ends.each():
        longer.insert(edge.extended(within))
    return longer


def _cut_markers(
    cuts: db.Region, below: db.Region, above: db.Region, rules: CutRules, dbu_um: float
) -> Iterator[RuleMarkers]:
    def units(length_um: float) -> int:
        return round(length_um / dbu_um)

    if rules.sizes_um:
        allowed = {(units(width_um), units(height_um)) for width_um, height_um in rules.sizes_um}
        sizes = " or ".join(f"{width_um:g} x {height_um:g}" for width_um, height_um in rules.sizes_um)
        yield RuleMarkers(f"{rules.name}.size", f"size of {sizes} um", _of_no_size(cuts, allowed))
    if rules.spacing_um:
        close = cuts.space_check(units(rules.spacing_um), metrics=db.Metrics.Euclidian)
        yield RuleMarkers(f"{rules.name}.spacing", f"spacing of {rules.spacing_um:g} um", close.polygons())
    for side, wires, enclosures in (
        ("below", below, rules.enclosures_below),
        ("above", above, rules.enclosures_above),
    ):
        text = f"a wire {side} it"
        if enclosures:
            pairs = " or ".join(f"{first_um:g} and {second_um:g}" for first_um, second_um in enclosures)
            text += f" that reaches {pairs} um beyond it"
        overhangs = {(units(x_um), units(y_um)) for pair in enclosures for x_um, y_um in (pair, pair[::-1])}
        bare = _bare(cuts, wires, overhangs or {(0, 0)})
        yield RuleMarkers(f"{rules.name}.enclosure_{side}", text, bare)


def _of_no_size(cuts: db.Region, allowed: Iterable[tuple[int, int]]) -> db.Region:
    """Return the cuts that are no box of one of the `allowed` sizes, (shorter, longer side)."""
    wrong, boxes = cuts.non_rectangles(), cuts.rectangles()
    for shorter, pairs in groupby(sorted(allowed), key=itemgetter(0)):
        so_narrow = boxes.with_bbox_min(shorter, False)
        for _, longer in pairs:
            so_narrow = so_narrow.with_bbox_max(longer, True)
        wrong += so_narrow
        boxes = boxes.with_bbox_min(shorter, True)
    return wrong + boxes


def _bare(cuts: db.Region, wires: db.Region, overhangs: Iterable[tuple[int, int]]) -> db.Region:
    """Return the cuts beyond which the wires reach by none of the `overhangs` (x, y)."""
    # What sticks out of the room is quick to have, and in one direction or the other it is next to nothing.
    sticking_out = (cuts - wires.sized(-x, -y, 2) for x, y in sorted(overhangs))
    bare = cuts
    for parts in sorted(sticking_out, key=lambda region: region.count()):
        bare = bare.interacting(parts)
        if bare.is_empty():
            break
    return bare
