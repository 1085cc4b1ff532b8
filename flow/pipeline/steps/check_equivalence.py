"""Step `check.equivalence`: the netlist after layout computes what the Verilog says, proved by Yosys."""

from pathlib import Path

from siliconcompiler.asic import ASICTask

from flow.pipeline.steps.library_files import liberty_files
from flow.record.constraints import CLOCK_PORT
from flow.signoff.equivalence_check import EquivalenceQuestion, check_equivalence
from flow.signoff.verdict import VERDICT, write_verdict

TIME_LIMIT_S = 300


class CheckEquivalenceTask(ASICTask):
    """Writes a verdict on the netlist of `write.views`; one that differs does not stop the run."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("corner", "str", "library corner")
        self.add_parameter("seed", "int", "seed of synthesis")
        self.add_parameter("time_limit_s", "int", "after so long the check has not run", unit="s")

    def tool(self) -> str:
        """Name the tool."""
        return "signoff"

    def task(self) -> str:
        """Name the task."""
        return "check_equivalence"

    def configure(self, corner: str, seed: int) -> None:
        """Set the corner of the library and the seed of synthesis."""
        self.set("var", "corner", corner)
        self.set("var", "seed", seed)
        self.set("var", "time_limit_s", TIME_LIMIT_S)

    def setup(self) -> None:
        """Declare what the step reads."""
        super().setup()
        for name in ("corner", "seed", "time_limit_s"):
            self.add_required_key("var", name)
        for ext in ("v", "lec.vg"):
            self.add_input_file(ext=ext)

    def run(self) -> int:
        """Prove."""
        top, inputs = self.design_topmodule, Path("inputs")
        question = EquivalenceQuestion(
            verilog=inputs / f"{top}.v",
            netlist=inputs / f"{top}.lec.vg",
            top=top,
            clock=CLOCK_PORT,
            liberty=[Path(path) for path in liberty_files(self.mainlib, self.get("var", "corner"))],
            seed=self.get("var", "seed"),
            time_limit_s=self.get("var", "time_limit_s"),
        )
        verdict = check_equivalence(question, Path("reports"))
        write_verdict(verdict, Path(VERDICT))
        print(f"{verdict.status}: {verdict.detail}")
        return 0
