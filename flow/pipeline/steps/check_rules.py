"""Step `check.drc`: the design rules of what the flow draws, on the shapes of the GDS."""

from pathlib import Path

from siliconcompiler.asic import ASICTask

from flow.pipeline.steps.library_files import technology_lefs
from flow.signoff.rule_check import check_rules
from flow.signoff.verdict import VERDICT, write_verdict
from pdk_configs.pdk import Pdk, load_pdk


class CheckRulesTask(ASICTask):
    """Writes a verdict on what `write.gds` left, and the places that break a rule as a report database."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("pdk_name", "str", "whose layers the GDS has")

    def tool(self) -> str:
        """Name the tool."""
        return "signoff"

    def task(self) -> str:
        """Name the task."""
        return "check_rules"

    def configure(self, pdk: Pdk) -> None:
        """Set the PDK and its layers."""
        self.set("var", "pdk_name", pdk.name)

    def setup(self) -> None:
        """Declare what the step reads and writes."""
        super().setup()
        for name in ("pdk_name",):
            self.add_required_key("var", name)
        self.add_input_file(ext="gds")
        self.add_output_file(ext="lyrdb")

    def run(self) -> int:
        """Check."""
        top = self.design_topmodule
        pdk = load_pdk(self.get("var", "pdk_name"))
        (technology_lef,) = technology_lefs(self.pdk)
        verdict = check_rules(
            Path(f"inputs/{top}.gds"),
            top,
            pdk.layer_stack,
            Path(technology_lef),
            pdk.known_rule_breaks,
            Path(f"outputs/{top}.lyrdb"),
        )
        write_verdict(verdict, Path(VERDICT))
        print(f"{verdict.status}: {verdict.detail}")
        return 0
