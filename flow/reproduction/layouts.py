"""The routed kernels' layouts side by side, drawn again from the placements kept with the results."""

from collections.abc import Sequence
from pathlib import Path

from flow.comparison.rows import Row
from flow.layout.picture import Panel, draw_layouts
from flow.layout.placement import FILE_NAME, read_placement
from flow.record.results_store import kept_path


def draw_rows(rows: Sequence[Row], reports: Path, folder: Path) -> list[dict[str, str]]:
    """Draw each row whose placements are kept to a PNG in `folder`; return titles and files, in order."""
    drawn = []
    for row in rows:
        results = [results_of_kernel[0] for results_of_kernel in row.results.values()]
        placements = [
            kept_path(reports, result.design, result.job, result.depth).with_name(FILE_NAME)
            for result in results
        ]
        if not all(path.exists() for path in placements):
            continue
        configuration = row.configuration
        path = folder / f"layout_{configuration.pdk}_{configuration.format}_d{configuration.d}.png"
        panels = [
            Panel(result.design, read_placement(place))
            for result, place in zip(results, placements, strict=True)
        ]
        draw_layouts(panels, path)
        drawn.append(
            {"title": f"{configuration.title}, same scale", "picture": str(path.relative_to(reports))}
        )
    return drawn
