"""Kernels side by side on every configuration, and next to the paper: `python flow/compare.py`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console

    from flow.charts.picture import draw
    from flow.common.atomic_file import write_whole
    from flow.common.command_line import Parser, assignments, each_once, names, plain_lines, run_guarded
    from flow.common.decimals import quantity, whole_number
    from flow.common.errors import StepError, UserError
    from flow.common.places import REPORTS_DIR
    from flow.common.usable_cpus import usable_cpus
    from flow.comparison.chart import change_chart
    from flow.comparison.configuration import OWN, Clock, Configuration, Frame, configurations, frame_of
    from flow.comparison.keeping import keep_run
    from flow.comparison.kept_rows import kept_results, kept_utilizations_percent, preference
    from flow.comparison.own_clock import with_clock
    from flow.comparison.page import comparison_json, comparison_markdown, print_summary
    from flow.comparison.rows import PAPER_KERNELS, Row
    from flow.comparison.summary import summarize
    from flow.pipeline import job_pool
    from flow.pipeline.job_pool import check_cluster
    from flow.pipeline.run_pool import open_runs
    from flow.record.depths import POWER_DEPTHS
    from flow.record.misses import missed
    from flow.record.recipes import RECIPES, TIMING
    from flow.record.result import Result
    from flow.record.results_store import COMPARABLE, find
    from flow.record.settings import DEFAULT_PDK, Settings, find_design, nearest
    from hdl.designs import kernels
    from hdl.kernels.frame import VALUE_TIMINGS, WITH_KEY, Kernel
    from hdl.kernels.frame_choices import FA2_CHOICES
except ModuleNotFoundError as missing:
    sys.exit(
        f"compare.py: error: {missing.name} is not installed: "
        "`make setup`, then `.venv/bin/python flow/compare.py`"
    )

ALL = "all"
FRAME_WORDS = {choice.name: choice.words for choice in FA2_CHOICES}

EXAMPLES = """examples:
  python flow/compare.py --dims 16 --formats bf16 --pdk nangate45     both kernels through layout
  python flow/compare.py --dims 16 --seeds 3 --to synth               netlists only, three of each
  python flow/compare.py --kernels all --name kernels                 every kernel beside the baseline
  python flow/compare.py --kernels fa2_baseline,my.py:MINE            a kernel of your own
  python flow/compare.py --clock own                                  each kernel as fast as its layout was
  python flow/compare.py --set products=one --set division=serial     against the strongest exact baseline
  python flow/compare.py --no-run --dims 16,32 --pdk nangate45,sky130 from the results that are kept
