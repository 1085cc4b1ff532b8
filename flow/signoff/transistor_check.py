"""A layout's transistors against the netlist's: extracted from the GDS by Magic, compared by Netgen."""

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow.formats.def_file import read_def
from flow.formats.spice import write_spice
from flow.record.result import Check
from flow.signoff.connections import expected_nets
from flow.signoff.geometry_check import LayoutFiles
from flow.signoff.magic import MagicLayout, Technology, run_magic
from flow.signoff.traced_netlist import read_traced_netlist
from flow.signoff.transistor_reference import (
    TransistorNetlist,
    extracted_netlist,
    library_cells,
    netlist_reference,
)
from flow.signoff.verdict import failed, verdict_of
from flow.tools.layout_programs import LayoutPrograms, ScriptProgram
from pdk_configs.transistors import Transistors

EXTRACT = Path(__file__).with_name("magic_extract.tcl")
COMPARE = Path(__file__).with_name("netgen_compare.tcl")
SETUP = Path(__file__).with_name("netgen_setup.tcl")
# What Netgen says at the end, and says of netlists that are one and the same.
RESULT = re.compile(r"[Rr]esult:\s*([^\n]+)")
UNIQUE = "Circuits match uniquely."
NO_ELEMENT = "(no matching element)"
NETS_TOLD = 3


def check_transistors(
    programs: LayoutPrograms,
    files: LayoutFiles,
    cdl: Sequence[Path],
    technology: Technology,
    facts: Transistors,
    report: Path,
) -> Check:
    """Return whether the transistors in the GDS are those of the netlist, with the cells' own by `cdl`.

    Widths and lengths that differ are counted and told, and fail nothing. Netgen's report goes to `report`,
    which is there in any case. A run of Magic or Netgen that does not come to its end fails.
    """
    report.write_text("", encoding="utf-8")
    try:
        cells = library_cells("".join(path.read_text(encoding="utf-8") for path in cdl), facts)
        placed = read_def(files.routed_def)
        # Supplies are by the PDK's names of pins: no Liberty file is needed.
        netlist = read_traced_netlist(files.netlist, files.top, {})
        expected = expected_nets(netlist, placed)
        reference = netlist_reference(files.top, placed, expected, cells, facts)
        with tempfile.TemporaryDirectory(dir=".") as temporary:
            folder = Path(temporary)
            spice = folder / "extracted.spice"
            layout = MagicLayout(files.gds, files.top, technology)
            not_taken = run_magic(
                programs.magic, EXTRACT, layout, folder, spice, EXPMUL_SPICE=str(spice.resolve())
            )
            extracted = extracted_netlist(spice.read_text(encoding="utf-8"), files.top, cells, facts)
            comparison = compare(programs.netgen, extracted, reference, facts, folder)
        report.write_text(comparison.report, encoding="utf-8")
    except (OSError, ValueError) as error:
        return failed(error)
    return comparison_verdict(comparison, extracted, reference, technology, not_taken)


@dataclass(frozen=True)
class Comparison:
    """What Netgen says: its report, its records of each cell, and the end of what it printed."""

    report: str
    records: list[dict[str, Any]]
    printed: str


