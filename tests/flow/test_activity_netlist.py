"""Reading structural Verilog: hierarchy, joined nets, constants, escaped names; refusal of anything else."""

import pytest

from flow.formats.netlist import Instance, read_netlist

HIERARCHY = r"""
/* two levels; (* an attribute inside a comment *) */
module pair (a, y, tied, through);
  input [1:0] a;
  output [2:1] y;   // y[2] is the upper bit
  output tied, through;
  wire \n.1[0] ;
  (* src = "x.v:3;4" *)
  INV \u[0]/i (.A(a[0]), .Z(\n.1[0] ));
  INV i (.A(\n.1[0] ), .Z(y[1]));
  assign y[2] = a[1];
  assign tied = 1'b1;
  assign through = tied;
endmodule
module top (clk, x, z, one);
  input clk;
  input [3:0] x;
  output [0:3] z;
  output one;
  wire w;
  pair p0 (.a({x[3], w}), .y(z[0:1]), .tied(), .through(one));
  pair p1 (.a(2'b1z), .y({z[3], z[2]}));
  BUF b (.A(x[0]), .Z(w), .OPEN());
endmodule
"""


def _read(tmp_path, text, top="top"):
    (tmp_path / "x.v").write_text(text, encoding="utf-8")
    return read_netlist(tmp_path / "x.v", top)


def test_hierarchy_is_flattened_and_assignments_join_nets(tmp_path):
    netlist = _read(tmp_path, HIERARCHY)
    x, z, one = (netlist.port(name).nets for name in ("x", "z", "one"))
    cells = {instance.path: instance for instance in netlist.instances}
    assert sorted(cells) == [("b",), ("p0", "i"), ("p0", "u[0]/i"), ("p1", "i"), ("p1", "u[0]/i")]
    w = cells["b",].pins["Z"]
    assert cells["b",] == Instance(("b",), "BUF", {"A": x[0], "Z": w})
    assert cells["p0", "u[0]/i"].pins["A"] == w
    assert cells["p0", "u[0]/i"].pins["Z"] == cells["p0", "i"].pins["A"]
    # Bit 0 of a port is the right end of its range: z is [0:3], so z[3] comes first.
    assert cells["p0", "i"].pins["Z"] == z[2] and z[3] == x[3]
    assert cells["p1", "i"].pins["Z"] == z[1]
    assert netlist.constants == {z[0]: 1, cells["p1", "u[0]/i"].pins["A"]: 0}
    assert one == (z[0],)
    assert netlist.net_count == len({*x, *z, *one, *netlist.port("clk").nets} | _nets(netlist))


def _nets(netlist):
    return {net for instance in netlist.instances for net in instance.pins.values()}


def test_scalar_with_brackets_in_its_name_is_no_bit_of_a_bus(tmp_path):
    text = "module top (a, y); input [1:0] a; output y; wire \\a[0] ; INV i (.A(a[0]), .Z(\\a[0] )); "
    netlist = _read(tmp_path, text + "INV j (.A(\\a[0] ), .Z(y)); endmodule")
    first, second = netlist.instances
    assert first.pins["Z"] == second.pins["A"] != first.pins["A"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "module top (a); input a; always @(posedge a) y <= a; endmodule",
            "'always @(posedge a) y <= a'",
        ),
        ("module top (a, y); input a; output y; assign y = ~a; endmodule", "'~a'"),
        ("module top (a); input a; X #(.W(3)) x (.A(a)); endmodule", "'X #(.W(3)) x (.A(a))'"),
        ("module top (a); input a; X x (a); endmodule", "'X x (a)'"),
        ("module top (a); input a = 1; endmodule", "'input a = 1'"),
    ],
)
def test_behaviour_and_parameters_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError) as error:
        _read(tmp_path, text)
    assert str(error.value) == f"{tmp_path / 'x.v'}: module top: {message} is not structural"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("module top (a); input a; INV i (.A(a)); ", "module top is cut short"),
        ("module top (a, b); input a; endmodule", "module top: a port has no direction"),
        ("module top (a); input a; INV i (.A(b)); endmodule", "module top: 'b' is not declared"),
        ("module other (a); input a; endmodule", "no module 'top'"),
        (
            "module top (y); output y; assign y = 1'b0; assign y = 1'b1; endmodule",
            "a net is tied to both constants",
        ),
    ],
)
def test_defective_netlist_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError) as error:
        _read(tmp_path, text)
    assert str(error.value) == f"{tmp_path / 'x.v'}: {message}"
