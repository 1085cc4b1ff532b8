"""A run in a process of its own, by the command that a user would type."""

import subprocess
import sys
from pathlib import Path

from flow.errors import StepError, UserError
from flow.places import PROJECT_ROOT
from flow.result import Result
from flow.run_folder import job_log
from flow.settings import Settings
from flow.up_to_date import unchanged_result


def command_line(settings: Settings, pdk_root: Path | None, tree: Path = PROJECT_ROOT) -> list[str]:
    """Return the command of a run by the flow in the checkout `tree`."""
    command = [sys.executable, str(tree / "flow" / "run.py"), "--json"]
    command += ["--design", settings.design.name, "--pdk", settings.pdk.name]
    for name, value in settings.parameters.items():
        command += ["--format", value] if name == "format" else ["--set", f"{name}={value}"]
    command += ["--clock", str(settings.clock_ns)]
    if settings.seed:
        command += ["--seed", str(settings.seed)]
    if settings.target_utilization_percent is not None:
        command += ["--utilization", str(settings.target_utilization_percent)]
    command += ["--to", settings.depth, "--jobs", str(settings.jobs), "--out", str(settings.build_dir)]
    if pdk_root is not None:
        command += ["--pdk-root", str(pdk_root)]
    return command


def run_in_process(settings: Settings, pdk_root: Path | None = None) -> Result:
    """Run the flow for `settings` by `flow/run.py`; raises UserError or StepError with its last line.

    A layout that fails a sign-off check is a result all the same. Where nothing has changed since an earlier
    run its result is the answer, and no process is started.
    """
    unchanged = unchanged_result(settings, pdk_root)
    if unchanged is not None:
        return unchanged
    command = command_line(settings, pdk_root)
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode and not process.stdout.strip():
        lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        reason = lines[-1].removeprefix("run.py: error: ")
        if process.returncode == UserError.exit_code:
            raise UserError(reason)
        raise StepError("run", reason, job_log(settings.folder))
    return Result.model_validate_json(process.stdout)
