"""From the reports of `corners.report` to the figures of a result's corners."""

import csv
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from flow.pipeline.measure_layout import measured
from flow.pipeline.measure_power import read_total_w
from flow.pipeline.retime import STEP, reports_folder
from flow.record.depths import METRIC_STEPS
from flow.record.result import CornerFigures, Metrics
from flow.record.run_folder import step_folder
from flow.record.settings import Settings
from pdk_configs.corners import Corner, corners_of

TABLE = "corners.tsv"
CORNER_LINE = re.compile(r"^Corner: (\w+)$", re.MULTILINE)


def measure_corners(settings: Settings, metrics: Metrics, retimed: bool) -> dict[str, CornerFigures]:
    """Return the routed layout's figures at each corner, slow to fast.

    Where the layout was not timed again, for lack of data of other corners, those of the run are the usual
    corner's.
    """
    corners = {corner.name: corner for corner in corners_of(settings.pdk)}
    if not retimed:
        return {settings.pdk.corner: figures_of(corners[settings.pdk.corner], metrics)}
    reports = reports_folder(settings)
    with (reports / TABLE).open(newline="", encoding="utf-8") as handle:
        times_s = {name: times for name, *times in csv.reader(handle, delimiter="\t")}
    return {
        name: read_corner(corner, times_s[name], reports)
        for name, corner in corners.items()
        if name in times_s
    }


def figures_of(corner: Corner, metrics: Metrics) -> CornerFigures:
    """Return `metrics` as those of `corner`."""
    shared = CornerFigures.model_fields.keys() & Metrics.model_fields.keys()
    return CornerFigures.model_validate(
        conditions(corner) | {name: getattr(metrics, name) for name in shared}
    )


def conditions(corner: Corner) -> dict[str, str | float]:
    """Return the fields that say what a corner is."""
    return {
        "process": corner.process,
        "voltage_v": corner.voltage_v,
        "temperature_c": corner.temperature_c,
    }


def read_corner(corner: Corner, times_s: list[str], reports: Path) -> CornerFigures:
    """Return the figures of one corner; `times_s` are worst setup and hold slack and the shortest period."""
    table = reports / TABLE

    def slack_ns(time_s: str, name: str) -> float:
        return round(measured(time_s, f"the {name} slack at {corner.name}", STEP, table) * 1e9, 6) + 0.0

    setup_s, hold_s, period_s = times_s
    period = measured(period_s, f"the shortest period at {corner.name}", STEP, table)
    power_w = read_total_w(STEP, reports / f"power.{corner.name}.rpt")
    return CornerFigures.model_validate(
        conditions(corner)
        | {
            "setup_slack_ns": slack_ns(setup_s, "setup"),
            "hold_slack_ns": slack_ns(hold_s, "hold"),
            "fmax_mhz": round(1e-6 / period, 3),
        }
        | {f"power_{kind}_w": value_w for kind, value_w in power_w.items()}
    )


def figure_at(corners: Mapping[str, CornerFigures], metric: str, corner_name: str) -> float:
    """Return a metric's value at a corner."""
    return float(getattr(corners[corner_name], metric))


def worst_corners(settings: Settings, corners: Mapping[str, CornerFigures]) -> dict[str, str]:
    """Return by metric whose the run's is, the worst corner's; none where the layout is for the typical one.

    Of a placement, without `corners`, the report of its slowest path tells.
    """
    if settings.optimised_corners == "typical" or settings.depth not in METRIC_STEPS:
        return {}
    if not corners:
        step = METRIC_STEPS[settings.depth]
        report = step_folder(settings.folder, step) / "reports" / "timing" / "setup.rpt"
        corner = CORNER_LINE.search(report.read_text(encoding="utf-8"))
        return dict.fromkeys(("setup_slack_ns", "fmax_mhz"), corner[1]) if corner else {}
    return {
        metric: min(corners, key=partial(figure_at, corners, metric))
        for metric in ("setup_slack_ns", "hold_slack_ns", "fmax_mhz")
    }
