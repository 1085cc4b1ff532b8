"""The dashboard: a page per design and PDK with a trend for every metric, and an index of the pages.

A page has the verdict and the last values of each configuration. Its trends lie beside it, one file for each
configuration, fetched when the configuration is opened. They are scripts: a page opened as a file may not
read anything else.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from flow.common.atomic_file import write_whole
from flow.common.templates import open_template
from flow.history.database import runs_table
from flow.history.drift import find_step
from flow.history.gate import ERROR, FAIL, SEVERITY, Gates, check_run, gates_and_spread, overall
from flow.history.runs import Run, runs_alike, title_of
from flow.record.metrics import ALL_METRICS, Metric
from flow.record.provenance import digest_of

FILE_NAME = "dashboard.html"
PAGES = "dashboard"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")
# Of a configuration's newest values, in the row of it.
SPARK_RUNS = 60
BROKEN = (FAIL, ERROR)
Spread = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Configuration:
    """What a page shows of a configuration before it is opened; `trends` is the name of its data's file."""

    title: str
    verdict: str
    newest: Run
    critical: list[dict[str, Any]]
    runs: int
    trends: str


def write_dashboard(engine: Engine, folder: Path, reports: Path) -> Path:
    """Write dashboard.html into `folder`, its pages beneath, and return its path.

    The same runs give the same bytes. Results kept below `reports` tell the spread of seeds that the gate
    allows. Files of an earlier dashboard that this one does not have are removed.
    """
    gates, spread = gates_and_spread(reports)
    pages = folder / PAGES
    pages.mkdir(parents=True, exist_ok=True)
    page_template = open_template("dashboard_page.html.j2", "flow.history", escape=True)
    written: set[Path] = set()
    entries = []
    for (design, pdk), numbers in configurations_by_page(engine).items():
        name = file_name(design, pdk)
        shown = []
        for configuration in numbers:
            runs = runs_alike(engine, configuration, runs_table.c.design == design, runs_table.c.pdk == pdk)
            if runs:
                shown.append(write_configuration(runs, pages / name, gates, spread))
                written.add(pages / name / shown[-1].trends)
        if not shown:
            continue
        shown.sort(key=lambda configuration: (configuration.title, configuration.trends))
        page = pages / f"{name}.html"
        write_whole(page, page_template.render(design=design, pdk=pdk, folder=name, configurations=shown))
        written.add(page)
        entries.append(index_entry(design, pdk, f"{PAGES}/{page.name}", shown))
    remove_others(pages, written)
    index = open_template("dashboard.html.j2", "flow.history", escape=True)
    path = folder / FILE_NAME
    write_whole(path, index.render(index_data(entries)))
    return path


def configurations_by_page(engine: Engine) -> dict[tuple[str, str], list[str]]:
    """Return the configurations by design and PDK, all sorted."""
    columns = (runs_table.c.design, runs_table.c.pdk, runs_table.c.configuration)
    by_page: dict[tuple[str, str], list[str]] = {}
    with engine.connect() as connection:
        for design, pdk, configuration in connection.execute(select(*columns).distinct().order_by(*columns)):
            by_page.setdefault((design, pdk), []).append(configuration)
    return dict(sorted(by_page.items()))


def file_name(*words: str) -> str:
    """Return a name for a file that no other words get, whatever they hold."""
    if all(PLAIN_NAME.fullmatch(word) for word in words):
        return "-".join(words)
    plain = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", word)[:40] for word in words)
    return f"{plain}-{digest_of(list(words))[:12]}"


def write_configuration(runs: Sequence[Run], folder: Path, gates: Gates, spread: Spread) -> Configuration:
    """Write the trends of a configuration's runs into `folder`; return what its page shows."""
    newest = runs[-1]
    checks = check_run(newest, runs[:-1], gates, spread)
    verdicts = {check.metric: check.verdict for check in checks}
    trends = [
        trend(metric, runs) | {"verdict": verdicts.get(metric.name)}
        for metric in ALL_METRICS
        if has(metric, runs)
    ]
    commits = [
        [short_revision(run), run["subject"] or "", run["committed_at"] or run["finished_at"]] for run in runs
    ]
    name = file_name(newest["configuration"])
    data = json.dumps({"runs": commits, "trends": trends}, separators=(",", ":"))
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{name}.js", f"show({json.dumps(name)}, {data});\n".replace("<", "\\u003c"))
    return Configuration(
        title=title_of(newest),
        verdict=overall(checks),
        newest=newest,
        critical=[
            {"title": line["title"], "value": line["value"], "spark": spark(line["values"])}
            for line in trends
            if line["critical"]
        ],
        runs=len(runs),
        trends=f"{name}.js",
    )


