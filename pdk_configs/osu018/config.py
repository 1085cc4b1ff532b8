"""OSU 0.18 um: Oklahoma State University's cells of 2004, as Debian packages them for qflow."""

import re
from pathlib import Path

from siliconcompiler import StdCellLibrary
from siliconcompiler.tools.klayout import KLayoutPDK
from siliconcompiler.tools.openroad import OpenROADPDK, OpenROADStdCellLibrary
from siliconcompiler.tools.yosys import YosysStdCellLibrary

from pdk_configs.layer_stack import make_stack
from pdk_configs.pdk import DebianPackage, Pdk, use_own_scripts

PACKAGE = DebianPackage(
    name="qflow-tech-osu018",
    pool_file="pool/main/q/qflow/qflow-tech-osu018_1.3.17+dfsg.1-3_all.deb",
    sha256="64fae4bebbbd6a849c8c87c8e86d5fe137df44a1ea7715dcd59d11c720019428",
)
DATAROOT = "qflow"

LOAD_FF = 9.33  # what ABC takes as an output's load: the input of BUFX2
FOLDER = Path("usr/share/qflow/tech/osu018")
LEF = FOLDER / "osu018_stdcells.lef"  # technology and cells in one
LIBERTY = FOLDER / "osu018_stdcells.lib"
METALS = tuple(f"metal{number}" for number in range(1, 7))
# Share of the tracks that global routing leaves free; metal1 is the cells' own.
ROUTING_DERATE = {"metal1": 0.8, "metal2": 0.5, "metal3": 0.5}
ROUTING_DERATE_ABOVE = 0.25


class Osu018Pdk(KLayoutPDK, OpenROADPDK):  # type: ignore[misc]
    """The technology: six metals. No extraction rules: wires take the LEF's resistance and capacitance."""

    def __init__(self, data_root: Path) -> None:
        """Take the technology from the package unpacked at `data_root`."""
        super().__init__()
        self.set_name("osu018_technology")
        self.set_foundry("virtual")
        self.set_node(180)
        self.set_stackup("6M")
        self.set_dataroot(DATAROOT, str(data_root))
        self.set_dataroot("pdk_configs", str(Path(__file__).parent))
        with self.active_dataroot(DATAROOT), self.active_fileset("views.lef"):
            self.add_file(LEF, filetype="lef")
            for tool in ("openroad", "klayout"):
                self.add_aprtechfileset(tool)
        with self.active_dataroot("pdk_configs"), self.active_fileset("klayout.techmap"):
            self.add_file("layers.lyt", filetype="layermap")
            self.add_layermapfileset("klayout", "def", "klayout")
        self.set_aprroutinglayers(min=METALS[0], max=METALS[-1])
        self.set_openroad_rclayers(signal="metal3", clock="metal5")
        for metal in METALS:
            self.set_openroad_globalroutingderating(metal, ROUTING_DERATE.get(metal, ROUTING_DERATE_ABOVE))
        self.add_openroad_pinlayers(vertical="metal2", horizontal="metal3")


class Osu018Library(YosysStdCellLibrary, OpenROADStdCellLibrary):  # type: ignore[misc]
    """The cells: no tie, tap or antenna cells, and no layouts beyond the LEF's abstracts."""

    def __init__(self, data_root: Path) -> None:
        """Take the cells from the package unpacked at `data_root`."""
        super().__init__()
        self.set_name("osu018_stdcells")
        self.add_asic_pdk(Osu018Pdk(data_root))
        self.add_asic_site("core")
        self.add_asic_celllist("clkbuf", ["CLKBUF1", "CLKBUF2", "CLKBUF3"])
        self.add_asic_celllist("filler", ["FILL"])
        self.set_dataroot(DATAROOT, str(data_root))
        with self.active_dataroot(DATAROOT), self.active_fileset("models.timing.nldm"):
            self.add_file(LIBERTY, filetype="liberty")
            self.add_asic_libcornerfileset("typical", "nldm")
        self.set_yosys_driver_cell("BUFX4")
        self.set_yosys_abc(1000, LOAD_FF)
        self.set_openroad_placement_density(0.6)


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
    lef, liberty = (data_root / LEF).read_text(), (data_root / LIBERTY).read_text()
    (folder / LEF).write_text(TURN_RULE.sub("", lef))
    area_um2 = {name: float(width) * float(height) for name, width, height in MACRO_SIZE.findall(lef)}
    limit_ns = min(float(index.split(",")[-1]) for index in SLEW_INDEX.findall(liberty))
    liberty = CELL_AREA.sub(lambda cell: f"{cell[1]}{area_um2[cell[2]]:g};", liberty)
    limit = f"{TIME_UNIT}\n  default_max_transition : {limit_ns:g};"
    (folder / LIBERTY).write_text(liberty.replace(TIME_UNIT, limit, 1))


def make_library(data_root: Path | None) -> StdCellLibrary:
    """Return SiliconCompiler's library object for the package unpacked at `data_root`."""
    if data_root is None:
        raise ValueError("osu018 has no download of SiliconCompiler's")
    library = Osu018Library(data_root)
    use_own_scripts(library, Path(__file__).parent, None)
    library.add_openroad_powergridfileset("openroad.powergrid")
    library.add_openroad_globalconnectfileset("openroad.globalconnect")
    return library


# As in layers.lyt: cells are abstracts, with their pins on datatype 2 and texts on 1.
LAYER_STACK = make_stack(
    wires=list(zip(METALS, (49, 51, 62, 31, 33, 37), strict=True)),
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
