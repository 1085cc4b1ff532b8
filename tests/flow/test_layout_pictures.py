"""Placements and their pictures: a layout of known cells, and what is not one."""

import json

import numpy as np
import pytest
from flow_command import assert_one_line, run_command
from PIL import Image

from flow.common.errors import UserError
from flow.layout.palette import COLOURS
from flow.layout.picture import Panel, draw_layouts
from flow.layout.placement import placement_of_run, read_placement, write_placement
from flow.record.run_folder import instances_path

GROUPS = ("dot_product", "weigh")
# name, width in sites of 0.2 um, row of 1.4 um, site, kind; 2000 units per um.
CELLS = (
    ("weigh._1_", 4, 1, 2, "logic"),
    ("dot_product._0_", 10, 0, 5, "logic"),
    ("clkbuf_0_clk", 3, 2, 0, "logic"),
    ("FILLER_0", 5, 0, 15, "filler"),
)
SITE, ROW, X0, Y0 = 400, 2800, 4000, 5600


def _write_run(folder, cells=CELLS, rows=4):
    """Write the two files of a run from which a placement is read."""
    lines = ["DESIGN small ;", "UNITS DISTANCE MICRONS 2000 ;", "DIEAREA ( 0 0 ) ( 24000 24000 ) ;"]
    lines += [f"ROW R{row} site {X0} {Y0 + row * ROW} N DO 40 BY 1 STEP {SITE} 0 ;" for row in range(rows)]
    lines.append(f"COMPONENTS {len(cells)} ;")
    listed = []
    for name, sites, row, site, kind in cells:
        lines.append(f"    - {name} M + SOURCE DIST + PLACED ( {X0 + site * SITE} {Y0 + row * ROW} ) N ;")
        listed.append(f"{name}\tM\t{sites * 0.2 * 1.4}\t{kind}")
    lines += ["END COMPONENTS", "NETS 0 ;", "END NETS", "END DESIGN"]
    instances_path(folder).parent.mkdir(parents=True, exist_ok=True)
    instances_path(folder).write_text("\n".join(listed) + "\n", encoding="utf-8")
    (folder / "layout.def").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "layout.def"


@pytest.fixture
def placement(tmp_path):
    return placement_of_run(tmp_path, _write_run(tmp_path), GROUPS)


def test_cells_lie_where_the_layout_has_them_and_fillers_are_left_out(placement):
    assert placement.groups == ("dot_product", "weigh", "clock_tree")
    assert placement.die_um == (0, 0, 12, 12)
    assert placement.core_um == pytest.approx((2.0, 2.8, 10.0, 8.4))
    expected = [(3.0, 2.8, 5.0, 4.2), (2.4, 4.2, 3.2, 5.6), (2.0, 5.6, 2.6, 7.0)]
    assert placement.boxes_um == pytest.approx(np.array(expected))
    assert placement.area_um2("dot_product") == pytest.approx(10 * 0.2 * 1.4)


def test_written_placement_reads_back_and_is_the_same_bytes_each_time(placement, tmp_path):
    files = [tmp_path / name for name in ("one.npz", "two.npz")]
    for path in files:
        write_placement(placement, path)
    assert files[0].read_bytes() == files[1].read_bytes()
    again = read_placement(files[0])
    assert again.boxes_um == pytest.approx(placement.boxes_um)
    assert (again.groups, again.die, again.layout_sha256) == (
        placement.groups,
        placement.die,
        placement.layout_sha256,
    )


@pytest.mark.parametrize("cut", [0, 1, 40, 400])
def test_a_placement_that_is_cut_short_is_refused(placement, tmp_path, cut):
    path = tmp_path / "cut.npz"
    write_placement(placement, path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match="not a placement"):
        read_placement(path)


def test_an_unplaced_cell_and_a_cell_beside_the_sites_are_refused(tmp_path):
    layout = _write_run(tmp_path)
    with instances_path(tmp_path).open("a", encoding="utf-8") as handle:
        handle.write("weigh._9_\tM\t0.28\tlogic\n")
    with pytest.raises(UserError, match=r"does not place weigh\._9_"):
        placement_of_run(tmp_path, layout, GROUPS)
    layout = _write_run(tmp_path, cells=(("weigh._1_", 4, 1, 2.5, "logic"),))
    layout.write_text(layout.read_text(encoding="utf-8").replace(".0 ", " "), encoding="utf-8")
    with pytest.raises(UserError, match="sites"):
        placement_of_run(tmp_path, layout, GROUPS)


def _colour_counts(path):
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    values, counts = np.unique(pixels, axis=0, return_counts=True)
    return {f"#{r:02x}{g:02x}{b:02x}": n for (r, g, b), n in zip(values.tolist(), counts, strict=True)}


def test_each_group_has_its_colour_in_the_share_of_its_area(placement, tmp_path):
    path = tmp_path / "layout.png"
    draw_layouts([Panel("one", placement)], path)
    counts = _colour_counts(path)
    dot_product, weigh = counts[COLOURS["dot_product"]], counts[COLOURS["weigh"]]
    # Names on the cells and the legend's patches take some of it.
    assert dot_product > 1.5 * weigh > 0
    first = path.read_bytes()
    draw_layouts([Panel("one", placement)], path)
    assert path.read_bytes() == first


def test_highlight_leaves_one_group_in_colour_and_a_window_shows_that_part_alone(placement, tmp_path):
    path = tmp_path / "layout.png"
    draw_layouts([Panel("one", placement)], path, highlight="weigh")
    counts = _colour_counts(path)
    assert COLOURS["weigh"] in counts and COLOURS["dot_product"] not in counts
    draw_layouts([Panel("one", placement)], path, highlight="weigh", window_um=(3.3, 2.0, 6.0, 4.0))
    # What is left of the group's colour is its patch in the legend.
    assert _colour_counts(path)[COLOURS["weigh"]] < counts[COLOURS["weigh"]] / 10


def test_two_layouts_are_drawn_at_the_same_scale(placement, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    # The same cell in a die half as large, beside others in a whole one.
    layout = _write_run(small, cells=CELLS[1:2])
    layout.write_text(
        layout.read_text(encoding="utf-8").replace("( 24000 24000 )", "( 16000 16000 )"), encoding="utf-8"
    )
    other = placement_of_run(small, layout, GROUPS)
    assert other.die_um != placement.die_um
    path = tmp_path / "both.png"
    draw_layouts([Panel("a", placement), Panel("b", other)], path, highlight="dot_product")
    pixels = np.asarray(Image.open(path).convert("RGB"))
    colour = [int(COLOURS["dot_product"][i : i + 2], 16) for i in (1, 3, 5)]
    coloured = (pixels == colour).all(axis=2)
    # The legend below has a patch of the same colour.
    columns = np.flatnonzero(coloured[: int(0.7 * len(coloured))].any(axis=0))
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    assert len(runs) == 2
    assert len(runs[0]) == pytest.approx(len(runs[1]), abs=1)


def test_what_is_no_run_is_one_line(tmp_path):
    assert_one_line(run_command("view.py", tmp_path, "--png"), 2, "holds no routed run")
    (tmp_path / "result.json").write_text(json.dumps({"design": "expmul"}), encoding="utf-8")
    assert_one_line(run_command("view.py", tmp_path, "--png"), 2, "is not a result of this project")
    assert_one_line(run_command("view.py", tmp_path, "--png", "--window", "3,3,1,1"), 2, "--window")
