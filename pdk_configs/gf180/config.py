"""GlobalFoundries 180MCU with its 7-track cells for 5 V and five metals."""

from pathlib import Path
from typing import TYPE_CHECKING

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import Pdk, use_own_scripts

if TYPE_CHECKING:
    from siliconcompiler import StdCellLibrary

STACKUP = "5LM_1TM_9K"
CELLS = "gf180mcu_fd_sc_mcu7t5v0"
# What this project calls the typical wires, and the technology.
PEX_CORNER, PEX_CORNER_THERE = "typical", "typ"
BASE = Path("lambdapdk", "gf180", "base")
LIBRARY = Path("lambdapdk", "gf180", "libs", CELLS)


def make_library(data_root: Path | None) -> "StdCellLibrary":
    """Return SiliconCompiler's library object with this folder's scripts and layer map, on one technology."""
    from lambdapdk.gf180.libs.gf180mcu import GF180_MCU_7T_5LMLibrary

    library = GF180_MCU_7T_5LMLibrary()
    # The library is for two thicknesses of the top metal and takes none by itself.
    technology = library.get_dep(f"GF180_{STACKUP}_7t")
    library.add_asic_pdk(technology)
    use_own_scripts(library, Path(__file__).parent, data_root)
    technology.set_dataroot("pdk_configs", str(Path(__file__).parent))
    # The data root may lack the technology's own map, and that is one for the taller cells.
    with technology.active_dataroot("pdk_configs"), technology.active_fileset("layermap"):
        technology.add_file("layers.map", filetype="layermap", clobber=True)
    technology.add_pexmodelfileset("openroad", PEX_CORNER, f"openroad.pex.{PEX_CORNER_THERE}")
    for corner, *wire in technology.get("tool", "openroad", "rclayer"):
        if corner == PEX_CORNER_THERE:
            technology.add_openroad_rclayer(PEX_CORNER, *wire)
    for corner, layer, _, cap_factor in technology.get("tool", "openroad", "rccorrection"):
        if corner == PEX_CORNER_THERE:
            technology.add_openroad_rccorrection(PEX_CORNER, layer, cap_factor=cap_factor)
    return library


# Datatypes: 0 drawing, 10 text.
LAYER_STACK = make_stack(
    wires=[("Metal1", 34), ("Metal2", 36), ("Metal3", 42), ("Metal4", 46), ("Metal5", 81)],
    cuts=[("Via1", (35, 0)), ("Via2", (38, 0)), ("Via3", (40, 0)), ("Via4", (41, 0))],
    text_datatypes=(10,),
)

PDK = Pdk(
    name="gf180",
    title="GlobalFoundries 180MCU (7-track, 5 V)",
    node_nm=180,
    library=f"{CELLS}_5LM",
    corner="typical",
    voltage_v=5.0,
    temperature_c=25.0,
    time_unit_ns=1.0,
    default_clock_ns=25.0,
    utilization_percent=50.0,
    core_margin_um=11.76,
    core_side_min_um=120.0,
    pin_pitch_um=1.12,
    placement_density=0.65,
    cell_padding_sites=0,
    routing_layers=("Metal2", "Metal5"),
    nand2_cell=f"{CELLS}__nand2_1",
    nand2_area_um2=10.976,
    required_files=(
        str(BASE / "apr" / f"gf180mcu_{STACKUP}_7t_tech.lef"),
        str(BASE / "pex" / "openroad" / "gf180mcu_1p5m_1tm_9k_sp_smim_OPTB_typ.rules"),
        str(LIBRARY / "nldm" / f"{CELLS}__tt_025C_5v00.lib.gz"),
        str(LIBRARY / "lef" / f"{CELLS}.lef"),
        str(LIBRARY / "gds" / "5LM" / f"{CELLS}.gds.gz"),
    ),
    make_library=make_library,
    layer_stack=LAYER_STACK,
)
