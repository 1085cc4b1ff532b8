"""The flow as SiliconCompiler's graph of steps, and how deep each `--to` goes."""

from siliconcompiler import Flowgraph
from siliconcompiler.flows.asicflow import PNRFlow

from flow.steps.check_equivalence import CheckEquivalenceTask
from flow.steps.check_geometry import CheckGeometryTask
from flow.steps.check_layout import CheckLayoutTask
from flow.steps.check_rules import CheckRulesTask
from flow.steps.convert import ConvertTask
from flow.steps.floorplan import FloorplanTask
from flow.steps.report_power import ReportPowerTask
from flow.steps.simulate import SimulateTask
from flow.steps.stream_out import StreamOutTask
from flow.steps.synthesize import SynthesizeTask
from flow.steps.write_views import WriteViewsAndSpefTask

FLOW_NAME = "expmul_flow"

# The sign-off checks that are steps, by the names that they have in the result.
CHECK_STEPS = {"layout_vs_netlist": "check.layout", "logic_equivalence": "check.equivalence"}
# Those of the delivered GDS.
GEOMETRY_CHECK_STEPS = {"geometry_vs_netlist": "check.geometry", "design_rules": "check.drc"}

# The last steps of each depth, in the order of the data.
DEPTHS: dict[str, tuple[str, ...]] = {
    "verilog": ("convert",),
    "synth": ("synthesis",),
    "place": ("place.detailed",),
    "route": ("power.report", *CHECK_STEPS.values()),
    "gds": ("power.report", *CHECK_STEPS.values(), "write.gds", *GEOMETRY_CHECK_STEPS.values()),
}

# The step whose metrics describe the layout at each depth; none before there is one.
METRIC_STEPS = {"place": "place.detailed", "route": "write.views", "gds": "write.views"}

# The depths at which the layout has parasitics and real activity.
POWER_DEPTHS = ("route", "gds")


def build_flowgraph() -> Flowgraph:
    """Return the graph: MyHDL, Yosys, SiliconCompiler's placement and routing by OpenROAD, power, checks."""
    flow = Flowgraph(FLOW_NAME)
    flow.node("convert", ConvertTask())
    flow.node("synthesis", SynthesizeTask())
    flow.edge("convert", "synthesis")
    flow.graph(place_and_route())
    flow.edge("synthesis", "floorplan.init")
    flow.node("power.activity", SimulateTask())
    flow.node("power.report", ReportPowerTask())
    flow.edge("write.views", "power.activity")
    flow.edge("write.views", "power.report")
    flow.edge("power.activity", "power.report")
    flow.node("check.layout", CheckLayoutTask())
    flow.node("check.equivalence", CheckEquivalenceTask())
    for source, check in (("synthesis", "layout"), ("convert", "equivalence")):
        flow.edge("write.views", f"check.{check}")
        flow.edge(source, f"check.{check}")
    flow.node("check.geometry", CheckGeometryTask())
    flow.node("check.drc", CheckRulesTask())
    flow.edge("write.views", "check.geometry")
    for check in GEOMETRY_CHECK_STEPS.values():
        flow.edge("write.gds", check)
    return flow


def place_and_route() -> Flowgraph:
    """Return SiliconCompiler's graph from netlist to layout with this project's own steps put in.

    Left out: macro placement (no macros) and metal fill (it changes no number that is compared).
    """
    stock = PNRFlow("place_and_route")
    for step in ("floorplan.macro_placement", "dfm.metal_fill"):
        stock.remove_node(step)
    stock.node("floorplan.init", FloorplanTask())  # the same node and edges, another task
    stock.node("write.views", WriteViewsAndSpefTask())
    stock.node("write.gds", StreamOutTask())
    return stock
