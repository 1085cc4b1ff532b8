"""The Verilog as an and-inverter graph with its registers, by Yosys: what equivalence is proved against.

Runs as a program of its own over the PyPI package `pyosys`. Nothing is optimised and no library is read:
hierarchy dissolved, processes and operators turned into gates, clock enables into multiplexers. The names
map has every name of every port and register bit, as the synthesised netlist has them, and the value of
every output that is constant.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from pyosys import libyosys as ys

# As synthesis joins the names of an instance and of what it holds.
SEPARATOR = "."


def parse_arguments() -> argparse.Namespace:
    """Return the program's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verilog", type=Path, required=True)
    parser.add_argument("--top", required=True)
    parser.add_argument("--seed", type=int, default=0, help="of synthesis, which scrambled names by it")
    parser.add_argument("--aiger", type=Path, required=True, help="ASCII AIGER to write")
    parser.add_argument("--names", type=Path, required=True, help="names of its inputs, outputs, latches")
    return parser.parse_args()


def elaborate(arguments: argparse.Namespace) -> None:
    """Write the graph and the names of its registers."""
    design = ys.Design()

    def run(command: str, *words: object) -> None:
        ys.Pass.call(design, [*command.split(), *(str(word) for word in words)])

    top = arguments.top
    run("read_verilog", arguments.verilog)
    run("hierarchy -check -top", top)
    if arguments.seed:
        run("rename -scramble-name -seed", arguments.seed, "*", top, "%d")
    run("select -set groups", f"{top}/t:*", "%M")
    run("setattr -mod -set keep_hierarchy 1 @groups")
    run("flatten -noscopeinfo -separator", SEPARATOR)
    run("synth -noabc -top", top)
    run("setattr -mod -unset keep_hierarchy @groups")
    run("flatten -noscopeinfo -separator", SEPARATOR)
    run("dffunmap")
    run("simplemap")
    # Synthesis gives bits without a value a 0, too.
    run("setundef -zero")
    run("opt_clean")
    # The graph has no clock: every register has to follow the one port that stands for it.
    run("select -assert-none t:$_DFF_* t:$_DFF_P_ %d t:$_DLATCH* t:$_SDFF* t:$_ALDFF* t:$_SR_*")
    run("aigmap")
    run("write_aiger -ascii -map", arguments.names, arguments.aiger)
    ports = arguments.names.with_suffix(".json")
    run("select", f"{top}/o:*")
    run("write_json -selected", ports)
    with arguments.names.open("a", encoding="utf-8") as names:
        names.writelines(constant_outputs(ports, top))


def constant_outputs(ports: Path, top: str) -> Iterator[str]:
    """Yield a line of the names for each output bit that is constant: Yosys' own map leaves those out."""
    for name, port in json.loads(ports.read_bytes())["modules"][top]["ports"].items():
        for bit, net in enumerate(port["bits"]):
            if net in ("0", "1"):
                yield f"constant {net} {bit} {name}\n"


if __name__ == "__main__":
    elaborate(parse_arguments())
