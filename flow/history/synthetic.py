"""Made-up histories of any size, for the bench and for tests: the same numbers, the same rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Engine

from flow.history.database import runs_table
from flow.history.runs import Run, configuration_digest, values_of
from flow.record.metrics import METRICS
from flow.record.provenance import digest_of

DESIGNS = ("expmul", "exp_mul", "fa2_baseline", "fa2_expmul")
PDKS = ("nangate45", "sky130", "asap7")
TOOLS = {"pyosys": "0.70", "openroad": "26Q2", "klayout": "0.30.12", "siliconcompiler": "0.38.11"}
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
LIMITED = {"drc_errors": 0, "failed_checks": 0, "max_slew_violations": 0, "max_capacitance_violations": 0}
INSERTED_AT_ONCE = 2000


def synthetic_runs(configurations: int, revisions: int, first_revision: int = 0) -> Iterator[Run]:
    """Yield a run of each of so many configurations at each of so many revisions, a revision an hour."""
    random = np.random.default_rng(first_revision)
    tools = digest_of(TOOLS)
    files = {kind: digest_of(kind) for kind in ("verilog", "netlist", "def", "spef", "gds")}
    for number in range(first_revision, first_revision + revisions):
        date = (FIRST_DAY + timedelta(hours=number)).isoformat()
        revision = f"{number:040x}"
        for place in range(configurations):
            request = {
                "design": DESIGNS[place % len(DESIGNS)],
                "parameters": {"format": "e4m3", "d": 8 * (1 + place // 12)},
                "pdk": PDKS[place // len(DESIGNS) % len(PDKS)],
                "clock_ns": 5.0,
                "seed": 0,
            }
            configuration = configuration_digest(request, "gds")
            noise = 1 + 1e-3 * random.standard_normal(len(METRICS))
            yield {
                "identity": digest_of([revision, configuration, tools]),
                "configuration": configuration,
                "fingerprint": tools,
                "revision": revision,
                "branch": "main",
                "committed_at": date,
                "subject": f"Change {number}",
                "dirty": False,
                "finished_at": date,
                "host": "bench",
                **request,
                "depth": "gds",
                "tool_versions": TOOLS,
                "metrics": {
                    metric.name: (100.0 + place) * float(scale)
                    for metric, scale in zip(METRICS, noise, strict=True)
                }
                | LIMITED,
                "group_areas_um2": {f"lane_{lane}": 10.0 for lane in range(8)},
                "artefacts_sha256": files,
                "layout": f"build/{request['design']}/job_{place}/out/{request['design']}.gds",
            }


def fill(engine: Engine, runs: Iterator[Run]) -> int:
    """Insert rows many at a time, without looking whether they are there; return how many."""
    number = 0
    with engine.begin() as connection:
        chunk = []
        for run in runs:
            chunk.append(values_of(run))
            number += 1
            if len(chunk) == INSERTED_AT_ONCE:
                connection.execute(runs_table.insert(), chunk)
                chunk = []
        if chunk:
            connection.execute(runs_table.insert(), chunk)
    return number
