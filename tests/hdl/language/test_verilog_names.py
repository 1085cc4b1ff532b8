"""Names that Verilog cannot take are refused by the converter."""

import pytest
from myhdl import Signal, intbv

from hdl.language.unit import HierarchyError, In, Instances, Out, always_comb, instances, unit
from hdl.language.verilog_names import name_fault
from hdl.verilog import convert_unit


@unit
def reg_port(reg: In, y: Out) -> Instances:
    @always_comb
    def copy() -> None:
        y.next = reg

    return instances()


@unit
def copied(a: In, y: Out) -> Instances:
    @always_comb
    def copy() -> None:
        y.next = a

    return instances()


@unit
def named(a: In, y: Out, *, instance_name: str) -> Instances:
    middle = Signal(intbv(0)[8:])
    first = copied(a, middle, instance=instance_name)
    second = copied(middle, y, instance="second")
    return first, second


@unit
def wire_signal(a: In, y: Out) -> Instances:
    wire = Signal(intbv(0)[8:])

    @always_comb
    def one() -> None:
        wire.next = a + 1

    @always_comb
    def two() -> None:
        y.next = wire + 1

    return instances()


@unit
def block_named_initial(a: In, y: Out) -> Instances:
    @always_comb
    def initial() -> None:
        if a > 3:
            y.next = 0
        else:
            y.next = a

    return instances()


WIDTHS = {"a": 8, "y": 8}


@pytest.mark.parametrize(
    ("made", "widths", "parameters", "message"),
    [
        (reg_port, {"reg": 8, "y": 8}, {}, "reg_port: port reg: a reserved word of Verilog"),
        (wire_signal, WIDTHS, {}, "wire_signal: signal wire: a reserved word of Verilog"),
        (
            block_named_initial,
            WIDTHS,
            {},
            "block_named_initial: generator initial: a reserved word",
        ),
        (named, WIDTHS, {"instance_name": "middle"}, "named: instance middle: a signal has this name"),
        (named, WIDTHS, {"instance_name": "a"}, "named: instance a: a signal has this name"),
        (
            named,
            WIDTHS,
            {"instance_name": "endmodule"},
            "named: instance endmodule: a reserved word",
        ),
        (named, WIDTHS, {"instance_name": "logic"}, "named: instance logic: a reserved word of Verilog"),
        (named, WIDTHS, {"instance_name": "lane-1"}, "named: instance lane-1: letters of ASCII"),
        (named, WIDTHS, {"instance_name": "1st"}, "named: instance 1st: letters of ASCII"),
    ],
)
def test_a_name_that_verilog_cannot_take_is_refused(made, widths, parameters, message):
    with pytest.raises(HierarchyError) as caught:
        convert_unit(made, widths, "top", **parameters)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["module", "n" * 300, "größe", "a b", ""])
def test_a_module_has_a_name_that_verilog_and_a_file_can_take(name):
    with pytest.raises(HierarchyError, match="copied: module "):
        convert_unit(copied, WIDTHS, name)


def test_case_tells_names_apart_and_a_module_may_be_called_as_its_instance():
    assert "copied Second (" in convert_unit(named, WIDTHS, "top", instance_name="Second")
    assert "copied copied (" in convert_unit(named, WIDTHS, "top", instance_name="copied")
    assert name_fault("Reg") is None
