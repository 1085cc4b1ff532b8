"""How deep a run can go: its last steps are in `flowgraph.py`, what is measured there in `metrics.py`."""

DEPTH_NAMES = ("verilog", "synth", "place", "route", "gds")


def reaches(depth: str, at_least: str) -> bool:
    """Whether a run to `depth` goes through `at_least`."""
    return DEPTH_NAMES.index(depth) >= DEPTH_NAMES.index(at_least)
