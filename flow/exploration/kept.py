"""A search's results kept beside the reports, and its study again from them alone."""

import itertools
from pathlib import Path

import optuna

from flow.common.command_line import Say
from flow.common.errors import StepError
from flow.exploration.study import POINT, Point, RunAt, Search, attempt, encoded, end_trial, suggested
from flow.record.result import Result
from flow.record.results_store import find, keep
from flow.record.settings import Settings


def keeping(run_at: RunAt, reports: Path) -> RunAt:
    """Return `run_at` that also keeps every result in `reports`."""

    def run(settings: Settings) -> Result:
        result = run_at(settings)
        keep(reports, result)
        return result

    return run


def kept_study(search: Search, reports: Path, first: Point | None, say: Say) -> optuna.Study:
    """Return a study, in memory, of the points of which `reports` holds a result at the search's depth.

    `first` comes first, where it is there; the others in the order of the axes' values.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["minimize"] * len(search.objectives))
    points: list[Point] = [
        {axis.name: value for axis, value in zip(search.axes, values, strict=True)}
        for values in itertools.product(*(axis.values for axis in search.axes))
    ]

    def look_up(settings: Settings) -> Result:
        result = find(reports, settings)
        if result is None:
            raise StepError("search", "no result is kept")
        return result

    for point in sorted(points, key=lambda each: each != first):
        if find(reports, search.settings_of(point, search.depth)) is not None:
            study.enqueue_trial(encoded(search.axes, point))
            trial = study.ask()
            for axis in search.axes:
                suggested(trial, axis)
            trial.set_user_attr(POINT, point)
            state, told = attempt(search, point, (), look_up)
            end_trial(study, search, trial, state, told, say)
    return study
