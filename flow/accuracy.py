"""The error of the operators, of attention and of a whole model with it: `python flow/accuracy.py`."""

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

try:
    __import__("flow")  # before other packages: see there
    # Threads of the linear algebra wait for each other longer than the study's small matrices take.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from rich.console import Console

    from flow.attention_data.short_texts import SHORT_TEXTS
    from flow.charts.picture import draw
    from flow.common.atomic_file import write_whole
    from flow.common.command_line import Parser, Say, plain_lines, run_guarded
    from flow.common.decimals import count, whole_number
    from flow.common.errors import UserError
    from flow.common.places import PROJECT_ROOT, REPORTS_DIR
    from flow.error_study.measure import E4M3_X_MIN, operator_errors, ramp_errors, synthetic_errors
    from flow.error_study.model import model_measures, model_texts
    from flow.error_study.page import accuracy_markdown, error_chart
    from flow.error_study.published_flashd import published_flashd_errors
    from flow.error_study.significant_digits import to_figure_digits
    from flow.error_study.study_parts import FinishedParts, Part, part_by_arm, whole_part
    from flow.error_study.variants import ARMS, E4M3_ARMS
    from flow.pipeline import job_pool
    from flow.pipeline.job_pool import Pool, check_cluster, make, open_pool
    from flow.pipeline.run_needs import Needs
    from flow.record.settings import nearest
    from flow.record.source_digest import sources_sha256
    from hdl.formats import E4M3
except ModuleNotFoundError as missing:
    sys.exit(
        f"accuracy.py: error: {missing.name} is not installed: "
        "`make setup`, then `.venv/bin/python flow/accuracy.py`"
    )

NAME = "accuracy"
# What the figures of the real model rest on beside the kernels, whose agreement the other parts show.
MODEL_SOURCES = (
    "flow/error_study/model.py",
    "flow/attention_data/minilm.py",
    "flow/attention_data/texts.py",
    "flow/attention_data/short_texts.py",
)
EXAMPLES = """examples:
  python flow/accuracy.py              everything, half an hour; after an interrupt it goes on
  python flow/accuracy.py --no-model   without MiniLM, which is an optional installation
  python flow/accuracy.py --parallel 4 --cluster slurm      the parts as jobs of a cluster
  python flow/accuracy.py --no-run     the page and the chart again from accuracy.json
"""


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="accuracy.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "--seeds", type=whole_number, default=3, metavar="K", help="of the random scores; default 3"
    )
    parser.add_argument(
        "--no-model",
        action="store_true",
        help="leave the real model out; figures of it in --reports stay where all else agrees",
    )
    parser.add_argument("--part", metavar="NAME", help="measure this part alone and keep it in --out")
    parser.add_argument(
        "--parallel", type=count, default=1, metavar="N", help="parts at once, each a process; default 1"
    )
    parser.add_argument("--cluster", default=job_pool.LOCAL, metavar="NAME", help=job_pool.HELP)
    parser.add_argument("--no-run", action="store_true", help="only write the page and the chart again")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build"),
        metavar="DIR",
        help="where each arm's figures are kept, for an interrupted study to go on; default build",
    )
    parser.add_argument("--reports", type=Path, default=REPORTS_DIR, metavar="DIR", help="default reports")
    return parser.parse_args()


MEASURE, MODEL = "flow/error_study/measure.py", "flow/error_study/model.py"
# Their measures are those of `model_measures`.
MODEL_TITLES = {"short": "MiniLM, short text", "long": "MiniLM, long text", "whole": "MiniLM, whole"}


def plain_parts(seeds: list[int]) -> dict[str, Part]:
    """Return the parts of the study that need no model, by name."""
    arms = ARMS[1:]
    in_e4m3 = partial(operator_errors, fmt=E4M3, x_min=E4M3_X_MIN)
    scores = partial(synthetic_errors, seeds)
    parts = (
        whole_part("operator", "operator", operator_errors, arms),
        whole_part("operator_e4m3", "operator, E4M3", in_e4m3, E4M3_ARMS),
        part_by_arm("ramps", "ramps", partial(ramp_errors, seeds), arms, MEASURE, seeds),
        part_by_arm("synthetic", "random scores", scores, arms, MEASURE, seeds),
        part_by_arm("synthetic_e4m3", "random scores, E4M3", scores, E4M3_ARMS, MEASURE, seeds),
        whole_part("published_flashd", "FLASH-D as published", lambda arms: published_flashd_errors(), ()),
    )
    return {part.name: part for part in parts}


def model_parts() -> dict[str, Part]:
    """Return the parts that need the model, by name.

    Raises FileNotFoundError or ModuleNotFoundError where it or what reads it is not installed.
    """
    model_texts()
    __import__("safetensors")
    measures = model_measures()
    parts = [
        part_by_arm(f"model_{name}{suffix}", f"{MODEL_TITLES[name]}{of_format}", measure, arms, MODEL)
        for suffix, of_format, arms in (("", "", ARMS[1:]), ("_e4m3", ", E4M3", E4M3_ARMS))
        for name, measure in measures.items()
    ]
    return {part.name: part for part in parts}


MODEL_PARTS = [f"model_{name}{suffix}" for suffix in ("", "_e4m3") for name in MODEL_TITLES]


