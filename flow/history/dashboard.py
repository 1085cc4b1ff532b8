"""The dashboard: an index, a page per design and PDK, one that compares revisions; data is beside them."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from flow.common.atomic_file import write_whole
from flow.common.templates import open_template
from flow.history.database import runs_table
from flow.history.failures import Failure, all_failures
from flow.history.gate import ERROR, FAIL, SEVERITY, Gates, check_run, gates_and_spread, overall
from flow.history.layout_files import layouts_beside
from flow.history.runs import Run, sound_runs, title_of
from flow.history.trends import (
    SeedRuns,
    Spread,
    aside_notes,
    but_for_seed,
    counting,
    data_of,
    last_good,
    least_span,
    nights,
    revision_date,
    short_revision,
)
from flow.record.depths import DEPTH_NAMES
from flow.record.provenance import digest_of

HERE = Path(__file__).resolve().parent
FILE_NAME = "dashboard.html"
PAGES = "dashboard"
COMPARE = "compare.html"
# What every page loads, once beside them.
SCRIPT, STYLE, CHARTS, NIGHTS = "dashboard.js", "dashboard.css", "charts.js", "nights.js"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")
# Of a configuration's newest values, in the row of it.
SPARK_RUNS = 60
# So many days at the most are drawn with the runs that they made.
NIGHTS_SHOWN = 366
BROKEN = (FAIL, ERROR)


@dataclass(frozen=True)
class Configuration:
    """What a page shows of a configuration before it is opened; `trends` is the name of its data's file.

    `newest` is the newest run that is not set aside, or the newest of all where every one is.
    """

    title: str
    verdict: str
    newest: Run
    last_good: Run | None
    critical: list[dict[str, Any]]
    aside: list[dict[str, Any]]
    failures: Sequence[Failure]
    runs: int
    trends: str


def write_dashboard(engine: Engine, folder: Path, reports: Path) -> Path:
    """Write dashboard.html into `folder`, its pages beneath, and return its path.

    The same runs give the same bytes. Results kept below `reports` tell the spread of seeds that the gate
    allows. Files of an earlier dashboard that this one does not have are removed; pictures of layouts stay.
    """
    gates, spread = gates_and_spread(reports)
    pages = folder / PAGES
    pages.mkdir(parents=True, exist_ok=True)
    page_template = open_template("dashboard_page.html.j2", "flow.history", escape=True)
    failures = all_failures(engine)
    written = write_shared(pages, engine, failures)
    entries = []
    choices = []
    for design, pdk in design_pages(engine, failures):
        name = file_name(design, pdk)
        shown = write_configurations(engine, design, pdk, pages / name, failures, gates, spread)
        unrun = [
            failure
            for failure in failures
            if (failure["design"], failure["pdk"]) == (design, pdk)
            and failure["configuration"] not in {known.newest["configuration"] for known in shown}
        ]
        if not shown and not unrun:
            continue
        page = pages / f"{name}.html"
        content = {"design": design, "pdk": pdk, "folder": name, "configurations": shown, "unrun": unrun}
        write_whole(page, page_template.render(content))
        written |= {page, *(pages / name / configuration.trends for configuration in shown)}
        if shown:
            entries.append(index_entry(design, pdk, f"{PAGES}/{page.name}", shown))
            choices.append(
                [
                    name,
                    f"{design} on {pdk}",
                    [[configuration.title, configuration.trends] for configuration in shown],
                ]
            )
    compare = open_template("dashboard_compare.html.j2", "flow.history", escape=True)
    write_whole(pages / COMPARE, compare.render(choices=in_script(choices)))
    remove_others(pages, written | {pages / COMPARE})
    index = open_template("dashboard.html.j2", "flow.history", escape=True)
    path = folder / FILE_NAME
    write_whole(path, index.render(index_data(entries, failures)))
    return path


def in_script(value: Any) -> str:
    """Return plain data as JSON that ends no script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def write_shared(pages: Path, engine: Engine, failures: Sequence[Failure]) -> set[Path]:
    """Write what all pages load: script, style, the charts' library, the days; return the paths."""
    # Loaded here: most commands on the history draw nothing.
    from flow.charts.drawing import config
    from flow.charts.interactive import LOOK, packed_library

    contents = {
        SCRIPT: (HERE / "dashboard.js").read_text(encoding="utf-8"),
        STYLE: (HERE / "dashboard.css").read_text(encoding="utf-8"),
        CHARTS: f"const CHART_CONFIG = {in_script(config(LOOK, 6))};\n"
        f'const CHART_LIBRARY = "{packed_library()}";\n',
        NIGHTS: f"const NIGHTS = {in_script(nights_of(engine, failures))};\n",
    }
    for name, text in contents.items():
        write_whole(pages / name, text)
    return {pages / name for name in contents}


