"""A search: Optuna says which point next, each trial is an ordinary run, cheap depths first."""

import itertools
import json
import math
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from flow.common.command_line import Say
from flow.common.errors import StepError, UserError
from flow.error_study.kernel_error import kernel_error
from flow.exploration.objectives import ERROR, MODEL, Objective, beats, values_of, why_no_good
from flow.exploration.space import Axis, Value, size_of
from flow.pipeline.run_process import command_line
from flow.record.depths import reaches
from flow.record.result import Result
from flow.record.settings import Settings

DATABASE = "study.db"
REQUEST, POINT, REASON, COMMAND, DEPTH = "request", "point", "reason", "command", "depth"
# Depths in the order of their cost; a trial goes through those up to its own.
STAGES = ("synth", "place", "gds")
# So often Optuna may name points that were tried: then the search takes one that was not.
ASKED_IN_VAIN_MAX = 10

RunAt = Callable[[Settings], Result]
Point = dict[str, Value]


@dataclass(frozen=True)
class Search:
    """What is asked for. `settings_of` gives a point's settings at a depth; it raises UserError.

    `depth` is where a trial ends. A trial that another beats by `prune_share` in every objective, already
    at a cheaper depth, goes no deeper; nor does one with a figure above its limit, in the plain unit.
    Without `cheaper_first` a trial goes to its depth at once.
    """

    axes: Sequence[Axis]
    objectives: list[Objective]
    depth: str
    settings_of: Callable[[Mapping[str, Value], str], Settings]
    prune_share: float
    limits: Mapping[str, float]
    request: Mapping[str, Any]
    pdk_root: Path | None = None
    cheaper_first: bool = True

    @property
    def stages(self) -> tuple[str, ...]:
        """The depths that a trial goes through: the model first, where its error counts."""
        model = (MODEL,) if any(objective.name == ERROR for objective in self.objectives) else ()
        cheaper = [stage for stage in STAGES if self.cheaper_first and not reaches(stage, self.depth)]
        return (*model, *cheaper, self.depth)


def open_study(folder: Path, search: Search, seed: int) -> optuna.Study:
    """Return the study in `folder`, made or gone on with; raises UserError for one of something else."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    where = folder / DATABASE
    request = json.loads(json.dumps(search.request))
    try:
        study = optuna.create_study(
            storage=f"sqlite:///{where.resolve()}",
            study_name="search",
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=10, constant_liar=True),
            directions=["minimize"] * len(search.objectives),
            load_if_exists=True,
        )
        if study.user_attrs.setdefault(REQUEST, request) != request:
            raise UserError(f"{where} searches something else: give another --study, or the same options")
        study.set_user_attr(REQUEST, request)
    except (ValueError, SQLAlchemyError, RuntimeError) as error:
        raise UserError(f"{where} is no study of this search: {str(error).splitlines()[0]}") from None
    return study


def take_up(study: optuna.Study) -> None:
    """Put the trials of a search that was killed back in the queue: their runs go on where they ended."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)


def points_of(study: optuna.Study) -> dict[str, FrozenTrial]:
    """Return the trials that have an end of their own, the first of each point."""
    trials: dict[str, FrozenTrial] = {}
    for trial in study.get_trials(deepcopy=False):
        if trial.state.is_finished() and (trial.values or REASON in trial.user_attrs):
            trials.setdefault(point_key(trial.params), trial)
    return trials


def point_key(point: Mapping[str, Any]) -> str:
    """Return what tells a point from another."""
    return json.dumps(point, sort_keys=True)


def run_search(
    study: optuna.Study,
    search: Search,
    trials: int,
    executor: Executor,
    run_at: RunAt,
    at_once: int,
    first: Point | None,
    say: Say,
) -> None:
    """Try points until `trials` different ones have ended, `at_once` at a time; `first` is tried first."""
    take_up(study)
    if first is not None and not study.get_trials(deepcopy=False):
        study.enqueue_trial(encoded(search.axes, first))
    wanted = min(trials, size_of(search.axes))
    going: dict[Future[tuple[str, Any]], optuna.Trial] = {}
    in_vain = 0
    while True:
        ended = points_of(study)
        under_way = {point_key(trial.params) for trial in going.values()}
        while len(going) < at_once and len(ended) + len(going) < wanted:
            if in_vain >= ASKED_IN_VAIN_MAX:
                study.enqueue_trial(untried(search.axes, ended.keys() | under_way))
            trial = study.ask()
            point = {axis.name: suggested(trial, axis) for axis in search.axes}
            key = point_key(trial.params)
            if key in under_way:
                study.tell(trial, state=TrialState.FAIL)
                in_vain += 1
            elif key in ended:
                repeat(study, trial, ended[key])
                in_vain += 1
            else:
                in_vain = 0
                under_way.add(key)
                best = [values_at(trial) for trial in ended.values() if trial.state == TrialState.COMPLETE]
                trial.set_user_attr(POINT, point)
                say(f"trial {trial.number}: {shown_point(point)}: started")
                going[executor.submit(attempt, search, point, best, run_at)] = trial
        if not going:
            return
        for future in wait(going, return_when=FIRST_COMPLETED).done:
            trial = going.pop(future)
            state, told = future.result()
            end_trial(study, search, trial, state, told, say)


