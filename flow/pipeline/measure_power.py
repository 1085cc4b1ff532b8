"""From OpenROAD's power reports to the power of a run, by activity and by group."""

import csv
import json
import re
from pathlib import Path

from flow.common.errors import StepError
from flow.pipeline.measure_layout import measured
from flow.record.activities import DEFAULT_ACTIVITY, SIMULATED_ACTIVITIES, TIMED
from flow.record.cell_groups import group_of
from flow.record.result import Power
from flow.record.run_folder import ACTIVITY_SUMMARY, step_folder
from flow.record.settings import Settings

STEP = "power.report"
# Below this share of pins a number would be more guess than simulation.
ANNOTATED_MIN_PERCENT = 95.0


def measure_power(settings: Settings) -> dict[str, Power]:
    """Return the power at each activity, the default one first.

    Raises StepError where fewer than 95 % of the pins have their activity from the simulation.
    """
    reports = step_folder(settings.folder, STEP) / "reports"
    power = {name: read_power(settings, reports, name) for name in (DEFAULT_ACTIVITY, *SIMULATED_ACTIVITIES)}
    for name in SIMULATED_ACTIVITIES:
        percent = power[name].annotated_percent
        if percent < ANNOTATED_MIN_PERCENT:
            report = reports / f"annotation.{name}.rpt"
            raise StepError(STEP, f"{name} activity reaches only {percent:.1f} % of the pins", report)
    return power


def headline_power(power: dict[str, Power]) -> dict[str, float | str]:
    """Return the metrics of the power that a run is judged by: real data with the layout's delays."""
    headline = power[TIMED]
    return {
        "power_activity": TIMED,
        "power_internal_w": headline.internal_w,
        "power_switching_w": headline.switching_w,
        "power_leakage_w": headline.leakage_w,
        "power_total_w": headline.total_w,
    }


def read_simulation(settings: Settings) -> dict[str, int | str]:
    """Return the result's fields that say on what and over how many clocks the activity was counted."""
    summary = json.loads(
        (step_folder(settings.folder, "power.activity") / ACTIVITY_SUMMARY).read_text(encoding="utf-8")
    )
    return {"simulated_clocks": summary["clocks"], "data_sha256": summary["data_sha256"]}


def read_power(settings: Settings, reports: Path, activity: str) -> Power:
    """Return the power at one activity from the reports of `report_power.tcl`."""
    total_w = read_total_w(STEP, reports / f"power.{activity}.rpt")
    groups_w: dict[str, float] = {}
    by_cell = reports / f"power.{activity}.tsv"
    with by_cell.open(newline="", encoding="utf-8") as handle:
        for name, *_, cell_w in csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
            group = group_of(name, settings.design.groups)
            cell_power_w = measured(cell_w, f"the power of {name}", STEP, by_cell)
            groups_w[group] = groups_w.get(group, 0.0) + cell_power_w
    return Power(
        internal_w=total_w["internal"],
        switching_w=total_w["switching"],
        leakage_w=total_w["leakage"],
        total_w=total_w["total"],
        annotated_percent=annotated_percent(reports / f"annotation.{activity}.rpt"),
        energy_per_clock_j=total_w["total"] * settings.clock_ns * 1e-9,
        groups_w={name: groups_w[name] for name in sorted(groups_w)},
    )


def read_total_w(step: str, report: Path) -> dict[str, float]:
    """Return the last line of OpenROAD's power report `report` by kind of power, their `total` included."""
    total = re.search(
        r"^Total\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)", report.read_text(encoding="utf-8"), re.MULTILINE
    )
    if total is None:
        raise StepError(step, "the report has no total", report)
    return {
        kind: measured(number, f"{kind} power", step, report)
        for kind, number in zip(("internal", "switching", "leakage", "total"), total.groups(), strict=True)
    }


def annotated_percent(path: Path) -> float:
    """Return the share of pins that `report_activity_annotation` counts as annotated."""
    counts = {
        word: int(count)
        for word, count in re.findall(r"^(\w+)\s+(\d+)\s*$", path.read_text(encoding="utf-8"), re.M)
    }
    unannotated = counts.pop("unannotated", 0)
    annotated = sum(counts.values())
    return round(100 * annotated / (annotated + unannotated), 3) if annotated else 0.0
