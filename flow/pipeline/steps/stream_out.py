"""Step `write.gds`: the routed layout and the library's cells to GDS, by KLayout."""

import sys
from pathlib import Path
from typing import Any

from siliconcompiler.asic import ASICTask

from flow.common.places import PROJECT_ROOT
from flow.pipeline.steps.library_files import layout_files, technology_lefs

SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "klayout_stream.py"


def layer_map_options(pdk: Any) -> list[str]:
    """Return the arguments for KLayout's technology and, where the PDK has one, its map from DEF to GDS."""
    options: list[str] = []
    for target, option in (("klayout", "--technology"), ("gds", "--layer-map")):
        if pdk.valid("pdk", "layermapfileset", "klayout", "def", target):
            for fileset in pdk.get("pdk", "layermapfileset", "klayout", "def", target):
                for path in pdk.find_files("fileset", fileset, "file", "layermap"):
                    options += [option, path]
    return options


class StreamOutTask(ASICTask):
    """Merges `<design>.def.gz` and the library's GDS into `<design>.gds`."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("script", "file", "the stream-out program", defvalue=str(SCRIPT))

    def tool(self) -> str:
        """Name the tool."""
        return "klayout_package"

    def task(self) -> str:
        """Name the task."""
        return "stream_out"

    def setup(self) -> None:
        """Declare what the step reads and writes."""
        super().setup()
        self.set_path(str(Path(sys.executable).parent))
        self.set_exe(Path(sys.executable).name)
        self.add_required_key("var", "script")
        self.add_input_file(ext="def.gz")
        self.add_output_file(ext="gds")

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        options = ["-I", str(SCRIPT), "--top", self.design_topmodule]
        options += ["--def", f"inputs/{self.design_topmodule}.def.gz"]
        options += ["--gds", f"outputs/{self.design_topmodule}.gds"]
        options += layer_map_options(self.pdk)
        for path in technology_lefs(self.pdk) + layout_files(self.mainlib, "lef"):
            options += ["--lef", path]
        for path in layout_files(self.mainlib, "gds"):
            options += ["--cells", path]
        return options
