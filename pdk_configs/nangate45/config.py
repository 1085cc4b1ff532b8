"""Nangate45: the open cell library for the virtual 45 nm process FreePDK45."""

from pathlib import Path
from typing import TYPE_CHECKING

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import Pdk, keep_tracks_free, use_own_scripts

if TYPE_CHECKING:
    from siliconcompiler import StdCellLibrary

# The ways to the pins take most of these two layers.
ROUTING_DERATE = {"metal2": 0.8, "metal3": 0.65}


def make_library(data_root: Path | None) -> "StdCellLibrary":
    """Return SiliconCompiler's library object with this folder's scripts."""
    from lambdapdk.freepdk45.libs.nangate45 import Nangate45

    library = Nangate45()
    use_own_scripts(library, Path(__file__).parent, data_root)
    keep_tracks_free(library, ROUTING_DERATE)
    return library


# The cells' texts lie on the metal itself.
LAYER_STACK = make_stack(
    wires=[(f"metal{level}", 9 + 2 * level) for level in range(1, 11)],
    cuts=[(f"via{level}", (10 + 2 * level, 0)) for level in range(1, 10)],
)

PDK = Pdk(
    name="nangate45",
    title="Nangate45 (FreePDK45)",
    node_nm=45,
    library="nangate45",
    corner="typical",
    voltage_v=1.1,
    temperature_c=25.0,
    time_unit_ns=1.0,
    default_clock_ns=5.0,
    utilization_percent=60.0,
    core_margin_um=2.8,
    core_side_min_um=42.0,
    pin_pitch_um=0.56,
    placement_density=0.65,
    cell_padding_sites=0,
    routing_layers=("metal2", "metal7"),
    nand2_cell="NAND2_X1",
    nand2_area_um2=0.798,
    full_adder=("FA_X1", "A", "B", "CI", "CO", "S"),
    required_files=(
        "lambdapdk/freepdk45/base/apr/freepdk45.tech.lef",
        "lambdapdk/freepdk45/libs/nangate45/nldm/NangateOpenCellLibrary_typical.lib",
        "lambdapdk/freepdk45/libs/nangate45/lef/NangateOpenCellLibrary.macro.mod.lef",
        "lambdapdk/freepdk45/libs/nangate45/gds/NangateOpenCellLibrary.gds",
    ),
    make_library=make_library,
    layer_stack=LAYER_STACK,
)
