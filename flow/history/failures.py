"""What a revision was asked to run and could not: kept beside the runs, so that a gap says why."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine, exists, select

from flow.history.database import failures_table, moment, runs_table
from flow.history.row_check import Date, Named, check_depth, told
from flow.history.runs import HOST_VARIABLE, configuration_of, insert_statement, title_of
from flow.record.checkout import commit_of
from flow.record.provenance import digest_of
from flow.record.settings import Settings

Failure = dict[str, Any]
COLUMNS = tuple(
    column.name for column in failures_table.columns if column.name not in ("id", "revision_at_s")
)
REASON_LENGTH = 1000


class FailureRow(BaseModel):
    """A failure's fields, none converted."""

    model_config = ConfigDict(strict=True)

    identity: Named
    configuration: Named
    revision: str | None = None
    branch: str | None = None
    committed_at: Date | None = None
    subject: str | None = None
    failed_at: Date
    host: str | None = None
    design: Named
    pdk: Named
    depth: Annotated[str, AfterValidator(check_depth)]
    title: Annotated[str, Field(min_length=1, max_length=400)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH)]


def failure_of(settings: Settings, revision: str | None, branch: str | None, reason: str) -> Failure:
    """Return the failure of what `settings` asked of `revision`."""
    commit = commit_of(revision)
    configuration = configuration_of(settings)
    asked = {
        "depth": settings.depth,
        "target_utilization_percent": settings.target_utilization_percent,
    } | settings.identity()
    return {
        "identity": digest_of([revision, configuration]),
        "configuration": configuration,
        "revision": revision,
        "branch": branch,
        "committed_at": commit.committed_at,
        "subject": commit.subject,
        "failed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": os.environ.get(HOST_VARIABLE) or platform.node(),
        "design": settings.design.name,
        "pdk": settings.pdk.name,
        "depth": settings.depth,
        "title": title_of(asked)[:400],
        "reason": without_places(reason)[:REASON_LENGTH] or "no reason was told",
    }


def without_places(reason: str) -> str:
    """Return a reason in a line, without where its logs lie on the machine that ran."""
    return " ".join(re.sub(r"\s*\((?:log|details): [^()]*\)", "", reason).split())


def checked_failure(row: Mapping[str, Any]) -> Failure:
    """Return what is stored of a failure; raises ValueError for one that is broken."""
    try:
        FailureRow.model_validate({name: row[name] for name in COLUMNS if name in row})
    except ValidationError as error:
        raise ValueError(told(error)) from None
    values = {name: row.get(name) for name in COLUMNS}
    return values | {"revision_at_s": moment(row.get("committed_at") or row["failed_at"]).timestamp()}


def add_failures(engine: Engine, failures: Sequence[Mapping[str, Any]]) -> int:
    """Add failures, all or none; of a revision and configuration the newest counts.

    Returns how many are new.
    """
    given = [checked_failure(failure) for failure in failures]
    new = 0
    with engine.begin() as connection:
        for values in given:
            same = failures_table.c.identity == values["identity"]
            earlier = connection.execute(select(failures_table.c.failed_at).where(same)).scalar()
            if earlier is None:
                insert = insert_statement(connection, failures_table)
                connection.execute(insert.on_conflict_do_nothing(index_elements=["identity"]), values)
                new += 1
            elif moment(earlier) < moment(values["failed_at"]):
                connection.execute(failures_table.update().where(same).values(**values))
    return new


def all_failures(engine: Engine) -> list[Failure]:
    """Return what could not be run and has not been run since, in the order of the revisions' dates."""
    run_since = exists().where(
        runs_table.c.configuration == failures_table.c.configuration,
        runs_table.c.revision == failures_table.c.revision,
    )
    columns = [failures_table.c[name] for name in COLUMNS]
    order = (failures_table.c.revision_at_s, failures_table.c.identity)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(~run_since).order_by(*order)).mappings()
        return [dict(row) for row in rows]
