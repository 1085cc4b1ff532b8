"""The base of the checks of full sign-off, which need facts of the PDK, Magic and Netgen."""

from pathlib import Path

from flow.pipeline.full_signoff import NONE
from flow.pipeline.steps.own_task import PDK_NAME, Parameter
from flow.pipeline.steps.verdict_task import VerdictTask
from flow.record.result import Check
from flow.signoff.verdict import not_run
from flow.tools.layout_programs import LayoutPrograms, NoProgramError, find_layout_programs
from pdk_configs.pdk import load_pdk
from pdk_configs.transistors import Transistors, transistors_of

MAGIC_TECHNOLOGY = Parameter("magic_technology", "str", "path of the foundry's technology file, or none")
LAYOUT_PROGRAMS = Parameter("layout_programs", "str", "hash of Magic and Netgen, or why there are none")
TRANSISTORS_SHA256 = Parameter("transistors_sha256", "str", "hash of what is known of the PDK's transistors")


class FullSignoffTask(VerdictTask):
    """A check that says not run, with the reason, where what it needs is not to be had."""

    PARAMETERS = (PDK_NAME, MAGIC_TECHNOLOGY, LAYOUT_PROGRAMS, TRANSISTORS_SHA256)

    def verdict(self) -> Check:
        """Check, where that can be."""
        facts = transistors_of(load_pdk(self.value(PDK_NAME)))
        if facts is None:
            return self.left_out(f"{self.value(PDK_NAME)} has no configuration for Magic")
        try:
            programs = find_layout_programs()
        except NoProgramError as error:
            return self.left_out(str(error))
        return self.check(programs, facts)

    def check(self, programs: LayoutPrograms, facts: Transistors) -> Check:
        """Return what the check finds; each has its own."""
        raise NotImplementedError

    def left_out(self, reason: str) -> Check:
        """Return not run; the step's file is there, and empty."""
        for ending in self.OUTPUT_ENDINGS:
            self.output_path(ending).write_text("", encoding="utf-8")
        return not_run(reason)

    def foundry_technology(self) -> Path | None:
        """Return the foundry's technology file, None where the data has none."""
        path = self.value(MAGIC_TECHNOLOGY)
        return None if path == NONE else Path(path)
