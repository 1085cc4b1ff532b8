"""The sign-off checks on a small netlist: what layout may change passes, planted errors do not."""

import pytest

from flow.formats.def_file import read_def
from flow.formats.liberty import read_liberty
from flow.pipeline.measure_checks import check_drc
from flow.record.result import Check, Checks, Result
from flow.signoff.equivalence_check import EquivalenceQuestion, check_equivalence
from flow.signoff.layout_check import check_layout
from flow.signoff.netlist_check import compare_netlists
from flow.signoff.traced_netlist import read_traced_netlist

LIBERTY = """library (small) {
  cell (INV) { area : 1; pin (A) { direction : input; } pin (Y) { direction : output; function : "!A"; } }
  cell (BUF) { area : 1; pin (A) { direction : input; } pin (Y) { direction : output; function : "A"; } }
  cell (NAND) { area : 1; pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A & B)"; } }
  cell (NAND_X2) { area : 2; pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A & B)"; } }
  cell (NOR) { area : 1; pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A | B)"; } }
  cell (DIODE) { area : 1; pin (D) { direction : input; } }
  cell (DFF) { area : 4; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }
    pin (C) { direction : input; clock : true; } pin (D) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; } pin (QN) { direction : output; function : "IQN"; } }
  cell (DFFR) { area : 5; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; clear : "!R"; }
    pin (C) { direction : input; clock : true; } pin (D) { direction : input; } pin (R) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; } }
  cell (TIE0) { area : 1; pin (Y) { direction : output; function : "0"; } }
}
"""
VERILOG = """module small (clk, a, b, y);
  input clk; input [1:0] a; input b; output y;
  reg held; reg y;
  always @(posedge clk) begin
    held <= a[0] & a[1];
    y <= !(held & b);
  end
endmodule
"""
PORTS = "module small (clk, a, b, y); input clk; input [1:0] a; input b; output y;"
SYNTHESISED = f"""{PORTS}
  wire n1, d1, held, d2;
  NAND g._1_ (.A(a[0]), .B(a[1]), .Y(n1));
  INV g._2_ (.A(n1), .Y(d1));
  DFF g._3_ (.C(clk), .D(d1), .Q(held));
  NAND g._4_ (.A(held), .B(b), .Y(d2));
  DFF g._5_ (.C(clk), .D(d2), .Q(y));
endmodule
""".replace("g._", "\\g._").replace("_ (", "_  (")
# What layout did: a clock buffer, a buffer on a net, a larger gate with its pins swapped, and a clone.
ROUTED = f"""{PORTS}
  wire n1, n1_copy, d1, held, held_far, d2, clk_leaf;
  BUF clkbuf (.A(clk), .Y(clk_leaf));
  NAND g._1_ (.A(a[0]), .B(a[1]), .Y(n1));
  NAND clone1 (.A(a[1]), .B(a[0]), .Y(n1_copy));
  INV g._2_ (.A(n1_copy), .Y(d1));
  DFF g._3_ (.C(clk_leaf), .D(d1), .Q(held));
  BUF place1 (.A(held), .Y(held_far));
  NAND_X2 g._4_ (.A(b), .B(held_far), .Y(d2));
  DFF g._5_ (.C(clk_leaf), .D(d2), .Q(y));
endmodule
""".replace("g._", "\\g._").replace("_ (", "_  (")
CELLS = {
    "clkbuf": "BUF",
    "g._1_": "NAND",
    "clone1": "NAND",
    "g._2_": "INV",
    "g._3_": "DFF",
    "place1": "BUF",
    "g._4_": "NAND_X2",
    "g._5_": "DFF",
    "FILLER_1": "FILL",
}
NETS = {
    "clk": "( PIN clk ) ( clkbuf A )",
    "clk_leaf": "( clkbuf Y ) ( g._3_ C ) ( g._5_ C )",
    "a[0]": "( PIN a[0] ) ( g._1_ A ) ( clone1 B )",
    "a[1]": "( PIN a[1] ) ( g._1_ B ) ( clone1 A )",
    "b": "( PIN b ) ( g._4_ A )",
    "n1": "( g._1_ Y )",
    "n1_copy": "( clone1 Y ) ( g._2_ A )",
    "d1": "( g._2_ Y ) ( g._3_ D )",
    "held": "( g._3_ Q ) ( place1 A )",
    "held_far": "( place1 Y ) ( g._4_ B )",
    "d2": "( g._4_ Y ) ( g._5_ D )",
    "y": "( g._5_ Q ) ( PIN y )",
}


