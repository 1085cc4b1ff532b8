"""ASAP7: the predictive 7 nm kit's 7.5-track cells of regular threshold voltage."""

from pathlib import Path
from typing import TYPE_CHECKING

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import Pdk, keep_tracks_free, use_own_scripts

if TYPE_CHECKING:
    from siliconcompiler import StdCellLibrary

# The ways to the pins take most of these two layers.
ROUTING_DERATE = {"M2": 0.7, "M3": 0.5}


def make_library(data_root: Path | None) -> "StdCellLibrary":
    """Return SiliconCompiler's library object with this folder's scripts."""
    from lambdapdk.asap7.libs.asap7sc7p5t import ASAP7SC7p5RVT

    library = ASAP7SC7p5RVT()
    use_own_scripts(library, Path(__file__).parent, data_root)
    with library.active_dataroot("pdk_configs"):
        library.set_openroad_tracks_file("tracks.tcl")
    keep_tracks_free(library, ROUTING_DERATE)
    return library


# Datatype 251 holds pins and their texts.
LAYER_STACK = make_stack(
    wires=[("M1", 19), ("M2", 20), *((f"M{level}", 10 * level) for level in range(3, 10))],
    cuts=[("V1", (21, 0)), ("V2", (25, 0)), *((f"V{level}", (10 * level + 5, 0)) for level in range(3, 9))],
    shape_datatypes=(0, 251),
    text_datatypes=(0, 251),
)

PDK = Pdk(
    name="asap7",
    title="ASAP7 (7.5-track RVT)",
    node_nm=7,
    library="asap7sc7p5t_rvt",
    corner="typical",
    voltage_v=0.7,
    temperature_c=25.0,
    time_unit_ns=0.001,
    default_clock_ns=5.0,
    utilization_percent=55.0,
    core_margin_um=1.08,
    core_side_min_um=13.5,
    pin_pitch_um=0.144,
    placement_density=0.6,
    cell_padding_sites=0,
    routing_layers=("M2", "M7"),
    nand2_cell="NAND2x1_ASAP7_75t_R",
    nand2_area_um2=0.08748,
    required_files=(
        "lambdapdk/asap7/base/apr/asap7_tech.lef",
        "lambdapdk/asap7/base/apr/asap7.layermap",
        "lambdapdk/asap7/libs/asap7sc7p5t_rvt/nldm/asap7sc7p5t_SIMPLE_RVT_TT_nldm.lib.gz",
        "lambdapdk/asap7/libs/asap7sc7p5t_rvt/lef/asap7sc7p5t_28_R.lef",
        "lambdapdk/asap7/libs/asap7sc7p5t_rvt/gds/asap7sc7p5t_28_R.gds.gz",
    ),
    make_library=make_library,
    layer_stack=LAYER_STACK,
)
