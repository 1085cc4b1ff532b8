"""Step `check.magic`, on request: the foundry's design rules by Magic on the GDS."""

from pathlib import Path

from klayout import rdb

from flow.pipeline.steps.full_signoff_task import FullSignoffTask
from flow.record.result import Check
from flow.signoff.magic import MagicLayout, read_technology
from flow.signoff.magic_check import check_magic_rules
from flow.signoff.verdict import failed, not_run
from flow.tools.layout_programs import LayoutPrograms
from pdk_configs.transistors import Transistors


class CheckMagicTask(FullSignoffTask):
    """Judges what `write.gds` left, and keeps the places that break a rule."""

    TASK = "check_magic"
    INPUT_ENDINGS = ("gds",)
    OUTPUT_ENDINGS = ("lyrdb",)

    def left_out(self, reason: str) -> Check:
        """Return not run; the database is there, and empty."""
        rdb.ReportDatabase(self.design_topmodule).save(str(self.output_path("lyrdb")))
        return not_run(reason)

    def check(self, programs: LayoutPrograms, facts: Transistors) -> Check:
        """Check: by the foundry's rules or not at all."""
        technology = self.foundry_technology()
        if technology is None:
            return self.left_out(f"the PDK's data has no {Path(facts.foundry_technology).name}")
        try:
            layout = MagicLayout(self.input_path("gds"), self.design_topmodule, read_technology(technology))
        except (OSError, ValueError) as error:
            self.left_out(str(error))
            return failed(error)
        return check_magic_rules(programs.magic, layout, facts.rules_style, self.output_path("lyrdb"))
