"""Step `write.gds`: the routed layout and the library's cells to GDS, by KLayout."""

from typing import Any

from flow.common.places import PROJECT_ROOT
from flow.pipeline.steps.library_files import layout_files, technology_lefs
from flow.pipeline.steps.own_task import LibraryTask, Parameter

SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "klayout_stream.py"
PROGRAM = Parameter("script", "file", "the stream-out program", default=str(SCRIPT))


def layer_map_options(pdk: Any) -> list[str]:
    """Return the arguments for KLayout's technology and, where the PDK has one, its map from DEF to GDS."""
    options: list[str] = []
    for target, option in (("klayout", "--technology"), ("gds", "--layer-map")):
        if pdk.valid("pdk", "layermapfileset", "klayout", "def", target):
            for fileset in pdk.get("pdk", "layermapfileset", "klayout", "def", target):
                for path in pdk.find_files("fileset", fileset, "file", "layermap"):
                    options += [option, path]
    return options


class StreamOutTask(LibraryTask):
    """Merges `<design>.def.gz` and the library's GDS into `<design>.gds`."""

    TOOL = "klayout_package"
    TASK = "stream_out"
    PARAMETERS = (PROGRAM,)
    INPUT_ENDINGS = ("def.gz",)
    OUTPUT_ENDINGS = ("gds",)

    def setup(self) -> None:
        """Name the program."""
        super().setup()
        self.run_by_this_python()

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        options = ["-I", str(SCRIPT), "--top", self.design_topmodule]
        options += ["--def", str(self.input_path("def.gz"))]
        options += ["--gds", str(self.output_path("gds"))]
        options += layer_map_options(self.pdk)
        for path in technology_lefs(self.pdk) + layout_files(self.mainlib, "lef"):
            options += ["--lef", str(path)]
        for path in layout_files(self.mainlib, "gds"):
            options += ["--cells", str(path)]
        return options
