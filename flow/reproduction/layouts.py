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
        results = [found[0] for found in row.results.values()]
        kept = [kept_path(reports, one.design, one.job, one.depth).with_name(FILE_NAME) for one in results]
        if not all(path.exists() for path in kept):
            continue
        one = row.configuration
        path = folder / f"layout_{one.pdk}_{one.format}_d{one.d}.png"
        panels = [
            Panel(result.design, read_placement(place)) for result, place in zip(results, kept, strict=True)
        ]
        draw_layouts(panels, path)
        drawn.append({"title": f"{one.title}, same scale", "picture": str(path.relative_to(reports))})
    return drawn
