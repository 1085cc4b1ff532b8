"""The base of the project's own steps: a task that says in four facts what it is, and no more."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from siliconcompiler import Task
from siliconcompiler.asic import ASICTask

from flow.pipeline.steps.library_files import liberty_files


class Parameter(NamedTuple):
    """A value that a step is given: its name, its type as SiliconCompiler writes it, what it means.

    A run gives every step the values that the step's parameters name. One with a `default` needs none.
    """

    name: str
    kind: str
    meaning: str
    unit: str | None = None
    default: Any = None


CLOCK_NS = Parameter("clock_ns", "float", "clock period", unit="ns")
CORNER = Parameter("corner", "str", "library corner")
DESIGN = Parameter("design", "str", "name of the design in hdl.designs")
DESIGN_PARAMETERS = Parameter("design_parameters", "str", "the design's parameters, as JSON")
PDK_NAME = Parameter("pdk_name", "str", "whose layers the GDS has")
SEED = Parameter("seed", "int", "seed of the names inside the groups; 0: the design's own names")


class OwnTask(Task):
    """A SiliconCompiler task of the project's own.

    A subclass says what it is given, and which files `<design>.<ending>` it reads and writes. It has
    `TOOL` and `TASK` too, unless a stock task behind it names them.
    """

    TOOL: ClassVar[str | None] = None
    TASK: ClassVar[str | None] = None
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = ()
    INPUT_ENDINGS: ClassVar[tuple[str, ...]] = ()
    OUTPUT_ENDINGS: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        for name, kind, meaning, unit, default in self.PARAMETERS:
            self.add_parameter(name, kind, meaning, defvalue=default, unit=unit)

    def tool(self) -> str:
        """Name the tool."""
        return self.TOOL or str(super().tool())

    def task(self) -> str:
        """Name the task."""
        return self.TASK or str(super().task())

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take of a run's values those that the step's parameters name."""
        for parameter in self.PARAMETERS:
            if parameter.name in values:
                self.set("var", parameter.name, values[parameter.name])

    def setup(self) -> None:
        """Declare what the step needs, reads and writes."""
        super().setup()
        for parameter in self.PARAMETERS:
            # To SiliconCompiler an empty list is no value.
            if parameter.default != [] or self.value(parameter):
                self.add_required_key("var", parameter.name)
        for ending in self.INPUT_ENDINGS:
            self.add_input_file(ext=ending)
        for ending in self.OUTPUT_ENDINGS:
            self.add_output_file(ext=ending)

    def run_by_this_python(self) -> None:
        """Make Python the step's program: that which runs this project."""
        self.set_path(str(Path(sys.executable).parent))
        self.set_exe(Path(sys.executable).name)

    def value(self, parameter: Parameter) -> Any:
        """Return the value of a parameter."""
        return self.get("var", parameter.name)

    def input_path(self, ending: str) -> Path:
        """Return where the design's file of this ending, made by an earlier step, lies."""
        return Path("inputs") / f"{self.design_topmodule}.{ending}"

    def output_path(self, ending: str) -> Path:
        """Return where the step puts the design's file of this ending."""
        return Path("outputs") / f"{self.design_topmodule}.{ending}"


class LibraryTask(OwnTask, ASICTask):
    """A task of the project's own that reads the cell library or the technology."""

    def liberty(self) -> list[Path]:
        """Return the library's Liberty files at the step's corner."""
        return liberty_files(self.mainlib, self.value(CORNER))
