"""`--signoff full`: Magic's rules on drawn shapes, and sky130's transistors with faults planted in them."""

import os
from contextlib import chdir
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from finished_layout import finished_layout, layout_on, skip_without_data, words_of
from flow_command import result_of, run_flow
from klayout import db, rdb
from needs import skip_without
from planted_faults import PlantedGds

from flow.formats.spice import Device, Subcircuit
from flow.pipeline import up_to_date
from flow.pipeline.steps.check_magic import CheckMagicTask
from flow.pipeline.steps.check_transistors import CheckTransistorsTask
from flow.pipeline.steps.library_files import layout_files
from flow.record.result import Checks
from flow.record.settings import make_settings
from flow.signoff.geometry_check import check_geometry
from flow.signoff.magic import MagicLayout, read_technology, run_magic
from flow.signoff.magic_check import check_magic_rules
from flow.signoff.transistor_check import (
    EXTRACT,
    check_transistors,
    compare,
)
from flow.signoff.transistor_reference import TransistorNetlist, extracted_netlist, library_cells
from flow.tools import layout_programs
from flow.tools.layout_programs import NoProgramError, ScriptProgram, find_layout_programs
from flow.tools.pdk_data import find_data_root
from pdk_configs.pdk import load_pdk
from pdk_configs.transistors import transistors_of

# One metal with two rules, for a Magic that does not exist yet.
TWO_RULES = """
tech
  format 32
  two_rules
end
version
  version 1
  requires magic-99.9.999
end
planes
  metal
end
types
  metal m
end
contact
end
styles
  styletype mos
end
compose
end
connect
  m m
end
cifoutput
  style gds
  scalefactor 10 nanometers
  layer M m
    calma 1 0
end
cifinput
  style gds
  scalefactor 10 nanometers
  layer m M
  calma M 1 0
end
drc
  style drc(full)
  scalefactor 10
  width m 100 "metal narrower than 0.1 um"
  spacing m m 100 touching_ok "metal closer than 0.1 um"
end
extract
  style gds
  lambda 1
  step 5
end
"""
SKY130 = load_pdk("sky130")
FACTS = transistors_of(SKY130)
# The layout has wires that the schematic has not, or a supply of its own; no synthesis takes them.
OTHER_IN_LAYOUT = {"probe_p_8", "probec_p_8", "lpflow_lsbuf_lh_isowell_4"}


@pytest.fixture(scope="module")
def programs():
    try:
        return find_layout_programs()
    except NoProgramError:
        skip_without("magic")


@pytest.fixture
def rules_of(programs, tmp_path, monkeypatch):
    """Check boxes, (left, bottom, right, top) in um, by a technology."""
    monkeypatch.chdir(tmp_path)

    def checked(*boxes_um, technology=TWO_RULES, program=programs.magic):
        layout = db.Layout()
        layout.dbu = 0.001
        shapes = layout.create_cell("top").shapes(layout.layer(1, 0))
        for box_um in boxes_um:
            shapes.insert(db.DBox(*box_um))
        layout.write("top.gds")
        Path("two_rules.tech").write_text(technology, encoding="utf-8")
        given = MagicLayout(Path("top.gds"), "top", read_technology(Path("two_rules.tech")))
        return check_magic_rules(program, given, "drc(full)", Path("top.magic.lyrdb"))

    return checked


def test_a_layout_that_keeps_the_technologys_rules_passes(rules_of):
    verdict = rules_of((0, 0, 5, 0.1), (0, 0.2, 5, 0.3))
    assert (verdict.status, verdict.figures) == ("pass", {}), verdict.detail
    assert verdict.detail.startswith("drc(full) of two_rules.tech ")


