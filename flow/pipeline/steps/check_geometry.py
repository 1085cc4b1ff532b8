"""Step `check.geometry`: what the shapes of the GDS join, against the netlist after layout."""

from flow.pipeline.steps.library_files import layout_files, technology_lefs
from flow.pipeline.steps.own_task import CORNER, PDK_NAME
from flow.pipeline.steps.verdict_task import VerdictTask
from flow.record.result import Check
from flow.signoff.geometry_check import LayoutFiles, check_geometry
from pdk_configs.pdk import load_pdk


class CheckGeometryTask(VerdictTask):
    """Judges what `write.gds` left."""

    TASK = "check_geometry"
    PARAMETERS = (CORNER, PDK_NAME)
    INPUT_ENDINGS = ("gds", "def.gz", "lec.vg")

    def verdict(self) -> Check:
        """Compare."""
        files = LayoutFiles(
            gds=self.input_path("gds"),
            routed_def=self.input_path("def.gz"),
            netlist=self.input_path("lec.vg"),
            top=self.design_topmodule,
            liberty=self.liberty(),
            # A technology's LEF may hold the cells too.
            lef=technology_lefs(self.pdk) + layout_files(self.mainlib, "lef"),
        )
        return check_geometry(files, load_pdk(self.value(PDK_NAME)).layer_stack)
