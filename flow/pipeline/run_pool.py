"""Where runs are made: in this machine's threads, or as jobs of a cluster, by one interface.

That is `concurrent.futures`': a thread pool here, Dask's executor there. A cluster's worker makes one run at
a time, by the command that a user would type: the checkout, its `.venv` and the build folder lie at the same
path on every host.
"""

import re
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, TimeoutError
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flow.common.command_line import Say
from flow.common.errors import StepError, UserError
from flow.common.lock import locked
from flow.common.places import PROJECT_ROOT
from flow.common.processes import ended_by, handlers_kept, supervised
from flow.pipeline.run_process import command_line, run_command
from flow.pipeline.up_to_date import unchanged_result
from flow.record.result import Result
from flow.record.settings import Settings

LOCAL = "local"
# Batch systems by dask-jobqueue's classes.
BATCH_CLUSTERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://.+:[0-9]+")
# After so many lost workers a run fails.
LOSSES_MAX = 3
CONNECT_LIMIT_S = 20
# A worker whose driver is gone leaves after this.
ORPHAN_LIMIT_S = 60
MEMORY = "4GB"
WALL_TIME = "24:00:00"
POLL_S = 0.5
LOGS = PROJECT_ROOT / "build" / "cluster"
HELP = f"{LOCAL}, {', '.join(BATCH_CLUSTERS)}, or tcp://HOST:PORT of a Dask scheduler; default {LOCAL}"

RunAt = Callable[..., Result]


@dataclass
class Progress:
    """How far a number of runs is; one line at each change."""

    total: int
    say: Say
    started_s: float = field(default_factory=time.monotonic)
    done: int = 0
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ended(self, succeeded: bool, running_on: Callable[[], list[str]]) -> None:
        """Count a run that has ended and say where the rest is."""
        with self.lock:
            self.done += succeeded
            self.failed += not succeeded
            ended = self.done + self.failed
            hosts = running_on()
            left = self.total - ended
            line = f"{self.done} done, {self.failed} failed, {len(hosts)} running"
            line += f" on {', '.join(hosts)}" if hosts else ""
            line += f", {max(0, left - len(hosts))} waiting"
            if left:
                passed_s = time.monotonic() - self.started_s
                end = datetime.now() + timedelta(seconds=passed_s / ended * left)
                line += f"; expected end {end:%H:%M}"
            self.say(line)


def check_cluster(name: str) -> str:
    """Return `name` where it is a place for runs; raises UserError."""
    if name != LOCAL and name not in BATCH_CLUSTERS and not ADDRESS.fullmatch(name):
        raise UserError(f"--cluster {name}: it takes {HELP.partition(';')[0]}")
    return name


@contextmanager
def open_runs(cluster: str, at_once: int, threads: int, total: int, say: Say) -> Iterator[RunAt]:
    """Yield what makes a run, as `run_in_process` does, and waits for it; to be called in `at_once` threads.

    `threads` are those of a run. Raises UserError where the cluster cannot be had.
    """
    if check_cluster(cluster) == LOCAL:
        with ThreadPoolExecutor(at_once) as executor:
            yield partial(run_on, executor, lambda succeeded: None)
        return
    with open_client(cluster, at_once, threads) as client:
        progress = Progress(total, say)
        yield partial(
            run_on,
            client.get_executor(pure=False),
            lambda succeeded: progress.ended(succeeded, lambda: running_on(client)),
        )


def run_on(
    executor: Executor, ended: Callable[[bool], None], settings: Settings, pdk_root: Path | None = None
) -> Result:
    """Make a run on `executor` and wait for it; nothing is started where nothing has changed.

    `ended` is told whether it succeeded. Raises as `run_in_process` does.
    """
    try:
        unchanged = unchanged_result(settings, pdk_root)
        result = unchanged or waited(submit(executor, settings, pdk_root))
    except BaseException:
        ended(False)
        raise
    ended(True)
    return result


def submit(executor: Executor, settings: Settings, pdk_root: Path | None) -> "Future[str]":
    """Hand a run to `executor`: its command and its folder."""
    return executor.submit(make_run, command_line(settings, pdk_root), str(settings.folder), str(Path.cwd()))


def make_run(command: list[str], folder: str, cwd: str) -> str:
    """Make a run and return its result as JSON: on whichever host this is called, from the driver's folder.

    One that another driver has left under way is waited for; the command then answers from its result.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with locked(Path(folder) / "run-pool.lock", wait=True):
        return run_command(command, Path(folder), cwd=cwd).model_dump_json()


def waited(future: "Future[str]") -> Result:
    """Return the result that `future` gives; raises what the run raised, and KeyboardInterrupt."""
    while True:
        try:
            return Result.model_validate_json(future.result(timeout=POLL_S))
        except TimeoutError:
            if ended_by() is not None:
                future.cancel()
                raise KeyboardInterrupt from None
        except Exception as error:
            if type(error).__name__ != "KilledWorker":
                raise
            raise StepError("run", f"{LOSSES_MAX} workers were lost while they made it") from None


@contextmanager
def open_client(cluster: str, at_once: int, threads: int) -> Iterator[Any]:
    """Yield a client of the cluster's Dask scheduler; one of this command's own ends with it."""
    try:
        import dask
        from distributed import Client

        if cluster in BATCH_CLUSTERS:
            with handlers_kept():  # it takes SIGINT and SIGTERM for itself
                import dask_jobqueue
    except ModuleNotFoundError as missing:
        raise UserError(
            f"--cluster {cluster}: {missing.name} is not installed: `pip install -e '.[cluster]'`"
        ) from None
    dask.config.set({"distributed.comm.timeouts.connect": CONNECT_LIMIT_S})
    jobs = None
    try:
        if cluster in BATCH_CLUSTERS:
            # A worker with one thread makes one run at a time; the run's own threads are what is asked for.
            jobs = getattr(dask_jobqueue, BATCH_CLUSTERS[cluster])(
                cores=1,
                processes=1,
                memory=MEMORY,
                walltime=WALL_TIME,
                death_timeout=ORPHAN_LIMIT_S,
                # A worker ends with its job's script, also where the batch system forgets it.
                python=shlex.join(supervised([sys.executable], parent=0)),
                log_directory=str(LOGS),
                scheduler_options={"dashboard": False},
                worker_extra_args=["--no-nanny"],
                **({"job_cpu": threads} if cluster == "slurm" else {}),
            )
            jobs.adapt(minimum=0, maximum=at_once)
        client = Client(jobs or cluster, timeout=CONNECT_LIMIT_S, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"--cluster {cluster} cannot be used: {str(error).splitlines()[0]}") from None
    try:
        client.run_on_scheduler(limit_losses, losses=LOSSES_MAX)
        yield client
    finally:
        client.close()
        if jobs is not None:
            jobs.close()


def limit_losses(dask_scheduler: Any, losses: int) -> None:
    """On the scheduler: let a run fail at so many lost workers, not before."""
    dask_scheduler.allowed_failures = losses - 1


def running_on(client: Any) -> list[str]:
    """Return the hosts that make a run now, once for each run."""
    hosts = []
    for address, keys in client.processing().items():
        hosts += [address.rpartition("://")[2].rpartition(":")[0]] * min(1, len(keys))
    return hosts
