"""Step `write.views`: SiliconCompiler's own, with a SPEF where the PDK has no extraction rules too."""

from collections.abc import Mapping
from typing import Any

from siliconcompiler.tools.openroad.write_data import WriteViewsTask

from flow.common.places import PROJECT_ROOT
from flow.pipeline.steps.own_task import OwnTask, Parameter

ESTIMATE_SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "write_estimated_spef.tcl"
PARASITICS = Parameter("parasitics", "str", "where the parasitics come from: `extracted` or `estimated`")


class WriteViewsAndSpefTask(OwnTask, WriteViewsTask):
    """Writes what the stock task writes, but no voltage drop.

    Without extraction rules the SPEF holds OpenROAD's estimate.
    """

    PARAMETERS = (PARASITICS,)

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take where the parasitics come from."""
        super().configure(values)
        if self.value(PARASITICS) == "estimated":
            self.add_postscript(str(ESTIMATE_SCRIPT))
        # The voltage drop would be that of default activity, far from the real one, and nothing holds it.
        self.set_openroad_psmenable(False)

    def setup(self) -> None:
        """Declare what the step writes."""
        super().setup()
        if not self.get("var", "write_spef"):
            self.add_output_file(ext="typical.spef")
