"""Step `check.geometry`: what the shapes of the GDS join, against the netlist after layout."""

from pathlib import Path

from siliconcompiler.asic import ASICTask

from flow.pipeline.steps.library_files import layout_files, liberty_files
from flow.signoff.geometry_check import LayoutFiles, check_geometry
from flow.signoff.verdict import VERDICT, write_verdict
from pdk_configs.pdk import Pdk, load_pdk


class CheckGeometryTask(ASICTask):
    """Writes a verdict on what `write.gds` left; a layout that differs does not stop the run."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("corner", "str", "library corner")
        self.add_parameter("pdk_name", "str", "whose layers the GDS has")

    def tool(self) -> str:
        """Name the tool."""
        return "signoff"

    def task(self) -> str:
        """Name the task."""
        return "check_geometry"

    def configure(self, pdk: Pdk) -> None:
        """Set the PDK, its layers and the corner of its library."""
        self.set("var", "corner", pdk.corner)
        self.set("var", "pdk_name", pdk.name)

    def setup(self) -> None:
        """Declare what the step reads."""
        super().setup()
        for name in ("corner", "pdk_name"):
            self.add_required_key("var", name)
        for ext in ("gds", "def.gz", "lec.vg"):
            self.add_input_file(ext=ext)

    def run(self) -> int:
        """Compare."""
        top, inputs = self.design_topmodule, Path("inputs")
        files = LayoutFiles(
            gds=inputs / f"{top}.gds",
            routed_def=inputs / f"{top}.def.gz",
            netlist=inputs / f"{top}.lec.vg",
            top=top,
            liberty=[Path(path) for path in liberty_files(self.mainlib, self.get("var", "corner"))],
            lef=[Path(path) for path in layout_files(self.mainlib, "lef")],
        )
        verdict = check_geometry(files, load_pdk(self.get("var", "pdk_name")).layer_stack)
        write_verdict(verdict, Path(VERDICT))
        print(f"{verdict.status}: {verdict.detail}")
        return 0
