"""Run a suite, record every result, check the gates, write the dashboard: `python flow/nightly.py`."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console
    from sqlalchemy import Engine

    from flow.common.command_line import Parser, Say, plain_lines, run_guarded
    from flow.common.decimals import count, whole_number
    from flow.common.errors import StepError, UserError
    from flow.common.places import REPORTS_DIR
    from flow.history.baselines import LAST, baselines
    from flow.history.dashboard import PAGES, write_dashboard
    from flow.history.database import DEFAULT_PATH, HISTORY_DIR, open_history
    from flow.history.gate import (
        ERROR,
        FAIL,
        MetricVerdict,
        check_run,
        gate_markdown,
        gates_and_spread,
        overall,
    )
    from flow.history.layout_files import layouts_beside
    from flow.history.recording import run_and_record
    from flow.history.runs import configuration_of, runs_alike
    from flow.history.suite import read_suite
    from flow.pipeline import job_pool
    from flow.pipeline.job_pool import check_cluster
    from flow.pipeline.run_pool import open_runs
    from flow.record.checkout import no_revision
    from flow.record.result import read_result, result_path
    from flow.record.settings import Settings
except ModuleNotFoundError as missing:
    sys.exit(
        f"nightly.py: error: {missing.name} is not installed: "
        "`make setup`, then `.venv/bin/python flow/nightly.py`"
    )

EXAMPLES = """examples:
  python flow/nightly.py --suite smoke                    under ten minutes on two cores
  python flow/nightly.py --suite nightly --db postgresql://user@host/expmul
  python flow/nightly.py --suite my_runs.toml --db my.db  a suite of your own

The same command goes on after an interruption: what the history has of this revision is not run again.
Exit codes: 0, 1 when an entry failed or a gate broke, 2 for a mistake in the command, 70 for
a mistake of this program.
"""


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="nightly.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--suite", default="smoke", metavar="NAME|FILE", help="default smoke")
    parser.add_argument(
        "--db", default=str(DEFAULT_PATH), metavar="FILE|URL", help="default .history/history.db"
    )
    parser.add_argument(
        "--page", type=Path, default=HISTORY_DIR, metavar="DIR", help="for dashboard.html; default .history"
    )
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default build")
    parser.add_argument(
        "--jobs", type=whole_number, default=2, metavar="N", help="threads of a run; default 2"
    )
    parser.add_argument("--parallel", type=count, default=1, metavar="N", help="runs at once; default 1")
    parser.add_argument("--cluster", default=job_pool.LOCAL, metavar="NAME", help=job_pool.HELP)
    parser.add_argument(
        "--inspector", action="store_true", help="beside the dashboard also a page to look inside each layout"
    )
    parser.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    parser.add_argument(
        "--reports",
        type=Path,
        default=REPORTS_DIR,
        metavar="DIR",
        help="whose results tell the spread of seeds; default reports",
    )
    return parser.parse_args()


def check_suite(engine: Engine, suite: list[Settings], reports: Path) -> list[MetricVerdict]:
    """Return the gate's checks of the suite's last runs against those before them."""
    gates, spread = gates_and_spread(reports)
    checks: list[MetricVerdict] = []
    with engine.connect() as connection:
        earlier = baselines(connection, LAST)
        for configuration in dict.fromkeys(configuration_of(settings) for settings in suite):
            for target in runs_alike(engine, configuration, newest=1):
                checks += check_run(target, earlier(target), gates, spread)
    return checks


def draw_layouts(suite: list[Settings], arguments: argparse.Namespace, say: Say) -> None:
    """Draw the layouts of the suite's runs beside the dashboard, those that are not there yet."""
    from flow.history.layout_pages import add_layout  # loads what draws

    pages = arguments.page / PAGES
    for settings in suite:
        path = result_path(settings.folder, settings.depth)
        if settings.depth != "gds" or not path.is_file():
            continue
        try:
            gds = read_result(path).sha256.get("gds", "")
            there = layouts_beside(pages, {gds}).get(gds)
            if there is None or (arguments.inspector and there["page"] is None):
                add_layout(settings.folder, pages, arguments.inspector, arguments.pdk_root)
        except UserError as error:
            say(f"{settings.design.name} {settings.job}: no picture: {error}")


def nightly(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    say = plain_lines(Console())
    check_cluster(arguments.cluster)
    suite = read_suite(arguments.suite, arguments.out, arguments.jobs)
    engine = open_history(arguments.db)
    if (line := no_revision()) is not None:
        say(line)
    with (
        open_runs(arguments.cluster, arguments.parallel, len(suite), say) as runs,
        ThreadPoolExecutor(arguments.parallel) as pool,
    ):
        reasons = pool.map(
            lambda settings: run_and_record(
                engine, settings, arguments.pdk_root, say, runs, runs.needed_none
            ),
            suite,
        )
        failed = [reason for reason in reasons if reason is not None]
    draw_layouts(suite, arguments, say)
    checks = check_suite(engine, suite, arguments.reports)
    page = write_dashboard(engine, arguments.page, arguments.reports)
    say(gate_markdown(checks))
    say(f"dashboard  {page}")
    if failed:
        raise StepError("nightly", f"{len(failed)} of {len(suite)} runs: {failed[0]}")
    if overall(checks) in (FAIL, ERROR):
        raise StepError("gate", f"{sum(check.verdict in (FAIL, ERROR) for check in checks)} checks broke")


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("nightly.py", lambda: nightly(arguments), arguments.out / "crash.log")


if __name__ == "__main__":
    main()
