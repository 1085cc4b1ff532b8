"""The colour of each group: the same in every picture, told apart by hue and by lightness."""

from collections.abc import Iterable
from dataclasses import dataclass

# The large groups of a kernel differ by at least 25 of 255 in grey: a print without colour still shows them.
# The small ones lie among them in other hues.
COLOURS = {
    "dot_product": "#1f4a94",
    "divide": "#7f3fb5",
    "accumulate": "#2fb394",
    "value_delay": "#8fb0d6",
    "weigh": "#ffd83a",
    "maximum": "#d62839",
    "difference": "#f0784f",
    "control": "#7a3b12",
    "clock_tree": "#ff3fc8",
    "timing_repair": "#7f8791",
    # Of a running mean, in the places of maximum, difference and division.
    "log_sum": "#d62839",
    "quantise": "#f0784f",
    "deliver": "#7f3fb5",
    # The operators' own.
    "log2exp": "#d62839",
    "exp": "#d62839",
    "lane": "#ffd83a",
    "register": "#8fb0d6",
    "top": "#7a3b12",
}
OTHERS = ("#5fd0e0", "#b8d458", "#c08a5a", "#e7a6c9", "#3d7a3d", "#8f8fe8")


@dataclass(frozen=True)
class Theme:
    """Colours of everything but the cells: page, die, core and what is written."""

    page: str
    die: str
    core: str
    text: str
    outline: str


THEMES = {
    "light": Theme("#ffffff", "#d9dde2", "#f4f5f6", "#1c2127", "#6b7480"),
    "dark": Theme("#0d1117", "#2b323b", "#161b22", "#e6edf3", "#8b949e"),
}
FADED = {"light": "#d3d8de", "dark": "#39414b"}


def group_colours(groups: Iterable[str]) -> dict[str, str]:
    """Return the colour of each group; those without one of their own get the next of `OTHERS`."""
    colours: dict[str, str] = {}
    spare = 0
    for group in dict.fromkeys(groups):
        if group in COLOURS:
            colours[group] = COLOURS[group]
        else:
            colours[group] = OTHERS[spare % len(OTHERS)]
            spare += 1
    return colours
