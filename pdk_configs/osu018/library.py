"""OSU 0.18 um as SiliconCompiler's library and technology."""

from pathlib import Path

from siliconcompiler.tools.klayout import KLayoutPDK
from siliconcompiler.tools.openroad import OpenROADPDK, OpenROADStdCellLibrary
from siliconcompiler.tools.yosys import YosysStdCellLibrary

from pdk_configs.osu018.config import LEF, LIBERTY, LOAD_FF

DATAROOT = "qflow"
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
