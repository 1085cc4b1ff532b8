"""One design from MyHDL to GDS: `python flow/run.py --design expmul`."""

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console

    from flow.common.command_line import Parser, assignments, run_guarded, warn
    from flow.common.decimals import WHOLE_NUMBER, quantity, whole_number
    from flow.common.errors import StepError, UserError
    from flow.common.usable_cpus import usable_cpus
    from flow.pipeline.result_table import print_result
    from flow.pipeline.sibling import find_sibling
    from flow.pipeline.step_scheduler import LOCAL, SCHEDULERS, check_scheduler
    from flow.pipeline.up_to_date import unchanged_result
    from flow.record.checkout import no_revision
    from flow.record.depths import DEPTHS
    from flow.record.misses import missed
    from flow.record.recipes import RECIPES, TIMING
    from flow.record.result import Result
    from flow.record.run_folder import step_log
    from flow.record.settings import (
        BASIC,
        DEFAULT_PDK,
        FALLBACK_PDK,
        SIGNOFFS,
        Settings,
        find_pdk,
        make_settings,
    )
    from flow.tools.pdk_data import NoDataError, find_data_root
    from hdl.designs import DESIGNS, sibling
    from pdk_configs.pdk import load_pdk, pdk_names
except ModuleNotFoundError as missing:
    sys.exit(
        f"run.py: error: {missing.name} is not installed: `make setup`, then `.venv/bin/python flow/run.py`"
    )

EXAMPLES = """examples:
  python flow/run.py --design expmul                          to GDS on Nangate45, BF16, 8 lanes
  python flow/run.py --design separate_exp_mul --pdk sky130   the baseline on SkyWater 130
  python flow/run.py --design expmul --format e4m3 --lanes 16 another format, another width
  python flow/run.py --design expmul --clock 2.5 --job fast   another clock period
  python flow/run.py --design expmul --to synth --json        netlist only, the result on standard output
  python flow/run.py --design fa2_expmul --set d=16           any parameter of a design by its name
  python flow/run.py --design my.py:MINE                      a design of your own, hdl/ADDING_A_KERNEL.md
  python flow/run.py --list                                   the designs and their parameters

Exit codes: 0, 1 for a failed step (and with --strict for a missed clock), 2 for a mistake in the command,
70 for a mistake of this program, 130 when interrupted.
"""


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="run.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--design", metavar="NAME", help="what to build: of --list, or FILE.py:NAME")
    parser.add_argument(
        "--pdk",
        metavar="NAME",
        help=f"{', '.join(pdk_names())}; default {DEFAULT_PDK}, or {FALLBACK_PDK} without its data",
    )
    parser.add_argument("--format", metavar="NAME", help="bf16, e4m3, e5m2 or e<E>m<M>; default bf16")
    parser.add_argument("--lanes", type=whole_number, metavar="N", help="lanes of V; default 8")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another parameter of the design"
    )
    parser.add_argument("--clock", type=quantity, metavar="NS", help="clock period; default: the PDK's")
    parser.add_argument(
        "--seed",
        type=whole_number,
        default=0,
        metavar="N",
        help="names that synthesis sees; default 0: the design's",
    )
    parser.add_argument(
        "--utilization", type=quantity, metavar="PERCENT", help="of the core by cells; default: the PDK's"
    )
    parser.add_argument(
        "--padding",
        type=whole_number,
        metavar="SITES",
        help="free sites at each side of a cell while it is placed; default: the PDK's",
    )
    parser.add_argument(
        "--drc-deck", type=Path, metavar="FILE", help="a deck for KLayout (.drc, .lydrc), run on the GDS"
    )
    parser.add_argument(
        "--signoff",
        default=BASIC,
        metavar="NAME",
        help=f"{' or '.join(SIGNOFFS)}: with Magic and Netgen, at transistor level; default {BASIC}",
    )
    parser.add_argument(
        "--corners",
        default="typical",
        metavar="NAME",
        help="optimise for the PDK's typical corner or for all; default typical",
    )
    parser.add_argument(
        "--synthesis", default=TIMING, metavar="RECIPE", help=f"{', '.join(RECIPES)}; default {TIMING}"
    )
    parser.add_argument("--to", default="gds", metavar="DEPTH", help=f"{', '.join(DEPTHS)}; default gds")
    parser.add_argument(
        "--jobs",
        type=whole_number,
        default=usable_cpus(),
        metavar="N",
        help="steps and threads at once; default: the usable cores. With another number a layout begins anew",
    )
    parser.add_argument(
        "--scheduler",
        default=LOCAL,
        metavar="NAME",
        help=f"of the steps: {', '.join(SCHEDULERS)}; default {LOCAL}",
    )
    parser.add_argument("--job", metavar="NAME", help="name of the run's folder; default: from its settings")
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default build")
    parser.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds the PDK's data")
    parser.add_argument("--json", action="store_true", help="print the result as JSON and nothing else")
    parser.add_argument(
        "--strict", action="store_true", help="a missed clock, slew or capacitance ends the command with 1"
    )
    parser.add_argument("--list", action="store_true", help="list the designs and leave")
    return parser.parse_args()