def nights_of(engine: Engine, failures: Sequence[Failure]) -> list[list[Any]]:
    """Return the days with how many runs each made and how many failed, the newest NIGHTS_SHOWN."""
    day = func.substr(runs_table.c.finished_at, 1, 10)
    with engine.connect() as connection:
        made = connection.execute(select(day, func.count()).group_by(day)).all()
    failed: dict[str, int] = {}
    for failure in failures:
        failed[failure["failed_at"][:10]] = failed.get(failure["failed_at"][:10], 0) + 1
    return nights([(str(date), number) for date, number in made], list(failed.items()))[-NIGHTS_SHOWN:]


def design_pages(engine: Engine, failures: Sequence[Failure]) -> list[tuple[str, str]]:
    """Return design and PDK of every page, sorted."""
    columns = (runs_table.c.design, runs_table.c.pdk)
    with engine.connect() as connection:
        pages = {(design, pdk) for design, pdk in connection.execute(select(*columns).distinct())}
    return sorted(pages | {(failure["design"], failure["pdk"]) for failure in failures})


def write_configurations(
    engine: Engine,
    design: str,
    pdk: str,
    folder: Path,
    failures: Sequence[Failure],
    gates: Gates,
    spread: Spread,
) -> list[Configuration]:
    """Write the trends of a page's configurations into `folder`; return what the page shows of them."""
    with engine.connect() as connection:
        of_page = sound_runs(connection, runs_table.c.design == design, runs_table.c.pdk == pdk)
    by_configuration: dict[str, list[Run]] = {}
    for run in of_page:
        by_configuration.setdefault(run["configuration"], []).append(run)
    shown = [
        write_configuration(
            runs,
            folder,
            [failure for failure in failures if failure["configuration"] == configuration],
            seeds,
            gates,
            spread,
        )
        for (configuration, runs), seeds in zip(
            by_configuration.items(), other_seeds(by_configuration.values()), strict=True
        )
    ]
    # What went deepest has most to show.
    depths = {depth: place for place, depth in enumerate(reversed(DEPTH_NAMES))}
    return sorted(
        shown,
        key=lambda configuration: (
            depths[configuration.newest["depth"]],
            configuration.title,
            configuration.trends,
        ),
    )


def other_seeds(configurations: Collection[Sequence[Run]]) -> list[SeedRuns]:
    """Return for each configuration the metrics of those that differ from it in the seed alone."""
    keys = [but_for_seed(runs[0]) for runs in configurations]
    alike: dict[str, list[Sequence[Run]]] = {}
    for key, runs in zip(keys, configurations, strict=True):
        alike.setdefault(key, []).append(runs)
    by_key: dict[str, SeedRuns] = {}
    for key, same_but_seed in alike.items():
        metrics: dict[str | None, list[Mapping[str, Any]]] = {}
        for runs in same_but_seed if len(same_but_seed) > 1 else ():
            for run in counting(runs):
                metrics.setdefault(run["revision"], []).append(run["metrics"])
        by_key[key] = metrics
    return [by_key[key] for key in keys]


