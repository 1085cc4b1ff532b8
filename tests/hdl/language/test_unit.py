import re
import runpy
import subprocess
import sys

import pytest
from myhdl import ConcatSignal, Signal, block, intbv

from hdl.formats import BF16, E4M3
from hdl.language.unit import HierarchyError, In, Instances, Out, always_comb, instances, unit
from hdl.units.exponential.expmul_lane import expmul_lane
from hdl.verilog import convert_unit


@unit
def invert(a: In, b: Out, *, width: int) -> Instances:
    mask = (1 << width) - 1

    @always_comb
    def logic() -> None:
        b.next = a ^ mask

    return instances()


@unit
def two_lanes(v: In, shift: In, y: Out, *, fmt: object) -> Instances:
    parts = [Signal(intbv(0)[fmt.width :]) for _ in range(2)]
    lanes = [
        expmul_lane(v((i + 1) * fmt.width, i * fmt.width), shift, parts[i], fmt=fmt, instance=f"lane_{i}")
        for i in range(2)
    ]
    joined = ConcatSignal(*reversed(parts))

    @always_comb
    def output() -> None:
        y.next = joined

    return lanes, output


@unit(a="width", b="width")
def pass_or_invert(a: In, b: Out, *, width: int, way: str = "passed") -> Instances:
    mask = (1 << width) - 1 if way == "inverted" else 0

    @always_comb
    def logic() -> None:
        b.next = a ^ mask

    return instances()


@unit(a=4, b=4, c=4)
def both_ways(a: In, b: Out, c: Out) -> Instances:
    usual = pass_or_invert(a, b, width=4, instance="usual")
    inverted = pass_or_invert(a, c, width=4, way="inverted", instance="inverted")
    return usual, inverted


def modules(text: str) -> list[str]:
    return re.findall(r"^module (\w+)", text, re.MULTILINE)


def test_each_unit_is_one_module_instantiated_by_name():
    text = convert_unit(two_lanes, {"v": 32, "shift": 5, "y": 32}, "top", fmt=BF16)
    assert modules(text) == ["top", "expmul_lane_bf16"]
    assert re.findall(r"^expmul_lane_bf16 (\w+) \(", text, re.MULTILINE) == ["lane_0", "lane_1"]


def test_a_parameter_is_in_a_module_s_name_where_it_is_not_its_default():
    text = convert_unit(both_ways, {"a": 4, "b": 4, "c": 4}, "top")
    assert modules(text) == ["top", "pass_or_invert_w4", "pass_or_invert_w4_inverted"]


def test_text_is_the_same_in_one_process_and_in_others_with_other_hash_seeds():
    code = (
        "from hdl.verilog import convert_unit; from hdl.units.exponential.expmul_lane import expmul_lane;"
        "from hdl.formats import E4M3;"
        "print(convert_unit(expmul_lane, dict(v=8, shift=5, y=8), 'top', fmt=E4M3), end='')"
    )
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": str(seed)},
            encoding="utf-8",
        )
        for seed in range(1, 5)
    ]
    here = [convert_unit(expmul_lane, {"v": 8, "shift": 5, "y": 8}, "top", fmt=E4M3) for _ in range(2)]
    assert len({*(run.stdout for run in runs), *here}) == 1
    assert "Date" not in here[0]


def test_text_is_the_same_far_down_the_stack_and_for_each_instance():
    def deep(frames):
        if frames:
            return deep(frames - 1)
        return convert_unit(two_lanes, {"v": 16, "shift": 4, "y": 16}, "top", fmt=E4M3)

    assert deep(0) == deep(50) == deep(0)


def test_units_of_the_same_place_in_two_files_are_told_apart(tmp_path):
    texts = []
    for name, sign in (("first", "&"), ("second", "|")):
        path = tmp_path / f"{name}.py"
        path.write_text(
            "from hdl.language.unit import In, Instances, Out, always_comb, instances, unit\n\n\n"
            "@unit\ndef gate(a: In, b: In, y: Out) -> Instances:\n"
            f"    @always_comb\n    def logic():\n        y.next = a {sign} b\n\n    return instances()\n",
            encoding="utf-8",
        )
        gate = runpy.run_path(str(path))["gate"]
        texts.append(convert_unit(gate, dict.fromkeys("aby", 2), "top"))
    assert "y = (a & b);" in texts[0]
    assert "y = (a | b);" in texts[1]


