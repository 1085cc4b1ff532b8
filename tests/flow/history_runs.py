"""Rows of a history for tests, without running anything."""

from flow.history.runs import configuration_digest
from flow.record.provenance import digest_of

TOOLS = {"pyosys": "0.70"}


def row(number, metrics, *, branch="main", tools=TOOLS, design="expmul", depth="gds", dirty=False):
    """A row as `row_of` makes it: run `number` of its configuration."""
    request = {
        "design": design,
        "parameters": {"format": "e4m3", "lanes": 2},
        "pdk": "nangate45",
        "clock_ns": 5.0,
        "seed": 0,
    }
    configuration = configuration_digest(request, depth)
    revision = f"{number:040d}"
    return {
        "identity": digest_of([revision, dirty, configuration, tools, number]),
        "configuration": configuration,
        "fingerprint": digest_of(tools),
        "revision": revision,
        "branch": branch,
        "committed_at": f"2026-11-{number + 1:02d}T00:00:00+00:00",
        "subject": f"Change {number}",
        "dirty": dirty,
        "finished_at": f"2026-11-{number + 1:02d}T01:00:00+00:00",
        "host": "bench",
        **request,
        "depth": depth,
        "target_utilization_percent": None,
        "tool_versions": tools,
        "metrics": metrics,
        "group_areas_um2": {"lane": 10.0},
        "artefacts_sha256": {"gds": "00"},
        "layout": "build/expmul/job/out/expmul.gds",
    }


def metrics(area_um2=100.0, **others):
    """Metrics of a routed run that meets every limit."""
    return {
        "cell_area_um2": area_um2, "power_total_w": 1e-3, "fmax_mhz": 200.0,
        "drc_errors": 0, "failed_checks": 0,
        "setup_slack_ns": 0.1, "hold_slack_ns": 0.05,
    } | others  # fmt: skip
