import re
from functools import cache

import pytest

from hdl.designs import get_design
from hdl.kernels.frame import VALUE_TIMINGS
from hdl.verilog import verilog_text

KERNELS = ("fa2_baseline", "fa2_expmul")
WEIGHTS = ("rescale_weight", "value_weight")


@cache
def modules(name, **parameters):
    """Bodies of all modules of a kernel, by name; the top under the name 'top', its comments left out."""
    text = verilog_text(name, parameters)
    bodies = re.findall(r"^module (\w+) \((.*?)^endmodule", text, re.MULTILINE | re.DOTALL)
    return {"top" if module == name else module: body for module, body in bodies}


def instances(body):
    """Instance name -> module name."""
    return {name: module for module, name in re.findall(r"^(\w+) (\w+) \(\n    \.", body, re.MULTILINE)}


def below(bodies, module):
    """`module` and all modules under it."""
    modules = {module}
    for child in instances(bodies[module]).values():
        modules |= below(bodies, child)
    return modules


@pytest.mark.parametrize("fmt", ["bf16", "e4m3"])
@pytest.mark.parametrize("timing", VALUE_TIMINGS)
def test_kernels_differ_in_the_group_weigh_and_nowhere_else(fmt, timing):
    baseline, fused = (modules(name, format=fmt, d=4, value_timing=timing) for name in KERNELS)
    groups = instances(baseline["top"])
    differing = {name for name in groups if groups[name] != instances(fused["top"])[name]}
    assert differing == {"weigh"}
    assert groups.keys() == instances(fused["top"]).keys() == set(get_design(KERNELS[0]).groups)
    replaced = instances(fused["top"])["weigh"]
    assert baseline["top"].replace(groups["weigh"], replaced) == fused["top"]
    for name, module in groups.items():
        if name != "weigh":
            for part in below(baseline, module):
                assert baseline[part] == fused[part]


# The groups of the paper's kernels that a log2-domain kernel takes over.
SHARED = {
    "fa2_log2": {"control", "dot_product", "value_delay", "accumulate", "divide"},
    "fa2_log2_fixed": {"control", "dot_product", "value_delay", "divide"},
    "fa2_intmax": {"control", "dot_product", "value_delay", "accumulate", "divide"},
}


@pytest.mark.parametrize("kernel", SHARED)
def test_log2_kernels_have_the_circuits_of_the_paper_s_where_they_are_the_same(kernel):
    baseline, other = (modules(name, format="e4m3", d=3) for name in ("fa2_baseline", kernel))
    groups, theirs = instances(baseline["top"]), instances(other["top"])
    assert set(theirs) == set(get_design(kernel).groups)
    assert {name for name in groups if theirs.get(name) == groups[name]} == SHARED[kernel]
    for name in SHARED[kernel]:
        for part in below(baseline, groups[name]):
            assert baseline[part] == other[part]


def test_weigh_holds_the_operators_of_the_paper():
    baseline, fused = (modules(name, format="bf16", d=4, value_timing="with_key") for name in KERNELS)
    separate_parts = instances(baseline[instances(baseline["top"])["weigh"]])
    fused_parts = instances(fused[instances(fused["top"])["weigh"]])
    assert sorted(separate_parts) == sorted(
        [*WEIGHTS, *(f"rescale_{i}" for i in range(5)), *(f"value_{i}" for i in range(1, 5))]
    )
    assert sorted(fused_parts) == sorted(
        [*WEIGHTS, *(f"rescale_{i}" for i in range(5)), *(f"value_{i}" for i in range(5))]
    )
    assert "pwl_exp_bf16" in below(baseline, separate_parts["rescale_weight"])
    assert "log2exp_bf16_fb11" in below(fused, fused_parts["rescale_weight"])
    assert {separate_parts[f"rescale_{i}"] for i in range(5)} == {"multiply_bf16"}
    assert {fused_parts[f"rescale_{i}"] for i in range(5)} == {"expmul_lane_bf16"}


def test_both_kernels_have_the_same_ports_and_latency():
    baseline, fused = (get_design(name) for name in KERNELS)
    parameters = [design.make_parameters({"d": 32}) for design in (baseline, fused)]
    assert baseline.ports(parameters[0]) == fused.ports(parameters[1])
    assert baseline.latency_clocks(parameters[0]) == fused.latency_clocks(parameters[1])


def test_value_timing_moves_registers_of_v_only():
    with_key, when_needed = (
        modules("fa2_expmul", format="bf16", d=4, value_timing=timing) for timing in VALUE_TIMINGS
    )
    different = {
        name
        for name, module in instances(with_key["top"]).items()
        if module != instances(when_needed["top"])[name]
    }
    assert different == {"value_delay"}
