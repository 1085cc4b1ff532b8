"""`check.drc` passes a finished layout, and names rule and place of what is drawn against the rules."""

import re

import pytest
from finished_layout import SLOW_PDKS, finished_layout, layout_on
from klayout import db, rdb
from planted_faults import PlantedGds

from flow.formats.lef_rules import EndOfLine, LayoutRules, Spacing, WireRules, read_rules
from flow.signoff.extracted_layout import read_layout
from flow.signoff.rule_check import broken_rules, check_rules
from pdk_configs.layer_stack import LayerStack, WireLayer

# Free of anything else, beyond every die of a small design; each fault has a place of its own there.
X_UM, Y_UM = 300.0, 300.0
STEP_UM = 50.0
PLACE = re.compile(r"first at \((-?[\d.]+), (-?[\d.]+)\) um")


@pytest.fixture(
    scope="module",
    params=[layout_on("nangate45"), *(layout_on(name, pytest.mark.slow) for name in SLOW_PDKS)],
)
def finished(request, layout_of):
    return finished_layout(*layout_of(request.param))


class Plan:
    """A finished layout's GDS and a place beside the layout, in which one fault is drawn."""

    def __init__(self, planted, number):
        self.planted, self.x_um = planted, X_UM + STEP_UM * number
        first = [layer.name for layer in planted.stack.wires].index(planted.finished.pdk.routing_layers[0])
        # The second layer of wires that the router takes, and the cuts on it.
        self.layer = first + 1
        self.wire = planted.rules.wires[planted.stack.wires[self.layer].name]
        self.cut = planted.rules.cuts[planted.stack.cuts[self.layer].name]

    def box(self, width_um, height_um, x_um=0.0, y_um=0.0):
        """A box by its size and its lower left corner from the plan's place."""
        left, bottom = self.x_um + x_um, Y_UM + y_um
        return db.DBox(left, bottom, left + width_um, bottom + height_um)

    def draw_cut(self, layer, width_um, height_um, margin_um, above=True):
        """Draw a cut in the middle of wires that reach `margin_um` beyond it."""
        self.planted.top.shapes(self.planted.cut_layer(layer)).insert(self.box(width_um, height_um))
        for wires in (layer, layer + 1) if above else (layer,):
            self.planted.draw(wires, self.box(width_um, height_um).enlarged(margin_um, margin_um))

    def holds(self, box):
        """Whether a marker lies at the plan's place."""
        return abs(box.center().x - self.x_um) < STEP_UM / 2 and abs(box.center().y - Y_UM) < STEP_UM / 2


# Each draws one fault and returns the rule that it breaks; None where there is none to break.


def a_narrow_wire(plan):
    plan.planted.draw(plan.layer, plan.box(20 * plan.wire.width_um, plan.wire.width_um * 0.75))
    return f"{plan.wire.name}.width"


def two_wires_too_close(plan):
    spacing_um = max(spacing.spacing_um for spacing in plan.wire.spacings if not spacing.width_um)
    width_um = plan.wire.width_um
    for y_um in (0.0, width_um + 0.75 * spacing_um):
        plan.planted.draw(plan.layer, plan.box(max(50 * width_um, 2.0), width_um, y_um=y_um))
    return f"{plan.wire.name}.spacing"


def a_wire_of_too_small_an_area(plan):
    for layer, wire in enumerate(plan.planted.stack.wires):
        rules = plan.planted.rules.wires.get(wire.name)
        if rules is not None and rules.area_um2:
            plan.planted.draw(layer, plan.box(rules.width_um, 0.5 * rules.area_um2 / rules.width_um))
            return f"{rules.name}.area"
    lef = plan.planted.finished.technology_lef.read_text(encoding="utf-8")
    assert not re.search(r"^\s*AREA\b", lef, re.MULTILINE)
    return None


