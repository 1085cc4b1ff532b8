"""What a configuration's runs show over revisions: values, bands, breaks, days without a run, steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flow.history.database import moment
from flow.history.drift import find_step
from flow.history.failures import Failure
from flow.history.gate import FAIL, PASS, Gates, MetricVerdict, check_run, overall
from flow.history.runs import Run
from flow.record.metrics import ALL_METRICS, BY_NAME, HIGHER, LOWER, Metric
from flow.record.provenance import digest_of
from hdl.designs import kernels

# So far back a run is looked for that passed the gate.
LAST_GOOD_WINDOW = 50
TIMED = "timed"
# By (design, metric), how far results differ that differ in the seed alone, in percent.
Spread = Mapping[tuple[str, str], float]
# Of the same configuration with other seeds, by revision: their metrics.
SeedRuns = Mapping[str | None, Sequence[Mapping[str, Any]]]


ENERGY = Metric("energy_per_clock_j", "energy per clock", "pJ", 1e12, 4, LOWER, True, since="route")


def metrics_shown(design: str) -> list[Metric]:
    """Return the metrics in their order, the energy after the power it is made of."""
    energy = replace(ENERGY, title="energy per key") if design in kernels() else ENERGY
    return [
        shown
        for metric in ALL_METRICS
        for shown in ((metric, energy) if metric.name == "power_total_w" else (metric,))
    ]


def energy_added(metrics: Mapping[str, Any], clock_ns: float) -> dict[str, Any]:
    """Return the metrics with the energy of a clock at timed activity: a kernel takes a key at each."""
    power_w = BY_NAME["power_total_w"].value_in(metrics)
    if power_w is None or metrics.get("power_activity") != TIMED:
        return dict(metrics)
    return {**metrics, ENERGY.name: power_w * clock_ns * 1e-9}


def counting(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that are not set aside."""
    return [run for run in runs if run["set_aside"] is None]


def but_for_seed(run: Run) -> str:
    """Return what configurations that differ in the seed alone have in common."""
    names = (
        *("design", "parameters", "pdk", "depth", "clock_ns", "target_utilization_percent"),
        *("optimised_corners", "synthesis", "target_padding_sites"),
    )
    return digest_of([run[name] for name in names])


def short_revision(run: Mapping[str, Any]) -> str:
    """Return the first digits of a run's revision, with a plus where the tree was changed."""
    return (run["revision"] or "")[:8] + ("+" if run.get("dirty") else "")


def revision_date(run: Mapping[str, Any]) -> datetime:
    """Return the date that puts a run or a failure in its place."""
    return moment(run["committed_at"] or run.get("finished_at") or run["failed_at"])


