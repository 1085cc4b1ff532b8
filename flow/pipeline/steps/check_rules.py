"""Step `check.drc`: the design rules of what the flow draws, on the shapes of the GDS."""

from flow.pipeline.steps.library_files import technology_lefs
from flow.pipeline.steps.own_task import PDK_NAME
from flow.pipeline.steps.verdict_task import VerdictTask
from flow.record.result import Check
from flow.signoff.rule_check import check_rules
from pdk_configs.pdk import load_pdk


class CheckRulesTask(VerdictTask):
    """Judges what `write.gds` left, and writes the places that break a rule as a report database."""

    TASK = "check_rules"
    PARAMETERS = (PDK_NAME,)
    INPUT_ENDINGS = ("gds",)
    OUTPUT_ENDINGS = ("lyrdb",)

    def verdict(self) -> Check:
        """Check."""
        pdk = load_pdk(self.value(PDK_NAME))
        (technology_lef,) = technology_lefs(self.pdk)
        return check_rules(
            self.input_path("gds"),
            self.design_topmodule,
            pdk.layer_stack,
            technology_lef,
            pdk.known_rule_breaks,
            self.output_path("lyrdb"),
        )