def a_cut_without_the_pad_above_it(plan):
    plan.draw_cut(plan.layer, *plan.cut.sizes_um[0], margin_um=0.5, above=False)
    return f"{plan.cut.name}.enclosure_above"


def a_cut_of_the_right_size_in_large_pads(plan):
    plan.draw_cut(plan.layer, *plan.cut.sizes_um[0], margin_um=1.0)


def a_cut_of_another_size(plan):
    width_um, height_um = plan.cut.sizes_um[0]
    plan.draw_cut(plan.layer, 1.5 * width_um, 1.5 * height_um, margin_um=1.0)
    return f"{plan.cut.name}.size"


def two_cuts_too_close(plan):
    layer, rules = next(
        (layer, plan.planted.rules.cuts[cut.name])
        for layer, cut in enumerate(plan.planted.stack.cuts)
        if layer and plan.planted.rules.cuts[cut.name].spacing_um
    )
    width_um, height_um = rules.sizes_um[0]
    plan.draw_cut(layer, width_um, height_um, margin_um=1.0)
    shifted = plan.box(width_um, height_um, x_um=width_um + 0.75 * rules.spacing_um)
    plan.planted.top.shapes(plan.planted.cut_layer(layer)).insert(shifted)
    return f"{rules.name}.spacing"


FAULTS = (
    a_narrow_wire,
    two_wires_too_close,
    a_wire_of_too_small_an_area,
    a_cut_without_the_pad_above_it,
    a_cut_of_the_right_size_in_large_pads,
    a_cut_of_another_size,
    two_cuts_too_close,
)


def checked(planted, folder, known=None):
    """Check the GDS as it is now; return the verdict and the boxes of its markers by rule, in um."""
    database = folder / "markers.lyrdb"
    verdict = check_rules(
        planted.save(folder),
        planted.finished.files.top,
        planted.stack,
        planted.finished.technology_lef,
        planted.finished.pdk.known_rule_breaks if known is None else known,
        database,
    )
    written = rdb.ReportDatabase("markers")
    written.load(str(database))
    markers = {category.name(): [] for category in written.each_category()}
    for item in written.each_item():
        rule = written.category_by_id(item.category_id()).name()
        markers[rule] += [value.polygon().bbox() for value in item.each_value()]
    return verdict, markers


@pytest.fixture(scope="module")
def with_all_faults(finished, tmp_path_factory):
    """What a check says of a layout with every fault, each at its place: plan, rule, verdict, markers."""
    planted = PlantedGds(finished)
    plans = {fault: Plan(planted, number) for number, fault in enumerate(FAULTS)}
    rules = {fault: fault(plan) for fault, plan in plans.items()}
    return plans, rules, *checked(planted, tmp_path_factory.mktemp("faults"))


def test_a_finished_layout_keeps_every_rule(finished, tmp_path):
    verdict, _ = checked(PlantedGds(finished), tmp_path)
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures["rules"] > 20


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found_and_marked_at_its_place_by_its_rule(fault, with_all_faults):
    plans, rules, verdict, markers = with_all_faults
    here = {rule for rule, boxes in markers.items() if any(map(plans[fault].holds, boxes))}
    if rules[fault] is None:
        assert not here
        return
    named = {rule for rule in here if rules[fault] in rule}
    assert named, here
    assert verdict.status == "fail"
    assert all(verdict.figures[rule] >= 1 for rule in named)


def test_the_verdict_tells_rule_and_place(with_all_faults):
    plans, rules, verdict, markers = with_all_faults
    assert {rule: len(boxes) for rule, boxes in markers.items() if boxes} == {
        rule: count for rule, count in verdict.figures.items() if rule in markers
    }
    places = [tuple(map(float, match.groups())) for match in PLACE.finditer(verdict.detail)]
    assert places
    for x_um, y_um in places:
        assert any(plan.holds(db.DBox(x_um, y_um, x_um, y_um)) for plan in plans.values())
    assert any(rule in verdict.detail for rule in rules.values() if rule)


