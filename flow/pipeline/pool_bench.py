"""How well many runs fill their workers: runs per hour, efficiency, overhead per run, unchanged runs."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from flow.common.places import PROJECT_ROOT
from flow.pipeline.job_pool import make, open_pool
from flow.pipeline.run_needs import Needs
from flow.pipeline.run_pool import Runs
from flow.record.settings import Settings, make_settings

WORKERS = (1, 2, 4)
# Work that only waits: it shows what the pool costs, whatever else the machine is doing.
PIECES, PIECE_S = 4, 60.0
# Fraction bits of small runs, all different.
SMALL_RUNS = (4, 5, 6, 7, 8, 9)
UNCHANGED_RUNS = 1000


@dataclass(frozen=True)
class Timed:
    """One run: seconds that it took by itself, and those from when it was asked for to its end."""

    own_s: float
    whole_s: float


def timed(work: Callable[[], float]) -> Timed:
    """Time `work`, which returns what it took by itself."""
    start = time.monotonic()
    own_s = work()
    return Timed(own_s, time.monotonic() - start)


def report(title: str, workers: int, runs: Sequence[Timed], wall_s: float) -> str:
    """Return the line about `runs` on so many workers that took `wall_s` together.

    The efficiency is the sum of the runs' own times over what the workers had: 1 where none ever waits.
    """
    own_s = sum(run.own_s for run in runs)
    overhead_s = median(run.whole_s - run.own_s for run in runs)
    return (
        f"{len(runs)} {title}, {workers} at once: {3600 * len(runs) / wall_s:,.0f} an hour, "
        f"efficiency {own_s / (min(workers, len(runs)) * wall_s):.2f}, of their own "
        f"{median(run.own_s for run in runs):.1f} s a run, overhead {overhead_s:.1f} s a run (medians)"
    )


def bench_pool(folder: Path, cluster: str, piece_s: float = PIECE_S) -> None:
    """Print how well work that waits and small runs fill 1, 2 and 4 workers, and what unchanged runs cost."""
    for workers in WORKERS:
        bench_waiting(folder / f"waiting_{workers}", cluster, workers, piece_s)
    for workers in WORKERS:
        bench_small_runs(folder / f"runs_{workers}", cluster, workers)
    bench_unchanged_runs(folder / f"runs_{WORKERS[0]}", folder / "unchanged")


def bench_waiting(folder: Path, cluster: str, workers: int, piece_s: float) -> None:
    """Print how well pieces of work that only wait fill so many workers."""
    script = ["-S", "-c", f"import time; time.sleep({piece_s})"]

    with (
        open_pool(cluster, workers, PIECES, quiet) as pool,
        ThreadPoolExecutor(workers) as threads,
    ):

        def wait_once(number: int) -> float:
            words = ([sys.executable, *script], str(folder / str(number)), str(Path.cwd()), str(PROJECT_ROOT))
            pool.call(make, *words, needs=lambda: Needs(1))
            return piece_s

        start = time.monotonic()
        pieces = list(threads.map(lambda number: timed(lambda: wait_once(number)), range(PIECES)))
        wall_s = time.monotonic() - start
    print(report(f"pieces of {piece_s:g} s that only wait", workers, pieces, wall_s), flush=True)


def small_runs(folder: Path) -> list[Settings]:
    """Return small runs to synth, all different, below `folder`."""
    return [
        make_settings(
            "expmul",
            {"format": "e4m3", "lanes": 1, "fraction_bits": bits},
            "nangate45",
            depth="synth",
            build_dir=folder,
        )
        for bits in SMALL_RUNS
    ]


def bench_small_runs(folder: Path, cluster: str, workers: int) -> None:
    """Print how well small runs fill so many workers; a run's own time is that of its steps."""
    with (
        open_pool(cluster, workers, len(SMALL_RUNS), quiet) as pool,
        ThreadPoolExecutor(workers) as threads,
    ):
        runs = Runs(pool)
        start = time.monotonic()
        results = list(
            threads.map(
                lambda settings: timed(lambda: runs(settings).metrics.runtime_s or 0.0), small_runs(folder)
            )
        )
        wall_s = time.monotonic() - start
    print(report("runs to synth", workers, results, wall_s), flush=True)


def bench_unchanged_runs(made: Path, folder: Path) -> None:
    """Print what runs cost of which nothing has changed: copies, by links, of one that lies below `made`."""
    settings = small_runs(made)[0]
    copies = [replace(settings, build_dir=folder / str(number)) for number in range(UNCHANGED_RUNS)]
    for copy in copies:
        shutil.copytree(settings.folder, copy.folder, copy_function=os.link)
    with open_pool("local", 1, UNCHANGED_RUNS, quiet) as pool:
        runs = Runs(pool)
        start, cpu_start = time.monotonic(), time.process_time()
        each_s = [timed(lambda copy=copy: asked(runs, copy)).whole_s for copy in copies]  # type: ignore[misc]
        wall_s, cpu_s = time.monotonic() - start, time.process_time() - cpu_start
        started = pool.progress.done
    print(
        f"{UNCHANGED_RUNS:,} unchanged runs, each in a folder of its own: {wall_s:.1f} s, {cpu_s:.1f} s of "
        f"CPU, {1e3 * median(each_s):.1f} ms a run (median); {started} started"
    )


def asked(runs: Runs, settings: Settings) -> float:
    """Ask for a run; return 0, as it takes nothing by itself."""
    runs(settings)
    return 0.0


def quiet(line: str) -> None:
    """Say nothing: the bench has lines of its own."""
