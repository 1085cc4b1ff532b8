"""Step `power.report`: OpenROAD's power at each activity, with the layout's extracted parasitics."""

from siliconcompiler.tools.openroad import OpenROADTask

from flow.common.places import PROJECT_ROOT
from flow.pipeline.steps.own_task import CORNER, LibraryTask
from flow.record.activities import SIMULATED_ACTIVITIES

SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "report_power.tcl"


class ReportPowerTask(LibraryTask, OpenROADTask):
    """Runs `flow/pipeline/scripts/report_power.tcl` on what `write.views` and `power.activity` left."""

    TASK = "report_power"
    PARAMETERS = (CORNER,)
    INPUT_ENDINGS = ("odb.gz", "sdc", "typical.spef", *(f"{name}.saif" for name in SIMULATED_ACTIVITIES))

    def setup(self) -> None:
        """Name the program, and give it the run's values."""
        super().setup()
        self.set_script(str(SCRIPT))
        self.set_environmentalvariable("EXPMUL_TOP", self.design_topmodule)
        self.set_environmentalvariable("EXPMUL_LIBERTY", "\n".join(map(str, self.liberty())))
        self.set_environmentalvariable("EXPMUL_ACTIVITIES", " ".join(SIMULATED_ACTIVITIES))

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        return ["-no_splash", "-exit", str(SCRIPT)]
