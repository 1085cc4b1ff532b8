"""The answer on the first screen of the project's README: a table between two marks of its text."""

from collections.abc import Mapping
from typing import Any

from flow.common.errors import UserError
from flow.common.templates import open_template
from flow.comparison.page import percent, signed

BEGIN = "<!-- answer: written by flow/report.py -->"
END = "<!-- end of the answer -->"
QUESTIONS = {
    "paper": "a baseline in the paper's frame, as far as it can be inferred [I]",
    "own": "this project's baseline",
    "exact": "an exact baseline with half the products",
    "strongest": "the strongest exact baseline: one multiplier divides, too",
}


def first_screen(context: Mapping[str, Any]) -> str:
    """Return the table, for each question the first row of the report's answer, and the best kernel."""
    answer = context["answer"]
    answers = [(against, answer[kind][0]) for kind, against in QUESTIONS.items() if answer[kind]]
    template = open_template("first_screen.md.j2", "flow.reproduction", percent=percent, signed=signed)
    _, expmul = context["kernels"]
    paper, best = context["summary"]["paper"], context["best_kernel"]
    return str(template.render(paper=paper, answers=answers, expmul=expmul, best=best)).strip()


def with_answer(page: str, table: str) -> str:
    """Return `page` with `table` between its marks; raises UserError where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(f"README.md has no place for the answer: '{BEGIN}' and '{END}'")
    return f"{before}{begin}\n{table}\n{end}{after}"