def test_one_unit_with_two_port_widths_is_refused():
    @unit
    def parent(a: In, b: Out, c: Out) -> Instances:
        first = invert(a, b, width=4, instance="first")
        second = invert(a(3, 0), c, width=4, instance="second")
        return first, second

    with pytest.raises(HierarchyError, match=r"^invert_w4: port a is 3 bits here, 4 bits elsewhere$"):
        convert_unit(parent, {"a": 4, "b": 4, "c": 4}, "top")


def test_undriven_output_is_refused():
    @unit
    def parent(a: In, b: Out, c: Out) -> Instances:
        return invert(a, b, width=4)

    with pytest.raises(HierarchyError, match=r"^top: "):
        convert_unit(parent, {"a": 4, "b": 4, "c": 4}, "top")


def test_two_drivers_of_one_signal_are_refused():
    @unit
    def parent(a: In, b: Out) -> Instances:
        return invert(a, b, width=4, instance="first"), invert(a, b, width=4, instance="second")

    with pytest.raises(HierarchyError, match=r"^parent: second drives a signal that first drives$"):
        convert_unit(parent, {"a": 4, "b": 4}, "top")


def test_two_instances_of_one_name_are_refused():
    @unit
    def parent(a: In, b: Out, c: Out) -> Instances:
        return invert(a, b, width=4), invert(a, c, width=4)

    with pytest.raises(HierarchyError, match=r"^parent: two instances are called invert$"):
        convert_unit(parent, {"a": 4, "b": 4, "c": 4}, "top")


def test_plain_block_inside_a_unit_is_refused():
    @block
    def plain(a, b):
        @always_comb
        def logic():
            b.next = a

        return logic

    @unit
    def parent(a: In, b: Out) -> Instances:
        return plain(a, b)

    with pytest.raises(HierarchyError, match=r"^parent: plain must be a unit$"):
        convert_unit(parent, {"a": 4, "b": 4}, "top")


def test_missing_parameter_and_missing_port_are_named():
    @unit
    def parent(a: In, b: Out) -> Instances:
        return invert(a, b)

    with pytest.raises(HierarchyError, match=r"^invert: parameters must be width$"):
        convert_unit(parent, {"a": 4, "b": 4}, "top")
    with pytest.raises(HierarchyError, match=r"^invert: port b is not connected$"):
        invert(Signal(intbv(0)[4:]), width=4)


def test_constant_input_is_written_as_a_literal():
    @unit
    def either(a: In, b: In, y: Out) -> Instances:
        @always_comb
        def logic() -> None:
            y.next = a or b

        return instances()

    @unit
    def parent(a: In, y: Out) -> Instances:
        return either(a, True, y)

    assert ".b(1'b1)" in convert_unit(parent, {"a": 1, "y": 1}, "top")


def test_list_connected_to_units_and_indexed_by_logic_is_refused():
    @unit
    def parent(a: In, b: Out) -> Instances:
        parts = [Signal(intbv(0)[4:]) for _ in range(2)]
        units = [invert(a, parts[i], width=4, instance=f"invert_{i}") for i in range(2)]

        @always_comb
        def logic() -> None:
            b.next = parts[0] ^ parts[1]

        return units, logic

    with pytest.raises(
        HierarchyError, match=r"^parent: list parts is connected to units and indexed by logic$"
    ):
        convert_unit(parent, {"a": 4, "b": 4}, "top")


def test_input_driven_inside_a_unit_is_refused():
    @unit
    def parent(a: In, b: In) -> Instances:
        @always_comb
        def logic() -> None:
            b.next = a

        return instances()

    with pytest.raises(HierarchyError, match=r"^top: input b is driven inside the unit$"):
        convert_unit(parent, {"a": 4, "b": 4}, "top")


def test_port_without_direction_is_refused():
    with pytest.raises(HierarchyError, match=r"^nameless: port a must be annotated In or Out$"):

        @unit
        def nameless(a: object, b: Out) -> Instances:
            return instances()


def test_negative_and_boolean_parameters_have_legal_names():
    @unit
    def shifted(a: In, b: Out, *, lowest_exponent: int, sticky: bool) -> Instances:
        @always_comb
        def logic() -> None:
            b.next = a

        return instances()

    @unit
    def parent(a: In, b: Out) -> Instances:
        return shifted(a, b, lowest_exponent=-3, sticky=True)

    text = convert_unit(parent, {"a": 4, "b": 4}, "top")
    assert modules(text) == ["top", "shifted_len3_s1"]
