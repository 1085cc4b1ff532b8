"""The gate: a run against fixed limits and against the runs before it, like with like."""

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from flow.common.errors import UserError
from flow.common.numeric import change_percent, is_number
from flow.comparison.kept_rows import kept_results
from flow.history.runs import Run, title_of
from flow.record.metrics import BY_NAME, CORNER_METRICS, HIGHER, measured_at, metrics_of
from flow.record.result import identity_of

PASS, FAIL, INCONCLUSIVE, ERROR = "PASS", "FAIL", "INCONCLUSIVE", "ERROR"
# 2 is a user's mistake in every command of this project.
EXIT_CODES = {PASS: 0, FAIL: 1, INCONCLUSIVE: 3, ERROR: 4}
SEVERITY = (PASS, INCONCLUSIVE, FAIL, ERROR)
BASELINE_RUNS = 5
# So far back a metric is looked for that the last runs lack.
BASELINE_WINDOW = 50
GATES_FILE = Path(__file__).with_name("gates.toml")
BOUNDS = ("smallest", "largest")


@dataclass(frozen=True)
class Gates:
    """Limits and bands by metric: `limits` holds "smallest" or "largest", bands are in percent."""

    limits: Mapping[str, Mapping[str, float]]
    bands_percent: Mapping[str, float]


@dataclass(frozen=True)
class MetricVerdict:
    """One metric of one run: `base` and `band_percent` are None for a fixed limit."""

    title: str
    metric: str
    target: float | None
    base: float | None
    band_percent: float | None
    verdict: str
    reason: str

    @property
    def difference(self) -> str:
        """Change against the baseline, a dash where there is none."""
        if self.target is None or self.base is None:
            return "–"
        return BY_NAME[self.metric].show_change(self.target, self.base)


