"""An arm of the study: a way to compute attention on real numbers, and what its figures depend on."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hdl.designs import kernels
from hdl.formats import BF16, FloatFormat
from hdl.models.attention import Model, attend, attention_exact
from hdl.models.codes import decode, encode
from hdl.models.numpy_when_used import FloatArray
from hdl.parameters import Parameters

Attention = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class KernelAttention:
    """A kernel's attention, in its parameters' format: q with its factor, k and v are rounded once.

    model   of the kernel, or another in its place
    """

    kernel: str
    parameters: Parameters
    model: Callable[[Parameters], Model]

    @cached_property
    def _model(self) -> Model:
        return self.model(self.parameters)

    def __call__(self, q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
        """Return the output [..., d] for q [..., d], k and v [..., keys, d]."""
        fmt = self.parameters.fmt
        codes = attend(self._model, encode(q * self._model.query_factor, fmt), encode(k, fmt), encode(v, fmt))
        return decode(codes, fmt)

    def settings(self) -> tuple[Any, ...]:
        """Return what chooses it, to be compared by its repr."""
        return self.kernel, self.parameters.items, self.model.__module__, getattr(self.model, "__name__", "")

    def files(self) -> tuple[Path, ...]:
        """Return the modules that define it: the kernel's and its model's."""
        kernel_file = Path(__file__).parents[2] / "hdl" / "kernels" / f"{self.kernel}.py"
        return kernel_file, Path(str(sys.modules[self.model.__module__].__file__))


@dataclass(frozen=True)
class Arm:
    """A way to compute attention, on real numbers.

    attend   q [..., d] with 1/sqrt(d), k and v [..., keys, d] to the output [..., d]
    product  x [n] <= 0 and v [m] to e^x v [n, m] by its operator; None where it has none of its own
    factor   of the x that the operator is given, a code of the format: log2 e in the log2 domain
    """

    name: str
    title: str
    attend: Attention
    product: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    factor: float = 1.0


def kernel_arm(
    name: str,
    model: Callable[[Parameters], Model] | None = None,
    fmt: FloatFormat = BF16,
    given: Mapping[str, int | str] | None = None,
) -> KernelAttention:
    """Return a kernel's attention, with the parameters `given`; `model` in the place of its own."""
    kernel = kernels()[name]
    parameters = kernel.make_parameters({"format": fmt.name, **(given or {})})
    return KernelAttention(name, parameters, model or kernel.model)


def attend_exact(q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
    """Return softmax(q . k) v in float64; the leading axes of q, k and v broadcast."""
    shape = np.broadcast_shapes(q.shape[:-1], k.shape[:-2], v.shape[:-2])
    broadcast = [
        np.broadcast_to(array, (*shape, *array.shape[-axes:])) for array, axes in ((q, 1), (k, 2), (v, 2))
    ]
    return attention_exact(*broadcast)


TRUTH = Arm("exact", "exact, float64", attend_exact)
