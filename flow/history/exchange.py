"""The history as JSON Lines and as CSV, both ways; on the way out also with METRICS2.1 names."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from flow.errors import UserError
from flow.history.database import COLUMNS, runs_table
from flow.history.row_check import fault_of
from flow.history.runs import Run, add_run
from flow.metrics import METRICS
from flow.whole_file import staged

JSON_COLUMNS = ("parameters", "tool_versions", "metrics", "group_areas_um2", "artefacts_sha256")
REQUIRED = tuple(column.name for column in runs_table.columns if not column.nullable and column.name != "id")
STANDARD = "standard_metrics"
FORMATS = (".jsonl", ".csv")


def standard_metrics(run: Run) -> dict[str, Any]:
    """Return the run's metrics that METRICS2.1 has, by its names."""
    return {
        metric.standard_name: run["metrics"][metric.name]
        for metric in METRICS
        if metric.standard_name and metric.name in run["metrics"]
    }


def export_runs(runs: Sequence[Run], path: Path) -> None:
    """Write the runs to `path`, .jsonl or .csv, whole or not at all."""
    check_format(path)
    with staged(path) as beside, beside.open("w", newline="") as handle:
        if path.suffix == ".jsonl":
            for run in runs:
                line = {name: run[name] for name in COLUMNS} | {STANDARD: standard_metrics(run)}
                handle.write(json.dumps(line, sort_keys=True) + "\n")
        else:
            writer = csv.writer(handle)
            writer.writerow(COLUMNS)
            for run in runs:
                writer.writerow([to_cell(name, run[name]) for name in COLUMNS])


def import_runs(engine: Engine, path: Path) -> tuple[int, int]:
    """Add the runs in `path`; return how many were new and how many were there.

    Raises UserError, before anything is added, for a file that does not hold runs, and for a run that is
    broken: it names the run and the field.
    """
    check_format(path)
    try:
        rows = list(read_jsonl(path) if path.suffix == ".jsonl" else read_csv(path))
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise UserError(f"{path} does not hold runs: {str(error).splitlines()[0]}") from None
    for number, row in enumerate(rows, 1):
        missing = [name for name in REQUIRED if row.get(name) is None]
        if missing:
            raise UserError(f"{path}, run {number}: no {missing[0]}")
        fault = fault_of(row)
        if fault is not None:
            raise UserError(f"{path}, run {number}: {fault}")
    new = sum(add_run(engine, row) for row in rows)
    return new, len(rows) - new


def check_format(path: Path) -> None:
    """Raise UserError for another kind of file."""
    if path.suffix not in FORMATS:
        raise UserError(f"{path}: the name must end in {' or '.join(FORMATS)}")


def read_jsonl(path: Path) -> Iterable[Run]:
    """Yield the rows of a JSON Lines file."""
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("a line is not an object")
        yield row


def read_csv(path: Path) -> Iterable[Run]:
    """Yield the rows of a CSV file."""
    with path.open(newline="") as handle:
        for cells in csv.DictReader(handle):
            yield {name: from_cell(name, value) for name, value in cells.items() if name in COLUMNS}


def to_cell(name: str, value: Any) -> Any:
    """Return a value as text that `from_cell` reads."""
    if value is None:
        return ""
    return json.dumps(value, sort_keys=True) if name in JSON_COLUMNS or isinstance(value, bool) else value


def from_cell(name: str, value: str) -> Any:
    """Return the value of a CSV cell by its column's type."""
    if value == "":
        return None
    kind = runs_table.columns[name].type.python_type
    return json.loads(value) if name in JSON_COLUMNS or kind is bool else kind(value)
