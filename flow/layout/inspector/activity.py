"""Power of every cell and transitions of every pin, with the layout's delays and without any."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from flow.record.activities import SIMULATED_ACTIVITIES
from flow.record.run_folder import step_folder

# The top's scope holds the ports, those within it the pins of one cell each.
_SCOPE_OR_PIN = re.compile(
    r'^(\s*)\(INSTANCE (?:"(.+?)" cell|(\S+))$|^\s*\((\S+) \(T0 .*?\(TC (\d+)\)', re.MULTILINE
)


@dataclass(frozen=True)
class CellPower:
    """Power of a cell in W."""

    internal_w: float
    switching_w: float
    leakage_w: float
    total_w: float


@dataclass(frozen=True)
class Activity:
    """What one simulation says: the power of each cell, and how often each pin or port changed."""

    cells: dict[str, CellPower]
    transitions: dict[str, int]


def read_activities(run: Path, top: str) -> dict[str, Activity]:
    """Return both simulations of the run in the folder, none where its power was not measured."""
    activities = {}
    for name in SIMULATED_ACTIVITIES:
        table = step_folder(run, "power.report") / "reports" / f"power.{name}.tsv"
        saif = step_folder(run, "power.activity") / "outputs" / f"{top}.{name}.saif"
        if not (table.is_file() and saif.is_file()):
            return {}
        activities[name] = Activity(read_powers(table), read_transitions(saif))
    return activities


def read_powers(table: Path) -> dict[str, CellPower]:
    """Return the power of each cell in a table of `report_power.tcl`."""
    with table.open(newline="", encoding="utf-8") as handle:
        return {
            name.replace("\\", ""): CellPower(*map(float, watts))
            for name, *watts in csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


def read_transitions(saif: Path) -> dict[str, int]:
    """Return how often each pin `instance/name` and each port changed."""
    counts = {}
    scope = ""
    for indent, quoted, name, pin, count in _SCOPE_OR_PIN.findall(saif.read_text(encoding="utf-8")):
        if pin:
            counts[f"{scope}{pin}".replace("\\", "")] = int(count)
        else:
            scope = f"{quoted or name}/" if indent else ""
    return counts
