"""The part of a layout that a picture shows."""

import math

from flow.layout.placement import Box

SIDE_MIN_UM = 0.001  # about a step of a layout's grid
RATIO_MAX = 16.0  # of a picture's sides
SIDE_MAX_SHARE = 10.0  # of the layout's longer side


def check_window(window_um: Box, die_um: Box) -> None:
    """Raise ValueError, in a line, for a window in which there is nothing of the layout to see."""
    x0, y0, x1, y1 = window_um
    shown = ",".join(f"{edge:g}" for edge in window_um)
    if not all(math.isfinite(edge) for edge in window_um):
        raise ValueError(f"window {shown}: its edges have to be numbers")
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"window {shown}: it is empty; from left and bottom to right and top")
    left, bottom, right, top = die_um
    if x1 <= left or x0 >= right or y1 <= bottom or y0 >= top:
        die = ",".join(f"{edge:g}" for edge in die_um)
        raise ValueError(f"window {shown}: nothing of the layout is in it, which is {die} um")
    if min(x1 - x0, y1 - y0) < SIDE_MIN_UM:
        raise ValueError(f"window {shown}: a side below {SIDE_MIN_UM:g} um")
    side_max_um = SIDE_MAX_SHARE * max(right - left, top - bottom)
    if max(x1 - x0, y1 - y0) > side_max_um:
        raise ValueError(f"window {shown}: a side above {side_max_um:g} um, {SIDE_MAX_SHARE:g} layouts")


def widened(window_um: Box) -> Box:
    """Return the window, its shorter side widened about its middle to 1/RATIO_MAX of the longer at least."""
    x0, y0, x1, y1 = window_um
    least_um = max(x1 - x0, y1 - y0) / RATIO_MAX
    add_x, add_y = (max(0.0, (least_um - side) / 2) for side in (x1 - x0, y1 - y0))
    return x0 - add_x, y0 - add_y, x1 + add_x, y1 + add_y


def picture_size_px(window_um: Box, longest_px: int) -> tuple[int, int]:
    """Return width and height of a picture of the window, the longer of them `longest_px`."""
    x0, y0, x1, y1 = window_um
    scale = longest_px / max(x1 - x0, y1 - y0)
    return max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
