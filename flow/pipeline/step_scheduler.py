"""Where the steps of one run are made: on this machine, or each as a job of Slurm.

The second is SiliconCompiler's own scheduler. Checkout, `.venv`, build folder and PDK data lie at the same
path on every node.
"""

import os
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from flow.common.errors import UserError
from flow.pipeline.run_needs import Needs
from flow.record.settings import Settings, nearest

LOCAL, SLURM = "local", "slurm"
SCHEDULERS = (LOCAL, SLURM)
PROGRAMS = ("srun", "sinfo", "squeue", "scancel")
ANSWER_LIMIT_S = 30
END_LIMIT_S = 60
POLL_S = 0.5


def check_scheduler(name: str) -> None:
    """Raise UserError for a scheduler that is none, and for Slurm where it cannot be had."""
    if name not in SCHEDULERS:
        raise nearest("scheduler", name, SCHEDULERS)
    if name == LOCAL:
        return
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise UserError(f"--scheduler {SLURM}: {missing[0]}, a program of Slurm, is not on PATH")
    if not asked("sinfo", "--noheader", "--format", "%P"):
        raise UserError(f"--scheduler {SLURM}: the cluster has no partition")


def asked(*words: str) -> list[str]:
    """Return the lines that a command of Slurm answers; raises UserError where it does not."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=ANSWER_LIMIT_S, encoding="utf-8"
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"--scheduler {SLURM}: {words[0]} gives no answer in {ANSWER_LIMIT_S} s") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(f"--scheduler {SLURM}: {reason}")
    return done.stdout.split("\n")[:-1]


def use_slurm(project: Any, settings: Settings, needs: Needs) -> None:
    """Let SiliconCompiler make each step of `project` as a job of Slurm that asks for `needs`.

    The jobs that a killed command has left in the run's folder are ended first.
    """
    from siliconcompiler.scheduler.slurm import SHAREDPATHS
    from siliconcompiler.utils.multiprocessing import MPManager

    comment = f"expmul-{sha256(str(settings.folder).encode()).hexdigest()[:16]}"
    end_jobs(comment)
    scheduler = project.option.scheduler
    scheduler.set_name(SLURM)
    scheduler.add_options(
        [
            f"--cpus-per-task={needs.cores}",
            f"--mem={needs.memory_gb}G",
            f"--time={needs.wall_hours}:00:00",
            f"--comment={comment}",
            "--quiet",
        ]
    )
    # For this command alone: in the user's file it would be said of all that uses SiliconCompiler.
    MPManager.get_settings().set(SHAREDPATHS.category, SHAREDPATHS.key, ["/"])
    # A job starts `python3`, and has this command's environment.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def end_jobs(comment: str) -> None:
    """End the jobs with `comment` and wait until they are gone; raises UserError where they stay."""
    deadline = time.monotonic() + END_LIMIT_S
    while left := jobs_with(comment):
        if time.monotonic() > deadline:
            raise UserError(
                f"--scheduler {SLURM}: job {left[0]} of an earlier run does not end: `scancel` it"
            )
        asked("scancel", *left)
        time.sleep(POLL_S)


def jobs_with(comment: str) -> list[str]:
    """Return the numbers of the user's jobs that have `comment`."""
    lines = [line.split() for line in asked("squeue", "--me", "--noheader", "--format", "%i %k")]
    return [words[0] for words in lines if words[1:] == [comment]]