def compare(
    program: ScriptProgram,
    extracted: TransistorNetlist,
    reference: TransistorNetlist,
    facts: Transistors,
    folder: Path,
) -> Comparison:
    """Let Netgen compare the two in `folder`; what it prints is printed.

    Raises ValueError where it leaves nothing.
    """
    values = {
        "EXPMUL_LAYOUT": "layout.spice",
        "EXPMUL_REFERENCE": "netlist.spice",
        "EXPMUL_TOP": reference.top,
        "EXPMUL_SETUP": str(SETUP),
        "EXPMUL_REPORT": "comparison.out",
        "EXPMUL_TRANSISTORS": " ".join(facts.transistors.values()),
        "EXPMUL_RESISTORS": " ".join(facts.resistors.values()),
    }
    for name, netlist in (("layout.spice", extracted), ("netlist.spice", reference)):
        (folder / name).write_text(write_spice(netlist.subcircuits.values()), encoding="utf-8")
    done = program.run(COMPARE, folder.resolve(), values)
    print(done.stdout, done.stderr, sep="\n")
    report, records = folder / "comparison.out", folder / "comparison.json"
    if done.returncode or not report.is_file() or not records.is_file():
        lines = (done.stderr + done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise ValueError(f"Netgen does not run to its end: {lines[-1]}")
    try:
        told = json.loads(records.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"Netgen's report is cut short: {error}") from None
    # A cell that one side alone has leaves an empty record.
    return Comparison(report.read_text(encoding="utf-8"), list(filter(None, told)), done.stdout)


def comparison_verdict(
    comparison: Comparison,
    extracted: TransistorNetlist,
    reference: TransistorNetlist,
    technology: Technology,
    not_taken: int,
) -> Check:
    """Return pass where every cell and the top match, in Netgen's words uniquely; else which do not."""
    (devices, nets), (devices_expected, nets_expected) = extracted.counts(), reference.counts()
    sizes = sum(len(record.get("properties", ())) for record in comparison.records)
    figures = {
        "devices": devices,
        "devices_of_netlist": devices_expected,
        "nets": nets,
        "nets_of_netlist": nets_expected,
        "size_differences": sizes,
    }
    differences = [line for record in comparison.records for line in told_differences(record, reference)]
    compared = {record["name"][1] for record in comparison.records}
    differences += unreached_ports(extracted, reference)
    left_out = (name for name in reference.subcircuits if name not in compared)
    differences += [f"{name}: the layout has no such transistors" for name in left_out]
    result = RESULT.findall(comparison.printed)
    if not differences and result[-1:] != [UNIQUE]:
        differences = [f"Netgen says: {result[-1] if result else 'nothing'}"]
    passed = (
        f"{devices:,} transistors and diodes on {nets:,} nets as netlisted, "
        f"{len(reference.subcircuits) - 1} kinds of cells; {sizes or 'no'} differences of size; "
        f"by {technology.told}"
    )
    if not_taken:
        passed += f"; Magic does not take {not_taken} lines of it"
    return verdict_of(differences, passed, figures)


def unreached_ports(extracted: TransistorNetlist, reference: TransistorNetlist) -> Iterator[str]:
    """Yield the ports that devices are on in one netlist alone.

    Netgen matches a port that no device is on by its name.
    """
    for name, subcircuit in reference.subcircuits.items():
        if name in extracted.subcircuits:
            of_layout = extracted.subcircuits[name].reached_ports
            for port in sorted(subcircuit.reached_ports - of_layout):
                yield f"{name}: pin {port} reaches no device in the layout"
            for port in sorted(of_layout - subcircuit.reached_ports):
                yield f"{name}: pin {port} reaches a device in the layout alone"


def told_differences(record: dict[str, Any], reference: TransistorNetlist) -> Iterator[str]:
    """Yield in words how a cell's layout differs from its netlist, by one of Netgen's records."""
    name = record["name"][1]
    of_layout, of_netlist = (dict(map(tuple, side)) for side in record["devices"])
    for model in sorted((of_layout.keys() | of_netlist.keys()) - {NO_ELEMENT}):
        count, expected = of_layout.get(model, 0), of_netlist.get(model, 0)
        if count != expected:
            yield f"{name}: {count:,} x {model} in the layout, {expected:,} in the netlist"
    nets, nets_expected = record["nets"]
    unmatched = [
        reference.told.get(net, net)
        for group in record.get("badnets", ())
        for net, *_ in group[1]
        if not net.startswith("(")
    ]
    if nets != nets_expected or unmatched:
        more = f" and {len(unmatched) - NETS_TOLD} more" if len(unmatched) > NETS_TOLD else ""
        which = f", without a match {', '.join(unmatched[:NETS_TOLD])}{more}" if unmatched else ""
        yield f"{name}: {nets:,} nets in the layout, {nets_expected:,} in the netlist{which}"
    elif record.get("badelements"):
        yield f"{name}: {len(record['badelements'])} groups of devices do not match"
    for pin, expected_pin in zip(*record.get("pins", ((), ())), strict=False):
        if pin.startswith("("):
            yield f"{name}: the layout has no pin {expected_pin}"
        elif expected_pin.startswith("("):
            yield f"{name}: the layout has a pin {pin}, the netlist does not"
        elif pin.lower() != expected_pin.lower():
            yield f"{name}: pin {pin} of the layout is where the netlist has {expected_pin}"
