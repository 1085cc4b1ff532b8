"""IHP's SG13G2, a 130 nm BiCMOS process, with its library for 1.2 V."""

from pathlib import Path

from lambdapdk.ihp130.libs.sg13g2_stdcell import _IHP130StdCell
from siliconcompiler import StdCellLibrary

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import Pdk, keep_tracks_free, use_own_scripts

# lambdapdk's class for 1.2 V takes the corners of 1.5 V: it asks for this word, and passes another.
VOLTAGE = "1p2V"
# The folder of IHP's own repository, beside `lambdapdk`.
DATAROOT = "ihp130"
LIBRARY = Path(DATAROOT, "ihp-sg13g2", "libs.ref", "sg13g2_stdcell")
# The ways to the pins take most of these two layers.
ROUTING_DERATE = {"Metal2": 0.75, "Metal3": 0.6}
KLAYOUT = Path(DATAROOT, "ihp-sg13g2", "libs.tech", "klayout", "tech")


def make_library(data_root: Path | None) -> StdCellLibrary:
    """Return SiliconCompiler's library object with this folder's scripts."""
    library = _IHP130StdCell(VOLTAGE)
    use_own_scripts(library, Path(__file__).parent, data_root)
    if data_root is not None:
        for part in (library, *library.get_dep()):
            part.set_dataroot(DATAROOT, str(data_root / DATAROOT), clobber=True)
    keep_tracks_free(library, ROUTING_DERATE)
    return library


# Datatypes: 0 drawing, 2 pin, 25 text.
LAYER_STACK = make_stack(
    wires=[
        ("Metal1", 8),
        ("Metal2", 10),
        ("Metal3", 30),
        ("Metal4", 50),
        ("Metal5", 67),
        ("TopMetal1", 126),
        ("TopMetal2", 134),
    ],
    cuts=[
        ("Via1", (19, 0)),
        ("Via2", (29, 0)),
        ("Via3", (49, 0)),
        ("Via4", (66, 0)),
        ("TopVia1", (125, 0)),
        ("TopVia2", (133, 0)),
    ],
    shape_datatypes=(0, 2),
    text_datatypes=(25,),
)

PDK = Pdk(
    name="ihp130",
    title="IHP SG13G2 (sg13g2_stdcell, 1.2 V)",
    node_nm=130,
    library=f"sg13g2_stdcell_{VOLTAGE}",
    corner="typical",
    voltage_v=1.2,
    temperature_c=25.0,
    time_unit_ns=1.0,
    default_clock_ns=15.0,
    utilization_percent=50.0,
    core_margin_um=11.34,
    core_side_min_um=100.0,
    pin_pitch_um=0.96,
    placement_density=0.65,
    cell_padding_sites=0,
    routing_layers=("Metal2", "Metal5"),
    nand2_cell="sg13g2_nand2_1",
    nand2_area_um2=7.2576,
    required_files=(
        str(LIBRARY / "lef" / "sg13g2_tech.lef"),
        str(KLAYOUT / "sg13g2.map"),
        str(LIBRARY / "lib" / "sg13g2_stdcell_typ_1p20V_25C.lib"),
        str(LIBRARY / "lef" / "sg13g2_stdcell.lef"),
        str(LIBRARY / "gds" / "sg13g2_stdcell.gds"),
        "lambdapdk/ihp130/base/pex/openroad/typical.rules",
    ),
    make_library=make_library,
    layer_stack=LAYER_STACK,
)
