"""`corners.report`: a finished layout timed, and its power told, at each corner of the PDK.

Beside SiliconCompiler's graph, which begins anew where a step is added: so a layout that is finished gets its
corners without being made again.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from flow.common.atomic_file import write_whole
from flow.common.errors import StepError
from flow.common.failure_cause import step_cause
from flow.common.places import PROJECT_ROOT
from flow.common.processes import run_supervised
from flow.record.activities import TIMED
from flow.record.provenance import digest_of
from flow.record.run_folder import job_log, step_folder
from flow.record.settings import Settings
from flow.tools.tool_identity import identity_of_openroad, sha256_of

STEP = "corners.report"
FOLDER = "corners"
MADE_OF = "made-of.json"
SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "report_corners.tcl"
# What the script reads: the step that leaves it, and its name's ending.
INPUTS = (
    ("write.views", "odb.gz"),
    ("write.views", "sdc"),
    ("write.views", "typical.spef"),
    ("power.activity", f"{TIMED}.saif"),
)


def reports_folder(settings: Settings) -> Path:
    """Return where the reports of the corners lie."""
    return settings.folder / FOLDER / "reports"


def retime(settings: Settings, liberty: Mapping[str, Sequence[Path]]) -> float:
    """Time the layout at each corner of `liberty` unless that is done; return how long it took, in s.

    Raises StepError where OpenROAD fails.
    """
    folder = settings.folder / FOLDER
    inputs = [
        step_folder(settings.folder, step) / "outputs" / f"{settings.design.name}.{ending}"
        for step, ending in INPUTS
    ]
    digest = digest_of(
        {
            "files": [sha256_of(path) for path in (SCRIPT, *inputs)],
            "liberty": {name: [sha256_of(path) for path in paths] for name, paths in liberty.items()},
            "openroad": identity_of_openroad(),
        }
    )
    done = read_done(folder)
    if done.get("digest") == digest:
        return float(done["runtime_s"])
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("inputs", "reports"):
        (folder / part).mkdir(parents=True)
    for path in inputs:
        (folder / "inputs" / path.name).symlink_to(path)
    runtime_s = run_openroad(settings, folder, liberty)
    write_whole(folder / MADE_OF, json.dumps({"digest": digest, "runtime_s": runtime_s}) + "\n")
    return runtime_s


def read_done(folder: Path) -> dict[str, str | float]:
    """Return what was noted of the last time, nothing where there is none."""
    try:
        noted = json.loads((folder / MADE_OF).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def run_openroad(settings: Settings, folder: Path, liberty: Mapping[str, Sequence[Path]]) -> float:
    """Run the script in `folder`; return how long it took, in s."""
    environment = os.environ | {
        "EXPMUL_TOP": settings.design.name,
        "EXPMUL_ACTIVITY": TIMED,
        "EXPMUL_CORNERS": " ".join(liberty),
    }
    for name, paths in liberty.items():
        environment[f"EXPMUL_LIBERTY_{name}"] = "\n".join(map(str, paths))
    log = folder / f"{STEP}.log"
    started = time.monotonic()
    with log.open("wb") as output:
        command = ["openroad", "-no_splash", "-exit", str(SCRIPT)]
        code = run_supervised(command, cwd=folder, env=environment, stdout=output, stderr=output)
    if code:
        cause = step_cause(settings.folder, log, job_log(settings.folder)) or f"exit code {code}"
        raise StepError(STEP, cause, log)
    return round(time.monotonic() - started, 2)