def finished_parts(arguments: argparse.Namespace) -> FinishedParts:
    """Return what earlier studies have left in --out."""
    return FinishedParts(arguments.out / NAME)


def measure_part(arguments: argparse.Namespace, say: Say) -> None:
    """Measure the part --part alone and keep it; raises UserError for one that is none or cannot be had."""
    name = arguments.part
    plain = plain_parts(list(range(arguments.seeds)))
    if name not in (*plain, *MODEL_PARTS):
        raise nearest("part", name, (*plain, *MODEL_PARTS))
    try:
        part = plain[name] if name in plain else model_parts()[name]
        finished_parts(arguments).get(part, say)
    except (FileNotFoundError, ModuleNotFoundError) as missing:
        raise UserError(f"--part {name}: {missing}") from None


def measure_apart(arguments: argparse.Namespace, say: Say) -> None:
    """Measure the parts that are not there, --parallel at once, each by a command of its own."""
    parts = plain_parts(list(range(arguments.seeds)))
    if not arguments.no_model and has_model():
        parts |= model_parts()
    finished = finished_parts(arguments)
    names = [name for name, part in parts.items() if not finished.has(part)]
    out = arguments.out.resolve()

    def measure(pool: Pool, name: str) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), "--part", name]
        command += ["--seeds", str(arguments.seeds), "--out", str(out)]
        folder = out / NAME / name
        pool.call(make, command, str(folder), str(Path.cwd()), str(PROJECT_ROOT), needs=lambda: Needs(1))

    with (
        open_pool(arguments.cluster, arguments.parallel, len(names), say) as pool,
        ThreadPoolExecutor(arguments.parallel) as threads,
    ):
        list(threads.map(partial(measure, pool), names))


def has_model() -> bool:
    """Whether the model and what reads it are installed."""
    try:
        model_parts()
    except (FileNotFoundError, ModuleNotFoundError):
        return False
    return True


def study(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure everything that an earlier, interrupted study has not."""
    say = plain_lines(console)
    seeds = list(range(arguments.seeds))
    plain = plain_parts(seeds)
    of_model = {}
    try:
        of_model = {} if arguments.no_model else model_parts()
    except (FileNotFoundError, ModuleNotFoundError) as missing:
        say(f"without the real model: {missing}")
    finished = finished_parts(arguments)
    figures = {}
    for name, part in (plain | of_model).items():
        figures[name] = finished.get(part, say)
        say(part.title)
    study: dict[str, Any] = {"seeds": seeds} | {name: figures[name] for name in plain}
    study["model_sources_sha256"] = sources_sha256(*MODEL_SOURCES)
    study["model"] = of_both_formats(figures) if of_model else None
    return dict(to_figure_digits(study))


def of_both_formats(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of `model_parts` by text and format; those in BF16 stand first."""
    texts = model_texts()

    def of_format(suffix: str) -> dict[str, Any]:
        layers = {
            name: {"tokens": len(ids), "layers": figures[f"model_{name}{suffix}"]}
            for name, ids in texts.items()
        }
        return {**layers, "texts": len(SHORT_TEXTS), "whole": figures[f"model_whole{suffix}"]}

    return of_format("") | {"e4m3": of_format("_e4m3")}


def with_earlier_model(figures: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Return a study without the real model with the model's figures of an earlier one.

    Only where all else agrees, the model part's own code and texts included: then they are those of the same
    kernels. Otherwise the study as it is.
    """
    combined = figures | {"model": earlier.get("model")}
    # As it is read back: a tuple is a list there, a number as a key a string.
    return earlier if json.loads(json.dumps(combined)) == earlier else figures


def accuracy(arguments: argparse.Namespace) -> None:
    """Write accuracy.json, accuracy.md and its chart."""
    if arguments.seeds < 1:
        raise UserError(f"--seeds {arguments.seeds}: at least 1")
    check_cluster(arguments.cluster)
    if arguments.part is not None:
        measure_part(arguments, plain_lines(Console()))
        return
    console = Console()
    base: Path = arguments.reports / NAME
    data = base.with_suffix(".json")
    if arguments.no_run:
        if not data.exists():
            raise UserError(f"no {data}: leave out --no-run")
        figures = json.loads(data.read_text(encoding="utf-8"))
    else:
        if arguments.cluster != job_pool.LOCAL or arguments.parallel > 1:
            measure_apart(arguments, plain_lines(console))
        figures = study(arguments, console)
        if figures["model"] is None and data.exists():
            figures = with_earlier_model(figures, json.loads(data.read_text(encoding="utf-8")))
            if figures["model"]:
                plain_lines(console)(f"all else is as in {data}: its figures of the real model stay")
        arguments.reports.mkdir(parents=True, exist_ok=True)
        write_whole(data, json.dumps(figures, indent=1) + "\n")
    write_whole(base.with_suffix(".md"), accuracy_markdown(figures))
    chart = error_chart(figures, NAME)
    for suffix in (".svg", ".png"):
        draw(chart, base.with_suffix(suffix))
    console.print(f"report   {base}.md", highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("accuracy.py", lambda: accuracy(arguments), arguments.out / "crash.log")


if __name__ == "__main__":
    main()
