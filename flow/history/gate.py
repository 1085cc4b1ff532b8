"""The gate: a run against fixed limits and against the runs before it, like with like."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from flow.common.errors import UserError
from flow.comparison.kept_rows import kept_results
from flow.history.runs import Run, title_of
from flow.record.depths import DEPTHS
from flow.record.metrics import BY_NAME, HIGHER

PASS, FAIL, INCONCLUSIVE, ERROR = "PASS", "FAIL", "INCONCLUSIVE", "ERROR"
# 2 is a user's mistake in every command of this project.
EXIT_CODES = {PASS: 0, FAIL: 1, INCONCLUSIVE: 3, ERROR: 4}
SEVERITY = (PASS, INCONCLUSIVE, FAIL, ERROR)
BASELINE_RUNS = 5
GATES_FILE = Path(__file__).with_name("gates.toml")

# Metrics that a run to a lesser depth does not have.
FROM_DEPTH = {
    "cell_area_um2": "synth",
    "power_total_w": "route",
    "fmax_mhz": "place",
    "setup_slack_ns": "place",
    "hold_slack_ns": "place",
    "drc_errors": "route",
    "failed_checks": "route",
}
DEPTH_ORDER = tuple(DEPTHS)


@dataclass(frozen=True)
class Gates:
    """Limits and bands by metric: `limits` holds "smallest" or "largest", bands are in percent."""

    limits: Mapping[str, Mapping[str, float]]
    bands_percent: Mapping[str, float]


@dataclass(frozen=True)
class Check:
    """One metric of one run: `base` and `band_percent` are None for a fixed limit."""

    title: str
    metric: str
    target: float | None
    base: float | None
    band_percent: float | None
    verdict: str
    reason: str

    @property
    def difference_percent(self) -> float | None:
        """Change against the baseline."""
        if self.target is None or not self.base:
            return None
        return 100 * (self.target - self.base) / abs(self.base)


def read_gates(path: Path = GATES_FILE) -> Gates:
    """Return the gates of a TOML file; raises UserError for one that is broken or names no metric."""
    try:
        content = tomllib.loads(path.read_text())
        limits, bands = content["limits"], {k: float(v) for k, v in content["bands_percent"].items()}
    except (OSError, UnicodeDecodeError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{path} does not hold gates: {error}") from None
    unknown = [name for name in (*limits, *bands) if name not in BY_NAME]
    if unknown:
        raise UserError(f"{path}: no metric '{unknown[0]}'")
    return Gates(limits, bands)


def seed_spread_percent(results: Sequence[Any]) -> dict[tuple[str, str], float]:
    """Return by (design, metric) how far results differ that differ in the seed alone, in percent.

    The largest spread of any configuration of which more than one seed is kept.
    """
    groups: dict[str, list[Any]] = {}
    for result in results:
        key = (result.design, sorted(result.parameters.items()), result.pdk, result.clock_ns, result.depth)
        groups.setdefault(repr((*key, result.target_utilization_percent)), []).append(result)
    spread: dict[tuple[str, str], float] = {}
    for same in groups.values():
        for name in BY_NAME:
            values = [getattr(one.metrics, name) for one in same]
            if len(values) > 1 and None not in values and median(values):
                percent = 100 * (max(values) - min(values)) / abs(median(values))
                key_of = (same[0].design, name)
                spread[key_of] = max(spread.get(key_of, 0.0), percent)
    return spread


def gates_and_spread(reports: Path, path: Path = GATES_FILE) -> tuple[Gates, dict[tuple[str, str], float]]:
    """Return the gates in `path`, and the spread between seeds that the results kept below `reports` tell."""
    return read_gates(path), seed_spread_percent(kept_results(reports))


def baseline(target: Run, earlier: Sequence[Run], metric: str) -> tuple[float | None, str]:
    """Return the median of the last runs that are alike, and why there is none."""
    alike = [run for run in earlier if run["configuration"] == target["configuration"]]
    if not alike:
        return None, "no baseline"
    same_tools = [run for run in alike if run["fingerprint"] == target["fingerprint"]]
    if not same_tools:
        return None, "the tools changed"
    values = [run["metrics"][metric] for run in same_tools if metric in run["metrics"]][-BASELINE_RUNS:]
    return (median(values), "") if values else (None, "no baseline")


def check_run(
    target: Run, earlier: Sequence[Run], gates: Gates, spread: Mapping[tuple[str, str], float]
) -> list[Check]:
    """Return the checks of one run against `earlier` runs in order, critical metrics first."""
    title = title_of(target)
    checks = []
    for name in sorted({*gates.limits, *gates.bands_percent}, key=list(BY_NAME).index):
        if DEPTH_ORDER.index(target["depth"]) < DEPTH_ORDER.index(FROM_DEPTH.get(name, "synth")):
            continue
        value = target["metrics"].get(name)
        limit = gates.limits.get(name)
        if value is None:
            checks.append(Check(title, name, None, None, None, ERROR, "the metric is missing"))
            continue
        if limit is not None:
            checks.append(check_limit(title, name, value, limit))
        if name in gates.bands_percent:
            base, reason = baseline(target, earlier, name)
            band = max(gates.bands_percent[name], spread.get((target["design"], name), 0.0))
            checks.append(check_band(title, name, value, base, reason, band))
    return sorted(checks, key=lambda check: not BY_NAME[check.metric].critical)


def check_limit(title: str, name: str, value: float, limit: Mapping[str, float]) -> Check:
    """Return whether a value keeps its limit."""
    low, high = limit.get("smallest"), limit.get("largest")
    kept = (low is None or value >= low) and (high is None or value <= high)
    reason = "limit " + " ".join(f"{word} {bound:g}" for word, bound in limit.items())
    return Check(title, name, value, None, None, PASS if kept else FAIL, reason)


def check_band(
    title: str, name: str, value: float, base: float | None, reason: str, band_percent: float
) -> Check:
    """Return whether a value is not worse than its baseline by more than the band."""
    if base is None:
        return Check(title, name, value, None, band_percent, INCONCLUSIVE, reason)
    change_percent = 100 * (value - base) / abs(base) if base else 0.0
    worse_percent = -change_percent if BY_NAME[name].better == HIGHER else change_percent
    verdict = FAIL if worse_percent > band_percent else PASS
    return Check(title, name, value, base, band_percent, verdict, "band")


def overall(checks: Sequence[Check]) -> str:
    """Return the worst verdict; INCONCLUSIVE where nothing was checked."""
    if not checks:
        return INCONCLUSIVE
    return max((check.verdict for check in checks), key=SEVERITY.index)


def gate_markdown(checks: Sequence[Check]) -> str:
    """Return a table fit for a pull request's comment: the worst and the critical first."""
    order = sorted(
        checks, key=lambda one: (-SEVERITY.index(one.verdict), not BY_NAME[one.metric].critical, one.title)
    )
    lines = [
        f"**{overall(checks)}**",
        "",
        "| run | metric | target | base | difference | band | verdict |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for one in order:
        metric = BY_NAME[one.metric]
        target = "–" if one.target is None else metric.show(one.target)
        base = "–" if one.base is None else metric.show(one.base)
        change = one.difference_percent
        difference = "–" if change is None else f"{change:+.2f} %"
        band = one.reason if one.band_percent is None else f"{one.band_percent:.2f} %"
        verdict = f"{one.verdict}: {one.reason}" if one.verdict in (INCONCLUSIVE, ERROR) else one.verdict
        name = metric.title.strip()
        lines.append(f"| {one.title} | {name} | {target} | {base} | {difference} | {band} | {verdict} |")
    return "\n".join(lines) + "\n"
