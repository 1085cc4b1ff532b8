"""A run in a process of its own, by the command that a user would type."""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flow.common.errors import StepError, UserError
from flow.common.places import PROJECT_ROOT
from flow.common.processes import run_supervised
from flow.pipeline.up_to_date import unchanged_result
from flow.record.checkout import without_git
from flow.record.recipes import TIMING
from flow.record.result import Result
from flow.record.run_folder import job_log
from flow.record.settings import BASIC, Settings
from hdl.designs import spec_of


def command_line(settings: Settings, pdk_root: Path | None, tree: Path = PROJECT_ROOT) -> list[str]:
    """Return the command of a run by the flow in the checkout `tree`."""
    command = [sys.executable, str(tree / "flow" / "run.py"), "--json"]
    command += ["--design", spec_of(settings.design.name), "--pdk", settings.pdk.name]
    for name, value in settings.parameters.items():
        command += ["--format", value] if name == "format" else ["--set", f"{name}={value}"]
    command += ["--clock", str(settings.clock_ns)]
    if settings.seed:
        command += ["--seed", str(settings.seed)]
    if settings.target_utilization_percent is not None:
        command += ["--utilization", str(settings.target_utilization_percent)]
    if settings.drc_deck is not None:
        command += ["--drc-deck", str(settings.drc_deck)]
    if settings.signoff != BASIC:
        command += ["--signoff", settings.signoff]
    if settings.optimised_corners != "typical":
        command += ["--corners", settings.optimised_corners]
    if settings.target_padding_sites is not None:
        command += ["--padding", str(settings.target_padding_sites)]
    if settings.synthesis != TIMING:
        command += ["--synthesis", settings.synthesis]
    command += ["--to", settings.depth, "--jobs", str(settings.jobs), "--out", str(settings.build_dir)]
    if pdk_root is not None:
        command += ["--pdk-root", str(pdk_root)]
    return command


def run_in_process(settings: Settings, pdk_root: Path | None = None, tree: Path = PROJECT_ROOT) -> Result:
    """Run the flow for `settings` by the `flow/run.py` of the checkout `tree`.

    Raises UserError or StepError with its last line, or with the signal that killed it. A layout that fails a
    sign-off check is a result all the same. Where nothing has changed since an earlier run its result is the
    answer, and no process is started.
    """
    unchanged = unchanged_result(settings, pdk_root, tree)
    if unchanged is not None:
        return unchanged
    command = command_line(settings, pdk_root, tree)
    return result_in(output_of(command, settings.folder, tree), settings.folder)


def output_of(
    command: Sequence[str], folder: Path, tree: Path = PROJECT_ROOT, cwd: Path | None = None
) -> str:
    """Run a Python script of the checkout `tree` and return what it prints; `folder` has its log.

    It starts in `cwd`, default this process'. Raises as `run_in_process` does; a script that prints something
    and fails has a result all the same.
    """
    # Another checkout's script imports that checkout's code, and asks git about it alone.
    own = (
        {"cwd": cwd}
        if tree == PROJECT_ROOT
        else {"cwd": tree, "env": without_git(os.environ) | {"PYTHONPATH": str(tree)}}
    )
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        code = run_supervised(command, stdout=output, stderr=errors, **own)
        printed, said = whole(output), whole(errors)
    log = job_log(folder)
    if code < 0:
        raise StepError("run", f"killed by {signal.Signals(-code).name}", log)
    if code and not printed:
        lines = said.splitlines() or [f"exit code {code}"]
        reason = lines[-1].removeprefix(f"{Path(command[1]).name}: error: ")
        if code == UserError.exit_code:
            raise UserError(reason)
        raise StepError("run", reason, log)
    return printed


def result_in(printed: str, folder: Path) -> Result:
    """Return the result that a run in `folder` has printed; raises StepError where it is none."""
    try:
        return Result.model_validate_json(printed)
    except ValidationError as error:
        reason = f"its result cannot be read: {str(error).splitlines()[0]}"
        raise StepError("run", reason, job_log(folder)) from None


def whole(file: Any) -> str:
    """Return all that was written to `file`, without blanks around it."""
    file.seek(0)
    return str(file.read()).strip()