def test_places_that_break_a_rule_are_counted_and_kept(rules_of, tmp_path):
    verdict = rules_of((0, 0, 5, 0.08), (0, 1, 5, 1.06), (0, 2, 5, 3), (0, 3.05, 5, 4))
    assert verdict.status == "fail"
    narrow, close = "metal narrower than 0.1 um", "metal closer than 0.1 um"
    assert set(verdict.figures) == {narrow, close, "differences"}
    assert verdict.figures["differences"] == 2
    markers = rdb.ReportDatabase("markers")
    markers.load(str(tmp_path / "top.magic.lyrdb"))
    assert markers.num_items() == verdict.figures[narrow] + verdict.figures[close]
    boxes = [value.box() for item in markers.each_item() for value in item.each_value()]
    assert all(box.inside(db.DBox(0, 0, 5, 4)) for box in boxes)
    assert any(box.inside(db.DBox(0, 2.9, 5, 3.1)) for box in boxes)


@pytest.mark.parametrize(
    "technology, cause",
    [
        ("tech\n  two_rules\nend\n", "Magic does not run to its end: "),
        (TWO_RULES.replace("drc(full)", "fast"), "Magic does not run to its end: "),
    ],
    ids=["cut short", "without the style"],
)
def test_a_broken_technology_fails_in_one_line(rules_of, tmp_path, technology, cause):
    verdict = rules_of((0, 0, 5, 1), technology=technology)
    assert verdict.status == "fail"
    assert verdict.detail.startswith(cause) and "\n" not in verdict.detail
    rdb.ReportDatabase("markers").load(str(tmp_path / "top.magic.lyrdb"))


@pytest.mark.parametrize(
    "program, cause",
    [
        (("/bin/sh", "-c", "kill -SEGV $$"), "signal 11"),
        (("/bin/sh", "-c", "exit 3"), "exit code 3"),
        (("/bin/sh", "-c", "echo 'Error: out of paint' >&2"), "out of paint"),
    ],
)
def test_a_magic_that_ends_early_fails_in_one_line(rules_of, program, cause):
    verdict = rules_of((0, 0, 5, 1), program=ScriptProgram(program, dict(os.environ)))
    assert (verdict.status, verdict.detail) == ("fail", f"Magic does not run to its end: {cause}")


