"""From what SiliconCompiler and the engines left of a run to its measurements."""

import json
from collections.abc import Iterable
from typing import Any

from flow.record.activities import DEFAULT_ACTIVITY
from flow.record.cell_groups import CLOCK_TREE, LOGIC, REPAIR, TOP, ListedCell, group_of, read_cell_list
from flow.record.depths import METRIC_STEPS, POWER_DEPTHS
from flow.record.result import Group, Metrics
from flow.record.run_folder import INDEX, INSTANCES, SYNTHESIS_STATISTICS, step_folder
from flow.record.settings import Settings


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
    statistics = json.loads((step_folder(settings.folder, "synthesis") / SYNTHESIS_STATISTICS).read_text())
    (top,) = statistics["modules"].values()
    return Metrics(
        cells=top["num_cells"],
        cell_area_um2=round(top["area"], 4),
        gate_equivalents=round(top["area"] / settings.pdk.nand2_area_um2, 1),
    )


def measure_layout(settings: Settings, history: Any) -> tuple[Metrics, dict[str, Group]]:
    """Return the metrics and the groups of the layout that a run of depth place or deeper left."""
    step = METRIC_STEPS[settings.depth]
    folder = step_folder(settings.folder, step)
    raw = json.loads((folder / "reports" / "metrics.json").read_text())
    instances = read_cell_list(folder / "reports" / INSTANCES)
    groups = measure_groups(instances, settings.design.groups)
    area_um2 = sum(group.cell_area_um2 for group in groups.values())

    def engine(name: str) -> float:
        return float(raw[f"sc__metric__{name}"])

    def slack_ns(name: str) -> float:
        return round(engine(name) * settings.pdk.time_unit_ns, 6)

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
        wire_length_um=history.get("metric", "wirelength", step="route.detailed", index=INDEX)
        if routed
        else None,
        vias=history.get("metric", "vias", step="route.detailed", index=INDEX) if routed else None,
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