def utc_minute(time: datetime) -> str:
    """Return a time as a browser reads it, to the minute."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def data_of(
    runs: Sequence[Run],
    failures: Sequence[Failure],
    checks: Sequence[MetricVerdict],
    seeds: SeedRuns,
    spread: Spread,
    thumbnails: Mapping[str, Mapping[str, str | None]],
) -> dict[str, Any]:
    """Return what the page draws of a configuration's `runs`, in order; `checks` are of the newest.

    `thumbnails` are the pictures that there are, by the hash of the layout.
    """
    places = {run["id"]: place for place, run in enumerate(runs)}
    with_energy = [run | {"metrics": energy_added(run["metrics"], run["clock_ns"])} for run in runs]
    clock_ns = runs[-1]["clock_ns"]
    of_seeds = {
        revision: [energy_added(metrics, clock_ns) for metrics in of_revision]
        for revision, of_revision in seeds.items()
    }
    return {
        "runs": [run_words(run) for run in runs],
        "breaks": tool_breaks(runs),
        "gaps": gaps(runs),
        "failures": [failure_words(failure, runs) for failure in failures],
        "layouts": layouts(runs, thumbnails),
        "trends": [
            trend(metric, with_energy, places, checks, of_seeds, spread)
            for metric in metrics_shown(runs[-1]["design"])
            if has(metric, with_energy)
        ],
    }


def run_words(run: Run) -> list[Any]:
    """Return what is said of a run: revision, subject, date, branch, activity, why it is set aside."""
    return [
        short_revision(run),
        run["subject"] or "",
        utc_minute(revision_date(run)),
        run["branch"] or "",
        run["metrics"].get("power_activity") or "",
        run["set_aside"] or "",
    ]


def tool_breaks(runs: Sequence[Run]) -> list[list[Any]]:
    """Return where the tools change: the place of the first run with the new ones, and what is new."""
    breaks: list[list[Any]] = []
    for place in range(1, len(runs)):
        before, after = runs[place - 1], runs[place]
        if before["fingerprint"] != after["fingerprint"]:
            breaks.append([place, tool_changes(before["tool_versions"], after["tool_versions"])])
        elif before["metrics"].get("power_activity") != after["metrics"].get("power_activity"):
            breaks.append([place, f"power is at {after['metrics'].get('power_activity')} activity"])
    return breaks


def tool_changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return in a line which tools differ."""
    changed = [
        f"{name} {before.get(name, 'none')} to {after.get(name, 'none')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    return ", ".join(changed) or "the library or its corner"


def gaps(runs: Sequence[Run]) -> list[list[Any]]:
    """Return the days without a run: the place of the first run after them, first and last of them."""
    found: list[list[Any]] = []
    days = [revision_date(run).astimezone(UTC).date() for run in runs]
    for place in range(1, len(days)):
        missing = (days[place] - days[place - 1]).days - 1
        if missing > 0:
            first, last = days[place - 1] + timedelta(days=1), days[place] - timedelta(days=1)
            found.append([place, first.isoformat(), last.isoformat(), missing])
    return found


def failure_words(failure: Failure, runs: Sequence[Run]) -> list[Any]:
    """Return what is said of a failure, after the place of the run that comes next."""
    at = revision_date(failure)
    place = sum(revision_date(run) <= at for run in runs)
    return [place, short_revision(failure), failure["subject"] or "", utc_minute(at), failure["reason"]]


def layouts(runs: Sequence[Run], thumbnails: Mapping[str, Mapping[str, str | None]]) -> list[dict[str, Any]]:
    """Return the pictures of the runs' layouts, each once, with the first revision that has it."""
    shown: dict[str, dict[str, Any]] = {}
    for run in runs:
        gds = run["artefacts_sha256"].get("gds", "")
        if gds in thumbnails and gds not in shown:
            shown[gds] = {"revision": short_revision(run), "subject": run["subject"] or ""} | dict(
                thumbnails[gds]
            )
    return list(shown.values())


def has(metric: Metric, runs: Sequence[Run]) -> bool:
    """Whether any run has the metric."""
    return any(metric.value_in(run["metrics"]) is not None for run in runs)


def least_span(low: float, high: float) -> float:
    """Return how much a drawing spans: noise below a tenth of a percent does not fill it."""
    return max(high - low, 1e-3 * abs(high), 1e-12)


def trend(
    metric: Metric,
    runs: Sequence[Run],
    places: Mapping[int, int],
    checks: Sequence[MetricVerdict],
    seeds: SeedRuns,
    spread: Spread,
) -> dict[str, Any]:
    """Return a metric's value in each run, None where it is missing, and what to say of them.

    A page shows a value as value * `factor` with `decimals`, in `unit`. Of runs that are set aside the
    values alone are shown. `band` has the lowest and the highest of the seeds, by run; `gate` is the
    value from which on the gate fails.
    """
    values = [metric.value_in(run["metrics"]) for run in runs]
    with_it = [run for run in counting(runs) if metric.value_in(run["metrics"]) is not None]
    present = [float(run["metrics"][metric.name]) for run in with_it]
    changes = [index for index in range(1, len(present)) if present[index] != present[index - 1]]
    last_change = None
    if changes:
        at, before = changes[-1], present[changes[-1] - 1]
        last_change = [
            metric.show_change(present[at], before),
            (with_it[at]["revision"] or "")[:8],
            with_it[at]["subject"] or "",
        ]
    # The clock of a machine is noisy: drift is looked for where it counts.
    step = find_step(present) if metric.critical else None
    of_metric = [check for check in checks if check.metric == metric.name]
    return {
        "name": metric.name,
        "title": metric.title.strip(),
        "critical": metric.critical,
        "better": metric.better,
        "relative": metric.relative,
        "corner": metric.of is not None,
        "value": metric.show(present[-1]) if present else "",
        "unit": metric.unit,
        "factor": metric.factor,
        "decimals": metric.decimals,
        "values": values,
        "band": band(metric, runs, values, seeds, spread),
        "gate": gate_value(metric, of_metric),
        "verdict": overall(of_metric) if of_metric else None,
        "last_change": last_change,
        "step": None
        if step is None
        else [
            places[with_it[step.index]["id"]],
            metric.show_change(step.after, step.before),
            (with_it[step.index]["revision"] or "")[:8],
        ],
    }


def band(
    metric: Metric,
    runs: Sequence[Run],
    values: Sequence[float | None],
    seeds: SeedRuns,
    spread: Spread,
) -> list[list[float] | None] | None:
    """Return the lowest and the highest value over the seeds, by run; None for a run or a metric without.

    Where the revision has no other seeds, those of the kept results tell how wide it is about the value.
    """
    bands: list[list[float] | None] = []
    for run, value in zip(runs, values, strict=True):
        others = [metric.value_in(metrics) for metrics in seeds.get(run["revision"], ())]
        measured = [other for other in others if other is not None]
        percent = spread.get((run["design"], metric.name), 0.0) if metric.relative else 0.0
        if value is None or metric.name == "runtime_s":
            bands.append(None)
        elif len(measured) > 1:
            bands.append([min(value, *measured), max(value, *measured)])
        elif percent:
            half = abs(value) * percent / 200
            bands.append([value - half, value + half])
        else:
            bands.append(None)
    return bands if any(bands) else None


def gate_value(metric: Metric, checks: Sequence[MetricVerdict]) -> float | None:
    """Return the value from which on the gate fails by its band; None without one."""
    for check in checks:
        if check.base is not None and check.band_percent is not None:
            sign = -1 if metric.better == HIGHER else 1
            return check.base + sign * abs(check.base) * check.band_percent / 100
    return None


def last_good(runs: Sequence[Run], gates: Gates, spread: Spread) -> Run | None:
    """Return the newest of the runs that counts and passes the gate against those before it.

    Looked for among the newest LAST_GOOD_WINDOW.
    """
    sound = counting(runs)
    for place in range(len(sound) - 1, max(-1, len(sound) - 1 - LAST_GOOD_WINDOW), -1):
        if overall(check_run(sound[place], sound[:place], gates, spread)) == PASS:
            return sound[place]
    return None


def aside_notes(runs: Sequence[Run], gates: Gates, spread: Spread) -> list[dict[str, Any]]:
    """Return of each run that is set aside why, what the gate says of it, and what was found."""
    notes = []
    for place, run in enumerate(runs):
        if run["set_aside"] is None:
            continue
        checks = check_run(run, counting(runs[:place]), gates, spread)
        notes.append(
            {
                "revision": short_revision(run),
                "subject": run["subject"] or "",
                "reason": run["set_aside"],
                "verdict": overall(checks),
                "broken": [
                    f"{BY_NAME[check.metric].title.strip()} {check.difference}"
                    for check in checks
                    if check.verdict == FAIL
                ],
                "finding": run["finding"],
            }
        )
    return notes


def nights(runs: Sequence[tuple[str, int]], failed: Sequence[tuple[str, int]]) -> list[list[Any]]:
    """Return every day from the first to the last: its date, how many runs it made, how many failed."""
    recorded, broken = dict(runs), dict(failed)
    days = sorted(map(date.fromisoformat, {*recorded, *broken}))
    if not days:
        return []
    every_day = (days[0] + timedelta(days=number) for number in range((days[-1] - days[0]).days + 1))
    return [
        [day.isoformat(), recorded.get(day.isoformat(), 0), broken.get(day.isoformat(), 0)]
        for day in every_day
    ]