def short_revision(run: Run) -> str:
    """Return the first digits of a run's revision, with a plus where the tree was changed."""
    return (run["revision"] or "")[:8] + ("+" if run["dirty"] else "")


def spark(values: Sequence[float | None]) -> str:
    """Return the points of a small drawing of the newest values, 0 to 80 by 0 to 20."""
    newest = [value for value in values if value is not None][-SPARK_RUNS:]
    low, high = min(newest), max(newest)
    span = least_span(low, high)
    step = 80 / max(1, len(newest) - 1)
    middle = (low + high) / 2
    return " ".join(
        f"{index * step:.1f},{10 - 18 * (value - middle) / span:.1f}" for index, value in enumerate(newest)
    )


def least_span(low: float, high: float) -> float:
    """Return how much a drawing spans: noise below a tenth of a percent does not fill it."""
    return max(high - low, 1e-3 * abs(high), 1e-12)


def index_entry(design: str, pdk: str, page: str, shown: Sequence[Configuration]) -> dict[str, Any]:
    """Return what the index shows of a page."""
    newest = max(shown, key=lambda configuration: configuration.newest["finished_at"]).newest
    counts = {verdict: sum(one.verdict == verdict for one in shown) for verdict in reversed(SEVERITY)}
    return {
        "design": design,
        "pdk": pdk,
        "page": page,
        "verdict": max((one.verdict for one in shown), key=SEVERITY.index),
        "counts": {verdict: number for verdict, number in counts.items() if number},
        "configurations": len(shown),
        "runs": sum(one.runs for one in shown),
        "newest": newest,
        "broken": [one.title for one in shown if one.verdict in BROKEN],
    }


def index_data(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the index shows."""
    dates = sorted(entry["newest"]["finished_at"][:10] for entry in entries)
    return {
        "entries": entries,
        "designs": sorted({entry["design"] for entry in entries}),
        "pdks": sorted({entry["pdk"] for entry in entries}),
        "runs": sum(entry["runs"] for entry in entries),
        "newest": dates[-1] if dates else "",
    }


def remove_others(pages: Path, written: set[Path]) -> None:
    """Remove the files of pages and of trends below `pages` that are not among `written`."""
    for path in [*pages.glob("*.html"), *pages.glob("*/*.js")]:
        if path not in written:
            path.unlink()
    for folder in pages.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def has(metric: Metric, runs: Sequence[Run]) -> bool:
    """Whether any run has the metric."""
    return any(metric.value_in(run["metrics"]) is not None for run in runs)


def trend(metric: Metric, runs: Sequence[Run]) -> dict[str, Any]:
    """Return a metric's value in each run, None where it is missing, and what to say of them.

    `low` and `span` are of the drawing. A page shows a value as value * `factor` with `decimals`, in `unit`.
    """
    values = [metric.value_in(run["metrics"]) for run in runs]
    there = [(run, value) for run, value in zip(runs, values, strict=True) if value is not None]
    with_it, present = [run for run, _ in there], [float(value) for _, value in there]
    low, high = min(present), max(present)
    span = least_span(low, high)
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
    return {
        "name": metric.name,
        "title": metric.title.strip(),
        "critical": metric.critical,
        "value": metric.show(present[-1]),
        "unit": metric.unit,
        "factor": metric.factor,
        "decimals": metric.decimals,
        "values": values,
        "low": (low + high - span) / 2,
        "span": span,
        "last_change": last_change,
        "step": None
        if step is None
        else [metric.show_change(step.after, step.before), (with_it[step.index]["revision"] or "")[:8]],
    }