def _layout(cells=CELLS, nets=NETS):
    lines = ["VERSION 5.8 ;", "DESIGN small ;", "UNITS DISTANCE MICRONS 1000 ;", f"COMPONENTS {len(cells)} ;"]
    lines += [f"    - {name} {master} + PLACED ( 0 0 ) N ;" for name, master in cells.items()]
    lines += ["END COMPONENTS", f"NETS {len(nets)} ;"]
    lines += [
        f"    - {name.replace('[', chr(92) + '[')} {pins} + USE SIGNAL\n      + ROUTED m1 ( 0 0 ) ( 9 * ) ;"
        for name, pins in nets.items()
    ]
    return "\n".join([*lines, "END NETS", "END DESIGN", ""])


@pytest.fixture
def check(tmp_path):
    """Return a function that checks the layout of given files, the good ones by default."""

    def run(layout=None, routed=ROUTED, synthesised=SYNTHESISED):
        files = {"l.def": layout or _layout(), "r.v": routed, "s.v": synthesised, "x.lib": LIBERTY}
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        paths = [tmp_path / name for name in ("l.def", "r.v", "s.v")]
        return check_layout(*paths, "small", [tmp_path / "x.lib"])

    return run


@pytest.fixture
def prove(tmp_path):
    """Return a function that proves a netlist against the Verilog."""

    def run(netlist=ROUTED, verilog=VERILOG, time_limit_s=60):
        for name, text in {"n.v": netlist, "v.v": verilog, "x.lib": LIBERTY}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        question = EquivalenceQuestion(
            tmp_path / "v.v", tmp_path / "n.v", "small", "clk", [tmp_path / "x.lib"], 0, time_limit_s
        )
        return check_equivalence(question, tmp_path / "work")

    return run


def test_buffers_sizes_swapped_pins_and_clones_pass(check):
    verdict = check()
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures["cells_added"] == 3 and verdict.figures["gates_cloned"] == 1
    assert verdict.figures["cells_resized"] == 1
    assert verdict.figures["connections"] == sum(pins.count("(") for pins in NETS.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": NETS["b"].replace("A", "B"), "held_far": NETS["held_far"].replace("B", "A")}, "joins"),
        ({"d1": "( g._2_ Y )"}, "does not reach g._3_/D"),
        ({"d1": NETS["d1"] + " ( FILLER_1 A )"}, "which the netlist does not connect"),
    ],
)
def test_a_changed_connection_of_the_layout_fails(check, change, message):
    verdict = check(_layout(nets=NETS | change))
    assert verdict.status == "fail" and message in verdict.detail
    assert verdict.figures["differences"] >= 1


def test_a_diode_on_a_net_passes_but_a_gate_that_only_the_layout_has_does_not(check):
    nets = NETS | {"d1": NETS["d1"] + " ( ANTENNA_1 D )"}
    assert check(_layout(CELLS | {"ANTENNA_1": "DIODE"}, nets)).status == "pass"
    assert check(_layout(CELLS | {"ANTENNA_1": "DFF"}, nets)).status == "fail"


