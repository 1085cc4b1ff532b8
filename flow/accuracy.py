"""The error of the operators, of attention and of a whole model with it: `python flow/accuracy.py`."""

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console

    from flow.charts.picture import draw
    from flow.common.atomic_file import write_whole
    from flow.common.command_line import Parser, Say, plain_lines, run_guarded
    from flow.common.decimals import count, whole_number
    from flow.common.errors import UserError
    from flow.common.places import PROJECT_ROOT, REPORTS_DIR
    from flow.error_study.measure import operator_errors, ramp_errors, synthetic_errors
    from flow.error_study.model import MODEL_PARTS, model_parts, model_study, model_texts
    from flow.error_study.page import accuracy_markdown, error_chart
    from flow.error_study.published_flashd import published_flashd_errors
    from flow.error_study.significant_digits import to_figure_digits
    from flow.error_study.study_parts import FinishedParts, study_key
    from flow.error_study.variants import E4M3_ARMS
    from flow.pipeline import job_pool
    from flow.pipeline.job_pool import Pool, check_cluster, make, open_pool
    from flow.pipeline.run_needs import Needs
    from flow.record.settings import nearest
    from flow.record.source_digest import sources_sha256
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
  python flow/accuracy.py              everything, some ten minutes
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
        help="where finished parts are kept, for an interrupted study to go on; default build",
    )
    parser.add_argument("--reports", type=Path, default=REPORTS_DIR, metavar="DIR", help="default reports")
    return parser.parse_args()


def plain_parts(seeds: list[int]) -> dict[str, tuple[str, Callable[[], Any]]]:
    """Return the parts of the study that need no model: what each is, and what measures it."""
    return {
        "operator": ("operator", operator_errors),
        "ramps": ("ramps", partial(ramp_errors, seeds)),
        "synthetic": ("synthetic scores", partial(synthetic_errors, seeds)),
        "synthetic_e4m3": ("synthetic scores, E4M3", partial(synthetic_errors, seeds, E4M3_ARMS)),
        "published_flashd": ("FLASH-D as published", published_flashd_errors),
    }


def finished_parts(arguments: argparse.Namespace) -> FinishedParts:
    """Return the parts that earlier studies alike have left in --out."""
    return FinishedParts(arguments.out / NAME, study_key(list(range(arguments.seeds))))


def measure_part(arguments: argparse.Namespace) -> None:
    """Measure the part --part alone and keep it; raises UserError for one that is none or cannot be had."""
    plain = plain_parts(list(range(arguments.seeds)))
    if arguments.part not in (*plain, *MODEL_PARTS):
        raise nearest("part", arguments.part, (*plain, *MODEL_PARTS))
    finished = finished_parts(arguments)
    if arguments.part in plain:
        finished.get(arguments.part, plain[arguments.part][1])
    else:
        try:
            finished.get(arguments.part, lambda: model_parts(lambda line: None)[arguments.part]())
        except (FileNotFoundError, ModuleNotFoundError) as missing:
            raise UserError(f"--part {arguments.part}: {missing}") from None


def measure_apart(arguments: argparse.Namespace, say: Say) -> None:
    """Measure the parts that are not there, --parallel at once, each by a command of its own."""
    names = [*plain_parts([])]
    if not arguments.no_model and has_model():
        names += MODEL_PARTS
    finished = finished_parts(arguments)
    names = [name for name in names if not finished.has(name)]
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
        model_texts()
    except (FileNotFoundError, ModuleNotFoundError):
        return False
    return find_spec("safetensors") is not None


def study(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure everything that an earlier, interrupted study has not."""
    say = plain_lines(console)
    seeds = list(range(arguments.seeds))
    finished = finished_parts(arguments)
    figures: dict[str, Any] = {"seeds": seeds}
    for name, (title, measure) in plain_parts(seeds).items():
        figures[name] = finished.get(name, measure)
        say(title)
    figures["model_sources_sha256"] = sources_sha256(*MODEL_SOURCES)
    figures["model"] = None
    if not arguments.no_model:
        try:
            figures["model"] = model_study(say, finished)
        except (FileNotFoundError, ModuleNotFoundError) as missing:
            say(f"without the real model: {missing}")
    return dict(to_figure_digits(figures))


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
        measure_part(arguments)
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
