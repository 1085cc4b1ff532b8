"""Two layouts in numbers, side by side."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from flow.common.numeric import change_percent, signed_percent
from flow.layout.opened import OpenedLayout
from flow.record.activities import TIMED, ZERO_DELAY
from flow.record.metrics import BY_NAME, Metric
from flow.record.result import Power, Result

METRICS = (
    "cells",
    "registers",
    "cell_area_um2",
    "power_total_w",
    "setup_slack_ns",
    "hold_slack_ns",
    "fmax_mhz",
    "wire_length_um",
    "vias",
    "die_area_um2",
    "utilization_percent",
    "drc_errors",
    "failed_checks",
)
# Of the power, what the layout's delays add to the same data without delays.
GLITCH_SHARE = Metric("glitch_share_percent", "glitches in power", "%", 1.0, 1, relative=False)
# A group may have so little that mW hide it.
GROUP_POWER = Metric("power_total_w", "power", "uW", 1e6, 1)
UTILIZATION = replace(BY_NAME["utilization_percent"], relative=False)


@dataclass(frozen=True)
class Compared:
    """A figure of two layouts, None where one has none."""

    title: str
    metric: Metric
    values: tuple[float | None, float | None]

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """Both values, the difference from the first to the second, and that in percent where it is relative.

        All in the metric's unit, which the row's or the section's title names.
        """
        metric = self.metric

        def number(value: float, sign: str = "") -> str:
            return f"{value * metric.factor:{sign}z,.{metric.decimals}f}"

        shown = ["–" if value is None else number(value) for value in self.values]
        first, second = self.values
        if first is None or second is None:
            return shown[0], shown[1], "", ""
        difference = number(second - first, "+")
        percent = change_percent(second, first) if metric.relative else None
        return shown[0], shown[1], difference, "" if percent is None else signed_percent(percent, 1)


@dataclass(frozen=True)
class Section:
    """Figures under one title."""

    title: str
    rows: tuple[Compared, ...]


def layout_difference(layout: OpenedLayout, other: OpenedLayout) -> tuple[Section, ...]:
    """Return what differs between two layouts: as a whole, then by group of either."""
    results = layout.result, other.result
    whole = [
        Compared(
            titled(BY_NAME[name]),
            UTILIZATION if name == UTILIZATION.name else BY_NAME[name],
            _both(results, lambda result, name=name: getattr(result.metrics, name)),  # type: ignore[misc]
        )
        for name in METRICS
    ]
    whole.insert(METRICS.index("setup_slack_ns"), _glitches(results, None, titled(GLITCH_SHARE)))
    groups = list(dict.fromkeys((*layout.result.groups, *other.result.groups)))
    by_group: dict[str, Callable[[str], Compared]] = {
        "cells by group": lambda group: Compared(
            group, BY_NAME["cells"], _both(results, lambda result: _of_group(result, group, "cells"))
        ),
        "cell area by group, um2": lambda group: Compared(
            group,
            BY_NAME["cell_area_um2"],
            _both(results, lambda result: _of_group(result, group, "cell_area_um2")),
        ),
        "power by group, uW": lambda group: Compared(
            group,
            GROUP_POWER,
            _both(results, lambda result: _power_w(result.power.get(TIMED), group)),
        ),
        "glitches in each group's power, %": lambda group: _glitches(results, group, group),
    }
    sections = [Section("as a whole", tuple(whole))]
    sections += [Section(title, tuple(map(row, groups))) for title, row in by_group.items()]
    return tuple(sections)


def titled(metric: Metric) -> str:
    """Return what is compared, with its unit."""
    return ", ".join(filter(None, (metric.title.strip().replace(", total", ""), metric.unit)))


def labels_of(layout: OpenedLayout, other: OpenedLayout) -> tuple[str, str]:
    """Return what tells the two apart in a word: the designs, else the jobs, else which is which."""
    results = layout.result, other.result
    for name in ("design", "job"):
        first, second = (getattr(result, name) for result in results)
        if first != second:
            return first, second
    return f"{layout.result.design}, first", f"{other.result.design}, second"


def _both(
    results: tuple[Result, Result], figure: Callable[[Result], float | None]
) -> tuple[float | None, float | None]:
    return figure(results[0]), figure(results[1])


def _of_group(result: Result, group: str, name: str) -> float | None:
    figures = result.groups.get(group)
    return None if figures is None else getattr(figures, name)


def _power_w(power: Power | None, group: str | None) -> float | None:
    """Return the power of a group, of all cells for None, in W."""
    if power is None:
        return None
    return power.total_w if group is None else power.groups_w.get(group)


def _glitches(results: tuple[Result, Result], group: str | None, title: str) -> Compared:
    def share_percent(result: Result) -> float | None:
        timed_w, still_w = (_power_w(result.power.get(name), group) for name in (TIMED, ZERO_DELAY))
        return 100 * (1 - still_w / timed_w) if timed_w and still_w is not None else None

    return Compared(title, GLITCH_SHARE, _both(results, share_percent))
