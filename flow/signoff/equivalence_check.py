"""Logic equivalence of the netlist after layout with the Verilog, register by register, by Yosys's ABC."""

import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.common.places import PROJECT_ROOT
from flow.common.processes import captured, supervised
from flow.formats.liberty import read_liberty
from flow.record.result import Check
from flow.signoff.logic_cones import write_layout_cones, write_reference_cones
from flow.signoff.reference_graph import read_reference_graph
from flow.signoff.registers import NotComparableError, match_registers
from flow.signoff.traced_netlist import read_traced_netlist
from flow.signoff.verdict import failed, not_run

REFERENCE_SCRIPT = PROJECT_ROOT / "flow" / "signoff" / "yosys_reference.py"


@dataclass(frozen=True)
class EquivalenceQuestion:
    """What is compared: the Verilog and the flat netlist of `top`, which library, and for how long at most.

    `seed` is synthesis's, which scrambles names; `clock` is the port that every register has to follow.
    """

    verilog: Path
    netlist: Path
    top: str
    clock: str
    liberty: Sequence[Path]
    seed: int
    time_limit_s: int


def check_equivalence(question: EquivalenceQuestion, folder: Path) -> Check:
    """Return the verdict; graphs and logs go to `folder`. Not run: the reason is in its detail.

    A netlist that cannot be read, a register that the Verilog does not have or a difference fails.
    """
    undecided = f"not decided in {question.time_limit_s} s"
    deadline = time.monotonic() + question.time_limit_s
    folder.mkdir(parents=True, exist_ok=True)
    cones = [folder / "verilog.blif", folder / "layout.blif"]
    try:
        aiger, names = _elaborate(question, folder)
        reference = read_reference_graph(aiger, names)
        netlist = read_traced_netlist(question.netlist, question.top, read_liberty(question.liberty))
        matches = match_registers(netlist, reference)
        write_reference_cones(reference, netlist, matches, question.clock, cones[0])
        write_layout_cones(netlist, reference, matches, cones[1])
        answer = _prove(cones, max(1, round(deadline - time.monotonic())), folder / "abc.log")
    except ValueError as error:
        return failed(error)
    except (NotComparableError, subprocess.TimeoutExpired) as error:
        return not_run(undecided if isinstance(error, subprocess.TimeoutExpired) else str(error))
    outputs = sum(direction == "output" for direction in netlist.ports.values())
    figures = {"registers": len(matches), "outputs": outputs}
    if "Networks are equivalent" in answer:
        proved = f"{len(matches):,} registers and {outputs:,} outputs compute what the Verilog says"
        return Check(status="pass", detail=proved, figures=figures)
    if "NOT EQUIVALENT" in answer:
        return Check(status="fail", detail=_first_difference(answer), figures=figures)
    return not_run(undecided if "UNDECIDED" in answer else "ABC ended without an answer, see its log")


def _elaborate(question: EquivalenceQuestion, folder: Path) -> tuple[Path, Path]:
    aiger, names = folder / "verilog.aag", folder / "verilog.names"
    command = [sys.executable, "-I", str(REFERENCE_SCRIPT), "--top", question.top]
    command += ["--verilog", str(question.verilog), "--seed", str(question.seed)]
    command += ["--aiger", str(aiger), "--names", str(names)]
    with (folder / "yosys.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            supervised(command),
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=question.time_limit_s,
            check=False,
        )
    if done.returncode:
        lines = (folder / "yosys.log").read_text(errors="replace", encoding="utf-8").split("\n")
        errors = [line for line in lines if "ERROR: " in line]
        raise NotComparableError((errors or ["Yosys failed on the Verilog"])[0])
    return aiger, names


def _prove(cones: Sequence[Path], limit_s: int, log: Path) -> str:
    """Return what ABC's combinational equivalence check prints."""
    package = importlib.util.find_spec("pyosys")
    if package is None or package.origin is None:
        raise NotComparableError("pyosys is not installed")
    command = [str(Path(package.origin).with_name("yosys-abc")), "-c"]
    command.append(f"cec -T {limit_s} {' '.join(str(path) for path in cones)}")
    # ABC's own limit is a soft one.
    done = captured(command, timeout_s=1.5 * limit_s)
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    return done.stdout


def _first_difference(answer: str) -> str:
    """Return the first output at which ABC found a difference, in words."""
    difference = re.search(r"for at least \d+ outputs?:\s+(output|data|clock):(\S+)", answer)
    if difference is None:
        return "the netlist after layout computes something else than the Verilog"
    kind = {"output": "output", "data": "data of register", "clock": "clock of register"}[difference[1]]
    return f"{kind} {difference[2]} is not what the Verilog says"