def test_a_wrong_or_missing_cell_and_an_unrouted_net_fail(check):
    assert "is NOR in the layout" in check(_layout(CELLS | {"g._1_": "NOR"})).detail
    missing = {name: master for name, master in CELLS.items() if name != "g._2_"}
    assert "g._2_ is not in the layout" in check(_layout(missing)).detail
    unrouted = _layout().replace(f"{NETS['d2']} + USE SIGNAL\n      + ROUTED", f"{NETS['d2']} + USE SIGNAL ;")
    assert "net d2 has no wires" in check(unrouted).detail


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NAND clone1", "NOR clone1", "g._3_: data"),
        (".A(b), .B(held_far)", ".A(b), .B(n1)", "g._4_: output Y"),
        (".C(clk_leaf), .D(d2)", ".C(b), .D(d2)", "g._5_: clock edge"),
        ("INV \\g._2_", "BUF \\g._2_", "g._3_: data"),
    ],
)
def test_a_netlist_that_layout_changed_for_another_fails_both_checks(tmp_path, prove, old, new, message):
    changed = ROUTED.replace(old, new)
    assert changed != ROUTED and prove(changed).status == "fail"
    cells = read_liberty([tmp_path / "x.lib"])
    netlists = []
    for text in (SYNTHESISED, changed):
        (tmp_path / "n.v").write_text(text, encoding="utf-8")
        netlists.append(read_traced_netlist(tmp_path / "n.v", "small", cells))
    (difference,) = compare_netlists(*netlists)[0]
    assert message in difference


def test_the_netlist_is_proved_to_be_the_verilog(prove):
    verdict = prove()
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures == {"registers": 2, "outputs": 1}


@pytest.mark.parametrize(
    ("value", "drive", "status"),
    [(0, "TIE0 tie (.Y(y[2]));", "pass"), (1, "TIE0 tie (.Y(low)); INV up (.A(low), .Y(y[2]));", "pass"),
     (1, "TIE0 tie (.Y(y[2]));", "fail")],
    ids=["zero", "one", "another constant"],
)  # fmt: skip
def test_an_output_that_is_constant_is_proved_too(prove, value, drive, status):
    verilog = VERILOG.replace("output y;", "output [2:0] y;").replace("reg y;", "wire [2:0] y; reg first;")
    verilog = verilog.replace("y <=", "first <=").replace("endmodule", "")
    verilog += f"  assign y = {{1'b{value}, b, first}};\nendmodule\n"
    netlist = ROUTED.replace("output y;", "output [2:0] y;").replace(".Q(y)", ".Q(y[0])")
    netlist = netlist.replace(
        "endmodule", f"  wire low;\n  BUF copy (.A(b), .Y(y[1]));\n  {drive}\nendmodule"
    )
    verdict = prove(netlist, verilog)
    assert verdict.status == status, verdict.detail


def test_a_register_that_holds_the_inverse_is_proved_too(prove):
    inverse = ROUTED.replace("INV \\g._2_  (.A(n1_copy), .Y(d1))", "BUF \\g._2_  (.A(n1_copy), .Y(d1))")
    inverse = inverse.replace(".D(d1), .Q(held)", ".D(d1), .QN(held)")
    assert prove(inverse).status == "pass"
    assert prove(inverse.replace(".QN(held)", ".Q(held)")).status == "fail"


@pytest.mark.parametrize(
    ("source", "status"),
    [("high", "pass"), ("low", "not run"), ("b", "not run")],
    ids=["tied off", "tied on", "driven"],
)
def test_a_flip_flop_whose_reset_is_tied_off_is_a_plain_one(prove, source, status):
    wires = "wire high, low, reset_n;\n  TIE0 tie (.Y(low));\n  INV up (.A(low), .Y(high));\n"
    wires += f"  BUF reset (.A({source}), .Y(reset_n));\n"
    resettable = ROUTED.replace("  DFF g", "  DFFR g").replace("  DFF \\g", "  DFFR \\g")
    resettable = resettable.replace(".C(clk_leaf)", ".R(reset_n), .C(clk_leaf)")
    resettable = resettable.replace("  wire n1", f"  {wires}  wire n1", 1)
    assert resettable.count("DFFR") == 2
    verdict = prove(resettable)
    assert verdict.status == status, verdict.detail
    if status == "not run":
        assert "DFFR is no plain flip-flop" in verdict.detail


PINS = {"NAND": ("A", "B", "Y"), "INV": ("A", "Y"), "DFF": ("D", "Q")}


