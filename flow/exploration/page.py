"""What a search found, as text and as a picture: the front, and how to repeat each of its points."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from flow.charts.picture import draw
from flow.charts.points import Point, PointChart, PointSeries
from flow.common.atomic_file import write_whole
from flow.common.places import WORK_ROOT
from flow.exploration.objectives import Objective
from flow.exploration.study import COMMAND, POINT, REASON, front_of, points_of, shown_point

REPORT, CHART = "front.md", "front"


def write_page(study: optuna.Study, objectives: Sequence[Objective], title: str, folder: Path) -> str:
    """Write front.md into `folder`, and with two objectives or more front.svg and .png; return the text."""
    trials = list(points_of(study).values())
    front = front_of(study, objectives)
    text = page_text(trials, front, objectives, title)
    write_whole(folder / REPORT, text)
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if done and len(objectives) > 1:
        chart = front_chart(done, front, objectives, title)
        for suffix in (".svg", ".png"):
            draw(chart, folder / f"{CHART}{suffix}")
    return text


def page_text(
    trials: Sequence[FrozenTrial], front: Sequence[FrozenTrial], objectives: Sequence[Objective], title: str
) -> str:
    """Return the front as a table, then the commands, then what came to no good."""
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    lines = [
        f"# {title}",
        "",
        f"{len(trials)} points: {len(done)} done, {len(pruned)} stopped early, {len(failed)} failed. "
        f"{len(front)} that no other beats:",
        "",
        "| trial | point | " + " | ".join(objective.title for objective in objectives) + " |",
        "| ---: | --- | " + "---: | " * len(objectives),
    ]
    lines += [row_of(trial, objectives) for trial in front]
    first = min(done, key=lambda trial: trial.number, default=None)
    if first is not None and first not in front:
        lines += ["", "The first trial, not among them:", "", lines[4], lines[5], row_of(first, objectives)]
    lines += ["", "Each again:", "", "```"]
    lines += [shlex.join(shown_command(trial)) for trial in front]
    lines += ["```"]
    if pruned or failed:
        lines += ["", "Never among them:", ""]
        lines += [
            f"- {shown_point(trial.user_attrs[POINT])}: {trial.user_attrs[REASON]}"
            for trial in (*pruned, *failed)
        ]
    return "\n".join(lines) + "\n"


def row_of(trial: FrozenTrial, objectives: Sequence[Objective]) -> str:
    """Return a trial as a line of the table."""
    values = " | ".join(
        objective.show(value) for objective, value in zip(objectives, trial.values, strict=True)
    )
    return f"| {trial.number} | {shown_point(trial.user_attrs[POINT])} | {values} |"


def shown_command(trial: FrozenTrial) -> list[str]:
    """Return the command of a trial's run, for a person: without --json and what goes without saying."""
    program, script, *words = trial.user_attrs[COMMAND]
    assert Path(script).name == "run.py", program
    usual = ["--out", str(WORK_ROOT / "build")]
    if words[-2:] == usual:
        words = words[:-2]
    return ["python", "flow/run.py", *(word for word in words if word != "--json")]


def front_chart(
    done: Sequence[FrozenTrial], front: Sequence[FrozenTrial], objectives: Sequence[Objective], title: str
) -> PointChart:
    """Return the trials over the first two objectives; the first trial and the front by name."""
    x, y = objectives[:2]

    def point(trial: FrozenTrial, label: str) -> Point:
        return Point(label, trial.values[0] * x.factor, trial.values[1] * y.factor)

    first = min(done, key=lambda trial: trial.number)
    others = [trial for trial in done if trial not in front and trial is not first]
    series: list[Any] = [
        PointSeries("no other beats it", tuple(point(trial, str(trial.number)) for trial in front)),
        PointSeries("beaten", tuple(point(trial, "") for trial in others)),
        PointSeries("first trial", (point(first, str(first.number)),)),
    ]
    return PointChart(
        name=CHART,
        title=f"{title}: {x.title} and {y.title}",
        x_unit=x.unit or x.title,
        y_unit=y.unit or y.title,
        series=tuple(each for each in series if each.points),
        x_decimals=x.decimals,
        y_decimals=y.decimals,
    )
