"""Figures without the digits that a machine's own vector units decide."""

from typing import Any

# The last ones of a sum or an exponential differ between machines; three or four are shown.
FIGURE_DIGITS = 9


def to_figure_digits(found: Any) -> Any:
    """Return `found`, plain data as JSON has it, with FIGURE_DIGITS significant digits of every float."""
    if isinstance(found, float):
        return float(f"{found:.{FIGURE_DIGITS}g}")
    if isinstance(found, dict):
        return {key: to_figure_digits(one) for key, one in found.items()}
    if isinstance(found, list | tuple):
        return [to_figure_digits(one) for one in found]
    return found
