"""The history of results: record, list, check, exchange, backfill: `python flow/track.py COMMAND`."""

import argparse
import sys
from pathlib import Path

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console
    from rich.table import Table

    from flow.common.command_line import Parser, Say, plain_lines, run_guarded
    from flow.common.decimals import count
    from flow.common.errors import UserError
    from flow.common.places import REPORTS_DIR
    from flow.history.backfill import backfill
    from flow.history.baselines import baselines, newest_targets
    from flow.history.dashboard import PAGES, write_dashboard
    from flow.history.database import DEFAULT_PATH, HISTORY_DIR, open_history, shown
    from flow.history.drift import find_step
    from flow.history.exchange import export_runs, import_runs
    from flow.history.failures import all_failures
    from flow.history.gate import (
        EXIT_CODES,
        FAIL,
        GATES_FILE,
        PASS,
        check_run,
        gate_markdown,
        gates_and_spread,
        overall,
    )
    from flow.history.recording import run_and_record
    from flow.history.runs import (
        add_run,
        all_runs,
        configuration_of,
        count_runs,
        metric_series,
        newest_runs,
        row_of,
        runs_of_revision,
        set_aside,
        title_of,
    )
    from flow.history.suite import read_suite
    from flow.pipeline import job_pool
    from flow.pipeline.job_pool import check_cluster
    from flow.record.checkout import git_state, resolve_revision
    from flow.record.metrics import BY_NAME, METRICS
    from flow.record.result import read_result
except ModuleNotFoundError as missing:
    sys.exit(
        f"track.py: error: {missing.name} is not installed: "
        "`make setup`, then `.venv/bin/python flow/track.py`"
    )

LISTED_RUNS = 30
# As long as the history's columns.
REASON_LENGTH, FINDING_LENGTH = 400, 20_000
SKIP = 125  # git bisect's word for a revision that cannot be judged
EXAMPLES = """examples:
  python flow/track.py record build/expmul/JOB/result.json     a run's result into the history
  python flow/track.py check --against last                    the newest runs against those before them
  python flow/track.py check --against main --markdown c.md    for a pull request's comment
  python flow/track.py export runs.jsonl                       and import, also .csv
  python flow/track.py backfill --suite smoke REVISION...      the suite on earlier revisions
  python flow/track.py set-aside REVISION --reason "a fault"   its runs count for no baseline
  python flow/track.py layout build/expmul/JOB                 its picture, for the dashboard to link
  git bisect run python flow/track.py judge --suite SUITE --against GOOD

Exit codes of check: 0 PASS, 1 FAIL, 3 INCONCLUSIVE (no baseline, or the tools changed), 4 ERROR (a metric is
missing); 2 is a mistake in the command, 70 one of this program. Of judge: 0 good, 1 bad, 125 no verdict.
"""


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="track.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "--db", default=str(DEFAULT_PATH), metavar="FILE|URL", help="default .history/history.db"
    )
    parser.add_argument("--reports", type=Path, default=REPORTS_DIR, metavar="DIR")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    record = commands.add_parser("record", help="add results")
    record.add_argument("results", nargs="+", type=Path, metavar="RESULT.JSON")
    listed = commands.add_parser("list", help="the newest runs, newest last, and where a metric has drifted")
    how_many = listed.add_mutually_exclusive_group()
    how_many.add_argument(
        "--limit", type=count, default=LISTED_RUNS, metavar="N", help=f"so many; default {LISTED_RUNS}"
    )
    how_many.add_argument("--all", action="store_true", help="every run")
    check = commands.add_parser("check", help="the gate")
    check.add_argument("--against", default="last", metavar="REV|main|last", help="default last")
    check.add_argument("--gates", type=Path, default=GATES_FILE, metavar="TOML")
    check.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there as well")
    for name in ("export", "import"):
        exchange = commands.add_parser(name, help="to or from .jsonl or .csv")
        exchange.add_argument("file", type=Path)
    judged = commands.add_parser("judge", help="for git bisect: run a suite, hold it against a revision")
    judged.add_argument("--suite", required=True, metavar="NAME|FILE")
    judged.add_argument("--against", required=True, metavar="REV", help="a recorded revision, the good one")
    judged.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default build")
    judged.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    aside = commands.add_parser("set-aside", help="let a revision's runs count for no baseline")
    aside.add_argument("revision", metavar="REVISION")
    reason = aside.add_mutually_exclusive_group(required=True)
    reason.add_argument("--reason", metavar="TEXT", help="why, in a few words: the dashboard shows it")
    reason.add_argument("--undo", action="store_true", help="they count again")
    aside.add_argument(
        "--finding", type=Path, metavar="FILE", help="a text that goes with it, such as what check printed"
    )
    page = commands.add_parser("dashboard", help="write dashboard.html")
    page.add_argument("--page", type=Path, default=HISTORY_DIR, metavar="DIR", help="default .history")
    drawn = commands.add_parser(
        "layout", help="draw a run's layout beside the dashboard, with a page to look inside"
    )
    drawn.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="the folder of a run that reached GDS"
    )
    drawn.add_argument("--page", type=Path, default=HISTORY_DIR, metavar="DIR", help="default .history")
    drawn.add_argument("--no-inspector", action="store_true", help="the picture alone")
    drawn.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    earlier = commands.add_parser("backfill", help="run a suite on earlier revisions and record it")
    earlier.add_argument("--suite", default="smoke", metavar="NAME|FILE")
    earlier.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default build")
    earlier.add_argument("--parallel", type=count, default=1, metavar="N", help="runs at once; default 1")
    earlier.add_argument("--cluster", default=job_pool.LOCAL, metavar="NAME", help=job_pool.HELP)
    earlier.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    earlier.add_argument("revisions", nargs="+", metavar="REVISION")
    return parser.parse_args()


