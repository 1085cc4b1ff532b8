"""`check.drc` passes a finished layout, and names rule and place of what is drawn against the rules."""

import re

import pytest
from finished_layout import FULL_LAYOUT_PDKS, TOP, lay_out
from klayout import db, rdb
from planted_faults import PlantedGds

from flow.formats.lef_rules import LayoutRules, Spacing, WireRules, read_rules
from flow.signoff.extracted_layout import read_layout
from flow.signoff.rule_check import broken_rules, check_rules
from pdk_configs.layer_stack import LayerStack, WireLayer

# Free of anything else, beyond every die of a small design.
X_UM, Y_UM = 300.0, 300.0
PLACE = re.compile(r"first at \((-?[\d.]+), (-?[\d.]+)\) um")


@pytest.fixture(
    scope="module",
    params=[
        name if name == "nangate45" else pytest.param(name, marks=pytest.mark.slow)
        for name in FULL_LAYOUT_PDKS
    ],
)
def finished(request, tmp_path_factory):
    return lay_out(request.param, tmp_path_factory.mktemp("build"))


@pytest.fixture
def planted(finished):
    return PlantedGds(finished)


@pytest.fixture
def check(planted, tmp_path):
    """Check the GDS as it is now; its markers go to `markers.lyrdb`."""

    def checked(known=None):
        return check_rules(
            planted.save(tmp_path),
            TOP,
            planted.stack,
            planted.finished.technology_lef,
            planted.finished.pdk.known_rule_breaks if known is None else known,
            tmp_path / "markers.lyrdb",
        )

    return checked


@pytest.fixture
def wire(planted):
    """The rules of the second layer of wires that the router takes."""
    first = [layer.name for layer in planted.stack.wires].index(planted.finished.pdk.routing_layers[0])
    return first + 1, planted.rules.wires[planted.stack.wires[first + 1].name]


@pytest.fixture
def cut(planted, wire):
    """The rules of the cuts on that layer, and the GDS layer."""
    cut_layer = planted.stack.cuts[wire[0]]
    return planted.rules.cuts[cut_layer.name], planted.layout.layer(*cut_layer.shape)


def box(width_um, height_um, x_um=0.0, y_um=0.0):
    """A box by its size and its lower left corner, beside the layout."""
    return db.DBox(X_UM + x_um, Y_UM + y_um, X_UM + x_um + width_um, Y_UM + y_um + height_um)


def assert_broken(verdict, rule):
    """The verdict is fail for `rule` and its place is that of the planted shapes."""
    assert verdict.status == "fail", verdict
    assert verdict.figures.get(rule, 0) >= 1, verdict
    places = [match.groups() for match in PLACE.finditer(verdict.detail)]
    assert places
    for x_um, y_um in places:
        assert abs(float(x_um) - X_UM) < 10 and abs(float(y_um) - Y_UM) < 10


def test_a_finished_layout_keeps_every_rule(check):
    verdict = check()
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures["rules"] > 20


def test_a_narrow_wire_is_found_and_marked(planted, check, wire, tmp_path):
    layer, rules = wire
    planted.draw(layer, box(20 * rules.width_um, rules.width_um * 0.75))
    assert_broken(check(), f"{rules.name}.width")
    markers = rdb.ReportDatabase("markers")
    markers.load(str(tmp_path / "markers.lyrdb"))
    (category,) = [each for each in markers.each_category() if each.name() == f"{rules.name}.width"]
    (item,) = [each for each in markers.each_item() if each.category_id() == category.rdb_id()]
    (value,) = item.each_value()
    assert value.polygon().bbox().touches(box(20 * rules.width_um, rules.width_um))


def test_two_wires_too_close_are_found(planted, check, wire):
    layer, rules = wire
    spacing_um = max(spacing.spacing_um for spacing in rules.spacings if not spacing.width_um)
    width_um, length_um = rules.width_um, max(50 * rules.width_um, 2.0)
    planted.draw(layer, box(length_um, width_um))
    planted.draw(layer, box(length_um, width_um, y_um=width_um + 0.75 * spacing_um))
    verdict = check()
    assert verdict.status == "fail" and f"{rules.name}.spacing" in verdict.detail
    assert_broken(verdict, next(name for name in verdict.figures if f"{rules.name}.spacing" in name))


def test_a_wire_of_too_small_an_area_is_found(planted, check):
    with_area = [
        (layer, planted.rules.wires[wire.name])
        for layer, wire in enumerate(planted.stack.wires)
        if wire.name in planted.rules.wires and planted.rules.wires[wire.name].area_um2
    ]
    if not with_area:
        pytest.skip("the technology has no rule for areas")
    layer, rules = with_area[0]
    planted.draw(layer, box(rules.width_um, 0.5 * rules.area_um2 / rules.width_um))
    assert_broken(check(), f"{rules.name}.area")


def draw_cut(planted, layer, cut_layer, width_um, height_um, margin_um, above=True):
    """Draw a cut in the middle of wires that reach `margin_um` beyond it."""
    planted.top.shapes(cut_layer).insert(box(width_um, height_um))
    for wires in (layer, layer + 1) if above else (layer,):
        planted.draw(wires, box(width_um, height_um).enlarged(margin_um, margin_um))


def test_a_cut_without_the_pad_above_it_is_found(planted, check, wire, cut):
    rules, cut_layer = cut
    draw_cut(planted, wire[0], cut_layer, *rules.sizes_um[0], margin_um=0.5, above=False)
    assert_broken(check(), f"{rules.name}.enclosure_above")


def test_a_cut_of_the_right_size_in_large_pads_breaks_no_rule(planted, check, wire, cut):
    draw_cut(planted, wire[0], cut[1], *cut[0].sizes_um[0], margin_um=1.0)
    assert check().status == "pass"


def test_a_cut_of_another_size_is_found(planted, check, wire, cut):
    rules, cut_layer = cut
    width_um, height_um = rules.sizes_um[0]
    draw_cut(planted, wire[0], cut_layer, 1.5 * width_um, 1.5 * height_um, margin_um=1.0)
    assert_broken(check(), f"{rules.name}.size")


def test_two_cuts_too_close_are_found(planted, check):
    layer, rules = next(
        (layer, planted.rules.cuts[cut.name])
        for layer, cut in enumerate(planted.stack.cuts)
        if layer and planted.rules.cuts[cut.name].spacing_um
    )
    cut_layer = planted.cut_layer(layer)
    width_um, height_um = rules.sizes_um[0]
    draw_cut(planted, layer, cut_layer, width_um, height_um, margin_um=1.0)
    shift_um = width_um + 0.75 * rules.spacing_um
    planted.top.shapes(cut_layer).insert(box(width_um, height_um, x_um=shift_um))
    assert_broken(check(), f"{rules.name}.spacing")


def test_a_known_break_is_told_with_its_reason_and_fails_nothing(planted, check, wire):
    layer, rules = wire
    planted.draw(layer, box(20 * rules.width_um, rules.width_um * 0.75))
    verdict = check(known={f"{rules.name}.width": "drawn so by this test"})
    assert verdict.status == "pass"
    assert f"{rules.name}.width 1 x: drawn so by this test" in verdict.detail
    assert verdict.figures[f"{rules.name}.width"] == 1


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
