"""Step `convert`: MyHDL to Verilog."""

import json

from flow.pipeline.steps.own_task import DESIGN, DESIGN_PARAMETERS, OwnTask
from hdl.verilog import to_verilog


class ConvertTask(OwnTask):
    """Writes `<design>.v` from the design's MyHDL description and parameters."""

    TOOL = "myhdl"
    TASK = "convert"
    PARAMETERS = (DESIGN, DESIGN_PARAMETERS)
    OUTPUT_ENDINGS = ("v",)

    def run(self) -> int:
        """Write the Verilog."""
        output = self.output_path("v")
        to_verilog(self.value(DESIGN), json.loads(self.value(DESIGN_PARAMETERS)), output)
        print(f"wrote {output}, {output.stat().st_size} bytes")
        return 0
