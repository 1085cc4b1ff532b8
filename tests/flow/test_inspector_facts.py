"""What the inspector tells of a finished run equals what its result and the engines' reports say."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from finished_layout import layout_on
from flow_command import assert_one_line, run_command

from flow.layout.inspector import timing
from flow.layout.inspector.collect import collect
from flow.layout.inspector.pack import pack
from flow.layout.opened import open_layout
from flow.record.cell_groups import LOGIC, read_cell_list
from flow.record.provenance import sha256
from flow.record.run_folder import instances_path, step_folder, worst_path_report

pytestmark = layout_on("nangate45").marks


@pytest.fixture
def run(layout_of):
    """A finished run: its result and its folder."""
    return layout_of("nangate45")


@pytest.fixture
def facts(run):
    return collect(open_layout(run[1]), None)


def files_of(folder):
    """Hashes of all that the run left, but what the inspector keeps beside it."""
    return {
        str(path.relative_to(folder)): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and timing.FOLDER not in path.relative_to(folder).parts
    }


def test_power_of_the_cells_is_that_of_the_result_and_glitches_are_what_delays_add(run, facts):
    result, folder = run
    metrics = result.metrics
    for kind in ("internal", "switching", "leakage"):
        assert facts.arrays[kind].sum(dtype=float) == pytest.approx(
            getattr(metrics, f"power_{kind}_w"), rel=1e-5
        )
    glitches_w = result.power["timed"].total_w - result.power["zero_delay"].total_w
    assert facts.arrays["glitch_power"].sum(dtype=float) == pytest.approx(glitches_w, rel=1e-4)
    assert glitches_w > 0
    report = step_folder(folder, "power.report") / "reports" / "power.timed.tsv"
    with report.open(encoding="utf-8") as handle:
        rows = {row[0]: row[1:] for row in csv.reader(handle, delimiter="\t")}
    for number in range(0, len(facts.tables["cells"]), 17):
        internal_w, _, _, total_w = map(float, rows[facts.tables["cells"][number]])
        assert facts.arrays["internal"][number] == pytest.approx(internal_w)
        assert facts.arrays["power"][number] == pytest.approx(total_w)


def test_cells_of_each_group_and_their_areas_are_those_of_the_result(run, facts):
    result, folder = run
    sizes = {name: width * height for name, width, height in facts.tables["masters"]}
    masters = [facts.tables["masters"][number][0] for number in facts.arrays["master"]]
    for number, group in enumerate(facts.tables["groups"]):
        members = np.flatnonzero(facts.arrays["group"] == number)
        assert len(members) == result.groups[group].cells
        area_um2 = sum(sizes[masters[cell]] for cell in members)
        assert area_um2 == pytest.approx(result.groups[group].cell_area_um2)
    listed = [cell for cell in read_cell_list(instances_path(folder)) if cell.kind == LOGIC]
    assert {cell.name: cell.master for cell in listed} == dict(
        zip(facts.tables["cells"], masters, strict=True)
    )


def test_wires_and_vias_are_as_many_as_the_router_counted(run, facts):
    metrics = run[0].metrics
    length_um = np.abs(facts.arrays["piece_length"]).sum() / facts.tables["run"]["units_per_um"]
    assert length_um == pytest.approx(metrics.wire_length_um, abs=len(facts.tables["layers"]))
    assert len(facts.arrays["via_x"]) == metrics.vias


def test_slacks_and_paths_are_those_of_the_result_and_of_the_report(run, facts):
    result, folder = run
    endpoints = facts.tables["timing"]["endpoints"]
    worst_ns = [min(row[check] for row in endpoints if row[check] is not None) for check in (1, 2)]
    expected_ns = [result.metrics.setup_slack_ns, result.metrics.hold_slack_ns]
    assert worst_ns == pytest.approx(expected_ns, abs=2e-6)
    assert [float(np.nanmin(facts.arrays[name])) for name in ("setup_slack", "hold_slack")] == pytest.approx(
        expected_ns, abs=2e-6
    )
    paths = facts.tables["timing"]["paths"]
    for check in ("setup", "hold"):
        slacks_ns = [path["slack"] for path in paths[check]]
        assert slacks_ns == sorted(slacks_ns)
        for path in paths[check]:
            delays_ns = sum(stage[2] for stage in path["stages"])
            assert path["stages"][0][1] + delays_ns == pytest.approx(path["stages"][-1][1], abs=1e-5)
            assert path["stages"][-1][1] == pytest.approx(path["arrival"], abs=1e-5)
    assert paths["setup"][0]["slack"] == pytest.approx(result.metrics.setup_slack_ns, abs=1e-3)
    stage = re.compile(r"[\^v] (\S+) \(\S+\)$", re.MULTILINE)
    reported = set(stage.findall(worst_path_report(folder).read_text(encoding="utf-8")))
    assert {pin for pin, *_ in paths["setup"][0]["stages"] if "/" in pin} <= reported


def test_every_net_but_the_tied_ones_has_one_driver_and_toggles_as_simulated(run, facts):
    arrays, tables = facts.arrays, facts.tables
    clock = tables["nets"].index("clk")
    assert arrays["driven"].all()
    for name in ("timed", "zero_delay"):
        assert arrays[f"transitions_{name}"][clock] == 2 * run[0].simulated_clocks
    assert arrays["transitions_timed"].sum() > arrays["transitions_zero_delay"].sum()
    first = arrays["pin_start"][clock]
    assert tables["ports"][int(arrays["pin_owner"][first]) - (1 << 24)][0] == "clk"


def test_units_know_their_module_and_the_file_they_are_written_in(facts):
    unit = facts.tables["unit_facts"][facts.tables["units"].index("log2exp")]
    assert unit["module"].startswith("log2exp_e4m3")
    assert unit["source"] == "hdl/units/exponential/log2exp.py"


def test_the_same_run_gives_the_same_bytes_is_timed_once_and_stays_as_it_is(run, facts, monkeypatch):
    folder = run[1]
    before = files_of(folder)
    first = pack(facts)

    def timed_again(*_):
        raise AssertionError("OpenROAD ran again")

    monkeypatch.setattr(timing, "run_openroad", timed_again)
    assert pack(collect(open_layout(folder), None)) == first
    assert files_of(folder) == before
    (folder / timing.FOLDER / timing.MADE_OF).write_text(
        json.dumps({"digest": "of another"}), encoding="utf-8"
    )
    with pytest.raises(AssertionError, match="ran again"):
        collect(open_layout(folder), None)


def test_a_layout_that_openroad_cannot_read_is_one_line_with_its_log(run, tmp_path):
    folder = tmp_path / run[1].name
    folder.mkdir()
    for path in run[1].iterdir():
        if path.name not in ("steps", timing.FOLDER):
            (folder / path.name).symlink_to(path)
    for path in (run[1] / "steps").rglob("*"):
        target = folder / "steps" / path.relative_to(run[1] / "steps")
        if path.is_file() and ("write.views" in path.parts or "power" in str(path)):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    database = next((folder / "steps").rglob("write.views/0/outputs/*.odb.gz"))
    database.unlink()
    database.write_bytes(b"no database")
    done = run_command("view.py", folder, "--html", tmp_path / "page.html", "--out", tmp_path)
    assert_one_line(done, 1, "cells.report")
    assert not (tmp_path / "page.html").exists()


def test_a_run_without_what_timing_needs_or_without_power_is_shown_without_them(run, monkeypatch):
    opened = open_layout(run[1])
    monkeypatch.setattr("flow.layout.inspector.collect.can_be_timed", lambda *_: False)
    monkeypatch.setattr("flow.layout.inspector.collect.read_activities", lambda *_: {})
    facts = collect(replace(opened), None)
    assert facts.tables["timing"] is None
    assert not {"power", "setup_slack", "transitions_timed"} & set(facts.arrays)