def file_name(*words: str) -> str:
    """Return a name for a file that no other words get, whatever they hold."""
    if all(PLAIN_NAME.fullmatch(word) for word in words):
        return "-".join(words)
    plain = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", word)[:40] for word in words)
    return f"{plain}-{digest_of(list(words))[:12]}"


def write_configuration(
    runs: Sequence[Run],
    folder: Path,
    failures: Sequence[Failure],
    seeds: SeedRuns,
    gates: Gates,
    spread: Spread,
) -> Configuration:
    """Write the trends of a configuration's runs into `folder`; return what its page shows."""
    sound = counting(runs) or [*runs]
    newest = sound[-1]
    checks = check_run(newest, sound[:-1], gates, spread)
    hashes = {run["artefacts_sha256"].get("gds", "") for run in runs}
    data = data_of(runs, failures, checks, seeds, spread, layouts_beside(folder.parent, hashes))
    name = file_name(newest["configuration"])
    folder.mkdir(exist_ok=True)
    title = title_of(newest)
    text = f"show({in_script(name)}, {in_script({'title': title} | data)});\n"
    write_whole(folder / f"{name}.js", text)
    return Configuration(
        title=title,
        verdict=overall(checks),
        newest=newest,
        last_good=last_good(runs, gates, spread),
        critical=[
            {
                "title": line["title"],
                "value": line["value"],
                "spark": spark(values_counting(line["values"], runs)),
            }
            for line in data["trends"]
            if line["critical"] and any(value is not None for value in values_counting(line["values"], runs))
        ],
        aside=aside_notes(runs, gates, spread),
        failures=failures,
        runs=len(runs),
        trends=f"{name}.js",
    )


def values_counting(values: Sequence[float | None], runs: Sequence[Run]) -> list[float | None]:
    """Return the values of the runs that are not set aside; of all where every one is."""
    there = [value for value, run in zip(values, runs, strict=True) if run["set_aside"] is None]
    return there or [*values]


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


def index_entry(design: str, pdk: str, page: str, shown: Sequence[Configuration]) -> dict[str, Any]:
    """Return what the index shows of a page."""
    newest = max(shown, key=lambda configuration: revision_date(configuration.newest)).newest
    counts = {
        verdict: sum(configuration.verdict == verdict for configuration in shown)
        for verdict in reversed(SEVERITY)
    }
    return {
        "design": design,
        "pdk": pdk,
        "page": page,
        "verdict": max((configuration.verdict for configuration in shown), key=SEVERITY.index),
        "counts": {verdict: number for verdict, number in counts.items() if number},
        "configurations": len(shown),
        "runs": sum(configuration.runs for configuration in shown),
        "newest": newest,
        "broken": [configuration for configuration in shown if configuration.verdict in BROKEN],
        "aside": sum(len(configuration.aside) for configuration in shown),
        "failures": sum(len(configuration.failures) for configuration in shown),
    }


def index_data(entries: Sequence[dict[str, Any]], failures: Sequence[Failure]) -> dict[str, Any]:
    """Return what the index shows."""
    dates = sorted(entry["newest"]["finished_at"][:10] for entry in entries)
    return {
        "entries": entries,
        "designs": sorted({entry["design"] for entry in entries}),
        "pdks": sorted({entry["pdk"] for entry in entries}),
        "verdicts": [verdict for verdict in SEVERITY if any(verdict in entry["counts"] for entry in entries)],
        "runs": sum(entry["runs"] for entry in entries),
        "newest": dates[-1] if dates else "",
        "unrun": len(failures),
        "short_revision": short_revision,
    }


def remove_others(pages: Path, written: set[Path]) -> None:
    """Remove the files of pages and of trends below `pages` that are not among `written`."""
    data = list(pages.glob("*/*.js"))
    for path in [*pages.glob("*.html"), *pages.glob("*.js"), *data]:
        if path not in written:
            path.unlink()
    for folder in {path.parent for path in data}:
        if not any(folder.iterdir()):
            folder.rmdir()
