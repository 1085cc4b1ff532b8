"""The study as a page in Markdown and as a chart."""

from typing import Any

from flow.charts.bars import BarChart, Series
from flow.common.templates import open_template
from flow.error_study.variants import TITLES

CHART_ARMS = (
    "exact_bf16",
    "fa2_baseline",
    "fa2_expmul",
    "fa2_log2_f3",
    "fa2_log2_fixed_f3",
    "fa2_intmax",
    "fa2_flashd",
    "fa2_flashd_fixed",
    "fa2_mean_f8",
)


def accuracy_markdown(study: dict[str, Any]) -> str:
    """Return the page; its tables are those of the reproduction report as well."""
    template = open_template("accuracy.md.j2", "flow.error_study")
    return str(template.render(accuracy=study, titles=TITLES))


def error_chart(study: dict[str, Any], name: str) -> BarChart:
    """Return the attention error of the study's kernels, on synthetic scores and on the model's layers."""
    bars: list[tuple[str, dict[str, dict[str, float]]]] = [
        (f"σ = {row['sigma']}, {row['keys']} keys", row["errors"]) for row in study["synthetic"]
    ]
    for kind in ("short", "long") if study["model"] else ():
        text_study = study["model"][kind]
        for number, layer in enumerate(text_study["layers"]):
            errors = {
                arm: dict.fromkeys(("median", "smallest", "largest"), value["all_rows"])
                for arm, value in layer.items()
            }
            bars.append((f"MiniLM layer {number}, {text_study['tokens']} tokens", errors))
    series = tuple(
        Series(
            TITLES[arm],
            *(
                tuple(errors[arm][figure] if arm in errors else None for _, errors in bars)
                for figure in ("median", "smallest", "largest")
            ),
        )
        for arm in CHART_ARMS
        if arm in bars[0][1]
    )
    return BarChart(
        name,
        "Error of the attention output",
        "relative L2 error against float64",
        tuple(title for title, _ in bars),
        series,
        decimals=3,
        logarithmic=True,
    )
