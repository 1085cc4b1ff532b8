import hashlib
import json
import re

import pytest
from finished_layout import layout_on
from flow_command import result_of, run_command, run_flow
from klayout import db

from flow.formats.def_file import read_def
from flow.formats.liberty import read_liberty
from flow.layout.statistics import wire_length
from flow.pipeline.steps.library_files import liberty_files
from flow.record.cell_groups import LOGIC, read_cell_list
from flow.record.constraints import CLOCK_PORT
from flow.record.run_folder import instances_path
from flow.signoff.equivalence_check import EquivalenceQuestion, check_equivalence
from flow.signoff.layout_check import check_layout
from flow.tools.pdk_data import find_data_root
from pdk_configs.pdk import load_pdk

DESIGNS = ("expmul", "separate_exp_mul")


@pytest.fixture(
    params=[
        *(layout_on(pdk) for pdk in ("nangate45", "osu018")),
        *(layout_on(pdk, pytest.mark.slow) for pdk in ("sky130", "ihp130")),
    ]
)
def layout(request, layout_of):
    """A one-lane operator in FP8 as GDS, and its folder."""
    return layout_of(request.param)


def test_the_router_leaves_no_violation_and_timing_is_met(layout):
    metrics = layout[0].metrics
    assert metrics.drc_errors == 0
    assert metrics.setup_slack_ns >= 0
    assert metrics.hold_slack_ns >= 0


def test_every_sign_off_check_passes(layout):
    result, folder = layout
    assert {name: check.status for name, check in result.checks.named().items()} == {
        "layout_vs_netlist": "pass",
        "logic_equivalence": "pass",
        "router_drc": "pass",
        "geometry_vs_netlist": "pass",
        "design_rules": "pass",
    }
    # The router's antenna diodes are cells of the layout and none of the netlist.
    pdk = load_pdk(result.pdk)
    library = pdk.make_library(find_data_root(pdk, None))
    cells = read_liberty(liberty_files(library, pdk.corner))
    placed = [cell for cell in read_cell_list(instances_path(folder)) if cell.kind == LOGIC]
    diodes = [cell for cell in placed if not cells[cell.master].outputs]
    assert result.checks.layout_vs_netlist.figures["cells"] == result.metrics.cells - len(diodes)
    assert result.checks.logic_equivalence.figures["registers"] == result.metrics.registers


def test_two_swapped_connections_of_the_layout_are_found(layout, tmp_path):
    result, folder = layout
    pdk = load_pdk(result.pdk)
    library = pdk.make_library(find_data_root(pdk, None))
    liberty = liberty_files(library, pdk.corner)
    files = {kind: folder / result.files[kind] for kind in ("verilog", "netlist", "routed", "layout")}
    swapped = tmp_path / "swapped.v"
    text = files["routed"].read_text(encoding="utf-8")
    # The data of two registers change places.
    pins = list(re.finditer(r"\b(?:DFF|\w*_df)\w*\s[^;]*?\.D\s*\(([^()]*)\)", text))
    first, last = pins[0], pins[-1]
    assert first[1] != last[1]
    text = (
        text[: first.start(1)] + last[1] + text[first.end(1) : last.start(1)] + first[1] + text[last.end(1) :]
    )
    swapped.write_text(text, encoding="utf-8")
    against_layout = check_layout(files["layout"], swapped, files["netlist"], result.design, liberty)
    assert against_layout.status == "fail"
    assert against_layout.figures["differences"] >= 4
    question = EquivalenceQuestion(files["verilog"], swapped, result.design, CLOCK_PORT, liberty, 0, 60)
    proof = check_equivalence(question, tmp_path / "work")
    assert proof.status == "fail" and "data of register" in proof.detail


def test_every_measurement_is_there(layout):
    result = layout[0]
    missing = {name for name, value in result.metrics.model_dump().items() if value is None}
    assert missing == set()
    assert result.metrics.power_total_w == pytest.approx(
        result.metrics.power_internal_w + result.metrics.power_switching_w + result.metrics.power_leakage_w,
        rel=1e-3,
    )
    for tool in ("openroad", "pyosys", "klayout", "siliconcompiler", "myhdl"):
        assert result.tool_versions[tool]


def test_the_typical_corner_is_the_runs_and_the_slow_one_is_slower(layout):
    result = layout[0]
    typical = result.corners["typical"]
    for name in ("setup_slack_ns", "hold_slack_ns", "fmax_mhz", "power_total_w", "power_leakage_w"):
        expected = getattr(result.metrics, name)
        assert getattr(typical, name) == pytest.approx(expected, rel=1e-4, abs=1e-6), name
    if result.pdk in ("sky130", "ihp130"):
        slow, fast = result.corners["slow"], result.corners["fast"]
        assert slow.fmax_mhz < typical.fmax_mhz < fast.fmax_mhz
        assert slow.setup_slack_ns < typical.setup_slack_ns
        assert "corners.report" in result.step_runtimes_s
    else:
        assert list(result.corners) == ["typical"]


