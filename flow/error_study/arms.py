"""The arms of the study: ways to compute attention, each a line of `ARMS`.

The kernels' arms are the models that the generated Verilog is proved against.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from hdl.formats import BF16
from hdl.models import operators
from hdl.models.codes import CodeArray, FloatArray, decode, encode
from hdl.models.fa2 import attention, attention_exact
from hdl.models.fa2_log2 import LOG2_E, log2_scale, log2_score, power_weight
from hdl.models.kernels import MODELS
from hdl.models.operators import multiply

FRACTION_BITS_RANGE = range(8)


@dataclass(frozen=True)
class Arm:
    """A way to compute attention, on real numbers.

    attend   q [..., d] with 1/sqrt(d), k and v [..., keys, d] to the output [..., d]
    product  x [n] <= 0 and v [m] to e^x v [n, m] by its operator; None where it has none of its own
    factor   of the x that the operator is given, a BF16 code: log2 e in the log2 domain
    """

    name: str
    title: str
    attend: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    product: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    factor: float = 1.0


def exact_bf16(x: CodeArray, v: CodeArray) -> CodeArray:
    """Return e^x v with each of e^x and the product rounded once to BF16."""
    weight = encode(np.exp(np.minimum(decode(x, BF16), 0.0)), BF16)
    return multiply(weight[..., None], v, BF16)


def in_bf16(
    model: Callable[..., CodeArray], q: FloatArray, k: FloatArray, v: FloatArray, query_factor: float = 1.0
) -> FloatArray:
    """Return what `model` gives in BF16: q with its factor, k and v rounded once."""
    codes = model(encode(q * query_factor, BF16), encode(k, BF16), encode(v, BF16), BF16)
    return decode(codes, BF16)


def kernel_arm(name: str, fraction_bits: int | None = None) -> Callable[..., FloatArray]:
    """Return a kernel's attention in BF16."""
    kernel = MODELS[name]
    options = {} if fraction_bits is None else {"fraction_bits": fraction_bits}
    return partial(in_bf16, partial(kernel.attention, **options), query_factor=kernel.query_factor)


def product_on_codes(
    operator: Callable[[CodeArray, CodeArray], CodeArray], x: FloatArray, v: FloatArray
) -> FloatArray:
    """Return an operator's e^x v [n, m] in BF16."""
    values = np.broadcast_to(encode(v, BF16), (len(x), len(v)))
    return decode(operator(encode(x, BF16), values), BF16)


def log2_product(fraction_bits: int, multiplied: bool, x: FloatArray, v: FloatArray) -> FloatArray:
    """Return e^x v [n, m] of a log2-domain lane whose maximum is 0."""
    fixed = log2_score(encode(x * LOG2_E, BF16), BF16, fraction_bits)
    fraction = fixed & ((1 << fraction_bits) - 1)
    values = np.broadcast_to(encode(v, BF16), (len(x), len(v)))
    if multiplied:
        weight = power_weight(-(fixed >> fraction_bits), fraction, BF16, fraction_bits)
        return decode(multiply(weight[:, None], values, BF16), BF16)
    return decode(log2_scale(values, fixed[:, None], BF16, fraction_bits), BF16)


def attend_exact(q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
    """Return softmax(q . k) v in float64; the leading axes of q, k and v broadcast."""
    shape = np.broadcast_shapes(q.shape[:-1], k.shape[:-2], v.shape[:-2])
    parts = [np.broadcast_to(one, (*shape, *one.shape[-axes:])) for one, axes in ((q, 1), (k, 2), (v, 2))]
    return attention_exact(*parts)


ARMS: tuple[Arm, ...] = (
    Arm("exact", "exact, float64", attend_exact),
    Arm(
        "exact_bf16",
        "exact e^x, BF16",
        partial(in_bf16, partial(attention, operator=exact_bf16)),
        partial(product_on_codes, exact_bf16),
    ),
    Arm(
        "fa2_baseline",
        "baseline, piecewise-linear e^x",
        kernel_arm("fa2_baseline"),
        partial(product_on_codes, partial(operators.separate_exp_mul, fmt=BF16)),
    ),
    Arm(
        "fa2_expmul",
        "ExpMul",
        kernel_arm("fa2_expmul"),
        partial(product_on_codes, partial(operators.expmul, fmt=BF16)),
    ),
    *(
        Arm(
            f"fa2_log2_f{bits}",
            f"A, fa2_log2, F = {bits}",
            kernel_arm("fa2_log2", bits),
            partial(log2_product, bits, False),
            LOG2_E,
        )
        for bits in FRACTION_BITS_RANGE
    ),
    *(
        Arm(f"fa2_log2_fixed_f{bits}", f"B, fa2_log2_fixed, F = {bits}", kernel_arm("fa2_log2_fixed", bits))
        for bits in FRACTION_BITS_RANGE
    ),
    Arm("fa2_intmax", "X, fa2_intmax", kernel_arm("fa2_intmax", 7), partial(log2_product, 7, True), LOG2_E),
)

TRUTH = ARMS[0]
