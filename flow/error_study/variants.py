"""The arms of the study, each a line of `ARMS`.

The kernels' arms are the models that the generated Verilog is proved against.
"""

from collections.abc import Callable

import numpy as np

from flow.error_study.attention_arm import TRUTH, Arm, kernel_arm
from flow.error_study.exact_model import ExactModel, exact_product
from hdl.formats import BF16, E4M3, FloatFormat
from hdl.models import operators
from hdl.models.attention import LOG2_E
from hdl.models.codes import decode, encode
from hdl.models.log2 import log2_scale, log2_score, power_weight
from hdl.models.numpy_when_used import CodeArray, FloatArray
from hdl.models.operators import multiply
from hdl.models.vexp import vexp
from hdl.parameters import CONSTANTS, LOG

FRACTION_BITS_RANGE = range(8)

# e^x v on numbers, x [n] and v [m] to [n, m].
Product = Callable[[FloatArray, FloatArray], FloatArray]


def vexp_product(x: CodeArray, v: CodeArray, fmt: FloatFormat) -> CodeArray:
    """Return e^x v by VEXP's exponential, rounded to BF16, and a product."""
    return multiply(vexp(x, fmt)[..., None], v, fmt)


def product_by(operator: Callable[..., CodeArray], fmt: FloatFormat = BF16) -> Product:
    """Return an operator's e^x v in the format: `operator` takes codes x [n], codes v [n, m] and `fmt`."""

    def product(x: FloatArray, v: FloatArray) -> FloatArray:
        values = np.broadcast_to(encode(v, fmt), (len(x), len(v)))
        return decode(operator(encode(x, fmt), values, fmt=fmt), fmt)

    return product


def log2_product(fraction_bits: int, with_multiplier: bool, fmt: FloatFormat = BF16) -> Product:
    """Return e^x v of a log2-domain lane whose maximum is 0."""

    def product(x: FloatArray, v: FloatArray) -> FloatArray:
        fixed = log2_score(encode(x * LOG2_E, fmt), fmt, fraction_bits)
        fraction = fixed & ((1 << fraction_bits) - 1)
        values = np.broadcast_to(encode(v, fmt), (len(x), len(v)))
        if with_multiplier:
            weight = power_weight(-(fixed >> fraction_bits), fraction, fmt, fraction_bits)
            return decode(multiply(weight[:, None], values, fmt), fmt)
        return decode(log2_scale(values, fixed[:, None], fmt, fraction_bits), fmt)

    return product


