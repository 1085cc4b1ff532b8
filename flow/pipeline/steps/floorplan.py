"""Step `floorplan.init`: a die for the netlist, never smaller than its power grid and pins allow."""

import math

from siliconcompiler.tools.openroad.init_floorplan import InitFloorplanTask

from pdk_configs.pdk import Pdk


class FloorplanTask(InitFloorplanTask):
    """SiliconCompiler's floorplan with the core's side computed from the synthesised area.

    The core is a square of `cell area / utilization`, but at least `core_side_min_um` wide, so that
    the power grid's straps fit on a small operator, and as wide as the pins on its edges need.
    """

    def __init__(self) -> None:
        """Declare the step's parameters."""
        super().__init__()
        self.add_parameter("core_side_min_um", "float", "smallest side of the core", unit="um")
        self.add_parameter("pin_pitch_um", "float", "room for a pin on the die's edge", unit="um")

    def configure(self, pdk: Pdk) -> None:
        """Take the smallest sizes from the PDK; density and margin are the project's constraints."""
        self.set("var", "core_side_min_um", pdk.core_side_min_um)
        self.set("var", "pin_pitch_um", pdk.pin_pitch_um)

    def setup(self) -> None:
        """Declare what the step reads."""
        super().setup()
        for name in ("core_side_min_um", "pin_pitch_um"):
            self.add_required_key("var", name)

    def pre_process(self) -> None:
        """Set the die's and the core's outline."""
        super().pre_process()
        metrics = {"step": "synthesis", "index": "0"}
        area_um2 = self.project.get("metric", "cellarea", **metrics)
        pins = self.project.get("metric", "pins", **metrics)
        area = self.project.constraint.area
        core_side_um = max(
            math.sqrt(area_um2 / (area.get_density() / 100)),
            self.get("var", "core_side_min_um"),
            pins * self.get("var", "pin_pitch_um") / 4,
        )
        margin_um = area.get_coremargin()
        die_side_um = round(core_side_um + 2 * margin_um, 2)
        area.set_diearea([(0, 0), (die_side_um, die_side_um)])
        core_end_um = round(die_side_um - margin_um, 2)
        area.set_corearea([(margin_um, margin_um), (core_end_um, core_end_um)])
