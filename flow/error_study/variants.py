"""The arms of the study: ways to compute attention, each a line of `ARMS`.

The kernels' arms are the models that the generated Verilog is proved against.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from hdl.designs import kernels
from hdl.formats import BF16, E4M3, FloatFormat
from hdl.kernels.fa2 import Fa2Model
from hdl.models import operators
from hdl.models.attention import LOG2_E, Model, attend, attention_exact
from hdl.models.codes import decode, encode
from hdl.models.log2 import log2_scale, log2_score, power_weight
from hdl.models.numpy_when_used import CodeArray, FloatArray
from hdl.models.operators import multiply
from hdl.models.vexp import vexp
from hdl.parameters import Parameters

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


def vexp_product(x: CodeArray, v: CodeArray) -> CodeArray:
    """Return e^x v by VEXP's exponential, rounded to BF16, and a product."""
    return multiply(vexp(x)[..., None], v, BF16)


class ExactModel(Fa2Model):
    """FlashAttention-2 in the format, with `exact_bf16` in the place of an operator."""

    def exp_multiply(self, x: CodeArray, v: CodeArray) -> CodeArray:
        """Return e^x v with both roundings."""
        return exact_bf16(x, v)


def in_format(model: Model, fmt: FloatFormat, q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
    """Return what a `model` in the format gives: q with its factor, k and v rounded once."""
    codes = attend(model, encode(q * model.query_factor, fmt), encode(k, fmt), encode(v, fmt))
    return decode(codes, fmt)


def kernel_arm(
    name: str,
    model: Callable[[Parameters], Model] | None = None,
    fmt: FloatFormat = BF16,
    given: Mapping[str, int | str] | None = None,
) -> Callable[..., FloatArray]:
    """Return a kernel's attention, with the parameters `given`; `model` in the place of its own."""
    kernel = kernels()[name]
    parameters = kernel.make_parameters({"format": fmt.name, **(given or {})})
    return partial(in_format, (model or kernel.model)(parameters), fmt)


def product_on_codes(
    operator: Callable[[CodeArray, CodeArray], CodeArray], x: FloatArray, v: FloatArray
) -> FloatArray:
    """Return an operator's e^x v [n, m] in BF16."""
    values = np.broadcast_to(encode(v, BF16), (len(x), len(v)))
    return decode(operator(encode(x, BF16), values), BF16)


def log2_product(fraction_bits: int, with_multiplier: bool, x: FloatArray, v: FloatArray) -> FloatArray:
    """Return e^x v [n, m] of a log2-domain lane whose maximum is 0."""
    fixed = log2_score(encode(x * LOG2_E, BF16), BF16, fraction_bits)
    fraction = fixed & ((1 << fraction_bits) - 1)
    values = np.broadcast_to(encode(v, BF16), (len(x), len(v)))
    if with_multiplier:
        weight = power_weight(-(fixed >> fraction_bits), fraction, BF16, fraction_bits)
        return decode(multiply(weight[:, None], values, BF16), BF16)
    return decode(log2_scale(values, fixed[:, None], BF16, fraction_bits), BF16)


def attend_exact(q: FloatArray, k: FloatArray, v: FloatArray) -> FloatArray:
    """Return softmax(q . k) v in float64; the leading axes of q, k and v broadcast."""
    shape = np.broadcast_shapes(q.shape[:-1], k.shape[:-2], v.shape[:-2])
    broadcast = [
        np.broadcast_to(array, (*shape, *array.shape[-axes:])) for array, axes in ((q, 1), (k, 2), (v, 2))
    ]
    return attention_exact(*broadcast)


ARMS: tuple[Arm, ...] = (
    Arm("exact", "exact, float64", attend_exact),
    Arm(
        "exact_bf16",
        "exact e^x, BF16",
        kernel_arm("fa2_baseline", ExactModel),
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
            kernel_arm("fa2_log2", given={"fraction_bits": bits}),
            partial(log2_product, bits, False),
            LOG2_E,
        )
        for bits in FRACTION_BITS_RANGE
    ),
    Arm(
        "fa2_log2_f0_constants",
        "fa2_log2, F = 0, division = constants",
        kernel_arm("fa2_log2", given={"fraction_bits": 0, "division": "constants"}),
    ),
    *(
        Arm(
            f"fa2_log2_fixed_f{bits}",
            f"B, fa2_log2_fixed, F = {bits}",
            kernel_arm("fa2_log2_fixed", given={"fraction_bits": bits}),
        )
        for bits in FRACTION_BITS_RANGE
    ),
    Arm(
        "fa2_intmax",
        "X, fa2_intmax",
        kernel_arm("fa2_intmax", given={"fraction_bits": 7}),
        partial(log2_product, 7, True),
        LOG2_E,
    ),
    Arm(
        "fa2_baseline_vexp",
        "baseline, VEXP's e^x",
        kernel_arm("fa2_baseline", given={"exponential": "vexp"}),
        partial(product_on_codes, vexp_product),
    ),
    Arm(
        "fa2_hfa_inferred_f7",
        "fa2_hfa, as inferred (H0), F = 7",
        kernel_arm("fa2_hfa", given={"log_sum": "inferred"}),
    ),
    *(
        Arm(
            f"fa2_hfa_sound_f{bits}",
            f"fa2_hfa, sound (H1), F = {bits}",
            kernel_arm("fa2_hfa", given={"fraction_bits": bits}),
        )
        for bits in (7, 10)
    ),
    Arm("fa2_flashd", "fa2_flashd", kernel_arm("fa2_flashd")),
    Arm("fa2_flashd_log2", "fa2_flashd, lanes = log2", kernel_arm("fa2_flashd", given={"lanes": "log2"})),
    Arm(
        "fa2_flashd_published",
        "fa2_flashd, form = published",
        kernel_arm("fa2_flashd", given={"form": "published"}),
    ),
    Arm("fa2_flashd_fixed", "fa2_flashd_fixed", kernel_arm("fa2_flashd_fixed")),
    Arm(
        "fa2_flashd_fixed_format",
        "fa2_flashd_fixed, score = format",
        kernel_arm("fa2_flashd_fixed", given={"score": "format"}),
    ),
    *(
        Arm(
            f"fa2_mean_f{bits}",
            f"fa2_mean, F = {bits}",
            kernel_arm("fa2_mean", given={"fraction_bits": bits}),
        )
        for bits in (8, 10)
    ),
)

