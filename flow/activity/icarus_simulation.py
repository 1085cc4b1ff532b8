"""Simulate a netlist in Icarus Verilog: an independent check of this package's own simulators.

Icarus 11 reads neither escaped names nor wire delays nor conditional paths from SDF, and passes over
a triple min::max without an error. So the netlist is written anew with plain names, and each path
gets one unconditional delay. Without delays, all flip-flops must share one clock net, since unequal
depths of a clock tree would race.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flow.activity.cell_models import HEADER, cell_models
from flow.activity.gate_design import Activity, GateDesign, check_inputs
from flow.common.errors import StepError
from flow.formats.sdf import Arc, Delays
from flow.formats.streams import Words, pack, unpack
from flow.tools.icarus import Icarus

UNIT_NS = 1e-4


def unconditional(delays: Delays) -> Delays:
    """Return `delays` with one arc per path, the mean of its conditions, and no wires."""
    arcs: dict[str, tuple[Arc, ...]] = {}
    for name, conditional in delays.arcs.items():
        merged = []
        for start, end in dict.fromkeys((arc.start, arc.end) for arc in conditional):
            same = [arc for arc in conditional if (arc.start, arc.end) == (start, end)]
            rise = sum(arc.rise_ns for arc in same) / len(same)
            fall = sum(arc.fall_ns for arc in same) / len(same)
            merged.append(Arc(start, end, round(rise, 4), round(fall, 4)))
        arcs[name] = tuple(merged)
    return replace(delays, arcs=arcs, wires_ns={})


def _netlist(design: GateDesign) -> str:
    """Return the netlist with nets n0, n1, ... and instances i0, i1, ... as module `flat`."""
    inputs = [*design.clock.nets, *(net for port in design.inputs for net in port.nets)]
    lines = [f"module flat (input wire [{len(inputs) - 1}:0] in);"]
    lines += [f"  wire n{net};" for net in range(design.netlist.net_count)]
    lines += [f"  assign n{net} = in[{position}];" for position, net in enumerate(inputs)]
    lines += [f"  assign n{net} = 1'b{level};" for net, level in sorted(design.netlist.constants.items())]
    for number, instance in enumerate(design.instances):
        pins = ", ".join(f".{pin}(n{net})" for pin, net in sorted(instance.pins.items()))
        lines.append(f"  {instance.cell} i{number} ({pins});")
    return "\n".join([*lines, "endmodule", ""])


def _testbench(design: GateDesign, clocks: int, period_ns: float, input_delay_ns: float, timed: bool) -> str:
    width = sum(len(port.nets) for port in design.inputs)
    outputs = [net for port in design.outputs for net in port.nets]
    sampled = ", ".join(f"dut.n{net}" for net in reversed(outputs))
    return f"""module bench;
  reg clock;
  reg [{width - 1}:0] data, stimulus [0:{clocks - 1}];
  integer file, index;
  flat dut ({{data, clock}});
  initial begin
    {'$sdf_annotate("delays.sdf", dut);' if timed else ""}
    $readmemb("inputs.txt", stimulus);
    file = $fopen("outputs.txt");
    $dumpfile("activity.vcd");
    $dumpvars(1, dut);
    clock = 0; data = 0;
    #{period_ns};
    for (index = 0; index < {clocks}; index = index + 1) begin
      clock = 1;
      #{input_delay_ns or UNIT_NS} data = stimulus[index];
      #({period_ns / 2} - {input_delay_ns or UNIT_NS}) clock = 0;
      #({period_ns / 2} - {UNIT_NS}) $fdisplay(file, "%b", {{{sampled}}});
      #{UNIT_NS};
    end
    $finish;
  end
