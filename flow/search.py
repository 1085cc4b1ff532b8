"""Search designs' parameters and the flow's settings for several objectives: `python flow/search.py`."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console

    from flow.common.command_line import Parser, assignments, names, plain_lines, run_guarded
    from flow.common.decimals import QUANTITY, WHOLE_NUMBER, count, quantity, whole_number
    from flow.common.errors import StepError, UserError
    from flow.common.usable_cpus import usable_cpus
    from flow.exploration.kept import keeping, kept_study
    from flow.exploration.objectives import OBJECTIVES, Objective, find_objectives
    from flow.exploration.page import write_page
    from flow.exploration.space import SETTINGS, read_space, settings_at, size_of, usual_point
    from flow.exploration.study import STAGES, RunAt, Search, front_of, open_study, run_search
    from flow.pipeline import job_pool
    from flow.pipeline.job_pool import check_cluster
    from flow.pipeline.run_pool import open_runs
    from flow.record.settings import DEFAULT_PDK, Settings, make_settings, nearest
except ModuleNotFoundError as missing:
    sys.exit(
        f"search.py: error: {missing.name} is not installed: "
        "`make setup`, then `.venv/bin/python flow/search.py`"
    )

EXAMPLES = """examples:
  python flow/search.py --design expmul --vary utilization=50..80:10 --vary padding=0,1 --to place
  python flow/search.py --design fa2_expmul --vary format=bf16,e4m3 --objectives area,error --to synth
  python flow/search.py --design expmul --vary clock=1..5:0.5 --objectives area,energy,delay --study clocks

Each trial is an ordinary run, and goes through the depths synth, place, gds up to --to. The first trial is
the defaults. The same command goes on after an interruption; more --trials go on from there.
Exit codes: 0, 1 when no trial came to a good end, 2 for a mistake in the command.
"""


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="search.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--design", required=True, metavar="NAME", help="of run.py --list, or FILE.py:NAME")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=VALUES",
        help=f"{', '.join(SETTINGS)}, or a parameter of the design; A,B,C or LOW..HIGH:STEP",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter that stays"
    )
    parser.add_argument(
        "--objectives",
        type=names,
        default=["area", "energy"],
        metavar="NAME,...",
        help=f"{', '.join(OBJECTIVES)}, less is better; default area,energy",
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of an objective in its unit: a trial above it goes no deeper",
    )
    parser.add_argument(
        "--prune",
        type=quantity,
        default=10.0,
        metavar="PERCENT",
        help="stop a trial that is beaten by so much in every objective at a cheaper depth; default 10",
    )
    parser.add_argument("--pdk", default=DEFAULT_PDK, metavar="NAME", help=f"default {DEFAULT_PDK}")
    parser.add_argument("--to", default="place", metavar="DEPTH", help=f"{', '.join(STAGES)}; default place")
    parser.add_argument("--trials", type=count, default=20, metavar="N", help="different points; default 20")
    parser.add_argument("--parallel", type=count, default=1, metavar="N", help="trials at once; default 1")
    parser.add_argument("--cluster", default=job_pool.LOCAL, metavar="NAME", help=job_pool.HELP)
    parser.add_argument(
        "--jobs",
        type=count,
        default=usable_cpus(),
        metavar="N",
        help="threads of a run; default: the usable cores",
    )
    parser.add_argument("--seed", type=whole_number, default=0, metavar="N", help="of the search; default 0")
    parser.add_argument(
        "--study", default="search", metavar="NAME", help="its folder below --out; default search"
    )
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default build")
    parser.add_argument(
        "--reports", type=Path, metavar="DIR", help="keep every result there too, and the page beside them"
    )
    parser.add_argument(
        "--no-run", action="store_true", help="the page again from the results that --reports holds"
    )
    parser.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    return parser.parse_args()


def fixed_parameters(given: list[str]) -> dict[str, Any]:
    """Return the design's parameters of the options `--set`."""
    return {
        name: int(value) if WHOLE_NUMBER.fullmatch(value) else value
        for name, value in assignments(given).items()
    }