def read_gates(path: Path = GATES_FILE) -> Gates:
    """Return the gates of a TOML file; raises UserError for one that is broken or names no metric."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        limits, bands = dict(content["limits"]), dict(content["bands_percent"])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} does not hold gates: {error}") from None
    for name, limit in limits.items():
        check_known(path, name)
        if not isinstance(limit, dict) or not limit or not set(limit) <= set(BOUNDS):
            raise UserError(f"{path}, limits, {name}: it takes {' and '.join(BOUNDS)}")
        for bound, value in limit.items():
            if not is_number(value):
                raise UserError(f"{path}, limits, {name}, {bound}: {value!r} is no finite number")
    for name, band in bands.items():
        check_known(path, name)
        if not BY_NAME[name].relative:
            raise UserError(f"{path}, bands_percent, {name}: percent of it say nothing, give it a limit")
        if not is_number(band) or band < 0:
            raise UserError(f"{path}, bands_percent, {name}: {band!r} is no number from 0 on")
    return Gates(limits, bands)


def check_known(path: Path, name: str) -> None:
    """Raise UserError unless `name` is a metric."""
    if name not in BY_NAME:
        raise UserError(f"{path}: no metric '{name}'")


def seed_spread_percent(results: Sequence[Any]) -> dict[tuple[str, str], float]:
    """Return by (design, metric) how far results differ that differ in the seed alone, in percent.

    The largest spread of any configuration of which more than one seed is kept.
    """
    groups: dict[str, list[Any]] = {}
    for result in results:
        key = identity_of(result) | {"seed": None, "depth": result.depth}
        groups.setdefault(json.dumps(key, sort_keys=True), []).append(result)
    spread: dict[tuple[str, str], float] = {}
    for same_but_seed in groups.values():
        flat = [metrics_of(result) for result in same_but_seed]
        for name in BY_NAME:
            values: list[Any] = [metrics.get(name) for metrics in flat]
            if len(values) > 1 and all(map(is_number, values)) and median(values):
                percent = 100 * (max(values) - min(values)) / abs(median(values))
                key_of = (same_but_seed[0].design, name)
                spread[key_of] = max(spread.get(key_of, 0.0), percent)
    return spread


def gates_and_spread(reports: Path, path: Path = GATES_FILE) -> tuple[Gates, dict[tuple[str, str], float]]:
    """Return the gates in `path`, and the spread between seeds that the results kept below `reports` tell."""
    return read_gates(path), seed_spread_percent(kept_results(reports))


def comparable(target: Run, earlier: Sequence[Run]) -> tuple[list[Run], str]:
    """Return the last BASELINE_WINDOW of the `earlier` runs that are alike and have the target's tools.

    Without one: why.
    """
    counting = (run for run in earlier if run.get("set_aside") is None)
    alike = [run for run in counting if run["configuration"] == target["configuration"]]
    same_tools = [run for run in alike if run["fingerprint"] == target["fingerprint"]]
    return same_tools[-BASELINE_WINDOW:], "the tools changed" if alike and not same_tools else "no baseline"


def baseline(runs: Sequence[Run], metric: str) -> float | None:
    """Return the median of the last BASELINE_RUNS values of a metric, None where there is none."""
    values = [value for run in runs if (value := BY_NAME[metric].value_in(run["metrics"])) is not None]
    return median(values[-BASELINE_RUNS:]) if values else None


def check_run(
    target: Run, earlier: Sequence[Run], gates: Gates, spread: Mapping[tuple[str, str], float]
) -> list[MetricVerdict]:
    """Return the checks of one run against `earlier` runs in order, critical metrics first.

    A metric's band is also that of the metric at each corner, where an earlier run has it.
    """
    title = title_of(target)
    runs, reason = comparable(target, earlier)
    checks = []
    for metric in (*measured_at(target["depth"]), *CORNER_METRICS):
        name = metric.name
        limit = gates.limits.get(name)
        band_percent = gates.bands_percent.get(name, gates.bands_percent.get(metric.of or name))
        base = baseline(runs, name)
        value = metric.value_in(target["metrics"])
        if metric.of is not None and base is None:  # not every PDK, nor every earlier run, has it
            band_percent = None
            limit = None if value is None else limit
        if limit is None and band_percent is None:
            continue
        if value is None:
            checks.append(MetricVerdict(title, name, None, None, None, ERROR, "the metric is missing"))
            continue
        if limit is not None:
            checks.append(check_limit(title, name, value, limit))
        if band_percent is not None:
            band_percent = max(band_percent, spread.get((target["design"], name), 0.0))
            checks.append(check_band(title, name, value, base, reason, band_percent))
    return sorted(checks, key=lambda check: not BY_NAME[check.metric].critical)


def check_limit(title: str, name: str, value: float, limit: Mapping[str, float]) -> MetricVerdict:
    """Return whether a value keeps its limit."""
    low, high = limit.get("smallest"), limit.get("largest")
    is_within = (low is None or value >= low) and (high is None or value <= high)
    reason = "limit " + " ".join(f"{word} {bound:g}" for word, bound in limit.items())
    return MetricVerdict(title, name, value, None, None, PASS if is_within else FAIL, reason)


def check_band(
    title: str, name: str, value: float, base: float | None, reason: str, band_percent: float
) -> MetricVerdict:
    """Return whether a value is not worse than its baseline by more than the band."""
    if base is None:
        return MetricVerdict(title, name, value, None, band_percent, INCONCLUSIVE, reason)
    percent = change_percent(value, base)
    if percent is None:  # of nothing any change is more than any percentage
        percent = math.copysign(math.inf, value) if value else 0.0
    worse_percent = -percent if BY_NAME[name].better == HIGHER else percent
    verdict = FAIL if worse_percent > band_percent else PASS
    return MetricVerdict(title, name, value, base, band_percent, verdict, "band")


def overall(checks: Sequence[MetricVerdict]) -> str:
    """Return the worst verdict; INCONCLUSIVE where nothing was checked."""
    if not checks:
        return INCONCLUSIVE
    return max((check.verdict for check in checks), key=SEVERITY.index)


def gate_markdown(checks: Sequence[MetricVerdict]) -> str:
    """Return a table fit for a pull request's comment: the worst and the critical first."""
    order = sorted(
        checks,
        key=lambda check: (-SEVERITY.index(check.verdict), not BY_NAME[check.metric].critical, check.title),
    )
    lines = [
        f"**{overall(checks)}**",
        "",
        "| run | metric | target | base | difference | band | verdict |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for check in order:
        metric = BY_NAME[check.metric]
        target = "–" if check.target is None else metric.show(check.target)
        base = "–" if check.base is None else metric.show(check.base)
        band = check.reason if check.band_percent is None else f"{check.band_percent:.2f} %"
        verdict = (
            f"{check.verdict}: {check.reason}" if check.verdict in (INCONCLUSIVE, ERROR) else check.verdict
        )
        name = metric.title.strip()
        lines.append(
            f"| {check.title} | {name} | {target} | {base} | {check.difference} | {band} | {verdict} |"
        )
    return "\n".join(lines) + "\n"
