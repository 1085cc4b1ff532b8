"""What a finished run leaves: its files under plain names, replaced only as a whole."""

import gzip
import shutil
import tempfile
from pathlib import Path

from flow.depths import DEPTHS
from flow.run_folder import step_folder
from flow.settings import Settings

# (kind, step, ending of the step's output, ending here), in the order of the data.
FILES = (
    ("verilog", "convert", "v", "v"),
    ("netlist", "synthesis", "vg", "netlist.v"),
    ("placed", "place.detailed", "def.gz", "placed.def"),
    ("layout", "write.views", "def.gz", "def"),
    ("routed", "write.views", "lec.vg", "routed.v"),
    ("sdc", "write.views", "sdc", "sdc"),
    ("spef", "write.views", "typical.spef", "spef"),
    ("sdf", "write.views", "typical.sdf", "sdf"),
    ("saif", "power.activity", "timed.saif", "saif"),
    ("gds", "write.gds", "gds", "gds"),
)
FIRST_DEPTH = {
    "convert": "verilog",
    "synthesis": "synth",
    "place.detailed": "place",
    "write.views": "route",
    "power.activity": "route",
    "write.gds": "gds",
}


def deliver(settings: Settings) -> dict[str, Path]:
    """Copy the files of a run's depth to `out` (or `out-<depth>`) in its folder; return them by kind."""
    depths = list(DEPTHS)
    reached = depths.index(settings.depth)
    target = settings.folder / ("out" if settings.depth == "gds" else f"out-{settings.depth}")
    name = settings.design.name
    with tempfile.TemporaryDirectory(dir=settings.folder, prefix="out.") as temporary:
        staged = Path(temporary) / target.name
        staged.mkdir()
        delivered = {}
        for kind, step, ending, own_ending in FILES:
            if depths.index(FIRST_DEPTH[step]) > reached:
                continue
            source = step_folder(settings.folder, step) / "outputs" / f"{name}.{ending}"
            copy = staged / f"{name}.{own_ending}"
            if ending.endswith(".gz"):
                with gzip.open(source) as packed, copy.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
            else:
                shutil.copyfile(source, copy)
            delivered[kind] = target / copy.name
        earlier = Path(temporary) / "earlier"
        if target.exists():
            target.rename(earlier)
        staged.rename(target)
    return delivered
