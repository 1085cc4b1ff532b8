"""The flow as SiliconCompiler's graph of steps."""

from siliconcompiler import Flowgraph
from siliconcompiler.flows.asicflow import PNRFlow

from flow.pipeline.steps.check_deck import CheckDeckTask
from flow.pipeline.steps.check_equivalence import CheckEquivalenceTask
from flow.pipeline.steps.check_geometry import CheckGeometryTask
from flow.pipeline.steps.check_layout import CheckLayoutTask
from flow.pipeline.steps.check_magic import CheckMagicTask
from flow.pipeline.steps.check_rules import CheckRulesTask
from flow.pipeline.steps.check_transistors import CheckTransistorsTask
from flow.pipeline.steps.convert import ConvertTask
from flow.pipeline.steps.floorplan import FloorplanTask
from flow.pipeline.steps.report_power import ReportPowerTask
from flow.pipeline.steps.simulate import SimulateTask
from flow.pipeline.steps.stream_out import StreamOutTask
from flow.pipeline.steps.synthesize import SynthesizeTask
from flow.pipeline.steps.write_views import WriteViewsAndSpefTask
from flow.record.depths import DECK_STEPS, FULL_SIGNOFF_STEPS, GEOMETRY_CHECK_STEPS

FLOW_NAME = "expmul_flow"


def build_flowgraph(with_deck: bool = False, with_transistors: bool = False) -> Flowgraph:
    """Return the graph: MyHDL, Yosys, SiliconCompiler's placement and routing by OpenROAD, power, checks.

    `with_deck` adds the check by a foundry's deck, `with_transistors` those of full sign-off.
    """
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
    if with_deck:
        flow.node(DECK_STEPS["foundry_deck"], CheckDeckTask())
        flow.edge("write.gds", DECK_STEPS["foundry_deck"])
    if with_transistors:
        flow.node(FULL_SIGNOFF_STEPS["magic_drc"], CheckMagicTask())
        flow.node(FULL_SIGNOFF_STEPS["transistor_lvs"], CheckTransistorsTask())
        flow.edge("write.views", FULL_SIGNOFF_STEPS["transistor_lvs"])
        for check in FULL_SIGNOFF_STEPS.values():
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
