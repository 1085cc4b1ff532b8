"""The comparison as a bar chart: change of area and power per configuration, the paper's beside it."""

from collections.abc import Sequence
from typing import Any

from flow.charts.bars import BarChart, Line, Series
from flow.comparison.summary import HEADLINES

LABELS = {"area_um2": "area", "power_timed_w": "power, real data"}


def change_chart(
    rows: Sequence[dict[str, Any]], kernels: Sequence[str], paper: dict[str, Any], name: str, title: str
) -> BarChart:
    """Return the chart of `rows`, as `summary.describe` makes them; the ranges are those of the seeds."""
    bars = [
        (row["title"] if len(kernels) == 2 else f"{row['title']}: {kernel}", row["reductions"][kernel])
        for row in rows
        for kernel in kernels[1:]
    ]
    series = []
    for quantity in HEADLINES:
        reductions_of_quantity = [reductions[quantity] for _, reductions in bars]
        series.append(
            Series(
                LABELS[quantity],
                tuple(
                    None if reduction is None else -reduction["percent"]
                    for reduction in reductions_of_quantity
                ),
                tuple(
                    None if reduction is None else -reduction["largest"]
                    for reduction in reductions_of_quantity
                ),
                tuple(
                    None if reduction is None else -reduction["smallest"]
                    for reduction in reductions_of_quantity
                ),
            )
        )
    return BarChart(
        name,
        title,
        f"change against {kernels[0]}, %",
        tuple(title for title, _ in bars),
        tuple(series),
        tuple(
            Line(
                f"paper, {LABELS[quantity].split(',')[0]}: {-paper[quantity]:.1f} %",
                -paper[quantity],
                position,
            )
            for position, quantity in enumerate(HEADLINES)
        ),
        signed=True,
    )
