"""Step `synthesis`: Verilog to a netlist of the library's cells, by Yosys."""

import json
import sys
from pathlib import Path

from siliconcompiler.asic import ASICTask

from flow.common.places import PROJECT_ROOT
from flow.common.processes import supervised
from flow.pipeline.steps.library_files import liberty_files, liberty_filesets
from flow.record.run_folder import SYNTHESIS_STATISTICS

SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "yosys_synthesis.py"


class SynthesizeTask(ASICTask):
    """Maps `<design>.v` to `<design>.vg`; see `flow/pipeline/scripts/yosys_synthesis.py` for the recipe."""

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("clock_ns", "float", "clock period that the mapper aims at", unit="ns")
        self.add_parameter("corner", "str", "library corner")
        self.add_parameter("seed", "int", "seed of the names inside the groups; 0: the design's own names")
        self.add_parameter("script", "file", "the synthesis program")

    def tool(self) -> str:
        """Name the tool."""
        return "pyosys"

    def task(self) -> str:
        """Name the task."""
        return "synthesize"

    def configure(self, clock_ns: float, corner: str, seed: int) -> None:
        """Set the clock period, the corner of the library and the seed."""
        self.set("var", "seed", seed)
        self.set("var", "clock_ns", clock_ns)
        self.set("var", "corner", corner)
        self.set("var", "script", str(SCRIPT))

    def setup(self) -> None:
        """Declare what the step reads and writes."""
        super().setup()
        self.set_path(str(Path(sys.executable).parent))
        self.set_exe(Path(sys.executable).name)
        for name in ("clock_ns", "corner", "seed", "script"):
            self.add_required_key("var", name)
        for fileset in liberty_filesets(self.mainlib, self.get("var", "corner")):
            self.add_required_key(self.mainlib, "fileset", fileset, "file", "liberty")
        self.add_input_file(ext="v")
        self.add_output_file(ext="vg")

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        library = self.mainlib
        # Yosys starts ABC, which would outlive it. The step's process starts the supervisor: no other parent.
        _, *options = supervised([sys.executable, "-I", str(SCRIPT)], parent=0)
        options += ["--top", self.design_topmodule]
        options += ["--verilog", f"inputs/{self.design_topmodule}.v"]
        options += ["--netlist", f"outputs/{self.design_topmodule}.vg", "--statistics", SYNTHESIS_STATISTICS]
        options += ["--clock-ns", str(self.get("var", "clock_ns"))]
        options += ["--seed", str(self.get("var", "seed"))]
        for path in liberty_files(library, self.get("var", "corner")):
            options += ["--liberty", path]
        for cell in library.get("asic", "cells", "dontuse"):
            options += ["--dont-use", cell]
        options += ["--driver-cell", library.get("tool", "yosys", "driver_cell")]
        options += ["--load-ff", str(library.get("tool", "yosys", "abc_constraint_load"))]
        for option in ("tiehigh", "tielow"):
            tie_cell = library.get("tool", "yosys", f"{option}_cell")
            if tie_cell:
                options += [option.replace("tie", "--tie-"), *tie_cell]
        return options

    def post_process(self) -> None:
        """Record cells, area and registers."""
        super().post_process()
        modules = json.loads(Path(SYNTHESIS_STATISTICS).read_text(encoding="utf-8"))["modules"]
        (top,) = modules.values()
        self.record_metric("cells", top["num_cells"], SYNTHESIS_STATISTICS)
        self.record_metric("cellarea", top["area"], SYNTHESIS_STATISTICS, source_unit="um^2")
        self.record_metric("pins", top["num_port_bits"], SYNTHESIS_STATISTICS)
