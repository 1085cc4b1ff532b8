"""How the frame puts stages together, and what it refuses."""

import pytest
from myhdl import Signal, intbv

from hdl.designs import kernels
from hdl.formats import FloatFormat
from hdl.kernels.fa2 import ACCUMULATE, DIFFERENCE, DIVIDE, MAXIMUM
from hdl.kernels.fa2_baseline import BaselineModel, weigh_separate
from hdl.kernels.frame import Kernel, Stage, StageChoice
from hdl.kernels.running_maximum import running_maximum
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.parameters import Choice
from hdl.units.registers import register
from hdl.verilog import convert_unit

WEIGH = Stage(weigh_separate, "weigh", value_rank=1)


def kernel(recurrence=(MAXIMUM, DIFFERENCE, WEIGH, ACCUMULATE), finish=(DIVIDE,), **more):
    fields = {"name": "tried", "description": "", "recurrence": recurrence, "finish": finish}
    return Kernel(**fields, model=BaselineModel, **more)


def verilog(design, **given):
    parameters = design.make_parameters({"format": "e4m3", "d": 2, **given})
    widths = design.port_widths(parameters)
    return convert_unit(design.top, widths, design.name, **design.top_parameters(parameters))


@unit(score="fmt.width", delayed="fmt.width")
def delay_score(clk: In, score: In, delayed: Out, *, fmt: FloatFormat) -> Instances:
    held = Signal(intbv(0)[fmt.width :])
    hold = register(clk, score, held, width=fmt.width, instance="hold")

    @always_comb
    def deliver() -> None:
        delayed.next = held

    return instances()


def test_ranks_of_the_stages_add_up_to_the_latency():
    longer = Stage(running_maximum, "maximum", wires={"score": "delayed"})
    tried = kernel((Stage(delay_score, "delay"), longer, DIFFERENCE, WEIGH, ACCUMULATE))
    parameters = tried.make_parameters({"value_timing": "when_needed"})
    usual = kernels()["fa2_baseline"]
    same = usual.make_parameters({"value_timing": "when_needed"})
    assert tried.latency_clocks(parameters) == usual.latency_clocks(same) + 1
    assert tried.value_lag_clocks(parameters) == usual.value_lag_clocks(same) + 1
    assert "control_sr0_4_6_lr4_6_fr8 control (" in verilog(tried)
    assert tried.groups == ("control", "dot_product", "delay", *usual.groups[2:])


def test_inputs_of_different_ranks_are_refused():
    both = Stage(running_maximum, "maximum", ranks=2)
    tried = kernel(
        (both, Stage(DIFFERENCE.unit, "difference", wires={"score_held": "score"}), WEIGH, ACCUMULATE)
    )
    with pytest.raises(ValueError, match=r"^tried: score reaches difference at rank 3, other inputs at 5$"):
        tried.latency_clocks(tried.make_parameters({}))


def test_a_wire_that_nothing_drives_and_one_that_two_drive_are_refused():
    tried = kernel((MAXIMUM, WEIGH, ACCUMULATE))
    with pytest.raises(ValueError, match=r"^tried: nothing drives rescale, an input of weigh$"):
        tried.latency_clocks(tried.make_parameters({}))
    tried = kernel((MAXIMUM, MAXIMUM, DIFFERENCE, WEIGH, ACCUMULATE))
    with pytest.raises(ValueError, match=r"^tried: two stages drive previous$"):
        tried.latency_clocks(tried.make_parameters({}))


def test_a_kernel_without_an_output_is_refused():
    tried = kernel(finish=())
    with pytest.raises(ValueError, match=r"^tried: stages must take value at one rank and drive o and valid"):
        tried.latency_clocks(tried.make_parameters({}))


def test_a_stage_is_chosen_by_a_parameter():
    choice = StageChoice("maximum_ranks", one=MAXIMUM, two=Stage(running_maximum, "maximum", ranks=2))
    words = Choice("maximum_ranks", ("one", "two"), "for the test")
    tried = kernel((choice, DIFFERENCE, WEIGH, ACCUMULATE), parameters=(words,))
    latencies = [
        tried.latency_clocks(tried.make_parameters({"maximum_ranks": word} if word else {}))
        for word in (None, "one", "two")
    ]
    assert latencies == [9, 9, 10]
    with pytest.raises(ValueError, match=r"^maximum_ranks must be one or two, not 'three'$"):
        tried.make_parameters({"maximum_ranks": "three"})


@pytest.mark.parametrize("name", kernels())
def test_a_model_takes_the_parameters_of_the_design_and_has_no_default(name):
    design = kernels()[name]
    parameters = design.make_parameters({})
    assert design.model(parameters).parameters is parameters
    with pytest.raises(TypeError):
        design.model()
