"""SkyWater 130 with its high-density cell library."""

from pathlib import Path
from typing import TYPE_CHECKING

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import Pdk, keep_tracks_free, use_own_scripts

if TYPE_CHECKING:
    from siliconcompiler import StdCellLibrary

PREFIX = "sky130_fd_sc_hd__"
# Many pins on few tracks, or drives too weak for a wire: they leave violations that the router is long at.
HARD_TO_ROUTE = {
    "maj3": (1, 2, 4),
    "xor3": (1, 2, 4),
    "xnor3": (1, 2, 4),
    "fa": (1, 2, 4),
    "fah": (1,),
    "fahcin": (1,),
    "fahcon": (1,),
    "ha": (1, 2, 4),
    "mux4": (1, 2, 4),
    "a2111oi": (0,),
    "a21boi": (0,),
    "and2": (0,),
    "o21ai": (0,),
    "o311ai": (0,),
    "or2": (0,),
    "buf": (16,),
    "a222oi": (1,),
}
# The ways to the pins take most of these two layers.
ROUTING_DERATE = {"met1": 0.75, "met2": 0.6}


def make_library(data_root: Path | None) -> "StdCellLibrary":
    """Return SiliconCompiler's library object with this folder's scripts, hard cells left out."""
    from lambdapdk.sky130.libs.sky130sc import Sky130_SCHDLibrary

    library = Sky130_SCHDLibrary()
    use_own_scripts(library, Path(__file__).parent, data_root)
    hard = [f"{PREFIX}{cell}_{drive}" for cell, drives in HARD_TO_ROUTE.items() for drive in drives]
    library.add_asic_celllist("dontuse", hard)
    keep_tracks_free(library, ROUTING_DERATE)
    return library


# Datatypes: 20 drawing, 16 pin, 5 text.
LAYER_STACK = make_stack(
    wires=[("li1", 67), ("met1", 68), ("met2", 69), ("met3", 70), ("met4", 71), ("met5", 72)],
    cuts=[("mcon", (67, 44)), ("via", (68, 44)), ("via2", (69, 44)), ("via3", (70, 44)), ("via4", (71, 44))],
    shape_datatypes=(20, 16),
    text_datatypes=(5, 16),
)

PDK = Pdk(
    name="sky130",
    title="SkyWater 130 (sky130_fd_sc_hd)",
    node_nm=130,
    library="sky130hd",
    corner="typical",
    voltage_v=1.8,
    temperature_c=25.0,
    time_unit_ns=1.0,
    default_clock_ns=22.0,
    utilization_percent=50.0,
    core_margin_um=10.88,
    core_side_min_um=100.0,
    pin_pitch_um=1.36,
    placement_density=0.70,
    cell_padding_sites=1,
    routing_layers=("met1", "met5"),
    nand2_cell="sky130_fd_sc_hd__nand2_1",
    nand2_area_um2=3.7536,
    required_files=(
        "lambdapdk/sky130/base/apr/sky130_fd_sc.tlef",
        "lambdapdk/sky130/libs/sky130hd/nldm/sky130_fd_sc_hd__tt_025C_1v80.lib.gz",
        "lambdapdk/sky130/libs/sky130hd/lef/sky130_fd_sc_hd_merged.lef",
        "lambdapdk/sky130/libs/sky130hd/gds/sky130_fd_sc_hd.gds",
    ),
    make_library=make_library,
    layer_stack=LAYER_STACK,
    slew_margin_percent=10.0,
    overflow_iterations_max=30,  # of the tracks kept free for pins it may take some in a large kernel
)
