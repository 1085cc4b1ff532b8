"""Netlists of transistors: what is read of them, and which transistors are one."""

import pytest

from flow.formats.spice import Device, merged, read_spice, write_spice

CELL = """
* a cell as CDL has it
.SUBCKT nand A B VGND VNB Y
*.PININFO A:I B:I
MMA Y A inner VNB nfet m=2 w=0.65 l=0.15
+ topography=normal area=0.063
MMB inner B VGND VNB nfet m=1 w=1300000u l=150000u
rI0 VGND A short
.ENDS nand
"""
EXTRACTED = """
.subckt nand Y B A VNB VGND
X0 Y A n0 VNB nfet w=0.65u l=0.15u
X1 VGND B n0 VNB nfet w=0.65u l=0.15u
X2 n1 A Y VNB nfet w=0.65u l=0.15u
X3 n1 B VGND VNB nfet w=0.65u l=0.15u
.ends
"""


def test_both_kinds_of_netlists_have_their_lengths_in_um():
    schematic, layout = read_spice(CELL)["nand"], read_spice(EXTRACTED)["nand"]
    assert schematic.ports == ("A", "B", "VGND", "VNB", "Y")
    assert [device.model for device in schematic.devices] == ["nfet", "nfet", "short"]
    assert [device.width_um for device in schematic.devices[:2]] == pytest.approx([1.3, 1.3])
    assert layout.devices[0] == Device("X0", "nfet", ("Y", "A", "n0", "VNB"), 0.65, 0.15)


def test_what_is_written_is_read_again():
    layout = read_spice(EXTRACTED)
    assert read_spice(write_spice(layout.values())) == layout


@pytest.mark.parametrize(
    "text, line",
    [
        (".subckt a b\nC0 b 0 1f\n.ends", "a: a card 'C0 b 0 1f' is not known here"),
        (".subckt a b\nM0 b c\n.ends", "a: a card 'M0 b c' is not known here"),
        ("X0 a b c", "'X0 a b c' stands outside a subcircuit"),
        (".subckt a b\nX0 b c d e nfet w=wide\n.ends", "'wide' is no number"),
    ],
)
def test_a_card_that_is_not_understood_is_named(text, line):
    with pytest.raises(ValueError) as told:
        read_spice(text)
    assert str(told.value) == line


def test_stacks_of_one_kind_are_one_stack_as_wide_as_all():
    joined = merged(read_spice(EXTRACTED)["nand"], ["nfet"])
    assert [(device.nets[1], device.width_um) for device in joined.devices] == [("A", 1.3), ("B", 1.3)]
    inner = {net for device in joined.devices for net in device.nets} - set(joined.ports)
    assert len(inner) == 1


@pytest.mark.parametrize(
    "was, now",
    [
        ("X3 n1 B VGND", "X3 n1 A VGND"),  # another gate
        ("X3 n1 B VGND VNB nfet w=0.65u l=0.15u", "X3 n1 B VGND VNB nfet w=0.65u l=0.18u"),
        ("X3 n1 B VGND VNB", "X3 n1 B VGND Y"),  # another bulk
        ("X3 n1 B VGND", "X3 n1 B Y"),  # another end
        (".ends", "X4 Y n1 VGND VNB nfet w=0.65u l=0.15u\n.ends"),  # the inner net drives a gate
        (".subckt nand Y B A VNB VGND", ".subckt nand Y B A VNB VGND n1"),  # the inner net is a pin
        ("nfet w=0.65u l=0.15u\n.ends", "slow w=0.65u l=0.15u\n.ends"),  # another model
    ],
)
def test_stacks_that_differ_stay_apart(was, now):
    assert was in EXTRACTED
    netlist = merged(read_spice(EXTRACTED.replace(was, now))["nand"], ["nfet", "slow"])
    inner = {net for device in netlist.devices for net in device.nets} & {"n0", "n1"}
    assert inner == {"n0", "n1"}


def test_a_ring_of_transistors_is_left_as_it_is():
    cards = (f"X{number} {ends} B nfet w=1u l=1u" for number, ends in enumerate(("a G b", "b G c", "c G a")))
    read = read_spice("\n".join([".subckt ring G B", *cards, ".ends"]))["ring"]
    assert merged(read, ["nfet"]) == read
