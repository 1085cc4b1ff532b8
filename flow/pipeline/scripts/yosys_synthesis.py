"""Synthesis with Yosys: Verilog in, a flat netlist of the library's cells out.

Runs as a program of its own over the PyPI package `pyosys`. The instances of the top module are the
design's groups: each is optimised and mapped by itself, so that no logic moves across, and only then
flattened. Every cell's name starts with its group's, and area and power can be told by group.
"""

import argparse
import gzip
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from pyosys import libyosys as ys

# Between the names of an instance and of what it holds, in the flat netlist.
SEPARATOR = "."
CONSTANT_ROUNDS = 3

# What ABC does for an area recipe: smaller logic by resubstitution in ever wider windows, a map to the
# smallest cells, then buffers and sizes for the clock. (Yosys' own script maps for delay first.)
SMALLER_LOGIC = [
    *("balance -l", "resub -K 6 -l", "rewrite -l", "resub -K 6 -N 2 -l", "refactor -l", "resub -K 8 -l"),
    *("balance -l", "resub -K 8 -N 2 -l", "rewrite -l", "resub -K 10 -l", "rewrite -z -l"),
    *("resub -K 10 -N 2 -l", "balance -l", "resub -K 12 -l", "refactor -z -l", "resub -K 12 -N 2 -l"),
    *("rewrite -z -l", "balance -l"),
]
SMALLEST_CELLS = ["strash", "dch -f", "amap -m"]
SIZED_FOR_THE_CLOCK = ["buffer -c", "topo", "upsize {D}", "dnsize {D}", "stime -p"]
AREA_SCRIPT = ["strash", "ifraig", "scorr", "dc2", *SMALLER_LOGIC, *SMALLEST_CELLS, *SIZED_FOR_THE_CLOCK]
# How each recipe of flow.record.recipes differs from `timing`.
AREA_RECIPES = ("area", "adders", "booth")
# Cell type that `extract_fa` makes of a full adder of one bit, as a techmap's pattern names it.
FULL_ADDER_MAP = """(* techmap_celltype = "$fa" *)
module full_adder(A, B, C, X, Y);
    parameter WIDTH = 1;
    input [WIDTH-1:0] A, B, C;
    output [WIDTH-1:0] X, Y;
    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : bits
            {cell} adder(.{a}(A[i]), .{b}(B[i]), .{carry_in}(C[i]), .{carry_out}(X[i]), .{sum}(Y[i]));
        end
    endgenerate
endmodule
"""


def parse_arguments() -> argparse.Namespace:
    """Return the program's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verilog", type=Path, required=True)
    parser.add_argument("--top", required=True)
    parser.add_argument("--liberty", type=Path, action="append", required=True)
    parser.add_argument("--dont-use", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--clock-ns", type=float, required=True)
    parser.add_argument("--driver-cell", required=True, help="drives the inputs, for the mapper's timing")
    parser.add_argument("--load-ff", type=float, required=True, help="load of an output, femtofarad")
    parser.add_argument("--tie-high", nargs=2, metavar=("CELL", "PIN"), help="none: no constant may be left")
    parser.add_argument("--tie-low", nargs=2, metavar=("CELL", "PIN"))
    parser.add_argument(
        "--seed", type=int, default=0, help="scrambles the names inside the groups; 0: does not"
    )
    parser.add_argument("--recipe", default="timing", choices=("timing", *AREA_RECIPES))
    parser.add_argument("--full-adder", nargs=6, metavar=("CELL", "A", "B", "CARRY_IN", "CARRY_OUT", "SUM"))
    parser.add_argument("--netlist", type=Path, required=True)
    parser.add_argument("--statistics", type=Path, required=True)
    return parser.parse_args()


class Yosys:
    """A Yosys design and the passes that run on it."""

    def __init__(self) -> None:
        """Start with an empty design, messages on standard output."""
        self._design = ys.Design()

    def run(self, command: str, *words: object) -> None:
        """Run a pass; `words` follow the blank-separated `command`, each unsplit."""
        ys.Pass.call(self._design, [*command.split(), *(str(word) for word in words)])

    def sort(self) -> None:
        """Put modules, wires and cells in the order of their names."""
        self._design.sort()


def plain_liberty(path: Path) -> Path:
    """Return `path`, or an unpacked copy of it in the working folder: ABC reads no gzip."""
    if path.suffix != ".gz":
        return path
    copy = Path(path.stem)
    with gzip.open(path) as packed, copy.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    return copy


def write_abc_constraints(driver_cell: str, load_ff: float) -> Path:
    """Write the drive and the load that ABC assumes at each module's boundary."""
    path = Path("abc.constr")
    path.write_text(f"set_driving_cell {driver_cell}\nset_load {load_ff} [all_outputs]\n", encoding="utf-8")
    return path


