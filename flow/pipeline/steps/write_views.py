"""Step `write.views`: SiliconCompiler's own, with a SPEF where the PDK has no extraction rules too."""

from siliconcompiler.tools.openroad.write_data import WriteViewsTask

from flow.common.places import PROJECT_ROOT

ESTIMATE_SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "write_estimated_spef.tcl"


class WriteViewsAndSpefTask(WriteViewsTask):
    """Writes what the stock task writes, but no voltage drop.

    Without extraction rules the SPEF holds OpenROAD's estimate.
    """

    def configure(self, parasitics: str) -> None:
        """Say where the parasitics come from: `extracted` or `estimated`."""
        if parasitics == "estimated":
            self.add_postscript(str(ESTIMATE_SCRIPT))
        # The voltage drop would be that of default activity, far from the real one, and nothing holds it.
        self.set_openroad_psmenable(False)

    def setup(self) -> None:
        """Declare what the step writes."""
        super().setup()
        if not self.get("var", "write_spef"):
            self.add_output_file(ext="typical.spef")
