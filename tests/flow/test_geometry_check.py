"""`check.geometry` passes a finished layout, and names what a fault planted in its GDS hurts."""

from dataclasses import replace

import pytest
from finished_layout import SLOW_PDKS, finished_layout, layout_on
from klayout import db
from planted_faults import PlantedGds

from flow.formats.lef_macros import read_macros
from flow.signoff.geometry_check import check_geometry


@pytest.fixture(
    scope="module",
    params=[layout_on("nangate45"), *(layout_on(name, pytest.mark.slow) for name in SLOW_PDKS)],
)
def finished(request, layout_of):
    return finished_layout(*layout_of(request.param))


@pytest.fixture
def planted(finished):
    return PlantedGds(finished)


@pytest.fixture
def detail_of_failure(planted, tmp_path):
    """What the check says of the GDS as it is now; it has to fail."""

    def check():
        files = replace(planted.finished.files, gds=planted.save(tmp_path))
        verdict = check_geometry(files, planted.stack)
        assert verdict.status == "fail", verdict
        return verdict.detail

    return check


def test_a_finished_layout_passes(finished):
    verdict = check_geometry(finished.files, finished.pdk.layer_stack)
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures["cells"] == len(finished.placed.components)


def test_a_missing_via_is_an_open_of_its_pin(planted, detail_of_failure):
    instance, pin, net = planted.delete_the_via_at_a_pin()
    detail = detail_of_failure()
    assert f"open: net {net} does not reach {instance}/{pin} at (" in detail


def test_a_bar_between_two_wires_is_a_short_of_both_nets(planted, detail_of_failure):
    first, second, _ = planted.bridge_two_wires()
    detail = detail_of_failure()
    assert detail.startswith("short of nets ") and detail.count("short") == 1
    assert f"{first} (" in detail and f"{second} (" in detail


def test_a_cut_in_a_wire_is_an_open(planted, detail_of_failure):
    net = planted.cut_a_wire()
    assert f"open: net {net} does not reach " in detail_of_failure()


@pytest.mark.parametrize("fault", ["site", "20 nm", "mirrored", "removed", "swapped"])
def test_a_cell_that_is_not_where_the_def_has_it_is_named(planted, detail_of_failure, fault):
    name = planted.gate()
    cell = planted.instance_of(name)
    units_per_um = planted.placed.units_per_um
    if fault == "site":
        cell.dtrans = db.DTrans(db.DVector(planted.placed.rows[0].site_pitch / units_per_um, 0)) * cell.dtrans
    elif fault == "20 nm":
        cell.dtrans = db.DTrans(db.DVector(0.02, 0)) * cell.dtrans
    elif fault == "mirrored":
        cell.dtrans = cell.dtrans * db.DTrans.M90
    elif fault == "removed":
        planted.top.erase(cell)
    else:
        masters = {component.master for component in planted.placed.components.values()}
        stranger = min(masters - {planted.placed.components[name].master})
        cell.cell_index = planted.layout.cell(stranger).cell_index()
    detail = detail_of_failure()
    assert f"cell {name}: the GDS has no {planted.placed.components[name].master} with its origin" in detail
    assert ("which the layout does not" in detail) == (fault != "removed")


def test_a_cell_that_the_layout_does_not_have_is_named(planted, detail_of_failure):
    master = planted.placed.components[planted.gate()].master
    planted.top.insert(
        db.DCellInstArray(planted.layout.cell(master).cell_index(), db.DTrans(db.DVector(200, 0)))
    )
    expected = f"the GDS has a {master} with its origin at (200.000, 0.000) um, N, which the layout does not"
    assert expected in detail_of_failure()


def test_a_cell_of_no_library_is_named(planted, detail_of_failure):
    stranger = planted.layout.create_cell("stranger")
    stranger.shapes(planted.layout.layer(250, 17)).insert(db.DBox(0, 0, 1, 1))
    planted.top.insert(db.DCellInstArray(stranger.cell_index(), db.DTrans(db.DVector(10, 10))))
    assert "the GDS has a stranger with its origin at (10.000, 10.000) um" in detail_of_failure()


def test_a_bar_between_the_supplies_is_a_short_of_both(planted, detail_of_failure):
    planted.join_supplies()
    detail = detail_of_failure()
    assert detail.startswith("short of nets ") and "VDD (" in detail and "VSS (" in detail


def test_a_rail_without_its_vias_is_an_open_of_its_cells(planted, detail_of_failure):
    net = planted.cut_a_rail_off()
    detail = detail_of_failure()
    assert f"open: net {net} does not reach " in detail and " more pins" in detail


def test_the_text_of_a_port_on_another_wire_is_named(planted, detail_of_failure):
    moved, target = planted.move_a_port()
    detail = detail_of_failure()
    assert f"port {moved}" in detail and f"port {target}" in detail


def test_a_port_without_a_text_is_an_open(planted, detail_of_failure):
    name = min(name for name in planted.texts() if "[" in name)
    planted.texts()[name][1].delete()
    assert f"does not reach port {name}" in detail_of_failure()


def test_a_wire_on_what_is_no_pin_in_a_cell_is_named(planted, detail_of_failure):
    name = planted.touch_the_inside_of_a_cell()
    detail = detail_of_failure()
    assert "touches what is no pin inside" in detail and f" {name}/cell at (" in detail


def test_a_gds_that_is_cut_short_or_of_another_design_fails(finished, tmp_path):
    cut = tmp_path / "cut.gds"
    cut.write_bytes(finished.files.gds.read_bytes()[:1000])
    for files in (replace(finished.files, gds=cut), replace(finished.files, top="another")):
        assert check_geometry(files, finished.pdk.layer_stack).status == "fail"


LEF_OF_A_POLYGON = """
MACRO inverter
  ORIGIN 1.0 0.0 ;
  SIZE 4.0 BY 2.0 ;
  PIN VDD
    USE power ;
    PORT
      LAYER Metal1 ;
        POLYGON 0 1.5 1 1.5 1 1 2 1 2 2 0 2 ;
    END
  END VDD
END inverter
"""


def test_a_pin_that_the_lef_draws_as_a_polygon_has_a_place_in_each_of_its_parts(tmp_path):
    lef = tmp_path / "cells.lef"
    lef.write_text(LEF_OF_A_POLYGON, encoding="utf-8")
    macro = read_macros([lef])["inverter"]
    assert macro.supplies == {"VDD"}
    assert {(box.pin, box.layer) for box in macro.pin_boxes} == {("VDD", "Metal1")}
    # From the cell's corner, 1 um left of its origin: the bar above, and the part that hangs down.
    inside = [
        (1.0 <= box.x_um <= 3.0 and 1.5 <= box.y_um <= 2.0) or box.y_um >= 1.0 for box in macro.pin_boxes
    ]
    assert len(macro.pin_boxes) > 1 and all(inside)
