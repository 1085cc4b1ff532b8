"""Step `check.equivalence`: the netlist after layout computes what the Verilog says, proved by Yosys."""

from pathlib import Path

from flow.pipeline.steps.own_task import CORNER, SEED, Parameter
from flow.pipeline.steps.verdict_task import VerdictTask
from flow.record.constraints import CLOCK_PORT
from flow.record.result import Check
from flow.signoff.equivalence_check import EquivalenceQuestion, check_equivalence

TIME_LIMIT_S = Parameter("time_limit_s", "int", "after so long the check has not run", unit="s", default=300)


class CheckEquivalenceTask(VerdictTask):
    """Judges the netlist of `write.views`."""

    TASK = "check_equivalence"
    PARAMETERS = (CORNER, SEED, TIME_LIMIT_S)
    INPUT_ENDINGS = ("v", "lec.vg")

    def verdict(self) -> Check:
        """Prove."""
        question = EquivalenceQuestion(
            verilog=self.input_path("v"),
            netlist=self.input_path("lec.vg"),
            top=self.design_topmodule,
            clock=CLOCK_PORT,
            liberty=self.liberty(),
            seed=self.value(SEED),
            time_limit_s=self.value(TIME_LIMIT_S),
        )
        return check_equivalence(question, Path("reports"))
