"""The kernels' models by design name: what proof, workload and accuracy studies call."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from hdl.models.codes import CodeArray
from hdl.models.fa2 import FUSED, SEPARATE, attention
from hdl.models.fa2_log2 import LOG2_E, log2_attention, log2_fixed_attention


@dataclass(frozen=True)
class KernelModel:
    """A kernel's function on codes (q, k, v, fmt, key_valid=..., fraction_bits=...).

    `query_factor` is what q contains beside 1/sqrt(d).
    """

    attention: Callable[..., CodeArray]
    query_factor: float = 1.0


MODELS = {
    "fa2_baseline": KernelModel(partial(attention, operator=SEPARATE)),
    "fa2_expmul": KernelModel(partial(attention, operator=FUSED)),
    "fa2_log2": KernelModel(log2_attention, LOG2_E),
    "fa2_log2_fixed": KernelModel(log2_fixed_attention, LOG2_E),
    "fa2_intmax": KernelModel(partial(log2_attention, multiplied=True), LOG2_E),
}


def model_options(parameters: Any) -> dict[str, int]:
    """Return those of a kernel's parameters that its model takes beside the format."""
    names = ("fraction_bits", "sum_bits", "sum_fraction_bits")
    return {name: getattr(parameters, name) for name in names if hasattr(parameters, name)}
