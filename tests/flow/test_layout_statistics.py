"""Numbers of a layout, counted by hand on small ones."""

import pytest
from flow_command import assert_one_line, run_command

from flow.formats.def_file import Net
from flow.layout.statistics import router_layers, wire_length, worst_path
from flow.record.run_folder import step_folder, step_log


def test_wire_length_follows_every_branch_and_repeated_coordinates():
    paths = ("m1 ( 0 0 ) via1 ( 100 * ) ( * 40 ) via1", "m2 ( 100 0 ) ( 60 * 5 ) via2", "m1 ( 7 7 ) v ;")
    wires = "\n      NEW ".join(paths)
    assert wire_length(Net((), wires)) == 100 + 40 + 40
    assert wire_length(Net((), "")) == 0


def test_the_routers_last_word_counts(tmp_path):
    assert router_layers(tmp_path) == ({}, {})
    log = step_log(tmp_path, "route.detailed")
    log.parent.mkdir(parents=True)
    lines = ("Total wire length on LAYER m1 = {0} um.", "Up-via summary (total {0}):", "", "---", " m1  {0}")
    table = "\n".join((*lines, "---", "  {0}", "", "", ""))
    tables = [table.format(number) for number in (9, 5)]
    log.write_text("".join(tables), encoding="utf-8")
    assert router_layers(tmp_path) == ({"m1": 5}, {"m1": 5})


def test_the_worst_path_is_the_one_of_least_slack(tmp_path):
    report = step_folder(tmp_path, "write.views") / "reports" / "timing" / "setup.rpt"
    report.parent.mkdir(parents=True)
    stages = "Startpoint: x\n   0.1 0.2 ^ {0}/CK (DFF)\n  0.1 0.3 v {0}/Q (DFF)\n  0.2 0.4 v g/ZN (NAND)\n"
    report.write_text(
        stages.format("slow")
        + "  -0.25   slack (VIOLATED)\n"
        + stages.format("fast")
        + "  1.5   slack (MET)\n",
        encoding="utf-8",
    )
    assert worst_path(tmp_path) == (["slow", "g"], pytest.approx(-0.25))


def test_nothing_asked_for_is_one_line(tmp_path):
    assert_one_line(run_command("view.py", tmp_path), 2, "nothing to do")
