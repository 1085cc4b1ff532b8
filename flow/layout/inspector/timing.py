"""Slack of every cell and the worst paths of a finished layout, told by OpenROAD once and kept beside it."""

import csv
import json
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow.common.errors import StepError
from flow.common.failure_cause import step_cause
from flow.common.places import PROJECT_ROOT
from flow.common.processes import run_supervised
from flow.record.provenance import digest_of
from flow.record.run_folder import job_log, step_folder
from flow.tools.openroad_runtime import use_openroad
from flow.tools.tool_identity import identity_of_openroad, sha256_of

STEP = "cells.report"
FOLDER = "cells"
MADE_OF = "made-of.json"
SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "report_cells.tcl"
INPUT_ENDINGS = ("odb.gz", "sdc", "typical.spef")
CHECKS = ("setup", "hold")
PATHS = 50
# OpenSTA's infinity, of a pin on no constrained path, is 1e30 s.
UNCONSTRAINED_NS = 1e9

Slacks = dict[str, tuple[float | None, float | None]]


@dataclass(frozen=True)
class Stage:
    """A point of a path: the pin `instance/name` or a port, and when its signal is there.

    `delay_ns` is from the point before; `capacitance_f` is of the net that the pin drives, None at a load.
    """

    pin: str
    arrival_ns: float
    delay_ns: float
    slew_ns: float
    capacitance_f: float | None


@dataclass(frozen=True)
class TimingPath:
    """A path from its start's clock to its end; `stages` begin at the start, `clock_stages` lead to it."""

    start: str
    end: str
    slack_ns: float
    arrival_ns: float
    required_ns: float
    clock_stages: tuple[Stage, ...]
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Timing:
    """What OpenROAD says of a layout's timing; slacks are (setup, hold) in ns, None where unconstrained.

    `pins` maps `instance/pin` to its worst slacks, `endpoints` registers' data pins and outputs. `paths` maps
    setup and hold to the worst paths of each, the worst first.
    """

    pins: Slacks
    endpoints: Slacks
    paths: dict[str, tuple[TimingPath, ...]]


def can_be_timed(run: Path, top: str) -> bool:
    """Return whether the run's folder still holds what its layout is timed from."""
    return all(path.is_file() for path in input_files(run, top))


def input_files(run: Path, top: str) -> list[Path]:
    """Return the files that the script reads."""
    return [step_folder(run, "write.views") / "outputs" / f"{top}.{ending}" for ending in INPUT_ENDINGS]


def time_cells(run: Path, top: str, liberty: Sequence[Path], time_unit_ns: float) -> Timing:
    """Return the timing of the layout of `top` in the run's folder; `time_unit_ns` is the Liberty's.

    Raises StepError where OpenROAD fails, OSError where nothing can be written beside the run.
    """
    use_openroad(print)
    folder = run / FOLDER
    inputs = input_files(run, top)
    digest = digest_of(
        {
            "files": [sha256_of(path) for path in (SCRIPT, *inputs, *liberty)],
            "openroad": identity_of_openroad(),
            "paths": PATHS,
        }
    )
    if noted_digest(folder) != digest:
        # Whole or not at all, beside another viewer of the same run.
        with tempfile.TemporaryDirectory(prefix=f"{FOLDER}.", dir=run) as made:
            run_openroad(run, Path(made), top, inputs, liberty)
            (Path(made) / MADE_OF).write_text(json.dumps({"digest": digest}) + "\n", encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(made, folder, symlinks=True, dirs_exist_ok=True)
    return read_timing(folder / "reports", time_unit_ns)


def noted_digest(folder: Path) -> str | None:
    """Return what the kept reports were made of, None where there are none."""
    try:
        noted = json.loads((folder / MADE_OF).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return noted.get("digest") if isinstance(noted, dict) else None


def run_openroad(run: Path, folder: Path, top: str, inputs: Sequence[Path], liberty: Sequence[Path]) -> None:
    """Run the script in `folder`."""
    for part in ("inputs", "reports"):
        (folder / part).mkdir()
    for path in inputs:
        (folder / "inputs" / path.name).symlink_to(path.resolve())
    environment = os.environ | {
        "EXPMUL_TOP": top,
        "EXPMUL_LIBERTY": "\n".join(map(str, liberty)),
        "EXPMUL_PATHS": str(PATHS),
    }
    log = folder / f"{STEP}.log"
    with log.open("wb") as output:
        command = ["openroad", "-no_splash", "-exit", str(SCRIPT)]
        code = run_supervised(command, cwd=folder, env=environment, stdout=output, stderr=output)
    if code:
        cause = step_cause(run, log, job_log(run)) or f"exit code {code}"
        log_beside_run = run / f"{STEP}.log"
        shutil.copyfile(log, log_beside_run)
        raise StepError(STEP, cause, log_beside_run)


def read_timing(reports: Path, time_unit_ns: float) -> Timing:
    """Return what the script reported."""
    endpoints = read_slacks(reports / "registers.tsv", time_unit_ns)
    return Timing(
        pins=read_slacks(reports / "pins.tsv", time_unit_ns),
        endpoints=endpoints | read_slacks(reports / "outputs.tsv", time_unit_ns),
        paths={check: read_paths(reports / f"{check}.json") for check in CHECKS},
    )


def read_slacks(path: Path, time_unit_ns: float) -> Slacks:
    """Return the slacks in a table of the script's."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            name.replace("\\", ""): (slack_ns(setup, time_unit_ns), slack_ns(hold, time_unit_ns))
            for name, setup, hold in rows
        }


def slack_ns(text: str, time_unit_ns: float) -> float | None:
    """Return a slack in ns, None for that of a pin on no constrained path."""
    try:
        value = float(text) * time_unit_ns
    except ValueError:  # INF, N/A
        return None
    return value if math.isfinite(value) and abs(value) < UNCONSTRAINED_NS else None


def read_paths(path: Path) -> tuple[TimingPath, ...]:
    """Return the worst paths of a report in JSON, over all its path groups."""
    text = path.read_text(encoding="utf-8").strip()
    checks = json.loads(text)["checks"] if text else []
    paths = [read_path(check) for check in checks]
    return tuple(sorted(paths, key=lambda path: (path.slack_ns, path.end, path.start)))[:PATHS]


def read_path(check: dict[str, Any]) -> TimingPath:
    """Return a path of the report, whose times are in s."""
    return TimingPath(
        start=plain(check["startpoint"]),
        end=plain(check["endpoint"]),
        slack_ns=in_ns(check["slack"]),
        arrival_ns=in_ns(check["data_arrival_time"]),
        required_ns=in_ns(check["required_time"]),
        clock_stages=read_stages(check.get("source_clock_path", [])),
        stages=read_stages(check["source_path"]),
    )


def read_stages(points: list[dict[str, Any]]) -> tuple[Stage, ...]:
    """Return the points of a path, each with its delay from the one before."""
    stages = []
    before_ns = in_ns(points[0]["arrival"]) if points else 0.0
    for point in points:
        arrival_ns = in_ns(point["arrival"])
        stages.append(
            Stage(
                plain(point["pin"]),
                arrival_ns,
                round(arrival_ns - before_ns, 6),
                in_ns(point["slew"]),
                point.get("capacitance"),
            )
        )
        before_ns = arrival_ns
    return tuple(stages)


def plain(name: str) -> str:
    """Return a name without its escapes."""
    return name.replace("\\", "")


def in_ns(seconds: float) -> float:
    """Return s as ns, to the femtosecond."""
    return round(seconds * 1e9, 6)
