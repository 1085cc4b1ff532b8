"""What a run's layout does not meet: its clock, and the library's largest slews and capacitances."""

from collections.abc import Mapping
from types import MappingProxyType

from flow.record.metrics import BY_NAME
from flow.record.result import Metrics

SLACKS = ("setup_slack_ns", "hold_slack_ns")
COUNTS = ("max_slew_violations", "max_capacitance_violations")


def missed(metrics: Metrics, worst_corners: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """Return in one line what is missed, None where everything that was measured is met.

    `worst_corners` names the corner at which a slack is told, where there are several.
    """
    misses = []
    for name in SLACKS:
        slack_ns = getattr(metrics, name)
        if slack_ns is not None and slack_ns < 0:
            decimals = BY_NAME[name].decimals
            shown = f"{slack_ns:.{decimals}f}" if abs(slack_ns) >= 10**-decimals else f"{slack_ns:.1g}"
            where = f" at {worst_corners[name]}" if name in worst_corners else ""
            misses.append(f"{BY_NAME[name].title}{where} {shown} ns")
    for name in COUNTS:
        count = getattr(metrics, name)
        if count:
            title = BY_NAME[name].title
            misses.append(f"{count:,} {title.removesuffix('s') if count == 1 else title}")
    return f"missed: {', '.join(misses)}" if misses else None
