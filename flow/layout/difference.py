"""Two layouts in numbers, side by side."""

from flow.layout.opened import OpenedLayout

METRICS = (
    "cells",
    "cell_area_um2",
    "die_area_um2",
    "utilization_percent",
    "wire_length_um",
    "vias",
    "setup_slack_ns",
    "fmax_mhz",
    "power_total_w",
    "drc_errors",
)
Numbers = dict[str, tuple[float | None, float | None]]


def layout_difference(layout: OpenedLayout, other: OpenedLayout) -> Numbers:
    """Return the metrics of two layouts and the cell area of each group of either, as pairs."""
    numbers: Numbers = {
        name: (getattr(layout.result.metrics, name), getattr(other.result.metrics, name)) for name in METRICS
    }
    for group in dict.fromkeys((*layout.placement.groups, *other.placement.groups)):
        numbers[f"{group} um2"] = (layout.placement.area_um2(group), other.placement.area_um2(group))
    return numbers