def nameless(verilog_body, *gates):
    """Return the Verilog of `verilog_body`, and a netlist whose nets have none of its registers' names.

    A gate is its cell and the nets at the cell's PINS; a register's clock is `clk`.
    """
    verilog = f"module small (clk, a, b, y); input clk; input [1:0] a; input b; output y;\n{verilog_body}"
    lines = [PORTS, "  wire w1, w2, w3, w4, w5, w6, w7, read;"]
    for number, (cell, *nets) in enumerate(map(str.split, gates)):
        pins = [f".{pin}({net})" for pin, net in zip(PINS[cell], nets, strict=True)]
        pins += [".C(clk)"] if cell == "DFF" else []
        lines.append(f"  {cell} g{number} ({', '.join(pins)});")
    return verilog + "\nendmodule\n", "\n".join([*lines, "endmodule\n"])


def assert_proved(prove, verilog, netlist, registers):
    """Check that the netlist is proved to be the Verilog, with that many registers."""
    verdict = prove(netlist, verilog)
    assert verdict.status == "pass", verdict.detail
    assert verdict.figures["registers"] == registers


def test_a_pipeline_that_has_lost_its_names_is_proved_stage_by_stage(prove):
    verilog, netlist = nameless(
        """reg one, two, three, y;
        always @(posedge clk) begin
          one <= !(a[0] & a[1]); two <= !(one & b); three <= !(two & a[0]); y <= !(three & b);
        end""",
        *("NAND a[0] a[1] w1", "DFF w1 w2", "NAND w2 b w3", "DFF w3 w4"),
        *("NAND w4 a[0] w5", "DFF w5 w6", "NAND w6 b w7", "DFF w7 y"),
    )
    assert_proved(prove, verilog, netlist, registers=4)
    assert prove(netlist.replace(".A(w4), .B(a[0])", ".A(w4), .B(a[1])"), verilog).status == "fail"


def test_registers_that_take_the_same_are_told_apart_by_what_reads_them(prove):
    verilog, netlist = nameless(
        """reg first, second, read, y;
        always @(posedge clk) begin
          first <= a[0] & a[1]; second <= !(!a[0] | !a[1]);
          read <= !(second & a[0]); y <= !(first & read);
        end""",
        *("NAND a[0] a[1] w1", "INV w1 w2", "DFF w2 w3", "DFF w2 w4"),
        *("NAND w4 a[0] w5", "DFF w5 read", "NAND w3 read w6", "DFF w6 y"),
    )
    assert_proved(prove, verilog, netlist, registers=4)
    assert prove(netlist.replace(".A(w3), .B(read)", ".A(w4), .B(read)"), verilog).status == "fail"


def test_a_register_that_the_verilog_lacks_fails(prove):
    extra = ROUTED.replace("endmodule", "wire unused; DFF extra (.C(clk_leaf), .D(b), .Q(unused)); endmodule")
    verdict = prove(extra)
    assert verdict.status == "fail" and "register extra" in verdict.detail


def test_what_cannot_be_proved_says_not_run_and_why(prove):
    verdict = prove(verilog="module small (input clk); this is no Verilog")
    assert verdict.status == "not run" and "ERROR: " in verdict.detail


def test_files_that_are_cut_short_fail(check):
    whole = _layout()
    for end in (0, len(whole) // 3, whole.index("END NETS")):
        assert check(whole[:end] or " ").status == "fail"
    assert check(routed=ROUTED[: len(ROUTED) // 2]).status == "fail"


def test_the_routers_violations_decide_its_check():
    assert [check_drc(count).status for count in (0, 3, None)] == ["pass", "fail", "not run"]


def test_a_result_from_before_the_checks_reads_as_not_run():
    assert {check.status for check in Checks().named().values()} == {"not run"}
    assert Result.model_fields["checks"].default == Checks()
    checks = Checks(router_drc=Check(status="fail", detail="x"))
    assert checks.failed == ["router_drc"]


def test_def_names_lose_their_escapes(tmp_path):
    (tmp_path / "x.def").write_text(_layout(), encoding="utf-8")
    assert "a[0]" in read_def(tmp_path / "x.def").nets
