"""Step `check.layout`: the routed layout against the netlist, cell by cell and pin by pin."""

from pathlib import Path

from siliconcompiler.asic import ASICTask

from flow.pipeline.steps.library_files import liberty_files
from flow.signoff.layout_check import check_layout
from flow.signoff.verdict import VERDICT, write_verdict


class CheckLayoutTask(ASICTask):
    """Writes a verdict on what `write.views` left; a layout that differs does not stop the run."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("corner", "str", "library corner")

    def tool(self) -> str:
        """Name the tool."""
        return "signoff"

    def task(self) -> str:
        """Name the task."""
        return "check_layout"

    def configure(self, corner: str) -> None:
        """Set the corner of the library."""
        self.set("var", "corner", corner)

    def setup(self) -> None:
        """Declare what the step reads."""
        super().setup()
        self.add_required_key("var", "corner")
        for ext in ("def.gz", "lec.vg"):
            self.add_input_file(ext=ext)
        self.add_input_file(self._synthesised())

    def _synthesised(self) -> str:
        # write.views has a file of the same name.
        return str(self.compute_input_file_node_name(f"{self.design_topmodule}.vg", "synthesis", "0"))

    def run(self) -> int:
        """Compare."""
        top, inputs = self.design_topmodule, Path("inputs")
        verdict = check_layout(
            inputs / f"{top}.def.gz",
            inputs / f"{top}.lec.vg",
            inputs / self._synthesised(),
            top,
            [Path(path) for path in liberty_files(self.mainlib, self.get("var", "corner"))],
        )
        write_verdict(verdict, Path(VERDICT))
        print(f"{verdict.status}: {verdict.detail}")
        return 0