def fold_constants(yosys: Yosys) -> None:
    """Fold each constant that a group hands to another into the one that reads it: no cell makes constants.

    ABC finds the constants that Yosys does not see; each round may lead to further ones.
    """
    for _ in range(CONSTANT_ROUNDS):
        yosys.run("abc")
        yosys.run("opt_hier")
        yosys.run("opt -full")


def abc_script(recipe: str) -> list[str]:
    """Return the words that give ABC the recipe's script; none for `timing`."""
    if recipe not in AREA_RECIPES:
        return []
    # The option's value is a script: a comma stands for a blank in it.
    return ["-script", "+" + ";".join(AREA_SCRIPT).replace(" ", ",")]


def take_full_adders(yosys: Yosys, full_adder: Sequence[str] | None) -> None:
    """Make each full adder that the logic holds the library's cell, which ABC then leaves as it is."""
    if not full_adder:
        raise SystemExit("ERROR: recipe 'adders': the PDK names no full adder that routes well")
    words = dict(zip(("cell", "a", "b", "carry_in", "carry_out", "sum"), full_adder, strict=True))
    text = FULL_ADDER_MAP
    for word, name in words.items():
        text = text.replace(f"{{{word}}}", name)
    path = Path("full_adder.v")
    path.write_text(text, encoding="utf-8")
    yosys.run("extract_fa -fa")
    yosys.run("techmap -map", path)
    # What is not a full adder after all becomes gates again.
    yosys.run("techmap")
    yosys.run("opt -fast")


def synthesize(arguments: argparse.Namespace) -> None:
    """Map `arguments.verilog` to the library and write the netlist and its statistics."""
    liberties = [plain_liberty(path) for path in arguments.liberty]
    library = [word for path in liberties for word in ("-liberty", path)]
    unused = [word for cell in arguments.dont_use for word in ("-dont_use", cell)]
    top = arguments.top
    # With more threads Yosys takes up ABC's results as they come, and names and order of cells differ by run.
    os.environ["YOSYS_MAX_THREADS"] = "1"
    yosys = Yosys()
    for path in liberties:
        yosys.run("read_liberty -lib -ignore_miss_func", path)
    yosys.run("read_verilog", arguments.verilog)
    yosys.run("hierarchy -check -top", top)
    if arguments.seed:
        # Names decide ties in the mapper: other names give another netlist of the same circuit.
        yosys.run("rename -scramble-name -seed", arguments.seed, "*", top, "%d")
    # Keep the groups, dissolve what is inside them.
    yosys.run("select -set groups", f"{top}/t:*", "%M")
    yosys.run("setattr -mod -set keep_hierarchy 1 @groups")
    yosys.run("flatten -separator", SEPARATOR)
    yosys.run("synth -noabc -booth -top" if arguments.recipe == "booth" else "synth -noabc -top", top)
    if not arguments.tie_high:
        fold_constants(yosys)
    if arguments.recipe == "adders":
        take_full_adders(yosys, arguments.full_adder)
    yosys.run("dfflibmap", *library, *unused)
    yosys.run("opt")
    yosys.run(
        "abc -D",
        round(arguments.clock_ns * 1000),
        "-constr",
        write_abc_constraints(arguments.driver_cell, arguments.load_ff),
        *abc_script(arguments.recipe),
        *library,
        *unused,
    )
    yosys.run("setundef -zero")
    if arguments.tie_high:
        yosys.run("hilomap -singleton -hicell", *arguments.tie_high, "-locell", *arguments.tie_low)
    yosys.run("splitnets")
    # Its nets come in the order of their addresses in memory, which the next run need not have.
    yosys.sort()
    yosys.run("opt_clean -purge")
    # Public names before the last flattening, or a cell loses its group's name.
    yosys.run("rename -enumerate -pattern _%_")
    yosys.run("setattr -mod -unset keep_hierarchy @groups")
    yosys.run("flatten -separator", SEPARATOR)
    yosys.run("opt_clean -purge")
    yosys.run("check -assert -mapped")
    yosys.run("tee -q -o", arguments.statistics, "stat", "-json", *library)
    yosys.run("write_verilog -noattr -noexpr -nohex -nodec", arguments.netlist)
    if not arguments.tie_high and "1'b" in arguments.netlist.read_text(encoding="utf-8"):
        raise SystemExit("ERROR: the netlist needs a constant and the library has no tie cell")


if __name__ == "__main__":
    synthesize(parse_arguments())
