"""The history as JSON Lines and as CSV, both ways; on the way out also with METRICS2.1 names."""

import codecs
import csv
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from flow.common.atomic_file import written_whole
from flow.common.errors import UserError
from flow.history.database import COLUMNS, runs_table
from flow.history.failures import Failure, add_failures, checked_failure
from flow.history.row_check import NoNumber, fault_of
from flow.history.runs import Run, add_runs
from flow.record.metrics import ALL_METRICS

JSON_COLUMNS = ("parameters", "tool_versions", "metrics", "group_areas_um2", "artefacts_sha256")
REQUIRED = tuple(name for name in COLUMNS if not runs_table.columns[name].nullable)
COLUMN_TYPES = {
    name: dict if name in JSON_COLUMNS else runs_table.columns[name].type.python_type for name in COLUMNS
}
FAULTS_SHOWN = 5
STANDARD = "standard_metrics"
FAILURE = "failure"
FORMATS = (".jsonl", ".csv")


def standard_metrics(run: Run) -> dict[str, Any]:
    """Return the run's metrics that METRICS2.1 has, by its names."""
    return {
        metric.standard_name: run["metrics"][metric.name]
        for metric in ALL_METRICS
        if metric.standard_name and metric.name in run["metrics"]
    }


def export_runs(runs: Sequence[Run], path: Path, failures: Sequence[Failure] = ()) -> None:
    """Write the runs to `path`, .jsonl or .csv, whole or not at all; `failures` go into a .jsonl alone."""
    check_format(path)
    with written_whole(path) as beside, beside.open("w", newline="", encoding="utf-8") as handle:
        if path.suffix == ".jsonl":
            for run in runs:
                line = {name: run[name] for name in COLUMNS} | {STANDARD: standard_metrics(run)}
                handle.write(json.dumps(line, sort_keys=True) + "\n")
            for failure in failures:
                handle.write(json.dumps({FAILURE: failure}, sort_keys=True) + "\n")
        else:
            writer = csv.writer(handle)
            writer.writerow(COLUMNS)
            for run in runs:
                writer.writerow([to_cell(name, run[name]) for name in COLUMNS])


def import_runs(engine: Engine, path: Path) -> tuple[int, int]:
    """Add the runs in `path`; return how many were new and how many were there.

    All of them or none: raises UserError, before anything is added, with a line of the file for each of the
    first faults. A file may have a byte order mark, any ends of lines and blank lines. Columns that
    a run does not have are passed over, those that it need not have may be missing.
    """
    check_format(path)
    rows: list[Run] = []
    failures: list[Failure] = []
    faults: list[str] = []
    try:
        text = read_text(path)
        lines = read_jsonl(text) if path.suffix == ".jsonl" else read_csv(text)
        for number, (line, read) in enumerate(lines, 1):
            try:
                row = read()
                if row.keys() == {FAILURE}:
                    failures.append(sound_failure(row[FAILURE]))
                else:
                    rows.append(checked(row))
            except ValueError as error:
                faults.append(f"line {line}, run {number}: {str(error).splitlines()[0]}")
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} does not hold runs: {str(error).splitlines()[0]}") from None
    if not rows and not failures and not faults:
        raise UserError(f"{path} does not hold runs: it is empty")
    if faults:
        more = f"; {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        raise UserError(
            f"{path} does not hold runs: {'; '.join(faults[:FAULTS_SHOWN])}{more}; none was taken"
        )
    new = add_runs(engine, rows)
    add_failures(engine, failures)
    return new, len(rows) - new


def sound_failure(value: Any) -> Failure:
    """Return a sound failure; raises ValueError for another."""
    if not isinstance(value, dict):
        raise ValueError(f"{FAILURE} is not an object")
    checked_failure(value)
    return value


def read_text(path: Path) -> str:
    """Return a file's text without a byte order mark; raises ValueError for another encoding than UTF-8."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise ValueError("it has to be UTF-8, not UTF-16 or binary")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line}: it has to be UTF-8") from None


def checked(row: Run) -> Run:
    """Return a sound row; raises ValueError for another."""
    fault = fault_of(row)
    if fault is not None:
        raise ValueError(fault)
    return row


def check_format(path: Path) -> None:
    """Raise UserError for another kind of file."""
    if path.suffix not in FORMATS:
        raise UserError(f"{path}: the name must end in {' or '.join(FORMATS)}")


def parse_json(text: str) -> Any:
    """Return what a JSON text says; raises ValueError for a key given twice.

    NaN, Infinity and what is beyond every float stand as NoNumber, so that the field can be named.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is there twice")
        return made

    def finite(word: str) -> float | NoNumber:
        value = float(word)
        return value if math.isfinite(value) else NoNumber(word[:40])

    return json.loads(text, object_pairs_hook=once, parse_constant=finite, parse_float=finite)


def read_jsonl(text: str) -> Iterator[tuple[int, Callable[[], Run]]]:
    """Yield a line's number and what reads its row, for each line that is not blank."""

    def read(line: str) -> Run:
        row = parse_json(line)
        if not isinstance(row, dict):
            raise ValueError("a line is not an object")
        return row

    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip():
            yield number, partial(read, line)


def read_csv(text: str) -> Iterator[tuple[int, Callable[[], Run]]]:
    """Yield a row's line and what reads it; raises ValueError for a head that is not one."""
    lines = csv.reader(StringIO(text, newline=""), strict=True)
    head = next((cells for cells in lines if any(cells)), [])
    missing = [name for name in REQUIRED if name not in head]
    if missing:
        raise ValueError(f"no column {missing[0]}")
    for name in head:
        if name in COLUMNS and head.count(name) > 1:
            raise ValueError(f"two columns {name}")

    def read(cells: list[str]) -> Run:
        if len(cells) != len(head):
            raise ValueError(f"{len(cells)} cells under {len(head)} columns")
        values = zip(head, cells, strict=True)
        return {name: from_cell(name, value) for name, value in values if name in COLUMNS}

    begin = lines.line_num + 1
    for cells in lines:
        if any(cells):
            yield begin, partial(read, cells)
        begin = lines.line_num + 1


def to_cell(name: str, value: Any) -> Any:
    """Return a value as text that `from_cell` reads."""
    if value is None:
        return ""
    return json.dumps(value, sort_keys=True) if name in JSON_COLUMNS or isinstance(value, bool) else value


def from_cell(name: str, value: str) -> Any:
    """Return the value of a CSV cell by its column's type."""
    if value == "":
        return None
    kind = COLUMN_TYPES[name]
    try:
        if kind is bool:
            value = value.lower()  # as spreadsheets write it
        return value if kind is str else parse_json(value)
    except ValueError as error:
        raise ValueError(f"{name} is {value[:40]!r}: {error}") from None
