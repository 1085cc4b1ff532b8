"""Step `write.gds`: the routed layout and the library's cells to GDS, by KLayout."""

import sys
from pathlib import Path

from siliconcompiler.asic import ASICTask

from flow.places import PROJECT_ROOT
from flow.steps.library_files import layout_files, technology_lefs

SCRIPT = PROJECT_ROOT / "flow" / "engines" / "klayout_stream.py"


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

    def _layer_maps(self, target: str) -> list[str]:
        """Return the PDK's maps from DEF to `target`: none, where it has no such map."""
        files: list[str] = []
        if self.pdk.valid("pdk", "layermapfileset", "klayout", "def", target):
            for fileset in self.pdk.get("pdk", "layermapfileset", "klayout", "def", target):
                files += self.pdk.find_files("fileset", fileset, "file", "layermap")
        return files

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        options = ["-I", str(SCRIPT), "--top", self.design_topmodule]
        options += ["--def", f"inputs/{self.design_topmodule}.def.gz"]
        options += ["--gds", f"outputs/{self.design_topmodule}.gds"]
        for path in self._layer_maps("klayout"):
            options += ["--technology", path]
        for path in self._layer_maps("gds"):
            options += ["--layer-map", path]
        for path in technology_lefs(self.pdk) + layout_files(self.mainlib, "lef"):
            options += ["--lef", path]
        for path in layout_files(self.mainlib, "gds"):
            options += ["--cells", path]
        return options