def suggested(trial: optuna.Trial, axis: Axis) -> Value:
    """Return the value that a trial is to take on an axis; of numbers Optuna sees the place among them."""
    if axis.is_ordered:
        return axis.values[trial.suggest_int(axis.name, 0, len(axis.values) - 1)]
    return str(trial.suggest_categorical(axis.name, axis.values))


def encoded(axes: Sequence[Axis], point: Mapping[str, Value]) -> Point:
    """Return a point as Optuna has it."""
    return {
        axis.name: axis.values.index(point[axis.name]) if axis.is_ordered else point[axis.name]
        for axis in axes
    }


def untried(axes: Sequence[Axis], tried: Container[str]) -> Point:
    """Return the first point, as Optuna has it, that is not among those `tried`."""
    points = itertools.product(*(axis.values for axis in axes))
    named = (
        encoded(axes, {axis.name: value for axis, value in zip(axes, each, strict=True)}) for each in points
    )
    return next(point for point in named if point_key(point) not in tried)


def shown_point(point: Mapping[str, Value]) -> str:
    """Return a point in words."""
    return ", ".join(f"{name} {value}" for name, value in point.items())


def values_at(trial: FrozenTrial) -> dict[str, dict[str, float]]:
    """Return by depth what a trial has measured."""
    return {name: dict(values) for name, values in trial.user_attrs.get(DEPTH, {}).items()}


def attempt(
    search: Search, point: Point, best: Sequence[Mapping[str, Mapping[str, float]]], run_at: RunAt
) -> tuple[str, Any]:
    """Run a point depth by depth; return "done" or "pruned" or "failed", and what is known."""
    measured: dict[str, dict[str, float]] = {}
    command: list[str] = []
    for stage in search.stages:
        try:
            settings = search.settings_of(point, search.stages[1] if stage == MODEL else stage)
            command = command_line(settings, search.pdk_root)
            if stage == MODEL:
                measured[MODEL] = {ERROR: kernel_error(settings.design.name, settings.parameters)}
                if above := above_limit(measured[MODEL], search):
                    return "pruned", {DEPTH: measured, REASON: above, COMMAND: command}
                continue
            result = run_at(settings)
        except (UserError, StepError) as error:
            return "failed", {DEPTH: measured, REASON: str(error), COMMAND: command}
        reason = why_no_good(result, search.objectives)
        measured[stage] = values_of(result, search.objectives)
        told = {DEPTH: measured, COMMAND: command}
        if reason is not None and stage == search.depth:
            return "failed", told | {REASON: reason}
        if above := above_limit(measured[stage], search):
            return "pruned", told | {REASON: above}
        complete = len(measured[stage]) == len(search.objectives)
        if stage != search.depth and complete:
            for finished in best:
                if beats(finished.get(stage, {}), measured[stage], search.prune_share):
                    return "pruned", told | {REASON: f"beaten already at depth {stage}"}
    return "done", told


def above_limit(values: Mapping[str, float], search: Search) -> str | None:
    """Return the first figure that is above its limit in words, None where none is."""
    for objective in search.objectives:
        limit = search.limits.get(objective.name, math.inf)
        if values.get(objective.name, -math.inf) > limit:
            shown = objective.show(values[objective.name])
            return f"{objective.title} {shown}, limit {objective.show(limit)}"
    return None


def repeat(study: optuna.Study, trial: optuna.Trial, earlier: FrozenTrial) -> None:
    """End a trial of a point that was tried before as that one ended."""
    if earlier.state == TrialState.COMPLETE:
        study.tell(trial, earlier.values)
    else:
        study.tell(trial, state=earlier.state)


def end_trial(
    study: optuna.Study, search: Search, trial: optuna.Trial, state: str, told: Mapping[str, Any], say: Say
) -> None:
    """Keep how a trial ended and say it. Only one that is done has values: no other can be a good one."""
    for name, value in told.items():
        trial.set_user_attr(name, value)
    if state == "done":
        values = told[DEPTH][search.depth]
        study.tell(trial, [values[objective.name] for objective in search.objectives])
        shown = ", ".join(
            f"{objective.title} {objective.show(values[objective.name])}" for objective in search.objectives
        )
        say(f"trial {trial.number}: {shown}")
    else:
        study.tell(trial, state=TrialState.PRUNED if state == "pruned" else TrialState.FAIL)
        say(f"trial {trial.number}: {state}: {told[REASON]}")


def front_of(study: optuna.Study, objectives: Sequence[Objective]) -> list[FrozenTrial]:
    """Return the trials that no other beats, by the first objective."""
    done = [trial for trial in points_of(study).values() if trial.state == TrialState.COMPLETE]
    values = {
        trial.number: {each.name: value for each, value in zip(objectives, trial.values, strict=True)}
        for trial in done
    }
    unbeaten = [
        trial for trial in done if not any(beats(values[each.number], values[trial.number]) for each in done)
    ]
    return sorted(unbeaten, key=lambda trial: (*trial.values, trial.number))
