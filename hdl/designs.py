"""The designs by name: what can be converted, laid out and compared."""

from hdl.design import Design
from hdl.kernels.fa2 import FA2_BASELINE, FA2_EXPMUL
from hdl.kernels.fa2_log2 import FA2_INTMAX, FA2_LOG2
from hdl.kernels.fa2_log2_fixed import FA2_LOG2_FIXED
from hdl.operators.exp_mul import EXP_MUL
from hdl.operators.expmul import EXPMUL

DESIGNS: dict[str, Design] = {
    design.name: design
    for design in (EXPMUL, EXP_MUL, FA2_EXPMUL, FA2_BASELINE, FA2_LOG2, FA2_LOG2_FIXED, FA2_INTMAX)
}

# For each proposed circuit the one it is compared with, and the other way round.
BASELINES = {"expmul": "exp_mul", "fa2_expmul": "fa2_baseline"}
SIBLINGS = BASELINES | {baseline: name for name, baseline in BASELINES.items()}


def get_design(name: str) -> Design:
    """Return the design called `name`; raise ValueError where there is none."""
    if name not in DESIGNS:
        raise ValueError(f"unknown design '{name}': {', '.join(DESIGNS)}")
    return DESIGNS[name]
