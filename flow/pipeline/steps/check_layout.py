"""Step `check.layout`: the routed layout against the netlist, cell by cell and pin by pin."""

from pathlib import Path

from flow.pipeline.steps.own_task import CORNER
from flow.pipeline.steps.verdict_task import VerdictTask
from flow.record.result import Check
from flow.signoff.layout_check import check_layout


class CheckLayoutTask(VerdictTask):
    """Judges what `write.views` left."""

    TASK = "check_layout"
    PARAMETERS = (CORNER,)
    INPUT_ENDINGS = ("def.gz", "lec.vg")

    def setup(self) -> None:
        """Declare the netlist before layout too."""
        super().setup()
        self.add_input_file(self._synthesised())

    def _synthesised(self) -> str:
        # write.views has a file of the same name.
        return str(self.compute_input_file_node_name(f"{self.design_topmodule}.vg", "synthesis", "0"))

    def verdict(self) -> Check:
        """Compare."""
        return check_layout(
            self.input_path("def.gz"),
            self.input_path("lec.vg"),
            Path("inputs") / self._synthesised(),
            self.design_topmodule,
            self.liberty(),
        )