def test_a_known_break_is_told_with_its_reason_and_fails_nothing(finished, tmp_path):
    planted = PlantedGds(finished)
    plan = Plan(planted, 0)
    rule = a_narrow_wire(plan)
    verdict, markers = checked(planted, tmp_path, known={rule: "drawn so by this test"})
    assert verdict.status == "pass"
    assert f"{rule} 1 x: drawn so by this test" in verdict.detail
    assert verdict.figures[rule] == 1
    (marker,) = markers[rule]
    assert marker.touches(plan.box(20 * plan.wire.width_um, plan.wire.width_um))


LEF_OF_CUT_CLASSES = """
LAYER M1
  TYPE ROUTING ;
  WIDTH 0.02 ;
END M1
LAYER V1
  TYPE CUT ;
  {plain}
  PROPERTY LEF58_CUTCLASS "
    CUTCLASS small WIDTH 0.018 LENGTH 0.024 CUTS 1 ; CUTCLASS long_0p120 WIDTH 0.018 LENGTH 0.12 CUTS 4 ;
  " ;
  PROPERTY LEF58_SPACINGTABLE "
    SPACINGTABLE DEFAULT 0.034
      CUTCLASS small long_0p120
      small {pair} - -
      long_0p120 - - - - ;
  " ;
END V1
"""


@pytest.mark.parametrize(
    "plain, pair, spacing_um",
    [("", "- -", 0.034), ("", "0.05 -", 0.034), ("", "0.03 0.04", 0.03), ("SPACING 0.02 ;", "- -", 0.02)],
)
def test_the_least_of_a_table_of_cut_classes_is_their_spacing(tmp_path, plain, pair, spacing_um):
    lef = tmp_path / "technology.lef"
    lef.write_text(LEF_OF_CUT_CLASSES.format(plain=plain, pair=pair), encoding="utf-8")
    assert read_rules(lef).cuts["V1"].spacing_um == spacing_um


def drawn_rows(length_um, rows, width_um=0.1, pitch_um=0.4):
    """Return a layout of combs, rails with teeth above them, and its top cell."""
    layout = db.Layout()
    layout.dbu = 0.001
    top = layout.create_cell("top")
    shapes = top.shapes(layout.layer(1, 0))
    for row in range(rows):
        y_um = row * 2.0
        shapes.insert(db.DBox(0, y_um, length_um, y_um + width_um))
        for tooth in range(int(length_um / pitch_um)):
            x_um = tooth * pitch_um
            shapes.insert(db.DBox(x_um, y_um, x_um + width_um, y_um + 1.0))
    return layout, top


RULES_OF_COMBS = LayoutRules({"M1": WireRules("M1", 0.1, (Spacing(0.0, 0.0, 0.1),), 0.0, ())}, {})
STACK_OF_COMBS = LayerStack((WireLayer("M1", ((1, 0),), ()),), ())


def broken(layout, top):
    """Count the places by rule."""
    markers = broken_rules(layout, top, STACK_OF_COMBS, RULES_OF_COMBS)
    return {marker.name: marker.places.count() for marker in markers}


def test_touching_shapes_of_two_net_names_are_one_wire(tmp_path):
    layout, top = drawn_rows(10.0, 1)
    shapes = top.shapes(layout.layer(1, 0))
    for name, y_um in (("first", 10.0), ("second", 10.05)):
        shapes.insert(db.DBox(0.0, y_um, 5.0, y_um + 0.05)).set_property(1, name)
    layout.write(str(tmp_path / "two_names.gds"))
    read = read_layout(tmp_path / "two_names.gds")
    assert broken(read, read.cell("top")) == {"M1.width": 0, "M1.spacing": 0}