def check(arguments: argparse.Namespace, say: Say) -> int:
    """Check the newest run of every configuration; return the exit code."""
    with open_history(arguments.db, create=False).connect() as connection:
        targets = newest_targets(connection)
        if not targets:
            raise is_empty(arguments.db)
        gates, spread = gates_and_spread(arguments.reports, arguments.gates)
        earlier = baselines(connection, arguments.against)
        checks = [line for run in targets for line in check_run(run, earlier(run), gates, spread)]
    table = gate_markdown(checks)
    say(table)
    if arguments.markdown is not None:
        try:
            arguments.markdown.write_text(table, encoding="utf-8")
        except OSError as error:  # as a failed write it would leave with 1, which means FAIL
            raise UserError(f"--markdown {arguments.markdown}: {error.strerror}") from None
    return EXIT_CODES[overall(checks)]


def judge(arguments: argparse.Namespace, say: Say) -> int:
    """Run the suite on this checkout and hold it against a revision; return git bisect's exit code."""
    engine = open_history(arguments.db)
    suite = read_suite(arguments.suite, arguments.out, jobs=2)
    against = resolve_revision(arguments.against) or arguments.against
    revision, _ = git_state()
    for settings in suite:
        reason = run_and_record(engine, settings, arguments.pdk_root, say)
        if reason is not None:
            say(reason)
            return SKIP
    gates, spread = gates_and_spread(arguments.reports)
    checks = []
    for configuration in dict.fromkeys(configuration_of(settings) for settings in suite):
        target = runs_of_revision(engine, configuration, revision)[-1]
        checks += check_run(target, runs_of_revision(engine, configuration, against), gates, spread)
    say(gate_markdown(checks))
    verdict = overall(checks)
    return {PASS: 0, FAIL: 1}.get(verdict, 0 if revision == against else SKIP)


def put_aside(arguments: argparse.Namespace, say: Say) -> None:
    """Set a revision's runs aside, or let them count again."""
    revision = resolve_revision(arguments.revision) or arguments.revision
    reason = None if arguments.undo else " ".join(arguments.reason.split())
    if reason == "" or len(reason or "") > REASON_LENGTH:
        raise UserError(f"--reason takes 1 to {REASON_LENGTH} letters")
    finding = None
    if arguments.finding is not None and not arguments.undo:
        try:
            finding = arguments.finding.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--finding {arguments.finding} cannot be read: {error}") from None
        if len(finding) > FINDING_LENGTH:
            raise UserError(f"--finding {arguments.finding} has more than {FINDING_LENGTH:,} letters")
    engine = open_history(arguments.db, create=False)
    runs = set_aside(engine, revision, reason, finding)
    if not runs:
        raise UserError(f"the history has no run of '{arguments.revision}'")
    verb = "count again" if arguments.undo else "set aside"
    say(f"{runs} run{'s' if runs != 1 else ''} of {revision[:8]} {verb}")


