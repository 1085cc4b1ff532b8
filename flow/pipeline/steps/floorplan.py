"""Step `floorplan.init`: a die for the netlist, never smaller than its power grid and pins allow."""

import math

from siliconcompiler.tools.openroad.init_floorplan import InitFloorplanTask

from flow.pipeline.steps.own_task import OwnTask, Parameter

CORE_SIDE_MIN_UM = Parameter("core_side_min_um", "float", "smallest side of the core", unit="um")
PIN_PITCH_UM = Parameter("pin_pitch_um", "float", "room for a pin on the die's edge", unit="um")


class FloorplanTask(OwnTask, InitFloorplanTask):
    """SiliconCompiler's floorplan with the core's side computed from the synthesised area.

    The core is a square of `cell area / utilization`. It is at least `core_side_min_um` wide, so that the
    power grid's straps fit on a small operator, and at least as wide as the pins on its edges need.
    """

    PARAMETERS = (CORE_SIDE_MIN_UM, PIN_PITCH_UM)

    def pre_process(self) -> None:
        """Set the die's and the core's outline."""
        super().pre_process()
        metrics = {"step": "synthesis", "index": "0"}
        area_um2 = self.project.get("metric", "cellarea", **metrics)
        pins = self.project.get("metric", "pins", **metrics)
        area = self.project.constraint.area
        core_side_um = max(
            math.sqrt(area_um2 / (area.get_density() / 100)),
            self.value(CORE_SIDE_MIN_UM),
            pins * self.value(PIN_PITCH_UM) / 4,
        )
        margin_um = area.get_coremargin()
        die_side_um = round(core_side_um + 2 * margin_um, 2)
        area.set_diearea([(0, 0), (die_side_um, die_side_um)])
        core_end_um = round(die_side_um - margin_um, 2)
        area.set_corearea([(margin_um, margin_um), (core_end_um, core_end_um)])
