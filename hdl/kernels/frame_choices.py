"""The frame's choices, each declared once for the kernels that have it, and the stages that they choose.

A saving is a number only together with its frame. `hdl/README.md` has defaults, reasons and sources.
"""

from dataclasses import replace

from hdl.ieee_format import ROUNDINGS, TRUNCATE
from hdl.kernels.constant_division import divide_by_constants
from hdl.kernels.division import divide_at_every_key, divide_by_logarithms, divide_serially
from hdl.kernels.fa2 import ACCUMULATE, DIFFERENCE, DIVIDE, MAXIMUM
from hdl.kernels.frame import DOT_PRODUCT, Stage, StageChoice
from hdl.kernels.ieee_stages import ieee_running_maximum
from hdl.kernels.one_product import rising_maximum, single_difference
from hdl.parameters import (
    CONSTANTS,
    FLUSH,
    IEEE,
    LOG,
    ONE,
    PIECEWISE,
    VEXP,
    Arithmetic,
    Choice,
    FormatChoice,
    Parameters,
)
from hdl.units.ieee.dot_product import ieee_dot_product

TWO = "two"
MULTIPLIERS, SERIAL = "multipliers", "serial"
AT_LAST, EVERY_KEY = "at_last", "every_key"

ARITHMETIC = Arithmetic(
    "arithmetic",
    (FLUSH, IEEE),
    "subnormals flushed and overflow saturated, or gradual underflow, Inf and NaN",
    default_known=True,
)
ROUNDING = Choice(
    "rounding",
    ROUNDINGS,
    "of every result: to nearest, ties to even, or towards zero",
    excludes=((TRUNCATE, "arithmetic", FLUSH),),
    default_known=True,
)
PRODUCTS = Choice(
    "products",
    (TWO, ONE),
    "products per lane and key: two, or one, since one of the two weights is 1",
    default_known=True,
)
DIVISION = Choice(
    "division",
    (MULTIPLIERS, SERIAL, LOG, CONSTANTS),
    "o / l by a reciprocal and d multipliers, by one of them lane after lane, by subtracting logarithms, "
    "or by one of two constants",
    excludes=((LOG, "arithmetic", IEEE), (CONSTANTS, "arithmetic", IEEE)),
    default_known=True,
)
DIVISION_ACTIVITY = Choice(
    "division_activity",
    (AT_LAST, EVERY_KEY),
    "when the division works: after a query's last key, or at every key",
    excludes=((EVERY_KEY, "division", SERIAL),),
    default_known=True,
)

# Of the baseline alone.
EXPONENTIAL = FormatChoice(
    "exponential",
    (PIECEWISE, VEXP),
    "e^x by four linear segments, or VEXP's by two parabolas, for BF16",
    excludes=((VEXP, "arithmetic", IEEE),),
    default_known=True,
    only=((VEXP, "bf16"),),
)

# Of the paper's two kernels.
FA2_CHOICES = (ARITHMETIC, ROUNDING, PRODUCTS, DIVISION, DIVISION_ACTIVITY)


def serial_ranks(parameters: Parameters) -> int:
    """Return the ranks of a division lane after lane."""
    return int(parameters.d) + 1


def fewest_keys(parameters: Parameters) -> int:
    """Return the keys that a query has at least: a serial division takes d clocks."""
    return int(parameters.d) if parameters.division == SERIAL else 1


CHOSEN_SCORE = StageChoice(
    "arithmetic",
    flush=DOT_PRODUCT,
    ieee=replace(DOT_PRODUCT, unit=ieee_dot_product),
)


def chosen_maximum(infinite_rises: bool) -> StageChoice:
    """Return the stage of the maximum; `infinite_rises` as in `rising_maximum`."""
    return StageChoice(
        "products",
        two=StageChoice("arithmetic", flush=MAXIMUM, ieee=replace(MAXIMUM, unit=ieee_running_maximum)),
        one=Stage(rising_maximum, "maximum", parameters={"infinite_rises": infinite_rises}),
    )


CHOSEN_DIFFERENCE = StageChoice("products", two=DIFFERENCE, one=Stage(single_difference, "difference"))
CHOSEN_ACCUMULATE = StageChoice(
    "products",
    two=ACCUMULATE,
    one=replace(ACCUMULATE, wires={"rescaled": "product", "weighted": "passed"}),
)

_SERIAL = Stage(divide_serially, "divide", serial_ranks)
_LOG = Stage(divide_by_logarithms, "divide", 2, parameters={"every_key": False})
_CONSTANTS = replace(_LOG, unit=divide_by_constants)


def _at_either(stage: Stage) -> StageChoice:
    """Return the stage as it works after the last key, or at every one."""
    return StageChoice(
        "division_activity", at_last=stage, every_key=replace(stage, parameters={"every_key": True})
    )


CHOSEN_DIVIDE = StageChoice(
    "division",
    multipliers=StageChoice(
        "division_activity", at_last=DIVIDE, every_key=replace(DIVIDE, unit=divide_at_every_key)
    ),
    serial=_SERIAL,
    log=_at_either(_LOG),
    constants=_at_either(_CONSTANTS),
)


def chosen_divide_at_last(**wires: str) -> StageChoice:
    """Return the stage of a division that works after the last key alone, its ports on other `wires`."""
    return StageChoice(
        "division",
        multipliers=replace(DIVIDE, wires=wires),
        serial=replace(_SERIAL, wires=wires),
        log=replace(_LOG, wires=wires),
        constants=replace(_CONSTANTS, wires=wires),
    )
