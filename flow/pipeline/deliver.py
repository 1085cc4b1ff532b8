"""What a finished run leaves: its files under plain names, replaced only as a whole."""

import gzip
import re
import shutil
import tempfile
from itertools import islice
from pathlib import Path

from flow.attention_data.workload import has_workload
from flow.record.depths import DEPTHS, POWER_STEPS, REQUESTED_CHECK_STEPS
from flow.record.run_folder import step_folder
from flow.record.settings import Settings

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
    ("drc_markers", "check.drc", "lyrdb", "lyrdb"),
    ("deck_markers", "check.deck", "lyrdb", "deck.lyrdb"),
    ("magic_markers", "check.magic", "lyrdb", "magic.lyrdb"),
    ("lvs_report", "check.transistors", "lvs", "lvs.txt"),
)
FIRST_DEPTH = {
    "convert": "verilog",
    "synthesis": "synth",
    "place.detailed": "place",
    "write.views": "route",
    "power.activity": "route",
    "write.gds": "gds",
    "check.drc": "gds",
    "check.deck": "gds",
    "check.magic": "gds",
    "check.transistors": "gds",
}


EPOCH = b"Thu Jan  1 00:00:00 1970"
# The line of a file's head that has the date of its writing; the rest depends on the layout alone.
DATE_LINES = {
    "sdc": re.compile(rb"^(# )\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}()$"),
    "spef": re.compile(rb'^(\*DATE ").*(")$'),
    "sdf": re.compile(rb'^(\s*\(DATE ").*("\))$'),
}
HEAD_LINES = 20


def copy_without_date(source: Path, copy: Path, date_line: re.Pattern[bytes]) -> None:
    """Copy a file, the date in its head replaced by EPOCH: the same layout gives the same bytes."""
    with source.open("rb") as read, copy.open("wb") as write:
        for line in islice(read, HEAD_LINES):
            match = date_line.match(line.rstrip(b"\r\n"))
            write.write(match[1] + EPOCH + match[2] + b"\n" if match else line)
        shutil.copyfileobj(read, write)


def deliver(settings: Settings) -> dict[str, Path]:
    """Copy the files of a run's depth to `out` (or `out-<depth>`) in its folder; return them by kind."""
    depths = list(DEPTHS)
    reached = depths.index(settings.depth)
    not_requested = set(REQUESTED_CHECK_STEPS.values()) - set(settings.requested_checks.values())
    target = settings.folder / ("out" if settings.depth == "gds" else f"out-{settings.depth}")
    name = settings.design.name
    with tempfile.TemporaryDirectory(dir=settings.folder, prefix="out.") as temporary:
        prepared = Path(temporary) / target.name
        prepared.mkdir()
        delivered = {}
        for kind, step, ending, own_ending in FILES:
            if depths.index(FIRST_DEPTH[step]) > reached or step in not_requested:
                continue
            if step in POWER_STEPS and not has_workload(settings.design):
                continue
            source = step_folder(settings.folder, step) / "outputs" / f"{name}.{ending}"
            copy = prepared / f"{name}.{own_ending}"
            if kind in DATE_LINES:
                copy_without_date(source, copy, DATE_LINES[kind])
            elif ending.endswith(".gz"):
                with gzip.open(source) as packed, copy.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
            else:
                shutil.copyfile(source, copy)
            delivered[kind] = target / copy.name
        earlier = Path(temporary) / "earlier"
        if target.exists():
            target.rename(earlier)
        prepared.rename(target)
    return delivered
