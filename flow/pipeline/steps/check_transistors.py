"""Step `check.transistors`, on request: the transistors of the GDS against those of the netlist."""

from flow.pipeline.steps.full_signoff_task import FullSignoffTask
from flow.pipeline.steps.library_files import layout_files
from flow.record.result import Check
from flow.signoff.geometry_check import LayoutFiles
from flow.signoff.magic import read_technology
from flow.signoff.transistor_check import check_transistors
from flow.signoff.verdict import failed
from flow.tools.layout_programs import LayoutPrograms
from pdk_configs.transistors import Transistors


class CheckTransistorsTask(FullSignoffTask):
    """Judges what `write.gds` left, and keeps Netgen's report."""

    TASK = "check_transistors"
    INPUT_ENDINGS = ("gds", "def.gz", "lec.vg")
    OUTPUT_ENDINGS = ("lvs",)

    def check(self, programs: LayoutPrograms, facts: Transistors) -> Check:
        """Compare, by the foundry's technology where the data has it, else by the project's own."""
        netlists = layout_files(self.mainlib, "cdl")
        if not netlists:
            return self.left_out("the PDK's data has no netlists of its cells' transistors (CDL)")
        files = LayoutFiles(
            gds=self.input_path("gds"),
            routed_def=self.input_path("def.gz"),
            netlist=self.input_path("lec.vg"),
            top=self.design_topmodule,
            liberty=(),
            lef=(),
        )
        try:
            technology = read_technology(self.foundry_technology() or facts.own_technology)
        except (OSError, ValueError) as error:
            self.left_out(str(error))
            return failed(error)
        return check_transistors(programs, files, netlists, technology, facts, self.output_path("lvs"))