endmodule
"""


def _sdf(design: GateDesign, delays: Delays) -> str:
    lines = ['(DELAYFILE (SDFVERSION "3.0") (DESIGN "flat") (DIVIDER /) (TIMESCALE 1ns)']
    for number, instance in enumerate(design.instances):
        arcs = delays.arcs.get("/".join(instance.path), ())
        if arcs:
            paths = " ".join(
                f"(IOPATH {arc.start} {arc.end} ({arc.rise_ns:.4f}) ({arc.fall_ns:.4f}))" for arc in arcs
            )
            lines.append(
                f'(CELL (CELLTYPE "{instance.cell}") (INSTANCE i{number}) (DELAY (ABSOLUTE {paths})))'
            )
    return "\n".join([*lines, ")", ""])


def count_vcd(
    path: Path, net_count: int, start: int, end: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return toggles and time at 1 of the nets n0, n1, ... from `start` to `end`, in the file's units.

    Changes from or to x do not count, nor do those before `start`.
    """
    net_of: dict[str, int] = {}
    level = np.zeros(net_count, dtype=np.int64)
    known = np.zeros(net_count, dtype=np.bool_)
    since = np.full(net_count, start, dtype=np.int64)
    toggles, high = np.zeros(net_count, dtype=np.int64), np.zeros(net_count, dtype=np.int64)
    now = 0
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if line.startswith("$var") and words[4][0] == "n":
                net_of[words[3]] = int(words[4][1:])
            elif line[0] == "#":
                now = int(line[1:])
            elif line[0] in "01x" and line[1:].strip() in net_of:
                net = net_of[line[1:].strip()]
                if now >= start and known[net]:
                    # A pulse of no width leaves a line that repeats the value.
                    toggles[net] += line[0] == "01"[1 - level[net]]
                    high[net] += level[net] * (now - since[net])
                    since[net] = now
                known[net] = line[0] != "x"
                level[net] = line[0] == "1"
    return toggles, high + level * (end - since)


def _run(words: list[str], folder: Path) -> None:
    process = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8", errors="replace"
    )
    problems = [
        line
        for line in (process.stderr + process.stdout).splitlines()
        if "rror" in line or "SDF" in line or "sorry" in line
    ]
    if process.returncode != 0 or problems:
        raise StepError("icarus", (problems or ["no message"])[0])


def simulate(
    icarus: Icarus,
    design: GateDesign,
    inputs: Mapping[str, Words],
    clock_period_ns: float,
    folder: Path,
    delays: Delays | None = None,
    input_delay_ns: float = 0.0,
    count_from: int = 0,
) -> tuple[dict[str, Words], Activity]:
    """Simulate stream 0 of `inputs`, files in `folder`; arguments and result as in `timed` or `zero_delay`.

    `delays` must be `unconditional`. Raises StepError with the first complaint of Icarus.
    """
    clocks = check_inputs(design, inputs, 1, count_from)
    used = {instance.cell for instance in design.instances}
    (folder / "cells.v").write_text(
        cell_models(design.cells[name] for name in sorted(used)), encoding="utf-8"
    )
    bench = _testbench(design, clocks, clock_period_ns, input_delay_ns, delays is not None)
    (folder / "bench.v").write_text(HEADER + _netlist(design) + bench, encoding="utf-8")
    if delays is not None:
        (folder / "delays.sdf").write_text(_sdf(design, delays), encoding="utf-8")
    packed = np.concatenate([inputs[port.name] for port in design.inputs], axis=1)
    rows = unpack(packed, 1)[0].astype(np.uint8)[:, ::-1]
    (folder / "inputs.txt").write_text(
        "".join("".join(map(str, row)) + "\n" for row in rows), encoding="utf-8"
    )
    specify = ["-gspecify"] if delays is not None else []
    _run(
        [*icarus.compiler, *specify, "-g2005", "-s", "bench", "-o", "bench.vvp", "cells.v", "bench.v"], folder
    )
    _run([*icarus.runtime, "bench.vvp"], folder)
    sampled = [
        line[::-1].strip() for line in (folder / "outputs.txt").read_text(encoding="utf-8").splitlines()
    ]
    output_bits = np.array([[character == "1" for character in line] for line in sampled])[None]
    # The clock first rises one period after the start.
    start, end = ((1 + clock) * clock_period_ns / UNIT_NS for clock in (count_from, clocks))
    toggles, high = count_vcd(folder / "activity.vcd", design.netlist.net_count, round(start), round(end))
    counted = clocks - count_from
    activity = Activity(counted * clock_period_ns, counted, toggles, high.astype(np.float64) * UNIT_NS)
    return design.split_outputs(pack(output_bits)), activity
