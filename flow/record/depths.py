"""How deep each `--to` goes: the steps at its end, and what is known there."""

# The sign-off checks that are steps, by the names that they have in the result.
CHECK_STEPS = {"layout_vs_netlist": "check.layout", "logic_equivalence": "check.equivalence"}
# Those of the delivered GDS.
GEOMETRY_CHECK_STEPS = {"geometry_vs_netlist": "check.geometry", "design_rules": "check.drc"}

# Those of the GDS that a run makes only when it is asked to.
DECK_STEPS = {"foundry_deck": "check.deck"}
FULL_SIGNOFF_STEPS = {"magic_drc": "check.magic", "transistor_lvs": "check.transistors"}
REQUESTED_CHECK_STEPS = DECK_STEPS | FULL_SIGNOFF_STEPS

# The last steps of each depth, in the order of the data.
DEPTHS: dict[str, tuple[str, ...]] = {
    "verilog": ("convert",),
    "synth": ("synthesis",),
    "place": ("place.detailed",),
    "route": ("power.report", *CHECK_STEPS.values()),
    "gds": ("power.report", *CHECK_STEPS.values(), "write.gds", *GEOMETRY_CHECK_STEPS.values()),
}

# Those that measure power on data: a design without a model goes without them.
POWER_STEPS = ("power.activity", "power.report")

# The step whose metrics describe the layout at each depth; none before there is one.
METRIC_STEPS = {"place": "place.detailed", "route": "write.views", "gds": "write.views"}

# The depths at which the layout has parasitics and real activity.
POWER_DEPTHS = ("route", "gds")

DEPTH_NAMES = tuple(DEPTHS)


def reaches(depth: str, at_least: str) -> bool:
    """Whether a run to `depth` goes through `at_least`."""
    return DEPTH_NAMES.index(depth) >= DEPTH_NAMES.index(at_least)