def list_runs(arguments: argparse.Namespace, console: Console) -> None:
    """Print the newest runs and the steps found in the metrics of their configurations."""
    engine = open_history(arguments.db, create=False)
    runs = newest_runs(engine, None if arguments.all else arguments.limit)
    if not runs:
        raise is_empty(arguments.db)
    table = Table("date", "revision", "run", "um2", "tools")
    for run in runs:
        area = BY_NAME["cell_area_um2"].value_in(run["metrics"])
        revision = (run["revision"] or "")[:8] + ("+" if run["dirty"] else "")
        shown_area = f"{area:,.0f}" if area else ""
        table.add_row(run["finished_at"][:16], revision, title_of(run), shown_area, run["fingerprint"][:6])
    console.print(table)
    say = plain_lines(console)
    total = count_runs(engine)
    if total > len(runs) and not arguments.all:
        say(f"the newest {len(runs)} of {total:,} runs; --limit N for more, --all for all")
    for newest in {run["configuration"]: run for run in runs}.values():
        alike = metric_series(engine, newest["configuration"])
        for metric in METRICS:
            if not metric.critical:
                continue
            with_it = [run for run in alike if metric.value_in(run.metrics) is not None]
            step = find_step([run.metrics[metric.name] for run in with_it])
            if step is not None:
                at = with_it[step.index]
                say(
                    f"step: {title_of(newest)}: {metric.title.strip()} "
                    f"{metric.show_change(step.after, step.before)} since "
                    f"{(at.revision or at.finished_at)[:8]}"
                )


def is_empty(where: str) -> UserError:
    """Return the error of a history that has no run."""
    return UserError(f"the history at {shown(where)} is empty: record runs first")


def track(arguments: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    console = Console()
    say = plain_lines(console)
    if arguments.command == "check":
        return check(arguments, say)
    if arguments.command == "record":
        results = [read_result(path) for path in arguments.results]
        engine = open_history(arguments.db)
        new = sum(add_run(engine, row_of(result)) for result in results)
        say(f"{new} new, {len(results) - new} were there")
    elif arguments.command == "import":
        new, old = import_runs(open_history(arguments.db), arguments.file)
        say(f"{new} new, {old} were there")
    elif arguments.command == "backfill":
        check_cluster(arguments.cluster)
        backfill(
            open_history(arguments.db),
            arguments.suite,
            arguments.revisions,
            arguments.out,
            say,
            arguments.cluster,
            arguments.parallel,
            arguments.pdk_root,
        )
    elif arguments.command == "set-aside":
        put_aside(arguments, say)
    elif arguments.command == "layout":
        from flow.history.layout_pages import add_layout  # loads what draws

        for run in arguments.runs:
            picture = add_layout(run, arguments.page / PAGES, not arguments.no_inspector, arguments.pdk_root)
            say(f"layout     {picture}")
    elif arguments.command == "judge":
        return judge(arguments, say)
    elif arguments.command == "list":
        list_runs(arguments, console)
    else:
        engine = open_history(arguments.db, create=False)
        if count_runs(engine) == 0:
            raise is_empty(arguments.db)
        if arguments.command == "export":
            runs = all_runs(engine)
            export_runs(runs, arguments.file, all_failures(engine))
            say(f"{len(runs)} runs to {arguments.file}")
        else:
            written = write_dashboard(engine, arguments.page, arguments.reports)
            say(f"dashboard  {written}")
    return 0


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    # `git bisect run` takes every code below 125 for a verdict: what goes wrong is none.
    failed = SKIP if arguments.command == "judge" else None
    run_guarded("track.py", lambda: track(arguments), Path("build") / "crash.log", failed)


if __name__ == "__main__":
    main()