def given_parameters(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the design's parameters that the command line names."""
    given: dict[str, Any] = {}
    if arguments.format is not None:
        given["format"] = arguments.format
    if arguments.lanes is not None:
        given["lanes"] = arguments.lanes
    for name, value in assignments(arguments.set, given).items():
        given[name] = int(value) if WHOLE_NUMBER.fullmatch(value) else value
    return given


def list_designs(console: Console) -> None:
    """Print the designs with the defaults of their parameters, and the PDKs."""
    for design in DESIGNS.values():
        values = design.make_parameters({})
        defaults = ", ".join(f"{name}={getattr(values, name)}" for name in design.parameter_names)
        console.print(f"{design.name:<16} {design.description} ({defaults})", highlight=False, soft_wrap=True)
    for name in pdk_names():
        pdk = load_pdk(name)
        console.print(
            f"{name:<16} {pdk.title}, {pdk.voltage_v:g} V, default clock {pdk.default_clock_ns:g} ns",
            highlight=False,
        )


def read_settings(arguments: argparse.Namespace) -> Settings:
    """Return the run's settings; raises UserError for what cannot be."""
    if arguments.design is None:
        raise UserError("--design NAME is needed; --list shows the designs")
    return make_settings(
        arguments.design,
        given_parameters(arguments),
        pdk_name=arguments.pdk,
        clock_ns=arguments.clock,
        depth=arguments.to,
        job=arguments.job,
        build_dir=arguments.out,
        jobs=arguments.jobs,
        seed=arguments.seed,
        utilization_percent=arguments.utilization,
        optimised_corners=arguments.corners,
        synthesis=arguments.synthesis,
        padding_sites=arguments.padding,
        drc_deck=arguments.drc_deck,
        signoff=arguments.signoff,
    )


def with_pdk_that_can_be_had(settings: Settings, arguments: argparse.Namespace) -> Settings:
    """Return `settings`, on the fallback PDK where none was named and the default's data cannot be had."""
    if arguments.pdk is not None:
        return settings
    try:
        find_data_root(settings.pdk, arguments.pdk_root)
    except NoDataError as error:
        try:
            find_data_root(find_pdk(FALLBACK_PDK), None)
        except NoDataError as fallback_error:
            raise UserError(f"{error}; {fallback_error}") from None
        print(f"run.py: going on with --pdk {FALLBACK_PDK}: {error}", file=sys.stderr)
        arguments.pdk = FALLBACK_PDK
        return read_settings(arguments)
    return settings


def start(settings: Settings, console: Console, pdk_root: Path | None, scheduler: str) -> Result:
    """Run the flow and return its result."""
    # SiliconCompiler and all that it brings takes seconds to import: only where something has to run.
    from flow.pipeline.execute import execute

    return execute(settings, console, pdk_root, scheduler)


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    if arguments.list:
        list_designs(Console())
        return
    # With --json standard output carries the result alone.
    console = Console(quiet=arguments.json)
    settings = read_settings(arguments)
    check_scheduler(arguments.scheduler)
    result = unchanged_result(settings, arguments.pdk_root)
    if result is None:
        settings = with_pdk_that_can_be_had(settings, arguments)
        result = unchanged_result(settings, arguments.pdk_root)
    if result is None:
        result = start(settings, console, arguments.pdk_root, arguments.scheduler)
    else:
        console.print(f"nothing has changed: the result is of {result.finished_at}", highlight=False)
    if arguments.json:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the locale
        print(result.model_dump_json(indent=2))
    else:
        compared = find_sibling(settings, sibling(settings.design.name))
        print_result(console, result, settings.folder, compared)
    miss = missed(result.metrics, result.worst_corners)
    for line in (no_revision() if result.git_revision is None else None, miss):
        # With --json standard output carries the result alone.
        if line is not None and arguments.json:
            warn(line)
        elif line is not None:
            console.print(line, highlight=False, soft_wrap=True, markup=False)
    for name in result.checks.failed:
        step = settings.requested_checks.get(name)
        log = None if step is None else step_log(settings.folder, step)
        raise StepError("sign-off", f"{name}: {getattr(result.checks, name).detail}", log)
    if miss is not None and arguments.strict:
        raise StepError("constraints", miss)


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("run.py", lambda: run(arguments), arguments.out / "crash.log")


if __name__ == "__main__":
    main()