def test_what_is_no_technology_is_said(tmp_path):
    (tmp_path / "sky130A.tech").write_text("<html>", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^sky130A.tech is no technology file of Magic's$"):
        read_technology(tmp_path / "sky130A.tech")


def test_full_signoff_changes_no_layout_and_is_told_only_where_it_was_asked_for(tmp_path):
    basic, full = make_settings("expmul", {}), make_settings("expmul", {}, signoff="full")
    assert (full.identity(), full.folder) == (basic.identity(), basic.folder)
    assert basic.requested_checks == {}
    assert full.requested_checks == {"magic_drc": "check.magic", "transistor_lvs": "check.transistors"}
    assert not {"magic_drc", "transistor_lvs"} & Checks().named().keys()


def test_a_signoff_that_cannot_be_is_the_users_mistake(tmp_path):
    for words, line in (
        (("--signoff", "ful"), "unknown sign-off 'ful': did you mean 'full'?"),
        (("--signoff", "full", "--to", "place"), "--signoff full checks the GDS: a run to place has none"),
    ):
        done = run_flow("--design", "expmul", *words, out=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"run.py: error: {line}\n")


@pytest.mark.parametrize("task", [CheckMagicTask, CheckTransistorsTask])
def test_what_cannot_be_had_is_not_run_with_the_reason(task, monkeypatch, tmp_path):
    (tmp_path / "outputs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(task, "design_topmodule", "top")
    monkeypatch.setattr(task, "value", lambda self, parameter: values[parameter.name])
    values = {"pdk_name": "nangate45"}
    verdict = task().verdict()
    assert (verdict.status, verdict.detail) == ("not run", "nangate45 has no configuration for Magic")

    values = {"pdk_name": "sky130", "magic_technology": "none"}
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(layout_programs, "cache_dir", lambda: tmp_path / "cache")
    verdict = task().verdict()
    assert verdict.status == "not run"
    assert verdict.detail.startswith("no Magic and Netgen on PATH or in the package archive (")
    assert verdict.detail.endswith("): install magic and netgen-lvs") and "\n" not in verdict.detail
    (output,) = (tmp_path / "outputs").iterdir()
    if output.suffix == ".lyrdb":
        rdb.ReportDatabase("markers").load(str(output))


def test_without_the_foundrys_rules_there_is_no_check_of_rules(programs, monkeypatch, tmp_path):
    values = {"pdk_name": "sky130", "magic_technology": "none"}
    (tmp_path / "outputs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(CheckMagicTask, "design_topmodule", "top")
    monkeypatch.setattr(CheckMagicTask, "value", lambda self, parameter: values[parameter.name])
    verdict = CheckMagicTask().verdict()
    assert (verdict.status, verdict.detail) == ("not run", "the PDK's data has no sky130A.tech")


def test_the_mesh_generator_of_the_same_name_is_not_taken(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name, text in (("magic", b"#!/bin/sh\n"), ("netgen", b"\x7fELF")):
        (tmp_path / "bin" / name).write_bytes(text)
        (tmp_path / "bin" / name).chmod(0o755)
    assert layout_programs.programs_at_hand(tmp_path) is None
    (tmp_path / "bin" / "netgen").write_bytes(b"#!/bin/bash\n")
    from_path = layout_programs.programs_at_hand(tmp_path)
    assert from_path.netgen.command == (str(tmp_path / "bin" / "netgen"), "-batch", "source")
    (tmp_path / "bin" / "netgen").write_bytes(b"#!/bin/bash\n# newer\n")
    assert layout_programs.programs_at_hand(tmp_path).identity != from_path.identity


def test_the_projects_own_technology_extracts_the_librarys_cells_as_their_netlists_say(
    programs, tmp_path, monkeypatch
):
    skip_without_data("sky130")
    monkeypatch.chdir(tmp_path)
    library = SKY130.make_library(find_data_root(SKY130, None))
    cdl, gds = (layout_files(library, kind) for kind in ("cdl", "gds"))
    cells = library_cells(cdl[0].read_text(encoding="utf-8"), FACTS)
    layout = db.Layout()
    layout.read(str(gds[0]))
    names = sorted(cell.name for cell in layout.each_cell() if cells[cell.name].devices)
    top, x = layout.create_cell("library"), 0
    for name in names:
        box = layout.cell(name).bbox()
        top.insert(db.CellInstArray(layout.cell(name).cell_index(), db.Trans(x - box.left, 0)))
        x += box.width() + 5000
    # A netlist's top has a pin.
    top.shapes(layout.layer(68, 20)).insert(db.Box(-9000, 0, -8000, 1000))
    top.shapes(layout.layer(68, 5)).insert(db.Text("P", -8500, 500))
    layout.write("library.gds")
    given = MagicLayout(Path("library.gds"), "library", read_technology(FACTS.own_technology))
    spice = tmp_path / "library.spice"
    assert run_magic(programs.magic, EXTRACT, given, tmp_path, spice, EXPMUL_SPICE=str(spice)) == 0
    extracted = extracted_netlist(spice.read_text(encoding="utf-8"), "library", cells, FACTS)
    calls = tuple(Device(name, name, tuple(f"{name}_{pin}" for pin in cells[name].ports)) for name in names)
    subcircuits = {name: cells[name] for name in names} | {"library": Subcircuit("library", ("P",), calls)}
    comparison = compare(
        programs.netgen, extracted, TransistorNetlist(subcircuits, "library", {}), FACTS, tmp_path
    )
    prefix = "sky130_fd_sc_hd__"
    differ = {
        record["name"][1].removeprefix(prefix)
        for record in comparison.records
        if record.get("badnets") or record.get("badelements") or record.get("properties")
    }
    compared = {record["name"][1] for record in comparison.records}
    assert compared >= set(names)
    assert differ - {"library"} == OTHER_IN_LAYOUT
    assert len(names) > 400


@pytest.fixture(scope="module", params=[layout_on("sky130", pytest.mark.slow)])
def finished(request, layout_of):
    return finished_layout(*layout_of(request.param))


@pytest.fixture
def planted(finished):
    return PlantedGds(finished)


@pytest.fixture
def check(programs, planted, tmp_path, monkeypatch):
    """What the check says of the GDS as it is now."""
    library = SKY130.make_library(find_data_root(SKY130, None))
    technology = read_technology(FACTS.own_technology)

    def checked():
        files = replace(planted.finished.files, gds=planted.save(tmp_path))
        with chdir(tmp_path):
            return check_transistors(
                programs, files, layout_files(library, "cdl"), technology, FACTS, Path("lvs.txt")
            )

    return checked


def gate_of(planted):
    """A cell that computes: its master's layout, and the layers of poly, contact and diffusion in it."""
    master = planted.layout.cell(planted.finished.placed.components[planted.gate()].master)
    layers = [planted.layout.layer(*layer) for layer in ((66, 20), (66, 44), (65, 20))]
    return master, *layers


def test_a_finished_layout_passes(check, planted):
    verdict = check()
    assert verdict.status == "pass", verdict.detail
    figures = verdict.figures
    assert figures["devices"] == figures["devices_of_netlist"] > 500
    assert figures["nets"] == figures["nets_of_netlist"]
    assert figures["size_differences"] == 0
    assert "by cells.tech " in verdict.detail


def test_a_missing_via_is_a_net_too_many(check, planted):
    planted.delete_the_via_at_a_pin()
    verdict = check()
    assert verdict.status == "fail"
    assert verdict.figures["nets"] == verdict.figures["nets_of_netlist"] + 1
    assert "nets in the layout" in verdict.detail


def test_two_bridged_wires_are_a_net_too_few(check, planted):
    planted.bridge_two_wires()
    verdict = check()
    assert verdict.status == "fail"
    assert verdict.figures["nets"] == verdict.figures["nets_of_netlist"] - 1


def test_a_port_on_the_wire_of_another_is_found(check, planted):
    moved, target = planted.move_a_port()
    verdict = check()
    assert verdict.status == "fail"
    assert moved in verdict.detail or target in verdict.detail


def passes_geometry(planted, tmp_path):
    files = replace(planted.finished.files, gds=planted.save(tmp_path))
    return check_geometry(files, planted.stack).status == "pass"


def test_a_gate_without_its_contacts_is_found_where_no_wire_tells(check, planted, tmp_path):
    master, poly, contact, _ = gate_of(planted)
    gate = next(db.Region(master.begin_shapes_rec(poly)).merged().each())
    contacts = list(master.shapes(contact).each())
    on_gate = [drawn for drawn in contacts if db.Region(drawn.polygon).inside(db.Region(gate)).count()]
    assert on_gate
    for drawn in on_gate:
        drawn.delete()
    assert passes_geometry(planted, tmp_path)
    verdict = check()
    assert verdict.status == "fail"
    assert master.name in verdict.detail


def test_two_bridged_gates_are_found_where_no_wire_tells(check, planted, tmp_path):
    master, poly, *_ = gate_of(planted)
    gates = sorted(
        (shape.bbox() for shape in db.Region(master.begin_shapes_rec(poly)).merged().each()),
        key=lambda box: box.left,
    )
    first, second = gates[:2]
    middle = (max(first.bottom, second.bottom) + min(first.top, second.top)) // 2
    master.shapes(poly).insert(db.Box(first.left, middle - 75, second.right, middle + 75))
    verdict = check()
    assert verdict.status == "fail"
    assert master.name in verdict.detail


def test_a_transistor_of_another_threshold_is_found(check, planted, tmp_path):
    master, *_ = gate_of(planted)
    master.shapes(planted.layout.layer(78, 44)).clear()
    assert passes_geometry(planted, tmp_path)
    verdict = check()
    assert verdict.status == "fail"
    assert "sky130_fd_pr__pfet_01v8 in the layout, 0 in the netlist" in verdict.detail


def test_a_narrower_transistor_is_told_and_fails_nothing(check, planted):
    master, *_, diffusion = gate_of(planted)
    shapes = master.shapes(diffusion)
    lowest = min(shapes.each(), key=lambda shape: shape.bbox().bottom)
    cut = db.Region(lowest.polygon) & db.Region(lowest.bbox().enlarged(0, -50))
    lowest.delete()
    shapes.insert(cut)
    verdict = check()
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures["size_differences"] > 0
    assert f"{verdict.figures['size_differences']} differences of size" in verdict.detail


def test_wells_without_taps_are_found(check, planted):
    taps = [drawn for drawn in planted.top.each_inst() if "tap" in drawn.cell.name]
    assert taps
    for tap in taps:
        planted.top.erase(tap)
    assert check().status == "fail"


def test_asked_for_later_the_checks_come_with_the_same_layout(programs, finished, layout_of):
    result, folder = layout_of("sky130")
    again = result_of(*words_of("sky130"), "--signoff", "full", out=folder.parents[1], env=os.environ)
    assert again["sha256"]["gds"] == result.sha256["gds"]
    checks = again["checks"]
    assert checks["transistor_lvs"]["status"] == "pass"
    assert checks["magic_drc"]["status"] in ("pass", "not run")
    assert "Circuits match uniquely." in (folder / again["files"]["lvs_report"]).read_text(encoding="utf-8")
    rdb.ReportDatabase("markers").load(str(folder / again["files"]["magic_markers"]))


def test_a_pin_in_two_pieces_is_found_though_both_carry_its_name(check, planted):
    wires, pins, texts = (planted.layout.layer(*layer) for layer in ((67, 20), (67, 16), (67, 5)))
    masters = sorted({component.master for component in planted.placed.components.values()})
    for master in map(planted.layout.cell, masters):
        by_name = {}
        for text in master.shapes(texts).each():
            by_name.setdefault(text.text_string, []).append(text.text_pos)
        for first, second in (
            sorted(places, key=lambda at: at.y)[:2] for places in by_name.values() if places[1:]
        ):
            y = (first.y + second.y) // 2
            cut = db.Region(db.Box(first.x - 2000, y - 20, first.x + 2000, y + 20))
            pieces = (db.Region(master.shapes(wires)) - cut).merged()
            points = (db.Region(db.Box(at.x - 1, at.y - 1, at.x + 1, at.y + 1)) for at in (first, second))
            low, high = (pieces.interacting(point) for point in points)
            if first.x == second.x and low.count() and high.count() and (low & high).is_empty():
                pin_pieces = db.Region(master.shapes(pins)) - cut
                for layer, kept in ((wires, pieces), (pins, pin_pieces)):
                    master.shapes(layer).clear()
                    master.shapes(layer).insert(kept)
                verdict = check()
                assert verdict.status == "fail"
                assert master.name in verdict.detail
                return
    raise AssertionError("no cell has a pin to cut")


def test_a_result_without_the_programs_or_the_foundrys_rules_counts_only_until_they_come(
    tmp_path, monkeypatch
):
    full = make_settings("expmul", {}, pdk_name="sky130", signoff="full")
    without = make_settings("expmul", {}, pdk_name="sky130")
    monkeypatch.setattr(up_to_date, "programs_at_hand", lambda: None)
    unfetched = up_to_date.request_of(full, tmp_path)
    assert unfetched[up_to_date.PROGRAMS] is None
    programs = layout_programs.LayoutPrograms(ScriptProgram((), {}), ScriptProgram((), {}), "identity")
    monkeypatch.setattr(up_to_date, "programs_at_hand", lambda: programs)
    fetched = up_to_date.request_of(full, tmp_path)
    technology = tmp_path / FACTS.foundry_technology
    technology.parent.mkdir(parents=True)
    technology.write_text(TWO_RULES, encoding="utf-8")
    with_rules = up_to_date.request_of(full, tmp_path)
    requests = [unfetched, fetched, with_rules, up_to_date.request_of(without, tmp_path)]
    assert all(one != another for one, another in combinations(requests, 2))