# Of ARMS those that are measured in E4M3 as well, under the same names.
_IN_E4M3: tuple[tuple[str, str, dict[str, str | int]], ...] = (
    ("fa2_baseline", "fa2_baseline", {}),
    ("fa2_expmul", "fa2_expmul", {}),
    ("fa2_log2_f3", "fa2_log2", {"fraction_bits": 3}),
    ("fa2_log2_fixed_f3", "fa2_log2_fixed", {"fraction_bits": 3}),
    ("fa2_hfa_inferred_f7", "fa2_hfa", {"log_sum": "inferred"}),
    ("fa2_hfa_sound_f7", "fa2_hfa", {}),
    ("fa2_hfa_sound_f10", "fa2_hfa", {"fraction_bits": 10}),
    ("fa2_flashd", "fa2_flashd", {}),
    ("fa2_flashd_log2", "fa2_flashd", {"lanes": "log2"}),
    ("fa2_flashd_fixed", "fa2_flashd_fixed", {}),
    ("fa2_flashd_fixed_format", "fa2_flashd_fixed", {"score": "format"}),
    ("fa2_mean_f8", "fa2_mean", {}),
    ("fa2_mean_f10", "fa2_mean", {"fraction_bits": 10}),
)
E4M3_ARMS: tuple[Arm, ...] = tuple(
    Arm(name, next(arm.title for arm in ARMS if arm.name == name), kernel_arm(kernel, fmt=E4M3, given=given))
    for name, kernel, given in _IN_E4M3
)

TRUTH = ARMS[0]