"""


def numbers(text: str) -> list[int]:
    """Return the whole numbers of a comma-separated list, each once."""
    return each_once([whole_number(word) for word in names(text)])


def quantities(text: str) -> list[float]:
    """Return the quantities of a comma-separated list, each once."""
    return each_once([quantity(word) for word in names(text)])


def clocks(text: str) -> list[Clock]:
    """Return the clocks of a comma-separated list, each once: periods in ns, or OWN."""
    return each_once([OWN if word == OWN else quantity(word) for word in names(text)])


def chosen_frame(given: Sequence[str]) -> Frame:
    """Return the frame that the options `--set` choose; raises UserError for what is no choice of it."""
    chosen = assignments(given)
    for name in chosen:
        if name not in FRAME_WORDS:
            raise nearest("choice of the frame", name, FRAME_WORDS)
    try:
        return frame_of(chosen)
    except ValueError as error:
        raise UserError(f"--set: {error}") from None


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="compare.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--dims", type=numbers, default=[16], metavar="D,...", help="default 16")
    parser.add_argument("--formats", type=names, default=["bf16"], metavar="NAME,...", help="default bf16")
    parser.add_argument(
        "--pdk", type=names, default=[DEFAULT_PDK], metavar="NAME,...", help=f"default {DEFAULT_PDK}"
    )
    parser.add_argument(
        "--kernels",
        type=names,
        default=list(PAPER_KERNELS),
        metavar="NAME,...",
        help="the first is what the others are compared with; FILE.py:NAME is one of your own; "
        f"{ALL}: every kernel that is registered; default {','.join(PAPER_KERNELS)}",
    )
    parser.add_argument(
        "--value-timings",
        type=names,
        default=[WITH_KEY],
        metavar="NAME,...",
        help=f"when v enters: {', '.join(VALUE_TIMINGS)}; default {WITH_KEY}",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"a choice of the frame, for all kernels: {', '.join(FRAME_WORDS)}",
    )
    parser.add_argument(
        "--clock",
        type=clocks,
        default=[None],
        metavar="NS,...",
        help=f"clock period; default: the PDK's; {OWN}: each kernel's fastest in its layout at the default",
    )
    parser.add_argument(
        "--utilization",
        type=quantities,
        default=[None],
        metavar="PERCENT,...",
        help="of the core by cells; default: the PDK's",
    )
    parser.add_argument(
        "--synthesis",
        type=names,
        default=[TIMING],
        metavar="RECIPE,...",
        help=f"{', '.join(RECIPES)}; default {TIMING}",
    )
    parser.add_argument("--seeds", type=whole_number, default=1, metavar="K", help="runs of each; default 1")
    parser.add_argument(
        "--to", default="gds", metavar="DEPTH", help=f"{', '.join(reversed(COMPARABLE))}; default gds"
    )
    parser.add_argument("--jobs", type=whole_number, default=2, metavar="N", help="runs at once; default 2")
    parser.add_argument("--cluster", default=job_pool.LOCAL, metavar="NAME", help=job_pool.HELP)
    parser.add_argument(
        "--no-run", action="store_true", help="only what --reports holds, the deepest of each"
    )
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default build")
    parser.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    parser.add_argument("--reports", type=Path, default=REPORTS_DIR, metavar="DIR")
    parser.add_argument("--name", default="comparison", help="of the report's files; default comparison")
    return parser.parse_args()


def kernel_names(specs: Sequence[str]) -> list[str]:
    """Return the kernels that `specs` name, ALL and FILE.py:NAME among them; raises UserError."""
    if list(specs) == [ALL]:
        return list(dict.fromkeys((*PAPER_KERNELS, *kernels())))
    if ALL in specs:
        raise UserError(f"--kernels: '{ALL}' stands alone, it names every kernel")
    designs = [find_design(spec) for spec in specs]
    for spec, design in zip(specs, designs, strict=True):
        if not isinstance(design, Kernel):
            raise UserError(f"--kernels {spec}: {design.name} is no kernel")
    try:
        return each_once([design.name for design in designs])
    except argparse.ArgumentTypeError as error:
        raise UserError(f"--kernels: {error}") from None


def run_all(all_settings: Sequence[Settings], arguments: argparse.Namespace, console: Console) -> list[str]:
    """Run what is not up to date, `--jobs` at a time, and keep the results; return the failures."""
    failed: list[str] = []

    def run(settings: Settings) -> None:
        name = f"{settings.design.name} {settings.job}"
        console.print(f"{name}: started", highlight=False, soft_wrap=True)
        try:
            result = run_at(settings, arguments.pdk_root)
            keep_run(arguments.reports, result, settings.folder)
        except (UserError, StepError, OSError) as error:
            failed.append(f"{name}: {error}")
            console.print(f"{name}: failed", highlight=False, soft_wrap=True)
            return
        if result.checks.failed:
            failed.append(f"{name}: sign-off fails: {', '.join(result.checks.failed)}")
        miss = missed(result.metrics, result.worst_corners)
        done = f"{name}: done, {result.metrics.cell_area_um2:,.0f} um2" + (f"; {miss}" if miss else "")
        console.print(done, highlight=False, soft_wrap=True)

    say = plain_lines(console)
    with (
        open_runs(arguments.cluster, arguments.jobs, len(all_settings), say) as run_at,
        ThreadPoolExecutor(max_workers=arguments.jobs) as pool,
    ):
        list(pool.map(run, all_settings))
    return failed


def read_row(
    configuration: Configuration, depths: Iterable[str], arguments: argparse.Namespace
) -> Row | None:
    """Return the configuration's row at the first of `depths` that every kernel and seed has."""
    clocked = {kernel: with_clock(configuration, kernel, arguments.reports) for kernel in arguments.kernels}
    for depth in depths:
        results: dict[str, tuple[Result, ...]] = {}
        for kernel, own_configuration in clocked.items():
            of_seeds = [
                find(arguments.reports, own_configuration.settings(kernel, seed, depth, arguments.out))
                for seed in range(arguments.seeds)
            ]
            results[kernel] = tuple(result for result in of_seeds if result is not None)
        if all(len(of_kernel) == arguments.seeds for of_kernel in results.values()):
            return Row(configuration, depth, results)
    return None


