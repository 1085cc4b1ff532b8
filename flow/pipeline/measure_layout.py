"""From what SiliconCompiler and the engines left of a run to its measurements."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flow.common.errors import StepError
from flow.common.numeric import read_number
from flow.record.activities import DEFAULT_ACTIVITY
from flow.record.cell_groups import CLOCK_TREE, LOGIC, REPAIR, TOP, ListedCell, group_of, read_cell_list
from flow.record.depths import METRIC_STEPS, POWER_DEPTHS
from flow.record.result import Group, Metrics
from flow.record.run_folder import INDEX, INSTANCES, SYNTHESIS_STATISTICS, step_folder, step_log
from flow.record.settings import Settings


def measured(value: Any, what: str, step: str, report: Path) -> float:
    """Return what `report` of `step` says of `what`; raises StepError where that is no finite number."""
    number = read_number(value)
    if number is None:
        said = "nothing" if value is None else str(value)
        raise StepError(step, f"{report.name} says {said} for {what}", report)
    return number


def measure_groups(instances: Iterable[ListedCell], groups: tuple[str, ...]) -> dict[str, Group]:
    """Return cells and area by group, in the order of the data path, empty ones left out."""
    cells: dict[str, int] = {}
    area_um2: dict[str, float] = {}
    for instance in instances:
        if instance.kind == LOGIC:
            group = group_of(instance.name, groups)
            cells[group] = cells.get(group, 0) + 1
            area_um2[group] = area_um2.get(group, 0.0) + instance.area_um2
    order = (*groups, TOP, CLOCK_TREE, REPAIR)
    return {
        name: Group(cells=cells[name], cell_area_um2=round(area_um2[name], 4))
        for name in order
        if name in cells
    }


def measure_netlist(settings: Settings) -> Metrics:
    """Return what synthesis alone tells."""
    report = step_folder(settings.folder, "synthesis") / SYNTHESIS_STATISTICS
    (top,) = json.loads(report.read_text(encoding="utf-8"))["modules"].values()
    cells = measured(top.get("num_cells"), "cells", "synthesis", report)
    area_um2 = measured(top.get("area"), "area", "synthesis", report)
    return Metrics(
        cells=int(cells),
        cell_area_um2=round(area_um2, 4),
        gate_equivalents=round(area_um2 / settings.pdk.nand2_area_um2, 1),
    )


def measure_layout(settings: Settings, history: Any) -> tuple[Metrics, dict[str, Group]]:
    """Return the metrics and the groups of the layout that a run of depth place or deeper left."""
    step = METRIC_STEPS[settings.depth]
    folder = step_folder(settings.folder, step)
    report = folder / "reports" / "metrics.json"
    raw = json.loads(report.read_text(encoding="utf-8"))
    listed = folder / "reports" / INSTANCES
    instances = read_cell_list(listed)
    for instance in instances:
        measured(instance.area_um2, f"the area of {instance.name}", step, listed)
    groups = measure_groups(instances, settings.design.groups)
    area_um2 = sum(group.cell_area_um2 for group in groups.values())

    def engine(name: str) -> float:
        return measured(raw.get(f"sc__metric__{name}"), name.replace("__", " "), step, report)

    def routing(name: str) -> Any:
        value = history.get("metric", name, step="route.detailed", index=INDEX)
        if value is not None:
            measured(value, name, "route.detailed", step_log(settings.folder, "route.detailed"))
        return value

    def slack_ns(name: str) -> float:
        return round(engine(name) * settings.pdk.time_unit_ns, 6) + 0.0  # never -0.0

    routed = settings.depth in POWER_DEPTHS  # hold and wires are known from the clock tree on
    metrics = Metrics(
        cells=sum(group.cells for group in groups.values()),
        registers=int(engine("design__registers")),
        cell_area_um2=round(area_um2, 4),
        gate_equivalents=round(area_um2 / settings.pdk.nand2_area_um2, 1),
        setup_slack_ns=slack_ns("timing__setup__ws"),
        hold_slack_ns=slack_ns("timing__hold__ws") if routed else None,
        fmax_mhz=round(engine("timing__fmax") / 1e6, 3),
        die_area_um2=engine("design__die__area"),
        core_area_um2=engine("design__core__area"),
        utilization_percent=round(100 * area_um2 / engine("design__core__area"), 3),
        wire_length_um=routing("wirelength") if routed else None,
        vias=routing("vias") if routed else None,
        drc_errors=drc_errors(history) if routed else None,
        max_slew_violations=int(engine("timing__drv__max_slew")),
        max_capacitance_violations=int(engine("timing__drv__max_cap")),
    )
    if not routed:  # a routed layout has its power from step power.report
        metrics = metrics.model_copy(
            update={
                "power_activity": DEFAULT_ACTIVITY,
                "power_internal_w": engine("power__internal__total"),
                "power_switching_w": engine("power__switching__total"),
                "power_leakage_w": engine("power__leakage__total"),
                "power_total_w": engine("power__total"),
            }
        )
    return metrics, groups


def drc_errors(history: Any) -> int | None:
    """Return the design rule violations that the detailed router left, None where it told nothing."""
    for step in ("route.detailed_antenna_repair", "route.detailed"):
        count = history.get("metric", "drcs", step=step, index=INDEX)
        if count is not None:
            return int(count)
    return None


def step_runtimes_s(history: Any, metric: str = "tasktime") -> dict[str, float]:
    """Return the wall time of each step that ran, whenever that was, in the order of their start.

    `metric` is SiliconCompiler's: `tasktime` is of the whole step, `exetime` of its program alone.
    """
    flow = history.option.get_flow()
    runtimes = []
    for step in history.getkeys("flowgraph", flow):
        node = {"step": step, "index": INDEX}
        runtime_s = history.get("metric", metric, **node)
        if runtime_s is not None:
            runtimes.append((history.get("record", "starttime", **node), step, round(runtime_s, 2)))
    return {step: runtime_s for _, step, runtime_s in sorted(runtimes)}


def peak_memory_bytes(history: Any) -> int | None:
    """Return the most memory that steps under way at one time took together, each at its own peak.

    None where SiliconCompiler has measured none.
    """
    spans = []
    for step in history.getkeys("flowgraph", history.option.get_flow()):
        node = {"step": step, "index": INDEX}
        memory_bytes = history.get("metric", "memory", **node)
        runtime_s = history.get("metric", "tasktime", **node)
        if memory_bytes is not None and runtime_s is not None:
            start = datetime.fromisoformat(history.get("record", "starttime", **node))
            spans.append((start, start + timedelta(seconds=runtime_s), int(memory_bytes)))
    return max(
        (sum(taken for start, end, taken in spans if start <= moment < end) for moment, _, _ in spans),
        default=None,
    )
