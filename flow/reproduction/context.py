"""Everything that the report tells, as plain data from the committed results."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

from flow.attention_data.workload import KEYS_PER_QUERY
from flow.charts.bars import BarChart, Series
from flow.charts.points import PointChart
from flow.common.errors import UserError
from flow.comparison.chart import change_chart
from flow.comparison.kept_rows import at_own_clocks, first_seed, kept_results, kept_rows, representative_rows
from flow.comparison.rows import PAPER_KERNELS, Row
from flow.comparison.summary import HEADLINES, describe, summarize
from flow.error_study.page import error_chart
from flow.record.depths import POWER_DEPTHS
from flow.reproduction.answer import answer
from flow.reproduction.best_kernel import best_kernel
from flow.reproduction.corner_savings import savings_at_corners
from flow.reproduction.frames import described as described_waterfall
from flow.reproduction.frames import waterfall_chart, waterfalls
from flow.reproduction.kernel_front import layout_charts, layout_rows, netlist_chart, netlist_rows
from flow.reproduction.kernel_study import (
    FIVE_KERNELS,
    KEYS,
    SIGMA,
    arms_of,
    common_clock_rows,
    describe_pareto,
    pareto_charts,
)
from flow.reproduction.kernels_elsewhere import kernel_rows, place_charts, places_elsewhere
from flow.reproduction.peers import peer_rows
from flow.reproduction.scaled_results import scaled_rows, scaling_chart
from flow.reproduction.sensitivity import sensitivity
from pdk_configs.pdk import load_pdk

PAPER_NODE_NM = 28
ACCURACY = "accuracy.json"


@dataclass(frozen=True)
class ReportContents:
    """What the templates show, the charts, and the rows whose layouts can be drawn."""

    context: dict[str, Any]
    charts: list[BarChart | PointChart]
    routed: list[Row]


def report_contents(reports: Path) -> ReportContents:
    """Return what the results below `reports` tell. Raises UserError where no routed pair is kept."""
    results = kept_results(reports)
    all_rows = kept_rows(results, PAPER_KERNELS)
    rows = [first_seed(row) for row in representative_rows(all_rows)]
    with_power = [all(of_kernel[0].power for of_kernel in row.results.values()) for row in rows]
    routed = list(compress(rows, with_power))
    if not routed:
        raise UserError(f"{reports / 'results'} holds no routed pair of {' and '.join(PAPER_KERNELS)}")
    summary = summarize(rows, PAPER_KERNELS, seeds=1)
    described = list(compress(summary["rows"], with_power))
    scaled = scaled_rows(routed)
    varied = sensitivity(all_rows, PAPER_KERNELS)
    nodes = node_rows(summary["rows"])
    five_rows = kept_rows(results, FIVE_KERNELS)
    successors = common_clock_rows(five_rows)
    accuracy_file = reports / ACCURACY
    accuracy = json.loads(accuracy_file.read_text(encoding="utf-8")) if accuracy_file.exists() else None
    context = {
        "summary": summary,
        "rows": summary["rows"],
        "routed": described,
        "own_clock": [describe(first_seed(row), PAPER_KERNELS) for row in at_own_clocks(all_rows)],
        "pdks": used_pdks(routed),
        "scaled": scaled,
        "scaled_pdks": list({row["pdk"]: row for row in scaled}.values()),
        "sensitivity": varied,
        "corners": savings_at_corners(routed, PAPER_KERNELS),
        "layouts_by_seed": [
            variation
            for variation in varied
            if variation["factor"] == "seed" and variation["row"]["depth"] in POWER_DEPTHS
        ],
        "nodes": nodes,
        "keys": KEYS_PER_QUERY,
        "kernels": list(PAPER_KERNELS),
        "tool_versions": routed[0].results[PAPER_KERNELS[0]][0].tool_versions,
        "simulated_clocks": routed[0].results[PAPER_KERNELS[0]][0].simulated_clocks,
        "accuracy": accuracy,
        "five": list(FIVE_KERNELS),
        "arms": arms_of(successors),
        "successors": [describe(first_seed(row), FIVE_KERNELS) for row in successors],
        "successors_own_clock": [describe(first_seed(row), FIVE_KERNELS) for row in at_own_clocks(five_rows)],
    }
    context["peers"] = peer_rows(results, accuracy, SIGMA, KEYS)
    context["netlists"] = netlist_rows(results)
    context["best_kernel"] = best_kernel(results)
    falls = [described_waterfall(waterfall, PAPER_KERNELS) for waterfall in waterfalls(all_rows)]
    context["waterfalls"] = falls
    context["answer"] = answer(all_rows, PAPER_KERNELS)
    pareto = pareto_charts(five_rows, accuracy) if accuracy else []
    context["pareto"] = [describe_pareto(chart) for chart in pareto]
    charts: list[BarChart | PointChart] = [
        change_chart(
            summary["rows"], PAPER_KERNELS, summary["paper"], "change", "ExpMul against the baseline"
        ),
        node_chart(nodes, summary["paper"]),
        *(group_chart(row, quantity) for row in described[:1] for quantity in GROUP_QUANTITIES),
        *sensitivity_charts(varied),
    ]
    charts.extend(waterfall_chart(fall, PAPER_KERNELS, summary["paper"]) for fall in falls)
    if scaled:
        charts.append(scaling_chart(scaled, "area_um2", "scaled_area", "Cell area at 28 nm, range", "um2"))
        charts.append(
            scaling_chart(
                scaled, "dynamic_energy_per_key_j", "scaled_energy", "Dynamic energy per key at 28 nm", "pJ"
            )
        )
    if accuracy:
        charts.append(error_chart(accuracy, "error"))
    charts.extend(pareto)
    if context["netlists"]:
        context["netlist_front"] = netlist_chart(context["netlists"])
        charts.append(context["netlist_front"])
    context["layout_fronts"] = layout_charts(layout_rows(results))
    context["elsewhere"] = [
        {
            "title": place.title,
            "rows": kernel_rows(results, place),
            "charts": place_charts(results, place),
        }
        for place in places_elsewhere(results)
    ]
    charts.extend(context["layout_fronts"])
    charts.extend(chart for place in context["elsewhere"] for chart in place["charts"])
    return ReportContents(context, charts, routed)


def used_pdks(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what is to be said of every PDK with a routed row."""
    pdks = [load_pdk(name) for name in dict.fromkeys(row.configuration.pdk for row in rows)]
    return [
        {
            "name": pdk.name,
            "title": pdk.title,
            "node_nm": pdk.node_nm,
            "voltage_v": pdk.voltage_v,
            "temperature_c": pdk.temperature_c,
            "corner": pdk.corner,
            "nand2_cell": pdk.nand2_cell,
            "nand2_area_um2": pdk.nand2_area_um2,
        }
        for pdk in pdks
    ]