def test_power_comes_from_real_data_with_nearly_every_pin_annotated(layout):
    result = layout[0]
    assert set(result.power) == {"default", "zero_delay", "timed"}
    assert result.simulated_clocks >= 2000
    for activity in ("zero_delay", "timed"):
        assert result.power[activity].annotated_percent >= 95
        assert sum(result.power[activity].groups_w.values()) == pytest.approx(
            result.power[activity].total_w, rel=0.01
        )
    # Glitches come on top of the toggles that a simulation without delays has.
    assert result.power["timed"].total_w > result.power["zero_delay"].total_w
    assert result.metrics.power_total_w == result.power["timed"].total_w


def test_the_groups_add_up_to_the_cell_area(layout):
    result = layout[0]
    assert sum(group.cells for group in result.groups.values()) == result.metrics.cells
    total_um2 = sum(group.cell_area_um2 for group in result.groups.values())
    assert total_um2 == pytest.approx(result.metrics.cell_area_um2)
    assert "lane" in result.groups and "clock_tree" in result.groups


def test_the_view_tells_the_routers_wire_length_and_draws_the_worst_path(layout, tmp_path):
    result, folder = layout
    done = run_command("view.py", folder, "--stats", "--png", "--diff", folder, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    numbers = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    routed = read_def(folder / result.files["layout"])
    length_um = sum(map(wire_length, routed.nets.values())) / routed.units_per_um
    assert length_um == pytest.approx(result.metrics.wire_length_um, rel=0.01)
    assert sum(numbers["vias_by_lower_layer"].values()) == result.metrics.vias
    assert sum(numbers["cells_by_type"].values()) == result.metrics.cells
    assert set(numbers["worst_path"]) <= set(routed.components)
    for name in ("layout", "worst_path", "difference"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_the_files_are_those_of_the_result(layout):
    result, folder = layout
    assert set(result.files) == set(result.sha256)
    for kind, name in result.files.items():
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert digest == result.sha256[kind], kind


def test_the_gds_holds_every_placed_cell_and_the_die(layout):
    result, folder = layout
    gds = db.Layout()
    gds.read(str(folder / result.files["gds"]))
    (top,) = gds.top_cells()
    assert top.name == result.design
    masters = [gds.cell(instance.cell_index).name for instance in top.each_inst()]
    logic = [name for name in masters if not name.startswith("VIA") and not name.startswith(f"{top.name}_")]
    assert len(logic) > result.metrics.cells
    assert all(not gds.cell(name).is_empty() for name in set(masters))
    die_side_um = result.metrics.die_area_um2**0.5
    assert result.metrics.core_area_um2 <= top.dbbox().area()
    assert max(top.dbbox().right, top.dbbox().top) <= die_side_um + 0.01


def test_the_cells_of_the_gds_are_what_the_result_says(layout):
    result, folder = layout
    gds = db.Layout()
    gds.read(str(folder / result.files["gds"]))
    cell = gds.cell(load_pdk(result.pdk).nand2_cell)
    drawn = [index for index in gds.layer_indexes() if not cell.shapes(index).is_empty()]
    # An abstract has metal, and its layers' pins and labels; a full cell also wells, poly and contacts.
    assert ("full" if len(drawn) > 6 else "abstract") == result.layout_cells
    assert result.parasitics == load_pdk(result.pdk).parasitics


def test_the_floor_of_the_die_is_kept(layout):
    result = layout[0]
    pdk = load_pdk(result.pdk)
    assert result.metrics.core_area_um2 >= 0.95 * pdk.core_side_min_um**2


def test_expmul_is_at_least_60_percent_smaller_and_the_table_says_by_how_much(tmp_path):
    area_um2 = {
        design: result_of("--design", design, "--to", "synth", out=tmp_path)["metrics"]["cell_area_um2"]
        for design in DESIGNS
    }
    assert area_um2["expmul"] <= 0.4 * area_um2["separate_exp_mul"]
    shown = run_flow("--design", "expmul", "--to", "synth", out=tmp_path)
    difference = 100 * (area_um2["expmul"] / area_um2["separate_exp_mul"] - 1)
    (row,) = [line for line in shown.stdout.splitlines() if "cell area" in line]
    assert f"{difference:.1f} %" in row
