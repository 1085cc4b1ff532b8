"""Step `convert`: MyHDL to Verilog."""

import json
from pathlib import Path
from typing import Any

from siliconcompiler import Task

from flow.sources import sources_sha256
from hdl.verilog import to_verilog

# Sources that no circuit is made of: a change there leaves the Verilog as it is.
NOT_CIRCUITS = ("hdl/models", "hdl/simulation.py", "hdl/kernel_bench.py", "hdl/conformance.py")


class ConvertTask(Task):
    """Writes `<design>.v` from the design's MyHDL description and parameters."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("design", "str", "name of the design in hdl.designs")
        self.add_parameter("design_parameters", "str", "the design's parameters, as JSON")
        self.add_parameter("sources_sha256", "str", "digest of the circuits' sources")

    def tool(self) -> str:
        """Name the tool."""
        return "myhdl"

    def task(self) -> str:
        """Name the task."""
        return "convert"

    def configure(self, design: str, parameters: dict[str, Any]) -> None:
        """Say what to convert."""
        self.set("var", "design", design)
        self.set("var", "design_parameters", json.dumps(parameters, sort_keys=True))
        self.set("var", "sources_sha256", sources_sha256("hdl", without=NOT_CIRCUITS))

    def setup(self) -> None:
        """Declare what the step reads and writes."""
        super().setup()
        for name in ("design", "design_parameters", "sources_sha256"):
            self.add_required_key("var", name)
        self.add_output_file(ext="v")

    def run(self) -> int:
        """Write the Verilog."""
        parameters = json.loads(self.get("var", "design_parameters"))
        output = Path("outputs") / f"{self.design_topmodule}.v"
        to_verilog(self.get("var", "design"), parameters, output)
        print(f"wrote {output}, {output.stat().st_size} bytes")
        return 0
