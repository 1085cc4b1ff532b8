"""The Verilog as an and-inverter graph with named registers, as `engines/yosys_reference.py` writes it."""

import itertools
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReferenceGraph:
    """AIGER: literal 2v is node v, 2v + 1 its inverse, 0 and 1 the constants.

    `inputs` and `outputs` map a port's bits to their literals; a register is (its literal, that of its
    data); an and is (its literal, and those of its two inputs). `registers_by_name` maps every name of a
    register's bit to its index. Names are `name[bit]`; bit 0 is also known as `name`.
    """

    inputs: dict[str, int]
    outputs: dict[str, int]
    registers: tuple[tuple[int, int], ...]
    ands: tuple[tuple[int, int, int], ...]
    registers_by_name: dict[str, int]


def read_reference_graph(aiger: Path, names: Path) -> ReferenceGraph:
    """Read the graph and its names. Raises OSError, or ValueError for a file that is cut short."""
    lines = aiger.read_text(encoding="utf-8").splitlines()
    kind, _, *words = lines[0].split() if lines else ("", "")
    counts = [int(word) for word in words[:4]]
    if kind != "aag" or len(counts) != 4 or len(lines) < 1 + sum(counts):
        raise ValueError(f"{aiger} is not a whole AIGER file")
    ends = list(itertools.accumulate(counts, initial=1))
    rows = [
        [tuple(int(word) for word in line.split()[:3]) for line in lines[start:end]]
        for start, end in itertools.pairwise(ends)
    ]
    inputs, latches, outputs, ands = rows
    named: dict[str, dict[str, int]] = {"input": {}, "output": {}, "latch": {}, "constant": {}}
    for line in names.read_text(encoding="utf-8").splitlines():
        what, index, bit, name = line.split(maxsplit=3)
        if what in named:
            named[what][f"{name}[{bit}]"] = int(index)
            if bit == "0":
                named[what].setdefault(name, int(index))
    return ReferenceGraph(
        inputs={name: inputs[index][0] for name, index in named["input"].items()},
        outputs={name: outputs[index][0] for name, index in named["output"].items()} | named["constant"],
        registers=tuple((row[0], row[1]) for row in latches),
        ands=tuple((row[0], row[1], row[2]) for row in ands),
        registers_by_name=named["latch"],
    )
