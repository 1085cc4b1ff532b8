"""How far a kernel's output is from attention over the queries whose power is measured."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flow.attention_data.workload import by_query, kernel_codes, kernel_data, kernel_results
from flow.common.errors import UserError
from flow.error_study.measure import relative_l2
from flow.error_study.significant_digits import to_figure_digits
from hdl.designs import ORIGINS, kernels
from hdl.models.attention import attention_exact
from hdl.models.codes import decode
from hdl.outside import one_line


def kernel_error(design_name: str, parameters: Mapping[str, Any]) -> float:
    """Return the relative L2 error of a kernel's output over `kernel_data`, against float64 attention.

    The truth is that of the numbers before they are rounded to the format: 0 would be exact, and an
    output of zeros has 1.
    """
    return _error(design_name, tuple(sorted(parameters.items())))


# A report describes the same kernel many times over: other PDKs, clocks, seeds.
@cache
def _error(design_name: str, parameters: tuple[tuple[str, Any], ...]) -> float:
    design = kernels()[design_name]
    chosen = design.make_parameters(dict(parameters))
    real = kernel_data(chosen.d)
    q, k, v, valid = map(by_query, (real.q, real.k, real.v, real.key_valid))
    try:
        codes = kernel_results(design, chosen, kernel_codes(design, chosen))
    except Exception as fault:
        if design_name not in ORIGINS:
            raise
        label = ORIGINS[design_name].label
        raise UserError(f"{label}: its model cannot compute: {one_line(fault)}") from fault
    error = relative_l2(decode(codes, chosen.fmt), attention_exact(q[:, 0], k, v, valid[..., 0]))
    return float(to_figure_digits(error))
