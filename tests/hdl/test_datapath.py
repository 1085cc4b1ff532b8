"""The drawings of the kernels are those of the registry, and every wire between stages is on them."""

import re
from pathlib import Path

import pytest

import hdl
from hdl.datapath import flowchart, guide
from hdl.designs import kernels
from hdl.kernels.frame import FLAGS

GUIDE = Path(hdl.__file__).resolve().parents[1] / "docs" / "kernels.md"
ARROW = re.compile(r'^ *(\w+) (-->|-\.->)\|"?(?:(\w+) )?(\d+)"?\| (\w+)$', re.M)
DRAWN = [(name, {"format": "e4m3", "d": 4}) for name in kernels()] + [
    ("fa2_baseline", {"products": "one"}),
    ("fa2_expmul", {"division": "serial"}),
    ("fa2_expmul", {"arithmetic": "ieee", "division_activity": "every_key"}),
]


def test_the_guide_is_that_of_the_kernels():
    assert GUIDE.read_text(encoding="utf-8") == guide(), "run `make docs`"


@pytest.mark.parametrize(("name", "given"), DRAWN)
def test_every_wire_between_stages_is_drawn_with_its_bits(name, given):
    kernel = kernels()[name]
    parameters = kernel.make_parameters(given)
    stages = [stage for stage, _ in kernel.schedule(parameters).stages]
    arrows = {(source, wire, target): int(bits) for source, _, wire, bits, target in ARROW.findall(
        flowchart(kernel, parameters)
    )}  # fmt: skip
    drivers = {stage.wire(port): stage for stage in stages for port in stage.ports("output")}
    expected = {}
    for stage in stages:
        for port in stage.ports("input"):
            wire = stage.wire(port)
            if wire in drivers and wire not in FLAGS:
                bits = stage.unit.width_of(port, stage.unit_parameters(parameters))
                expected[f"{drivers[wire].group}_", wire, f"{stage.group}_"] = bits
    between = {key: bits for key, bits in arrows.items() if key[1] and key[1] != "value"}
    assert between == expected


@pytest.mark.parametrize(("name", "given"), DRAWN)
def test_only_the_recurrence_goes_back(name, given):
    kernel = kernels()[name]
    parameters = kernel.make_parameters(given)
    order = [f"{stage.group}_" for stage, _ in kernel.schedule(parameters).stages]
    for source, arrow, _, _, target in ARROW.findall(flowchart(kernel, parameters)):
        if source in order and target in order:
            assert (arrow == "-.->") == (order.index(source) >= order.index(target))