def read_kept_row(
    configuration: Configuration, all_kept: Callable[[], list[Result]], arguments: argparse.Namespace
) -> Row | None:
    """Return the configuration's deepest row that is kept; `all_kept` gives every result that is.

    With the usual settings, but not routed at the PDK's utilization: another utilization's routed row.
    """
    row = read_row(configuration, COMPARABLE, arguments)
    if not configuration.is_usual or (row and row.is_routed):
        return row
    others = [
        read_row(replace(configuration, utilization_percent=percent), POWER_DEPTHS, arguments)
        for percent in kept_utilizations_percent(all_kept(), arguments.kernels, configuration)
    ]
    return min((candidate for candidate in (row, *others) if candidate), key=preference, default=None)


def compare(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    console = Console()
    arguments.kernels = kernel_names(arguments.kernels)
    if len(arguments.kernels) < 2:
        raise UserError("--kernels takes at least two: the baseline, then what is compared with it")
    if arguments.seeds < 1 or arguments.jobs < 1:
        raise UserError("--seeds and --jobs take at least 1")
    if arguments.to not in COMPARABLE:
        raise nearest("depth", arguments.to, reversed(COMPARABLE))
    check_cluster(arguments.cluster)
    rows_wanted = configurations(
        arguments.pdk,
        arguments.formats,
        arguments.dims,
        arguments.value_timings,
        arguments.clock,
        arguments.utilization,
        chosen_frame(arguments.set),
        arguments.synthesis,
    )
    # Every run may use every core: the longest one, left alone at the end, then does.
    threads = usable_cpus()
    all_settings = [
        with_clock(configuration, kernel, arguments.reports).settings(
            kernel, seed, arguments.to, arguments.out, threads
        )
        for configuration in rows_wanted
        for seed in range(arguments.seeds)
        for kernel in arguments.kernels
    ]
    failed = [] if arguments.no_run else run_all(all_settings, arguments, console)
    # Read once, and only where a row needs them.
    all_kept = cache(lambda: kept_results(arguments.reports))
    rows = []
    for configuration in rows_wanted:
        if arguments.no_run:
            row = read_kept_row(configuration, all_kept, arguments)
        else:
            row = read_row(configuration, (arguments.to,), arguments)
        if row is None:
            console.print(f"{configuration.title}: no results of every kernel and seed, left out")
        else:
            rows.append(row)
    if not rows:
        raise UserError(failed[0] if failed else "no results to compare: leave out --no-run")
    summary = summarize(rows, arguments.kernels, arguments.seeds)
    write_report(summary, arguments)
    print_summary(console, summary)
    console.print(f"report   {arguments.reports / arguments.name}.md", highlight=False, soft_wrap=True)
    if failed:
        raise StepError("compare", f"{len(failed)} of {len(all_settings)} runs: {failed[0]}")


def write_report(summary: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Write the page, the figures and the chart."""
    arguments.reports.mkdir(parents=True, exist_ok=True)
    base = arguments.reports / arguments.name
    write_whole(base.with_suffix(".json"), comparison_json(summary))
    write_whole(base.with_suffix(".md"), comparison_markdown(summary, arguments.name))
    chart = change_chart(
        summary["rows"], summary["kernels"], summary["paper"], arguments.name, "Kernels side by side"
    )
    for suffix in (".svg", ".png"):
        draw(chart, base.with_suffix(suffix))


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("compare.py", lambda: compare(arguments), arguments.out / "crash.log")


if __name__ == "__main__":
    main()
