"""Where the cells of a layout lie, by group: small enough to be kept beside a run's result."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flow.common.atomic_file import written_whole
from flow.common.errors import UserError
from flow.formats.def_file import read_def
from flow.record.cell_groups import LOGIC, group_of, read_cell_list
from flow.record.former_names import group_name
from flow.record.provenance import sha256
from flow.record.run_folder import instances_path

FILE_NAME = "placement.npz"
FORMAT_VERSION = 1

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placement:
    """The logic cells of a layout on the core's rows and sites, sorted by row, then from left to right.

    Lengths are in `1 / units_per_um` um: `die` and `core` are (x0, y0, x1, y1), a site is `site_width`
    wide and a row `row_height` high. `group` [cells] is the index of a cell's group in `groups`, `site`
    and `row` [cells] are the place of its lower left corner, `sites` [cells] is its width. Every cell is
    one row high, as in the libraries of this project. Fillers and well taps are left out.
    `layout_sha256` is of the DEF that it was read from.
    """

    layout_sha256: str
    units_per_um: int
    die: tuple[int, ...]
    core: tuple[int, ...]
    site_width: int
    row_height: int
    groups: tuple[str, ...]
    group: npt.NDArray[np.uint8]
    site: npt.NDArray[np.uint16]
    row: npt.NDArray[np.uint16]
    sites: npt.NDArray[np.uint16]

    @property
    def die_um(self) -> Box:
        """The die: x0, y0, x1, y1."""
        x0, y0, x1, y1 = (length / self.units_per_um for length in self.die)
        return x0, y0, x1, y1

    @property
    def core_um(self) -> Box:
        """The core, where cells can stand: x0, y0, x1, y1."""
        x0, y0, x1, y1 = (length / self.units_per_um for length in self.core)
        return x0, y0, x1, y1

    @property
    def boxes_um(self) -> npt.NDArray[np.float64]:
        """The cells [cells, 4]: x0, y0, x1, y1."""
        x0 = self.core[0] + self.site.astype(np.int64) * self.site_width
        y0 = self.core[1] + self.row.astype(np.int64) * self.row_height
        x1 = x0 + self.sites.astype(np.int64) * self.site_width
        return np.stack((x0, y0, x1, y0 + self.row_height), axis=1) / self.units_per_um

    def area_um2(self, group: str) -> float:
        """Return the cell area of a group, 0 for one that is not here."""
        if group not in self.groups:
            return 0.0
        sites = int(self.sites[self.group == self.groups.index(group)].sum(dtype=np.int64))
        return sites * self.site_width * self.row_height / self.units_per_um**2


def placement_of_run(run: Path, layout: Path, groups: Sequence[str]) -> Placement:
    """Return the placement of the routed run in the folder `run`.

    `layout` is its DEF, `groups` are the prefixes of the design's groups. Raises UserError for a layout
    that does not fit the list of its instances.
    """
    try:
        routed = read_def(layout)
    except ValueError as error:
        raise UserError(str(error)) from None
    rows = sorted(routed.rows, key=lambda row: (row.y, row.x))
    heights = {above.y - below.y for below, above in itertools.pairwise(rows)}
    if routed.die is None or len(heights) != 1 or len({row.site_pitch for row in rows}) != 1:
        raise UserError(f"{layout} is not a layout with evenly spaced rows")
    units_per_um, row_height, site_width = routed.units_per_um, heights.pop(), rows[0].site_pitch
    x0, y0 = min(row.x for row in rows), rows[0].y
    x1 = max(row.x + row.sites * site_width for row in rows)
    listed = instances_path(run)
    if not listed.is_file():
        raise UserError(f"{run} lacks {listed.relative_to(run)}: run it again")
    cells: list[tuple[str, int, int, int]] = []
    for instance in read_cell_list(listed):
        if instance.kind != LOGIC:
            continue
        component = routed.components.get(instance.name)
        if component is None or component.x is None or component.y is None:
            raise UserError(f"{layout} does not place {instance.name}")
        site, beside = divmod(component.x - x0, site_width)
        row, between = divmod(component.y - y0, row_height)
        sites = instance.area_um2 * units_per_um**2 / row_height / site_width
        if beside or between or abs(sites - round(sites)) > 1e-3:
            raise UserError(f"{layout}: {instance.name} does not stand on the rows' sites")
        cells.append((group_of(instance.name, groups), row, site, round(sites)))
    placed_groups = {cell[0] for cell in cells}
    names = tuple(name for name in (*groups, *sorted(placed_groups - set(groups))) if name in placed_groups)
    table = np.array([(row, site, names.index(name), sites) for name, row, site, sites in cells])
    table = table.reshape(-1, 4)[np.lexsort((table[:, 1], table[:, 0]))]
    return Placement(
        layout_sha256=sha256(layout),
        units_per_um=units_per_um,
        die=routed.die,
        core=(x0, y0, x1, rows[-1].y + row_height),
        site_width=site_width,
        row_height=row_height,
        groups=names,
        group=table[:, 2].astype(np.uint8),
        site=table[:, 1].astype(np.uint16),
        row=table[:, 0].astype(np.uint16),
        sites=table[:, 3].astype(np.uint16),
    )


def write_placement(placement: Placement, path: Path) -> None:
    """Write `placement` whole or not at all; the same placement gives the same bytes."""
    arrays: dict[str, Any] = {
        entry.name: np.asarray(getattr(placement, entry.name)) for entry in fields(Placement)
    }
    with written_whole(path) as beside, beside.open("wb") as handle:
        np.savez_compressed(handle, version=np.array(FORMAT_VERSION), **arrays)


def read_placement(path: Path) -> Placement:
    """Return the placement in `path`; raises UserError for a file that is not one."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        if int(arrays.pop("version")) != FORMAT_VERSION:
            raise ValueError("another version's")
        values: dict[str, Any] = {
            name: array if array.ndim else array.item() for name, array in arrays.items()
        }
        for name in ("die", "core"):
            values[name] = tuple(int(length) for length in arrays[name])
        values["groups"] = tuple(group_name(str(name)) for name in arrays["groups"])
        return Placement(**values)
    except Exception as error:
        # A file that is cut short or foreign fails in zlib, zipfile or numpy, each in its own way.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is not a placement of this project: {reason}") from None
