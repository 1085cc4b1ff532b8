"""Runs in the history: from results to rows, and rows by what was asked."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from flow.common.decimals import shortest
from flow.history.database import COLUMNS, runs_table
from flow.record.provenance import commit_of
from flow.record.result import Result, identity_of
from flow.record.settings import Settings

Run = dict[str, Any]
HOST_VARIABLE = "EXPMUL_HOST"


def digest(value: Any) -> str:
    """Return the SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def configuration_digest(identity: Mapping[str, Any], depth: str) -> str:
    """Return the digest of what a run was asked to do."""
    return digest({**identity, "depth": depth})


def configuration_of(settings: Settings) -> str:
    """Return the configuration's digest of a run that `settings` ask for."""
    return configuration_digest(settings.identity(), settings.depth)


def row_of(result: Result, layout: str | None = None) -> Run:
    """Return a result as a row."""
    asked = identity_of(result)
    configuration = configuration_digest(asked, result.depth)
    fingerprint = digest({**result.tool_versions, "library": result.library, "corner": result.corner})
    commit = commit_of(result.git_revision)
    # A clean tree's revision says it all; of a changed one only the output tells what was run.
    told_by = {} if result.git_dirty is False else result.sha256
    return {
        "identity": digest([result.git_revision, result.git_dirty, configuration, fingerprint, told_by]),
        "configuration": configuration,
        "fingerprint": fingerprint,
        "revision": result.git_revision,
        "branch": commit.branch,
        "committed_at": commit.committed_at,
        "subject": commit.subject,
        "dirty": result.git_dirty,
        "finished_at": result.finished_at,
        "host": os.environ.get(HOST_VARIABLE) or platform.node(),
        **asked,
        "target_utilization_percent": result.target_utilization_percent,
        "depth": result.depth,
        "tool_versions": result.tool_versions,
        "metrics": result.metrics.model_dump(exclude_none=True),
        "group_areas_um2": {name: group.cell_area_um2 for name, group in result.groups.items()},
        "artefacts_sha256": result.sha256,
        "layout": layout,
    }


def add_run(engine: Engine, row: Mapping[str, Any]) -> bool:
    """Add a row, whole or not at all; return whether it was new."""
    try:
        with engine.begin() as connection:
            connection.execute(runs_table.insert().values(**{name: row.get(name) for name in COLUMNS}))
    except IntegrityError:
        return False
    return True


def all_runs(engine: Engine) -> list[Run]:
    """Return every run in the order of its revision's date, then of its end."""
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(runs_table)).mappings()]
    return sorted(
        rows, key=lambda row: (moment(row["committed_at"] or row["finished_at"]), moment(row["finished_at"]))
    )


def moment(date: str) -> datetime:
    """Return the time that an ISO date names: git's dates keep the committer's time zone."""
    return datetime.fromisoformat(date).astimezone(UTC)


def recorded(engine: Engine, configuration: str, revision: str | None) -> bool:
    """Whether a clean tree at `revision` has run `configuration`."""
    if revision is None:
        return False
    query = select(runs_table.c.id).where(
        runs_table.c.configuration == configuration,
        runs_table.c.revision == revision,
        runs_table.c.dirty.is_(False),
    )
    with engine.connect() as connection:
        return connection.execute(query).first() is not None


def by_configuration(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the runs by configuration, each in order."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run["configuration"], []).append(run)
    return found


def title_of(run: Run) -> str:
    """Return what a run was asked to do in a few words."""
    parameters = ", ".join(f"{name} {value}" for name, value in run["parameters"].items())
    words = [
        run["design"],
        f"({parameters})",
        run["pdk"],
        f"{shortest(run['clock_ns'])} ns",
        f"to {run['depth']}",
    ]
    if run["seed"]:
        words.append(f"seed {run['seed']}")
    if run["target_utilization_percent"]:
        words.append(f"{shortest(run['target_utilization_percent'])} % filled")
    return " ".join(words)
