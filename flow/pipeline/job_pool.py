"""Where jobs are made: in this machine's threads, or on a cluster, by one interface.

That is `concurrent.futures`': a thread pool here, Dask's executor there. A job is a command that a user
would type, with a folder of its own. A cluster's worker makes one at a time: the checkout, its `.venv` and
the build folder lie at the same path on every host.
"""

import re
import shlex
import shutil
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, TimeoutError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flow.common.command_line import Say
from flow.common.errors import StepError, UserError
from flow.common.lock import locked
from flow.common.places import PROJECT_ROOT
from flow.common.processes import ended_by, handlers_kept, supervised
from flow.pipeline.run_needs import Needs
from flow.pipeline.run_process import output_of

LOCAL = "local"
# Batch systems by dask-jobqueue's classes.
BATCH_CLUSTERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://.+:[0-9]+")
# After so many lost workers a job fails.
LOSSES_MAX = 3
CONNECT_LIMIT_S = 20
# A worker whose driver is gone leaves after this.
ORPHAN_LIMIT_S = 60
# So often, and so long apart, a batch system that does not answer is asked again.
SUBMIT_TRIES, SUBMIT_PAUSE_S = 30, 10.0
POLL_S = 0.5
LOGS = PROJECT_ROOT / "build" / "cluster"
HELP = f"{LOCAL}, {', '.join(BATCH_CLUSTERS)}, or tcp://HOST:PORT of a Dask scheduler; default {LOCAL}"


@dataclass
class Progress:
    """How far a number of jobs is; one line at each end of one."""

    total: int
    say: Say
    started_s: float = field(default_factory=time.monotonic)
    going: int = 0
    done: int = 0
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def began(self) -> None:
        """Count a job that has been handed over."""
        with self.lock:
            self.going += 1

    def ended(self, succeeded: bool, running_on: Callable[[], list[str]]) -> None:
        """Count a job that has ended and say where the rest is."""
        with self.lock:
            self.going -= 1
            self.done += succeeded
            self.failed += not succeeded
            ended = self.done + self.failed
            hosts = running_on()
            left = self.total - ended
            line = f"{self.done} done, {self.failed} failed, {len(hosts)} running"
            line += f" on {in_words(hosts)}" if hosts else ""
            line += f", {max(0, left - len(hosts))} waiting"
            if left > 0:
                passed_s = time.monotonic() - self.started_s
                end = datetime.now() + timedelta(seconds=passed_s / ended * left)
                line += f"; expected end {end:%H:%M}"
            self.say(line)

    def needed_none(self) -> None:
        """Count out a job of the total that was not wanted."""
        with self.lock:
            self.total -= 1


def in_words(hosts: Sequence[str]) -> str:
    """Return hosts by commas; one that is there several times with how often."""
    counts = Counter(hosts)
    return ", ".join(f"{host} ({number})" if number > 1 else host for host, number in counts.items())


@dataclass(frozen=True)
class Pool:
    """Makes jobs. `executor_for` returns where one with given needs goes, `hosts` where some are made now."""

    progress: Progress
    executor_for: Callable[[Needs], Executor]
    hosts: Callable[[], list[str]]
    asks_for_needs: bool = False

    def call(self, work: Callable[..., str], *arguments: Any, needs: Callable[[], Needs]) -> str:
        """Let `work(*arguments)` be done and wait for it; raises what it raised, and KeyboardInterrupt.

        `needs` is called where they are asked for.
        """
        self.progress.began()
        succeeded = False
        try:
            asked = needs() if self.asks_for_needs else Needs(1)
            result = waited(self.executor_for(asked).submit(work, *arguments))
            succeeded = True
        finally:
            self.progress.ended(succeeded, self.hosts)
        return result


def check_cluster(name: str) -> str:
    """Return `name` where it is a place for jobs; raises UserError."""
    if name != LOCAL and name not in BATCH_CLUSTERS and not ADDRESS.fullmatch(name):
        raise UserError(f"--cluster {name}: it takes {HELP.partition(';')[0]}")
    return name


@contextmanager
def open_pool(cluster: str, at_once: int, total: int, say: Say) -> Iterator[Pool]:
    """Yield a pool for `total` jobs, to be called in `at_once` threads; one job alone goes without lines.

    Raises UserError where the cluster cannot be had.
    """
    progress = Progress(total, say if total > 1 else lambda line: None)
    if check_cluster(cluster) == LOCAL:
        with ThreadPoolExecutor(at_once) as threads:
            yield Pool(progress, lambda needs: threads, lambda: [socket.gethostname()] * progress.going)
    elif cluster in BATCH_CLUSTERS:
        with BatchJobs(cluster, at_once) as jobs:
            yield Pool(progress, jobs.executor_for, jobs.hosts, asks_for_needs=True)
    else:
        load_dask(cluster)
        with open_client(cluster, cluster) as client:
            executor = client.get_executor(pure=False)
            yield Pool(progress, lambda needs: executor, lambda: running_on(client))


