"""A finished run, or what is kept of one, opened to be looked at."""

from dataclasses import dataclass
from pathlib import Path

from flow.common.decimals import shortest
from flow.common.errors import UserError
from flow.layout.picture import Panel
from flow.layout.placement import FILE_NAME, Placement, placement_of_run, read_placement, write_placement
from flow.record.cell_groups import CLOCK_TREE, REPAIR, TOP
from flow.record.depths import POWER_DEPTHS
from flow.record.result import Result, read_result, result_path
from hdl.designs import DESIGNS


@dataclass(frozen=True)
class OpenedLayout:
    """The folder that was opened, its result and its placement; `is_run`: all of a run's files are there."""

    folder: Path
    result: Result
    placement: Placement
    is_run: bool

    @property
    def title(self) -> str:
        """What was laid out, in a line."""
        result = self.result
        words = [f"{result.design}, {str(result.parameters.get('format', '')).upper()}"]
        words += [
            f"{name} = {result.parameters[name]}" for name in ("d", "lanes") if name in result.parameters
        ]
        words += [result.pdk, f"{shortest(result.clock_ns)} ns"]
        area_um2 = sum(self.placement.area_um2(group) for group in self.placement.groups)
        return f"{', '.join(words)}: {area_um2:,.0f} um² of cells"

    @property
    def panel(self) -> Panel:
        """This layout as a part of a picture."""
        return Panel(self.title, self.placement)

    def file(self, kind: str) -> Path:
        """Return the run's file of a kind of `result.files`; raises UserError where it is not there."""
        name = self.result.files.get(kind)
        if not self.is_run or name is None or not (self.folder / name).is_file():
            raise UserError(f"{self.folder} does not hold the {kind} of its run: run it again")
        return self.folder / name


def routed_result(folder: Path) -> Result:
    """Return the deepest routed result in `folder`; raises UserError where there is none."""
    paths = [result_path(folder, depth) for depth in reversed(POWER_DEPTHS)]
    for path in paths:
        if path.is_file():
            return read_result(path)
    raise UserError(f"{folder} holds no routed run: no {' or '.join(path.name for path in paths)}")


def open_layout(folder: Path) -> OpenedLayout:
    """Open a run's folder, or the one in which its result and its placement are kept.

    Raises UserError for a folder that is neither, or from which a file is missing.
    """
    result = routed_result(folder)
    placement_file = folder / FILE_NAME
    if placement_file.is_file():
        placement = read_placement(placement_file)
        if placement.layout_sha256 != result.sha256.get("layout"):
            raise UserError(f"{placement_file} is of another layout than the result beside it")
        return OpenedLayout(folder, result, placement, is_run=False)
    layout = folder / result.files.get("layout", "")
    if not layout.is_file():
        raise UserError(f"{folder} holds neither the layout of its run nor a {FILE_NAME}")
    return OpenedLayout(folder, result, placement_of(result, folder), is_run=True)


def placement_of(result: Result, run: Path) -> Placement:
    """Return the placement of the run in the folder `run`, whose result is given."""
    return placement_of_run(run, run / result.files["layout"], groups_of(result))


def groups_of(result: Result) -> tuple[str, ...]:
    """Return the groups of the result's design; of one that is not at hand those that have cells."""
    if result.design in DESIGNS:
        return DESIGNS[result.design].groups
    return tuple(name for name in result.groups if name not in (TOP, CLOCK_TREE, REPAIR))


def keep_placement(result: Result, run: Path, folder: Path) -> None:
    """Keep in `folder` where the cells of the run in the folder `run` lie, once routed: to draw it again."""
    if result.depth in POWER_DEPTHS:
        folder.mkdir(parents=True, exist_ok=True)
        write_placement(placement_of(result, run), folder / FILE_NAME)
