"""Wires of a DEF, counted by hand: layers change at vias, patches and rules beside the wire are none."""

import pytest

from flow.formats.def_wires import Terminal, routing_layers, terminals, via_layers, wiring

LEF = """LAYER poly
  TYPE MASTERSLICE ;
END poly
LAYER metal1
  TYPE ROUTING ;
  WIDTH 0.07 ;
END metal1
LAYER via1
  TYPE CUT ;
END via1
LAYER metal2
  TYPE ROUTING ;
END metal2
VIA up_0 DEFAULT
  LAYER via1 ;
    RECT -0.1 -0.1 0.1 0.1 ;
  LAYER metal1 ;
    RECT -0.1 -0.1 0.1 0.1 ;
  LAYER metal2 ;
    RECT -0.1 -0.1 0.1 0.1 ;
END up_0
VIA down_0
  LAYER metal2 ;
    RECT -0.1 -0.1 0.1 0.1 ;
  LAYER via1 ;
    RECT -0.1 -0.1 0.1 0.1 ;
  LAYER metal1 ;
    RECT -0.1 -0.1 0.1 0.1 ;
END down_0
"""
DEF = """VIAS 1 ;
    - made_1 + VIARULE r + CUTSIZE 1 1  + LAYERS metal1 via1 metal2  + CUTSPACING 1 1 ;
END VIAS
PINS 3 ;
    - VDD + NET VDD + SPECIAL + DIRECTION INOUT + USE POWER
      + PORT
        + LAYER metal2 ( -1 -1 ) ( 1 1 )
        + FIXED ( 5 5 ) N ;
    - v\\[0\\] + NET v\\[0\\] + DIRECTION INPUT + USE SIGNAL
      + PORT
        + LAYER metal2 ( -1 -1 ) ( 1 1 )
        + PLACED ( -7 30 ) N ;
    - y + NET net3 + DIRECTION OUTPUT + USE SIGNAL
      + PORT
        + LAYER metal2 ( -1 -1 ) ( 1 1 )
        + PLACED ( 9 0 ) N ;
END PINS
"""
VIAS = {"up_0": ("metal1", "metal2"), "made_1": ("metal1", "metal2")}


@pytest.fixture
def lef(tmp_path):
    path = tmp_path / "technology.lef"
    path.write_text(LEF, encoding="utf-8")
    return path


def test_layers_of_vias_come_from_the_technology_and_the_layout_whatever_their_order(lef):
    assert routing_layers([lef]) == ["metal1", "metal2"]
    joined = ("metal1", "metal2")
    assert via_layers([lef], DEF) == {"up_0": joined, "down_0": joined, "made_1": joined}


def test_ports_have_their_place_and_supplies_are_none():
    assert terminals(DEF) == {
        "v[0]": Terminal("v[0]", "INPUT", -7, 30),
        "y": Terminal("net3", "OUTPUT", 9, 0),
    }


@pytest.mark.parametrize(
    ("wires", "pieces", "vias"),
    [
        (" metal1 ( 0 0 ) ( 10 * ) ;", [("metal1", 0, 0, 10, 0)], []),
        (
            " metal1 ( 0 0 ) up_0 ( * 30 ) made_1 ( 5 * ) ;",
            [("metal2", 0, 0, 0, 30), ("metal1", 0, 30, 5, 30)],
            [("metal1", 0, 0), ("metal1", 0, 30)],
        ),
        (
            " metal2 TAPER ( 0 0 7 ) ( * 4 2 )\n      NEW metal1 ( 1 1 ) RECT ( -1 -2 3 4 )  ( 6 * ) ;",
            [("metal2", 0, 0, 0, 4), ("metal1", 1, 1, 6, 1)],
            [],
        ),
        (
            " metal1 TAPERRULE wide STYLE 2 MASK 1 ( 0 0 ) MASK 2 ( 3 * ) VIRTUAL ( 3 3 ) ( 4 * ) ;",
            [("metal1", 0, 0, 3, 0), ("metal1", 3, 3, 4, 3)],
            [],
        ),
        ("", [], []),
    ],
)
def test_every_piece_and_via_lies_where_the_path_leads(wires, pieces, vias):
    found = wiring(wires, VIAS)
    assert list(found.pieces) == pieces
    assert list(found.vias) == vias


def test_a_via_that_nobody_defines_is_named():
    with pytest.raises(ValueError, match="via strange_7 is neither"):
        wiring(" metal1 ( 0 0 ) strange_7 ;", VIAS)