def read_limits(given: list[str], objectives: list[Objective]) -> dict[str, float]:
    """Return the limits by objective, in its plain unit; raises UserError."""
    factors = {objective.name: objective.factor for objective in objectives}
    limits = {}
    for assignment in given:
        name, _, text = assignment.partition("=")
        if name not in factors:
            raise nearest("objective of --objectives", name, factors)
        if not QUANTITY.fullmatch(text) or name in limits:
            raise UserError(f"--limit {assignment}: it takes NAME=NUMBER, each once")
        limits[name] = float(text) / factors[name]
    return limits


def search(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    say = plain_lines(Console())
    check_cluster(arguments.cluster)
    if arguments.no_run and arguments.reports is None:
        raise UserError("--no-run takes --reports DIR: where are the results?")
    if arguments.to not in STAGES:
        raise nearest("depth of a search", arguments.to, STAGES)
    if not Path(arguments.study).name == arguments.study or arguments.study in ("", ".", ".."):
        raise UserError(f"--study {arguments.study}: it takes a folder's name")
    axes = read_space(arguments.vary, arguments.design)
    fixed = fixed_parameters(arguments.set)
    varied = [axis.name for axis in axes if axis.name in fixed]
    if varied:
        raise UserError(f"--set {varied[0]}: it is varied")

    def make(parameters: dict[str, Any], depth: str = arguments.to, **options: Any) -> Settings:
        return make_settings(
            arguments.design,
            parameters,
            arguments.pdk,
            depth=depth,
            build_dir=arguments.out,
            jobs=arguments.jobs,
            **options,
        )

    usual = make(fixed)
    objectives = find_objectives(arguments.objectives, usual)
    searched = Search(
        axes=axes,
        objectives=objectives,
        depth=arguments.to,
        settings_of=lambda point, depth: settings_at(
            point, lambda given, **options: make(given, depth, **options), fixed
        ),
        prune_share=arguments.prune / 100,
        limits=read_limits(arguments.limit, objectives),
        request={
            "design": usual.design.name,
            "parameters": fixed,
            "pdk": usual.pdk.name,
            "axes": [[axis.name, list(axis.values)] for axis in axes],
            "objectives": arguments.objectives,
            "limits": sorted(arguments.limit),
            "to": arguments.to,
        },
        pdk_root=arguments.pdk_root,
    )
    title = f"{usual.design.name} on {usual.pdk.name} to {arguments.to}"
    first = usual_point(axes, usual)
    if arguments.no_run:
        study = kept_study(
            replace(searched, cheaper_first=False, limits={}), arguments.reports, first, lambda line: None
        )
        if not study.get_trials(deepcopy=False):
            raise UserError(f"{arguments.reports} holds no result of these points to {arguments.to}")
        say(write_page(study, objectives, title, arguments.reports))
        return
    folder = arguments.out / "search" / arguments.study
    study = open_study(folder, searched, arguments.seed)

    total = arguments.trials * len(searched.stages)
    with (
        open_runs(arguments.cluster, arguments.parallel, total, say) as make_run,
        ThreadPoolExecutor(arguments.parallel) as pool,
    ):
        run_at: RunAt = partial(make_run, pdk_root=arguments.pdk_root)
        if arguments.reports is not None:
            run_at = keeping(run_at, arguments.reports)
        run_search(study, searched, arguments.trials, pool, run_at, arguments.parallel, first, say)
    say(write_page(study, objectives, title, folder))
    if arguments.reports is not None:
        write_page(study, objectives, title, arguments.reports)
    say(f"report   {folder / 'front.md'}")
    if not front_of(study, objectives):
        raise StepError("search", f"none of {min(arguments.trials, size_of(axes))} points came to a good end")


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("search.py", lambda: search(arguments), arguments.out / "crash.log")


if __name__ == "__main__":
    main()
