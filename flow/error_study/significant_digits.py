"""Figures without the digits that a machine's own vector units decide."""

from typing import Any

# The last ones of a sum or an exponential differ between machines; three or four are shown.
FIGURE_DIGITS = 9


def to_figure_digits(figures: Any) -> Any:
    """Return `figures`, plain data as JSON has it, with FIGURE_DIGITS significant digits of every float."""
    if isinstance(figures, float):
        return float(f"{figures:.{FIGURE_DIGITS}g}")
    if isinstance(figures, dict):
        return {key: to_figure_digits(figure) for key, figure in figures.items()}
    if isinstance(figures, list | tuple):
        return [to_figure_digits(figure) for figure in figures]
    return figures
