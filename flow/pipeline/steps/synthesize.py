"""Step `synthesis`: Verilog to a netlist of the library's cells, by Yosys."""

import json
import sys
from pathlib import Path

from flow.common.places import PROJECT_ROOT
from flow.common.processes import supervised
from flow.pipeline.steps.library_files import liberty_filesets
from flow.pipeline.steps.own_task import CLOCK_NS, CORNER, SEED, LibraryTask, Parameter
from flow.record.run_folder import SYNTHESIS_STATISTICS

SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "yosys_synthesis.py"
PROGRAM = Parameter("script", "file", "the synthesis program", default=str(SCRIPT))
RECIPE = Parameter("recipe", "str", "how the circuit is mapped, see flow.record.recipes")
FULL_ADDER = Parameter("full_adder", "[str]", "the library's full adder and its pins", default=[])


class SynthesizeTask(LibraryTask):
    """Maps `<design>.v` to `<design>.vg`; see `flow/pipeline/scripts/yosys_synthesis.py` for the recipe."""

    TOOL = "pyosys"
    TASK = "synthesize"
    PARAMETERS = (CLOCK_NS, CORNER, SEED, PROGRAM, RECIPE, FULL_ADDER)
    INPUT_ENDINGS = ("v",)
    OUTPUT_ENDINGS = ("vg",)

    def setup(self) -> None:
        """Name the program, and the library's files that the step reads."""
        super().setup()
        self.run_by_this_python()
        for fileset in liberty_filesets(self.mainlib, self.value(CORNER)):
            self.add_required_key(self.mainlib, "fileset", fileset, "file", "liberty")

    def runtime_options(self) -> list[str]:
        """Return the program's arguments."""
        library = self.mainlib
        # Yosys starts ABC, which would outlive it. The step's process starts the supervisor: no other parent.
        _, *options = supervised([sys.executable, "-I", str(SCRIPT)], parent=0)
        options += ["--top", self.design_topmodule]
        options += ["--verilog", str(self.input_path("v"))]
        options += ["--netlist", str(self.output_path("vg")), "--statistics", SYNTHESIS_STATISTICS]
        options += ["--clock-ns", str(self.value(CLOCK_NS))]
        options += ["--seed", str(self.value(SEED))]
        options += ["--recipe", self.value(RECIPE)]
        if self.value(FULL_ADDER):
            options += ["--full-adder", *self.value(FULL_ADDER)]
        for path in self.liberty():
            options += ["--liberty", str(path)]
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
