"""Every kernel of the registry keeps to the frame's contract; kernels that do not are told apart."""

import pytest

from hdl import conformance
from hdl.conformance import CHECKS, configurations, make_bench
from hdl.designs import kernels
from hdl.kernels.fa2 import Fa2Model
from hdl.kernels.fa2_baseline import BaselineModel
from hdl.kernels.fa2_expmul import FA2_EXPMUL, ExpMulModel
from hdl.kernels.frame import Kernel


@pytest.fixture(scope="module")
def benches(tmp_path_factory):
    made = {}

    def bench(name, given):
        key = name, tuple(given.items())
        if key not in made:
            made[key] = make_bench(kernels()[name], tmp_path_factory.mktemp(name), **given)
        return made[key]

    return bench


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    ("name", "given"),
    [
        # The tests of a kernel share its compiled Verilog.
        pytest.param(name, given, marks=pytest.mark.xdist_group(f"conformance of {name}"))
        for name, kernel in kernels().items()
        for given in configurations(kernel)
    ],
    ids=lambda part: part if isinstance(part, str) else "-".join(map(str, part.values())),
)
def test_kernel_conforms(name, given, check, benches):
    check(benches(name, given))


def changed(**fields):
    """Return fa2_expmul with other fields, under another name."""
    given = {
        "name": "changed",
        "description": "",
        "parameters": FA2_EXPMUL.parameters[3:],
        "recurrence": FA2_EXPMUL.recurrence,
        "finish": FA2_EXPMUL.finish,
        "model": FA2_EXPMUL.model,
    }
    return Kernel(**(given | fields))


class CountsMaskedKeys(ExpMulModel):
    def key(self, state, score, value, live):
        return Fa2Model.key(self, state, score, value, live | True)


@pytest.mark.parametrize(
    ("model", "check"),
    [
        (BaselineModel, conformance.verilog_equals_model),
        (BaselineModel, conformance.equals_model_in_myhdl),
        (CountsMaskedKeys, conformance.masked_keys_do_not_count),
    ],
)
def test_a_model_of_another_kernel_is_told_apart(model, check, tmp_path):
    bench = make_bench(changed(model=model), tmp_path, format="e3m2", d=2)
    with pytest.raises(AssertionError, match=r"^\d+ of \d+ codes differ, the first in query \d+, o\[\d\]: "):
        check(bench)
