"""The error of the operators, of attention and of a whole model with it: `python flow/accuracy.py`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console

    from flow.charts.picture import draw
    from flow.common.atomic_file import write_whole
    from flow.common.command_line import Parser, plain_lines, run_guarded
    from flow.common.decimals import whole_number
    from flow.common.errors import UserError
    from flow.common.places import REPORTS_DIR
    from flow.error_study.measure import operator_errors, ramp_errors, synthetic_errors
    from flow.error_study.model import model_study
    from flow.error_study.page import accuracy_markdown, error_chart
    from flow.error_study.published_flashd import published_flashd_errors
    from flow.error_study.significant_digits import to_figure_digits
    from flow.error_study.study_parts import FinishedParts, study_key
    from flow.error_study.variants import E4M3_ARMS
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


def study(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure everything that an earlier, interrupted study has not."""
    say = plain_lines(console)
    seeds = list(range(arguments.seeds))
    finished = FinishedParts(arguments.out / NAME, study_key(seeds))
    figures: dict[str, Any] = {"seeds": seeds, "operator": finished.get("operator", operator_errors)}
    say("operator")
    figures["ramps"] = finished.get("ramps", lambda: ramp_errors(seeds))
    say("ramps")
    figures["synthetic"] = finished.get("synthetic", lambda: synthetic_errors(seeds))
    say("synthetic scores")
    figures["synthetic_e4m3"] = finished.get("synthetic_e4m3", lambda: synthetic_errors(seeds, E4M3_ARMS))
    say("synthetic scores, E4M3")
    figures["published_flashd"] = finished.get("published_flashd", published_flashd_errors)
    say("FLASH-D as published")
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
    console = Console()
    base: Path = arguments.reports / NAME
    data = base.with_suffix(".json")
    if arguments.no_run:
        if not data.exists():
            raise UserError(f"no {data}: leave out --no-run")
        figures = json.loads(data.read_text(encoding="utf-8"))
    else:
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
