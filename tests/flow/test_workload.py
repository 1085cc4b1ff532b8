"""What a netlist computes while its power is measured, and the check that it computes it right."""

from dataclasses import replace

import numpy as np
import pytest

from flow.attention_data.workload import (
    COUNTED_QUERIES,
    KEYS_PER_QUERY,
    STREAMS,
    kernel_codes,
    kernel_results,
    make_workload,
)
from flow.error_study.kernel_error import kernel_error
from flow.formats.streams import pack_codes
from flow.pipeline.steps.simulate import check_outputs
from hdl.designs import get_design

KERNELS = ("fa2_baseline", "fa2_expmul", "fa2_log2", "fa2_log2_fixed", "fa2_intmax")
SMALL = {"format": "e4m3", "d": 2}


def outputs_of(workload):
    """Return what a netlist that is right would leave at its outputs."""
    return {port: pack_codes(codes, workload.bits[port]) for port, codes in workload.expected.items()}


def outputs_but_for(workload, port, stream, clock):
    """The same with the last lane's lowest bit wrong at one clock."""
    wrong = {name: codes.copy() for name, codes in workload.expected.items()}
    wrong[port][stream, clock, -1] ^= np.uint64(1)
    return outputs_of(replace(workload, expected=wrong))


@pytest.mark.parametrize("kernel", KERNELS)
def test_counted_clocks_end_with_a_result_that_is_checked(kernel):
    workload = make_workload(kernel, SMALL)
    assert workload.clocks == STREAMS * COUNTED_QUERIES * KEYS_PER_QUERY >= 2000
    for due in workload.due:
        clocks = due.nonzero()[0]
        assert clocks[-1] == len(due) - 1
        assert clocks[-1] - clocks[-1 - COUNTED_QUERIES] == len(due) - workload.count_from


@pytest.mark.parametrize("kernel", KERNELS)
def test_pipeline_is_full_at_every_counted_clock(kernel):
    workload = make_workload(kernel, SMALL)
    assert workload.inputs["valid_in"][:, workload.count_from :].all()
    assert workload.inputs["key_valid"][:, workload.count_from :].all()


def test_error_is_that_of_the_results_that_the_netlist_is_checked_with():
    workload = make_workload("fa2_log2", SMALL)
    queries = [codes[due] for codes, due in zip(workload.expected["o"], workload.due, strict=True)]
    design = get_design("fa2_log2")
    parameters = design.make_parameters(SMALL)
    model = kernel_results(design, parameters, kernel_codes(design, parameters))
    np.testing.assert_array_equal(queries, model.reshape(STREAMS, -1, 2)[:, :-1])
    bf16, e4m3 = (kernel_error("fa2_baseline", {"format": fmt, "d": 16}) for fmt in ("bf16", "e4m3"))
    assert 0.01 < bf16 < 0.05 < 10 * bf16 < e4m3 < 1


def test_the_mean_errs_half_of_the_baseline_on_real_data_in_bf16_and_a_tenth_in_e4m3():
    for fmt, times in (("bf16", 2), ("e4m3", 10)):
        mean, baseline = (
            kernel_error(name, {"format": fmt, "d": 16}) for name in ("fa2_mean", "fa2_baseline")
        )
        assert times * mean < baseline


def test_all_kernels_of_a_dimension_compute_on_the_same_numbers():
    digests = {
        make_workload(kernel, SMALL | {"format": fmt}).data_sha256
        for kernel in KERNELS
        for fmt in ("e4m3", "bf16")
    }
    assert len(digests) == 1
    assert make_workload("fa2_baseline", SMALL | {"d": 3}).data_sha256 not in digests


@pytest.mark.parametrize(
    ("design", "parameters"), [*((kernel, SMALL) for kernel in KERNELS), ("expmul", {"lanes": 2})]
)
def test_one_wrong_bit_of_a_due_output_is_found(design, parameters):
    workload = make_workload(design, parameters)
    check_outputs(workload, outputs_of(workload))
    port = "y" if design == "expmul" else "o"
    stream, clock = (int(places[-1]) for places in workload.due.nonzero())
    outputs = outputs_but_for(workload, port, stream, clock)
    with pytest.raises(
        ValueError, match=rf"^netlist differs .* output {port}, stream {stream}, clock {clock}: "
    ):
        check_outputs(workload, outputs)


def test_an_output_may_be_anything_before_it_is_due():
    workload = make_workload("fa2_expmul", SMALL)
    clock = int(workload.due[0].nonzero()[0][-1]) - 1
    check_outputs(workload, outputs_but_for(workload, "o", 0, clock))


def test_a_result_that_is_announced_late_is_found():
    workload = make_workload("fa2_expmul", SMALL)
    clock = int(workload.due[0].nonzero()[0][-1])
    outputs = outputs_but_for(workload, "valid_out", 0, clock)
    with pytest.raises(ValueError, match=r"^netlist differs from the model at output valid_out, stream 0"):
        check_outputs(workload, outputs)