ARMS: tuple[Arm, ...] = (
    TRUTH,
    Arm(
        "exact_bf16",
        "exact e^x, BF16",
        kernel_arm("fa2_baseline", ExactModel),
        product_by(exact_product),
    ),
    Arm(
        "fa2_baseline",
        "baseline, piecewise-linear e^x",
        kernel_arm("fa2_baseline"),
        product_by(operators.separate_exp_mul),
    ),
    Arm(
        "fa2_expmul",
        "ExpMul",
        kernel_arm("fa2_expmul"),
        product_by(operators.expmul),
    ),
    *(
        Arm(
            f"fa2_log2_f{bits}",
            f"fa2_log2, F = {bits}",
            kernel_arm("fa2_log2", given={"fraction_bits": bits}),
            log2_product(bits, False),
            LOG2_E,
        )
        for bits in FRACTION_BITS_RANGE
    ),
    Arm(
        "fa2_log2_f0_constants",
        "fa2_log2, F = 0, division = constants",
        kernel_arm("fa2_log2", given={"fraction_bits": 0, "division": CONSTANTS}),
    ),
    *(
        Arm(
            f"fa2_log2_fixed_f{bits}",
            f"fa2_log2_fixed, F = {bits}",
            kernel_arm("fa2_log2_fixed", given={"fraction_bits": bits}),
        )
        for bits in FRACTION_BITS_RANGE
    ),
    Arm(
        "fa2_intmax",
        "fa2_intmax",
        kernel_arm("fa2_intmax", given={"fraction_bits": 7}),
        log2_product(7, True),
        LOG2_E,
    ),
    Arm(
        "fa2_baseline_vexp",
        "baseline, VEXP's e^x",
        kernel_arm("fa2_baseline", given={"exponential": "vexp"}),
        product_by(vexp_product),
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
    # `division = serial` gives the same bits as the multipliers that all others have.
    *(
        Arm(
            f"{name}_{division}",
            f"{title}, division = {division}",
            kernel_arm(kernel, given={**given, "division": division}),
        )
        for name, title, kernel, given in (
            ("fa2_baseline", "baseline", "fa2_baseline", {}),
            ("fa2_expmul", "ExpMul", "fa2_expmul", {}),
            ("fa2_log2_f3", "fa2_log2, F = 3", "fa2_log2", {"fraction_bits": 3}),
            ("fa2_log2_fixed_f3", "fa2_log2_fixed, F = 3", "fa2_log2_fixed", {"fraction_bits": 3}),
        )
        for division in (LOG, CONSTANTS)
    ),
)

# Of ARMS those that are measured in E4M3 as well, under the same names: kernel, parameters, product.
_IN_E4M3: tuple[tuple[str, str, dict[str, str | int], Product | None], ...] = (
    ("fa2_baseline", "fa2_baseline", {}, product_by(operators.separate_exp_mul, E4M3)),
    ("fa2_expmul", "fa2_expmul", {}, product_by(operators.expmul, E4M3)),
    ("fa2_log2_f0", "fa2_log2", {"fraction_bits": 0}, log2_product(0, False, E4M3)),
    ("fa2_log2_f3", "fa2_log2", {"fraction_bits": 3}, log2_product(3, False, E4M3)),
    ("fa2_log2_f0_constants", "fa2_log2", {"fraction_bits": 0, "division": CONSTANTS}, None),
    ("fa2_log2_fixed_f0", "fa2_log2_fixed", {"fraction_bits": 0}, None),
    ("fa2_log2_fixed_f3", "fa2_log2_fixed", {"fraction_bits": 3}, None),
    ("fa2_intmax", "fa2_intmax", {"fraction_bits": 3}, log2_product(3, True, E4M3)),
    ("fa2_hfa_inferred_f7", "fa2_hfa", {"log_sum": "inferred"}, None),
    ("fa2_hfa_sound_f7", "fa2_hfa", {}, None),
    ("fa2_hfa_sound_f10", "fa2_hfa", {"fraction_bits": 10}, None),
    ("fa2_flashd", "fa2_flashd", {}, None),
    ("fa2_flashd_log2", "fa2_flashd", {"lanes": "log2"}, None),
    ("fa2_flashd_published", "fa2_flashd", {"form": "published"}, None),
    ("fa2_flashd_fixed", "fa2_flashd_fixed", {}, None),
    ("fa2_flashd_fixed_format", "fa2_flashd_fixed", {"score": "format"}, None),
    ("fa2_mean_f8", "fa2_mean", {}, None),
    ("fa2_mean_f10", "fa2_mean", {"fraction_bits": 10}, None),
    ("fa2_baseline_log", "fa2_baseline", {"division": LOG}, None),
    ("fa2_baseline_constants", "fa2_baseline", {"division": CONSTANTS}, None),
    ("fa2_log2_fixed_f3_log", "fa2_log2_fixed", {"fraction_bits": 3, "division": LOG}, None),
)
E4M3_ARMS: tuple[Arm, ...] = (
    Arm(
        "exact_e4m3",
        "exact e^x, E4M3",
        kernel_arm("fa2_baseline", ExactModel, E4M3),
        product_by(exact_product, E4M3),
    ),
    *(
        Arm(
            name,
            next(arm.title for arm in ARMS if arm.name == name),
            kernel_arm(kernel, fmt=E4M3, given=given),
            product,
            LOG2_E if kernel in ("fa2_log2", "fa2_intmax") else 1.0,
        )
        for name, kernel, given, product in _IN_E4M3
    ),
)
TITLES = {arm.name: arm.title for arm in (*ARMS, *E4M3_ARMS)}
