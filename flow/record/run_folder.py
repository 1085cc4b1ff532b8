"""Where things lie in a run's folder, `Settings.folder`."""

from pathlib import Path

# SiliconCompiler's part, with a folder per step: it removes from there what it does not know.
STEPS = "steps"
# Of the one instance that each step has.
INDEX = "0"
# The list of a layout's cells among a step's reports, by `write_instances.tcl`.
INSTANCES = "instances.tsv"
# What synthesis and simulation tell of themselves, within their steps' folders.
SYNTHESIS_STATISTICS = "reports/statistics.json"
ACTIVITY_SUMMARY = "reports/activity.json"


def step_folder(run: Path, step: str) -> Path:
    """Return the folder in which SiliconCompiler ran `step`."""
    return run / STEPS / step / INDEX


def step_log(run: Path, step: str) -> Path:
    """Return the log of `step`."""
    return step_folder(run, step) / f"{step}.log"


def manifest_path(run: Path) -> Path:
    """Return SiliconCompiler's record of the run: it is named after the job, as the run's folder is."""
    return run / STEPS / f"{run.name}.pkg.json"


def worst_path_report(run: Path) -> Path:
    """Return OpenROAD's report of the slowest paths of the routed layout."""
    return step_folder(run, "write.views") / "reports" / "timing" / "setup.rpt"


def read_later(run: Path) -> list[Path]:
    """Return what is read of the steps after the run: by `view.py` and for a result's placement."""
    return [instances_path(run), worst_path_report(run), step_log(run, "route.detailed")]


def job_log(run: Path) -> Path:
    """Return SiliconCompiler's own log."""
    return run / STEPS / "job.log"


def instances_path(run: Path) -> Path:
    """Return the list of the routed layout's cells."""
    return step_folder(run, "write.views") / "reports" / INSTANCES
