"""What the flow needs to know of a PDK, and where the PDKs of this folder are found."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    # It takes seconds to import, and only `make_library` needs it.
    from siliconcompiler import StdCellLibrary

from pdk_configs.layer_stack import LayerStack

CONFIGS_DIR = Path(__file__).parent

LayoutCells = Literal["full", "abstract"]
Parasitics = Literal["extracted", "estimated"]


@dataclass(frozen=True)
class DebianPackage:
    """A package and the file in the archive's pool that stands in where no suite lists it, with its hash."""

    name: str
    pool_file: str
    sha256: str


@dataclass(frozen=True)
class Pdk:
    """One PDK: library, corner, defaults and reference cell.

    `time_unit_ns` is the Liberty files' unit of time, in which OpenROAD reads and reports.
    `default_clock_ns` is the clock period a run gets without `--clock`. `core_side_min_um` is the smallest
    core edge on which the power grid's straps fit; `pin_pitch_um` the room that a pin on the die's edge
    takes. `placement_density` is the global placement's target, `cell_padding_sites` the free sites that
    placement keeps on either side of a cell: room for the router to reach its pins. `slew_margin_percent` is
    how far below the library's largest slew repair aims. After `overflow_iterations_max` passes the global
    router leaves what overflow there is to the detailed one; None: overflow is an error. `nand2_area_um2` is
    the area of `nand2_cell` in the library, one gate equivalent. `required_files` are paths below a data root
    that show that the root holds this PDK. `make_library(data_root)` returns SiliconCompiler's library
    object; `data_root` None leaves the data to SiliconCompiler's download, which a PDK with a `package`
    does not have: its data is that Debian package. `layout_cells` says what the GDS holds of a cell: its
    whole layout, or the `abstract` that its LEF draws; `parasitics` whether those of the routed wires are
    `extracted` by rules or `estimated` from the technology LEF. `prepare(data_root, folder)` writes to
    `folder` what the engines take in place of the files at `data_root`; `folder` is then the library's data
    root. `layer_stack` names the layers of the GDS that carry signals, from that of the cells' pins up;
    `known_rule_breaks` maps the design rules that even a layout the router calls clean breaks to the reason.
    `full_adder` is the library's full adder and its pins: a, b, carry in, carry out, sum; empty where it
    has none that routes well.
    """

    name: str
    title: str
    node_nm: int
    library: str
    corner: str
    voltage_v: float
    temperature_c: float
    time_unit_ns: float
    default_clock_ns: float
    utilization_percent: float
    core_margin_um: float
    core_side_min_um: float
    pin_pitch_um: float
    placement_density: float
    cell_padding_sites: int
    routing_layers: tuple[str, str]
    nand2_cell: str
    nand2_area_um2: float
    required_files: tuple[str, ...]
    make_library: Callable[[Path | None], "StdCellLibrary"]
    layer_stack: LayerStack
    slew_margin_percent: float = 0.0
    overflow_iterations_max: int | None = None
    package: DebianPackage | None = None
    layout_cells: LayoutCells = "full"
    parasitics: Parasitics = "extracted"
    prepare: Callable[[Path, Path], None] | None = None
    known_rule_breaks: Mapping[str, str] = field(default_factory=dict, hash=False)
    full_adder: tuple[str, ...] = ()


def pdk_names() -> list[str]:
    """Return the names of the PDKs that have a folder here, sorted."""
    return sorted(path.parent.name for path in CONFIGS_DIR.glob("*/config.py"))


def load_pdk(name: str) -> Pdk:
    """Return the PDK called `name`; raises KeyError for a name without a folder."""
    if name not in pdk_names():
        raise KeyError(name)
    pdk: Pdk = importlib.import_module(f"pdk_configs.{name}.config").PDK
    return pdk


def use_own_scripts(library: "StdCellLibrary", folder: Path, data_root: Path | None) -> None:
    """Point `library` at `data_root` for its data and at `folder` for the engines' scripts.

    The scripts are `power_grid.tcl`, `global_connections.tcl` and `tapcells.tcl`. Without a
    `data_root` the data stays where SiliconCompiler's own download puts it.
    """
    if data_root is not None:
        for part in (library, *library.get_dep()):
            part.set_dataroot("lambdapdk", str(data_root), clobber=True)
    library.set_dataroot("pdk_configs", str(folder))
    with library.active_dataroot("pdk_configs"):
        with library.active_fileset("openroad.powergrid"):
            library.add_file("power_grid.tcl", filetype="tcl", clobber=True)
        with library.active_fileset("openroad.globalconnect"):
            library.add_file("global_connections.tcl", filetype="tcl", clobber=True)
        library.set_openroad_tapcells_file("tapcells.tcl")


def keep_tracks_free(library: "StdCellLibrary", shares: dict[str, float]) -> None:
    """Have the global router leave that share of a layer's tracks free, 0 to 1, for the ways to the pins."""
    technology = library.get_dep(library.get("asic", "pdk"))
    for layer, share in shares.items():
        technology.set_openroad_globalroutingderating(layer, share)  # the last one of a layer counts
