"""The designs by name: what can be converted, laid out and compared."""

from hdl.design import Design
from hdl.kernels.fa2 import FA2_BASELINE, FA2_EXPMUL
from hdl.kernels.fa2_log2 import FA2_INTMAX, FA2_LOG2
from hdl.kernels.fa2_log2_fixed import FA2_LOG2_FIXED
from hdl.operators.expmul import EXPMUL
from hdl.operators.separate_exp_mul import SEPARATE_EXP_MUL

DESIGNS: dict[str, Design] = {
    design.name: design
    for design in (EXPMUL, SEPARATE_EXP_MUL, FA2_EXPMUL, FA2_BASELINE, FA2_LOG2, FA2_LOG2_FIXED, FA2_INTMAX)
}

# For each proposed circuit the one it is compared with, and the other way round.
BASELINES = {"expmul": "separate_exp_mul", "fa2_expmul": "fa2_baseline"}
SIBLINGS = BASELINES | {baseline: name for name, baseline in BASELINES.items()}


# What designs were called before: the error says what they are called today.
FORMER_NAMES = {"exp_mul": "separate_exp_mul"}


def get_design(name: str) -> Design:
    """Return the design called `name`; raise ValueError where there is none."""
    if name in FORMER_NAMES:
        raise ValueError(f"design '{name}' is called {FORMER_NAMES[name]} now")
    if name not in DESIGNS:
        raise ValueError(f"unknown design '{name}': {', '.join(DESIGNS)}")
    return DESIGNS[name]
