"""Step `power.report`: OpenROAD's power at each activity, with the layout's extracted parasitics."""

from siliconcompiler.tools.openroad import OpenROADTask

from flow.common.places import PROJECT_ROOT
from flow.pipeline.steps.library_files import liberty_files
from flow.record.activities import SIMULATED_ACTIVITIES

SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "report_power.tcl"


class ReportPowerTask(OpenROADTask):
    """Runs `flow/pipeline/scripts/report_power.tcl` on what `write.views` and `power.activity` left."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("corner", "str", "library corner")

    def task(self) -> str:
        """Name the task."""
        return "report_power"

    def configure(self, corner: str) -> None:
        """Set the corner of the library."""
        self.set("var", "corner", corner)

    def setup(self) -> None:
        """Declare what the step reads."""
        super().setup()
        self.add_required_key("var", "corner")
        self.set_script(str(SCRIPT))
        for ext in ("odb.gz", "sdc", "typical.spef", *(f"{name}.saif" for name in SIMULATED_ACTIVITIES)):
            self.add_input_file(ext=ext)
        liberty = liberty_files(self.mainlib, self.get("var", "corner"))
        self.set_environmentalvariable("EXPMUL_TOP", self.design_topmodule)
        self.set_environmentalvariable("EXPMUL_LIBERTY", "\n".join(liberty))
        self.set_environmentalvariable("EXPMUL_ACTIVITIES", " ".join(SIMULATED_ACTIVITIES))

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        return ["-no_splash", "-exit", str(SCRIPT)]
