"""OSU 0.18 um: Oklahoma State University's cells of 2004, as Debian packages them for qflow."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import DebianPackage, Pdk, use_own_scripts

if TYPE_CHECKING:
    from siliconcompiler import StdCellLibrary

PACKAGE = DebianPackage(
    name="qflow-tech-osu018",
    pool_file="pool/main/q/qflow/qflow-tech-osu018_1.3.17+dfsg.1-3_all.deb",
    sha256="64fae4bebbbd6a849c8c87c8e86d5fe137df44a1ea7715dcd59d11c720019428",
)
LOAD_FF = 9.33  # what ABC takes as an output's load: the input of BUFX2
FOLDER = Path("usr/share/qflow/tech/osu018")
LEF = FOLDER / "osu018_stdcells.lef"  # technology and cells in one
LIBERTY = FOLDER / "osu018_stdcells.lib"

TURN_RULE = re.compile(r"^VIARULE (TURN\d+) GENERATE$.*?^END \1$\n", re.DOTALL | re.MULTILINE)
MACRO_SIZE = re.compile(r"^MACRO (\w+)$.*?^  SIZE ([\d.]+) BY ([\d.]+) ;$", re.DOTALL | re.MULTILINE)
CELL_AREA = re.compile(r"(^cell \((\w+)\) \{.*?^area : )[\d.]+;", re.DOTALL | re.MULTILINE)
TIME_UNIT = 'time_unit : "1ns";'
SLEW_INDEX = re.compile(r'index_2 \("([\d., ]+)"\);\s*values')


def prepare(data_root: Path, folder: Path) -> None:
    """Write to `folder` the LEF and the Liberty file of the package at `data_root` as the engines take them.

    The LEF goes without its rules for wires that turn: the router refuses them (DRT-0128). The Liberty file
    gets the limit that it lacks (CTS-0107), the largest slew that all its tables cover, and the areas of
    the LEF, from which three of its own differ (LATCH, NAND3X1, OAI21X1).
    """
    (folder / FOLDER).mkdir(parents=True)
    lef, liberty = (
        (data_root / LEF).read_text(encoding="utf-8"),
        (data_root / LIBERTY).read_text(encoding="utf-8"),
    )
    (folder / LEF).write_text(TURN_RULE.sub("", lef), encoding="utf-8")
    area_um2 = {name: float(width) * float(height) for name, width, height in MACRO_SIZE.findall(lef)}
    limit_ns = min(float(index.split(",")[-1]) for index in SLEW_INDEX.findall(liberty))
    liberty = CELL_AREA.sub(lambda cell: f"{cell[1]}{area_um2[cell[2]]:g};", liberty)
    limit = f"{TIME_UNIT}\n  default_max_transition : {limit_ns:g};"
    (folder / LIBERTY).write_text(liberty.replace(TIME_UNIT, limit, 1), encoding="utf-8")


def make_library(data_root: Path | None) -> "StdCellLibrary":
    """Return SiliconCompiler's library object for the package unpacked at `data_root`."""
    if data_root is None:
        raise ValueError("osu018 has no download of SiliconCompiler's")
    from pdk_configs.osu018.library import Osu018Library

    library = Osu018Library(data_root)
    use_own_scripts(library, Path(__file__).parent, None)
    library.add_openroad_powergridfileset("openroad.powergrid")
    library.add_openroad_globalconnectfileset("openroad.globalconnect")
    return library


# As in layers.lyt: cells are abstracts, with their pins on datatype 2 and texts on 1.
LAYER_STACK = make_stack(
    wires=[(f"metal{level}", number) for level, number in enumerate((49, 51, 62, 31, 33, 37), 1)],
    cuts=[("via", (50, 0)), ("via2", (61, 0)), ("via3", (30, 0)), ("via4", (32, 0)), ("via5", (36, 0))],
    shape_datatypes=(0, 2),
    text_datatypes=(1,),
)

PDK = Pdk(
    name="osu018",
    title="OSU 0.18 um (osu018_stdcells)",
    node_nm=180,
    library="osu018_stdcells",
    corner="typical",
    voltage_v=1.8,
    temperature_c=25.0,
    time_unit_ns=1.0,
    default_clock_ns=15.0,
    utilization_percent=50.0,
    core_margin_um=10.0,
    core_side_min_um=100.0,
    pin_pitch_um=2.0,
    placement_density=0.58,
    cell_padding_sites=0,
    routing_layers=("metal1", "metal6"),
    nand2_cell="NAND2X1",
    nand2_area_um2=24.0,
    required_files=(str(LEF), str(LIBERTY)),
    make_library=make_library,
    layer_stack=LAYER_STACK,
    package=PACKAGE,
    layout_cells="abstract",
    parasitics="estimated",
    prepare=prepare,
)