def test_corners_of_a_jog_face_each_other_through_the_wire_alone():
    rules = LayoutRules({"M1": WireRules("M1", 0.1, (Spacing(0.0, 0.0, 0.11),), 0.0, ())}, {})
    layout = db.Layout()
    layout.dbu = 0.001
    top = layout.create_cell("top")
    shapes = top.shapes(layout.layer(1, 0))

    def spacings():
        return next(
            m for m in broken_rules(layout, top, STACK_OF_COMBS, rules) if m.name == "M1.spacing"
        ).places

    # A wire comes from below, steps aside by a little more than its width, and goes on upwards.
    for box_um in ((0.0, 9.0, 0.1, 10.1), (0.0, 10.0, 0.22, 10.1), (0.12, 10.0, 0.22, 12.0)):
        shapes.insert(db.DBox(*box_um))
    assert spacings().is_empty()
    # The same two corners of two wires, with nothing between them.
    for box_um in ((4.9, 9.0, 5.0, 10.0), (5.02, 10.1, 5.12, 12.0)):
        shapes.insert(db.DBox(*box_um))
    assert not spacings().is_empty()


def test_a_notch_in_one_wire_is_a_spacing_and_a_jog_is_none():
    layout, top = drawn_rows(10.0, 3)
    assert broken(layout, top) == {"M1.width": 0, "M1.spacing": 0}
    shapes = top.shapes(layout.layer(1, 0))
    # A jog: a wire goes on half a width higher.
    for x_um, y_um in ((0.0, 10.0), (1.0, 10.05)):
        shapes.insert(db.DBox(x_um, y_um, x_um + 1.1, y_um + 0.1))
    shapes.insert(db.DBox(1.0, 10.0, 1.1, 10.15))
    assert broken(layout, top)["M1.spacing"] == 0
    # A notch of 80 nm between two teeth of one wire.
    shapes.insert(db.DBox(5.0, 20.0, 6.0, 20.1))
    for x_um in (5.2, 5.38):
        shapes.insert(db.DBox(x_um, 20.0, x_um + 0.1, 21.0))
    assert broken(layout, top)["M1.spacing"] == 1


END_RULES = """
LAYER M1
  TYPE ROUTING ;
  WIDTH 0.1 ;
  PROPERTY LEF58_SPACING " SPACING 0.15 ENDOFLINE 0.12 WITHIN 0.05 ENDTOEND 0.2 {condition} ; " ;
END M1
"""


@pytest.mark.parametrize("condition, to_side_um", [("", 0.15), ("PARALLELEDGE 0.1 WITHIN 0.1", 0.0)])
def test_a_line_ends_rule_for_sides_is_read_where_no_neighbour_is_asked_for(tmp_path, condition, to_side_um):
    lef = tmp_path / "technology.lef"
    lef.write_text(END_RULES.format(condition=condition), encoding="utf-8")
    assert read_rules(lef).wires["M1"].ends_of_line == (EndOfLine(0.12, 0.2, to_side_um, 0.05),)


# The side's lower left corner, where the line ends at (1.0, 0.0) to (1.0, 0.1): ahead, or beside its corner.
@pytest.mark.parametrize(
    "x_um, y_um, markers",
    [(1.15, -2.0, 0), (1.149, -2.0, 1), (1.1, 0.15, 0), (1.1, 0.149, 1), (0.5, 0.11, 0)],
)
def test_a_line_end_keeps_its_distance_from_a_wires_side(x_um, y_um, markers):
    rules = LayoutRules({"M1": WireRules("M1", 0.1, (), 0.0, (EndOfLine(0.12, 0.2, 0.15, 0.05),))}, {})
    layout = db.Layout()
    layout.dbu = 0.001
    top = layout.create_cell("top")
    shapes = top.shapes(layout.layer(1, 0))
    shapes.insert(db.DBox(0.0, 0.0, 1.0, 0.1))
    shapes.insert(db.DBox(x_um, y_um, x_um + 0.3, y_um + 3.0))
    counts = {
        marker.name: marker.places.count() for marker in broken_rules(layout, top, STACK_OF_COMBS, rules)
    }
    assert counts["M1.line_end_to_side"] == markers
