"""How fast a large history is: list, check, judge's comparison, the dashboard, eight writers at once."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from flow.common.places import PROJECT_ROOT
from flow.common.processes import supervised
from flow.history.baselines import LAST, MAIN, baselines, newest_targets
from flow.history.dashboard import COMPARE, PAGES, write_dashboard
from flow.history.database import open_history
from flow.history.gate import check_run, gates_and_spread
from flow.history.page_speed import opening_s
from flow.history.runs import all_runs, count_runs, metric_series, newest_runs, runs_of_revision
from flow.history.synthetic import fill, synthetic_runs

CONFIGURATIONS, REVISIONS = 200, 500
LISTED = 30
WRITERS, RUNS_OF_A_WRITER = 8, 1000
# A writer tells of each run when it is stored.
WRITER = (
    "import sys, flow\n"
    "from flow.history.database import open_history\n"
    "from flow.history.runs import add_run\n"
    "from flow.history.synthetic import synthetic_runs\n"
    "engine = open_history(sys.argv[1])\n"
    "for run in synthetic_runs(1, int(sys.argv[3]), int(sys.argv[2]) * int(sys.argv[3])):\n"
    "    add_run(engine, run)\n"
    "    print(run['identity'], flush=True)\n"
)


def timed(label: str, work: Callable[[], Any]) -> Any:
    """Do `work`, print how long it took, return what it gives."""
    start, start_cpu = time.monotonic(), time.process_time()
    answer = work()
    print(f"  {label:<46} {time.monotonic() - start:7.2f} s, CPU {time.process_time() - start_cpu:6.2f} s")
    return answer


def bench_history(where: str, configurations: int = CONFIGURATIONS, revisions: int = REVISIONS) -> None:
    """Print how long a history of made-up runs at `where`, an empty database, takes to be asked."""
    engine = open_history(where)
    print(f"history of {configurations * revisions:,} runs in {engine.dialect.name}:")
    timed("filled", lambda: fill(engine, synthetic_runs(configurations, revisions)))
    gates, spread = gates_and_spread(PROJECT_ROOT / "reports")

    def check(against: str) -> int:
        with engine.connect() as connection:
            earlier = baselines(connection, against)
            targets = newest_targets(connection)
            return sum(len(check_run(run, earlier(run), gates, spread)) for run in targets)

    def judge() -> None:
        for run in newest_runs(engine, 4):
            good = runs_of_revision(engine, run["configuration"], f"{0:040x}")
            check_run(run, good, gates, spread)

    timed(f"list, the newest {LISTED}", lambda: listed(engine))
    for against in (LAST, MAIN, f"{revisions // 2:040x}"):
        timed(f"check --against {against[-4:]}, {configurations} runs", partial(check, against))
    timed("judge, its comparison of 4 runs", judge)
    with tempfile.TemporaryDirectory() as folder:
        page = timed("dashboard written", lambda: write_dashboard(engine, Path(folder), Path(folder)))
        pages = [path.stat().st_size for path in (page.parent / PAGES).glob("*.html")]
        data = [path.stat().st_size for path in (page.parent / PAGES).glob("*/*.js")]
        print(
            f"  index {page.stat().st_size:,} bytes, {len(pages)} pages of up to {max(pages):,}, "
            f"{len(data)} files of trends of up to {max(data):,}"
        )
        beside = page.parent / PAGES
        for opened in (page, min(beside.glob("*-*.html")), beside / COMPARE):
            print(f"  {opened.name + ' opened, all in sight shown':<46} {opening_s(opened):7.2f} s")
    timed("every run read", lambda: len(all_runs(engine)))


def listed(engine: Engine) -> None:
    """Fetch what `track.py list` shows."""
    count_runs(engine)
    for configuration in {run["configuration"] for run in newest_runs(engine, LISTED)}:
        metric_series(engine, configuration)


def bench_writers(where: str, runs: int = RUNS_OF_A_WRITER) -> None:
    """Print what becomes of runs that are written to `where`, an empty database, by several at once.

    One of the writers is killed in the middle.
    """
    engine = open_history(where)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = [Path(folder) / str(writer) for writer in range(WRITERS)]
        processes = []
        for writer, path in enumerate(told):
            command = [sys.executable, "-c", WRITER, where, str(writer), str(runs)]
            with path.open("w", encoding="utf-8") as output:
                processes.append(
                    subprocess.Popen(supervised(command), stdout=output, stdin=subprocess.DEVNULL)
                )
        while len(lines(told[0])) < runs // 2 and processes[0].poll() is None:
            time.sleep(0.05)
        processes[0].kill()
        for process in processes:
            process.wait()
        written = [identity for path in told for identity in lines(path)]
    stored = [run["identity"] for run in all_runs(engine)]
    print(
        f"{WRITERS} writers at once into {engine.dialect.name}, one killed: {len(stored):,} runs in "
        f"{time.monotonic() - start:.1f} s, {len(set(written) - set(stored))} lost, "
        f"{len(stored) - len(set(stored))} twice"
    )


def lines(path: Path) -> list[str]:
    """Return the whole lines of a file that is being written."""
    return path.read_text(encoding="utf-8").rpartition("\n")[0].split()