def node_rows(described: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the placed or routed rows of the format and d that most nodes have, coarse nodes first."""
    by_design: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in described:
        if row["depth"] != "synth":
            by_design.setdefault((row["format"], row["d"]), []).append(row)
    most = max(by_design.values(), key=len)
    return sorted(
        ({"node_nm": load_pdk(row["pdk"]).node_nm, "row": row} for row in most),
        key=lambda node: -node["node_nm"],
    )


def change(reduction: dict[str, Any] | None) -> float | None:
    """Return a reduction as a signed change."""
    return None if reduction is None else -reduction["percent"]


def node_chart(nodes: Sequence[dict[str, Any]], paper: dict[str, Any]) -> BarChart:
    """Return the reductions against the node, the paper's mean in its place."""
    bars = [
        (
            f"{node_row['node_nm']} nm, {node_row['row']['pdk']}",
            node_row["node_nm"],
            node_row["row"]["reductions"][PAPER_KERNELS[1]],
        )
        for node_row in nodes
    ]
    shown = [
        (title, node, *(change(reductions[quantity]) for quantity in HEADLINES))
        for title, node, reductions in bars
    ]
    shown.append(
        (f"{PAPER_NODE_NM} nm, paper [P]", PAPER_NODE_NM, -paper["area_um2"], -paper["power_timed_w"])
    )
    shown.sort(key=lambda bar: -bar[1])
    first = nodes[0]["row"]
    return BarChart(
        "nodes",
        f"Against the node: {first['format'].upper()}, d = {first['d']}",
        f"change against {PAPER_KERNELS[0]}, %",
        tuple(title for title, *_ in shown),
        (
            Series("area", tuple(area for _, _, area, _ in shown)),
            Series("power, real data", tuple(power for *_, power in shown)),
        ),
        signed=True,
    )


GROUP_QUANTITIES = {"area_um2": ("Area by group", "um2", 1.0, 0), "power_w": ("Power by group", "mW", 1e3, 2)}


def group_chart(row: dict[str, Any], quantity: str) -> BarChart:
    """Return a routed row's groups side by side."""
    title, unit, factor, decimals = GROUP_QUANTITIES[quantity]
    groups = dict.fromkeys(name for kernel in PAPER_KERNELS for name in row["kernels"][kernel]["groups"])

    def value(kernel: str, group: str) -> float | None:
        figure = row["kernels"][kernel]["groups"].get(group, {}).get(quantity)
        return None if figure is None else figure["median"] * factor

    return BarChart(
        f"groups_{quantity.partition('_')[0]}",
        f"{title}: {row['title']}",
        unit,
        tuple(groups),
        tuple(Series(kernel, tuple(value(kernel, group) for group in groups)) for kernel in PAPER_KERNELS),
        decimals=decimals,
    )


def sensitivity_charts(varied: Sequence[dict[str, Any]]) -> list[BarChart]:
    """Return the area's change by what was varied, none where nothing was."""
    bars = []
    for variation in varied:
        reduction = variation["row"]["reductions"][PAPER_KERNELS[1]]["area_um2"]
        title = variation["row"]["title"]
        if variation["seeds"] > 1:
            title += f", {variation['seeds']} seeds"
        bars.append((f"{title}, to {variation['row']['depth']}", reduction))
    if not bars:
        return []
    series = Series(
        "area",
        tuple(-reduction["percent"] for _, reduction in bars),
        tuple(-reduction["largest"] for _, reduction in bars),
        tuple(-reduction["smallest"] for _, reduction in bars),
    )
    return [
        BarChart(
            "sensitivity",
            "What else moves the saving of area",
            f"change against {PAPER_KERNELS[0]}, %",
            tuple(title for title, _ in bars),
            (series,),
            signed=True,
        )
    ]