def make(command: list[str], folder: str, cwd: str, tree: str) -> str:
    """Run a job's command, by the checkout `tree`, and return what it prints; on whichever host this is.

    A job that another driver has left under way is waited for; the command then answers from what it left.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with locked(Path(folder) / "run-pool.lock", wait=True):
        return output_of(command, Path(folder), Path(tree), Path(cwd))


def waited(future: "Future[str]") -> str:
    """Return what `future` gives; raises what the job raised, and KeyboardInterrupt."""
    while True:
        try:
            return future.result(timeout=POLL_S)
        except TimeoutError:
            if ended_by() is not None:
                future.cancel()
                raise KeyboardInterrupt from None
        except Exception as error:
            if type(error).__name__ != "KilledWorker":
                raise
            raise StepError("run", f"{LOSSES_MAX} workers were lost while they made it") from None


def load_dask(cluster: str) -> Any:
    """Return dask-jobqueue where `cluster` is a batch system; raises UserError without the packages."""
    try:
        import dask
        import distributed  # noqa: F401

        dask.config.set({"distributed.comm.timeouts.connect": CONNECT_LIMIT_S})
        if cluster not in BATCH_CLUSTERS:
            return None
        with handlers_kept():  # it takes SIGINT and SIGTERM for itself
            import dask_jobqueue
        return dask_jobqueue
    except ModuleNotFoundError as missing:
        raise UserError(
            f"--cluster {cluster}: {missing.name} is not installed: `pip install -e '.[cluster]'`"
        ) from None


class BatchJobs:
    """Workers as jobs of a batch system; a Dask scheduler for each kind of needs, begun when it is wanted."""

    def __init__(self, cluster: str, at_once: int) -> None:
        """Make at most so many jobs of each kind; raises UserError where the batch system is not here."""
        self.cluster, self.at_once = cluster, at_once
        jobqueue = load_dask(cluster)
        self.kind = resubmitting(getattr(jobqueue, BATCH_CLUSTERS[cluster]))
        program = self.kind.job_cls.submit_command.split()[0]
        if shutil.which(program) is None:
            raise UserError(f"--cluster {cluster}: its program {program} is not on PATH")
        self.lock = threading.Lock()
        self.clients: dict[Needs, Any] = {}
        self.stack = ExitStack()

    def __enter__(self) -> "BatchJobs":
        """Begin with no job."""
        return self

    def __exit__(self, *error: object) -> None:
        """End every job."""
        self.stack.close()

    def executor_for(self, needs: Needs) -> Executor:
        """Return the executor of the jobs that ask for `needs`."""
        with self.lock:
            if needs not in self.clients:
                jobs = self.stack.enter_context(self.jobs_with(needs))
                self.clients[needs] = self.stack.enter_context(open_client(self.cluster, jobs))
            executor: Executor = self.clients[needs].get_executor(pure=False)
            return executor

    def hosts(self) -> list[str]:
        """Return the hosts that make a job now, once for each."""
        return [host for client in list(self.clients.values()) for host in running_on(client)]

    @contextmanager
    def jobs_with(self, needs: Needs) -> Iterator[Any]:
        """Yield a cluster of dask-jobqueue with jobs as many as there is work for."""
        minutes = "" if self.cluster == "lsf" else ":00"
        with said_in_a_line(self.cluster):
            # A worker with one thread makes one job at a time; the job's own threads are what is asked for.
            jobs = self.kind(
                cores=1,
                processes=1,
                memory=f"{needs.memory_gb}GB",
                walltime=f"{needs.wall_hours:02}:00{minutes}",
                death_timeout=ORPHAN_LIMIT_S,
                # A worker ends with its job's script, also where the batch system forgets it.
                python=shlex.join(supervised([sys.executable], parent=0)),
                log_directory=str(LOGS),
                scheduler_options={"dashboard": False},
                worker_extra_args=["--no-nanny"],
                **({"job_cpu": needs.cores} if self.cluster == "slurm" else {}),
            )
        try:
            jobs.adapt(minimum=0, maximum=self.at_once)
            yield jobs
        finally:
            jobs.close()


def resubmitting(kind: Any) -> Any:
    """Return dask-jobqueue's cluster `kind`, which hands jobs in again while the batch system is away.

    Without that a restart of the batch system's server ends the scaling for good.
    """

    async def submit(job: Any, script: Any) -> Any:
        import asyncio

        for attempt in range(SUBMIT_TRIES):
            try:
                return await kind.job_cls._submit_job(job, script)
            except RuntimeError:
                if attempt == SUBMIT_TRIES - 1:
                    raise
                await asyncio.sleep(SUBMIT_PAUSE_S)
        return None

    job_class = type(kind.job_cls.__name__, (kind.job_cls,), {"_submit_job": submit})
    return type(kind.__name__, (kind,), {"job_cls": job_class})


@contextmanager
def open_client(cluster: str, where: Any) -> Iterator[Any]:
    """Yield a client of the Dask scheduler at `where`, an address or a cluster of dask-jobqueue."""
    from distributed import Client

    with said_in_a_line(cluster):
        client = Client(where, timeout=CONNECT_LIMIT_S, set_as_default=False)
    try:
        client.run_on_scheduler(limit_losses, losses=LOSSES_MAX)
        yield client
    finally:
        client.close()


@contextmanager
def said_in_a_line(cluster: str) -> Iterator[None]:
    """Turn what Dask raises where a cluster cannot be had into a UserError."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"--cluster {cluster} cannot be used: {str(error).splitlines()[0]}") from None


def limit_losses(dask_scheduler: Any, losses: int) -> None:
    """On the scheduler: let a job fail at so many lost workers, not before."""
    dask_scheduler.allowed_failures = losses - 1


def running_on(client: Any) -> list[str]:
    """Return the hosts that make a job now, once for each job."""
    hosts = []
    for address, keys in client.processing().items():
        hosts += [address.rpartition("://")[2].rpartition(":")[0]] * min(1, len(keys))
    return hosts
