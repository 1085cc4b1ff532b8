"""The dashboard: one HTML file with a trend for every metric of every configuration."""

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from flow.common.atomic_file import write_whole
from flow.common.templates import open_template
from flow.history.drift import find_step
from flow.history.gate import check_run, gates_and_spread, overall
from flow.history.runs import Run, by_configuration, title_of
from flow.record.metrics import ALL_METRICS, Metric

FILE_NAME = "dashboard.html"
WIDTH, HEIGHT, MARGIN = 320, 90, 8


def write_dashboard(runs: Sequence[Run], folder: Path, reports: Path) -> Path:
    """Write dashboard.html into `folder` and return its path; the same runs give the same bytes.

    Results kept below `reports` tell the spread of seeds that the gate allows.
    """
    template = open_template("dashboard.html.j2", "flow.history", escape=True)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    write_whole(path, template.render(page_data(runs, reports), width=WIDTH, height=HEIGHT))
    return path


def page_data(runs: Sequence[Run], reports: Path) -> dict[str, Any]:
    """Return what the page shows."""
    gates, spread = gates_and_spread(reports)
    configurations = []
    for alike in by_configuration(runs).values():
        newest = alike[-1]
        checks = check_run(newest, alike[:-1], gates, spread)
        configurations.append(
            {
                "title": title_of(newest),
                "design": newest["design"],
                "pdk": newest["pdk"],
                "newest": newest,
                "layout": newest["layout"],
                "verdict": overall(checks),
                "checks": {check.metric: check for check in checks},
                "trends": [trend(metric, alike) for metric in ALL_METRICS if has(metric, alike)],
            }
        )
    configurations.sort(key=itemgetter("design", "pdk", "title"))
    return {
        "configurations": configurations,
        "designs": sorted({configuration["design"] for configuration in configurations}),
        "pdks": sorted({configuration["pdk"] for configuration in configurations}),
        "runs": len(runs),
        "revisions": len({run["revision"] for run in runs}),
        "first": runs[0]["finished_at"][:10] if runs else "",
        "last": runs[-1]["finished_at"][:10] if runs else "",
    }


def has(metric: Metric, runs: Sequence[Run]) -> bool:
    """Whether any run has the metric."""
    return any(metric.value_in(run["metrics"]) is not None for run in runs)


def trend(metric: Metric, runs: Sequence[Run]) -> dict[str, Any]:
    """Return a metric's values as points of a drawing, with what to say of each."""
    with_it = [run for run in runs if has(metric, [run])]
    values = [float(run["metrics"][metric.name]) for run in with_it]
    low, high = min(values), max(values)
    # A flat line is a flat line: noise below a tenth of a percent does not fill the drawing.
    span = max(high - low, 1e-3 * abs(high), 1e-12)
    middle = (high + low) / 2
    points = [
        {
            "x": round(MARGIN + (WIDTH - 2 * MARGIN) * (index / max(1, len(values) - 1)), 1),
            "y": round(HEIGHT / 2 - (HEIGHT - 2 * MARGIN) * (value - middle) / span, 1),
            "text": f"{metric.show(value)}\n{(run['revision'] or '')[:8]}{'+' if run['dirty'] else ''} "
            f"{run['subject'] or ''}\n{run['committed_at'] or run['finished_at']}",
        }
        for index, (run, value) in enumerate(zip(with_it, values, strict=True))
    ]
    changes = [index for index in range(1, len(values)) if values[index] != values[index - 1]]
    last_change = None
    if changes:
        at, before = changes[-1], values[changes[-1] - 1]
        run = with_it[at]
        last_change = {
            "change": metric.show_change(values[at], before),
            "revision": (run["revision"] or "")[:8],
            "subject": run["subject"] or "",
        }
    # The clock of a machine is noisy: drift is looked for where it counts.
    step = find_step(values) if metric.critical else None
    return {
        "name": metric.name,
        "title": metric.title.strip(),
        "critical": metric.critical,
        "value": metric.show(values[-1]),
        "points": points,
        "last_change": last_change,
        "step": None
        if step is None
        else {
            "change": metric.show_change(step.after, step.before),
            "revision": (with_it[step.index]["revision"] or "")[:8],
        },
    }
