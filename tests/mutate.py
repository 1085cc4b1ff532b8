"""Mutation of `hdl/`: does a test notice when the source says something else?

    make mutate MUTANTS=80 SEED=1

Cosmic Ray makes the mutants, one at a time, in a copy of the tree: MyHDL reads a unit's source from its file.
The sample is of places, drawn with the seed; at each, one of its mutations. A larger sample begins with the
smaller one. A mutant meets the quick tests of its file, which must pass without it.
"""

import argparse
import ast
import contextlib
import difflib
import itertools
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import hypothesis  # noqa: F401  here and the next ones: read once, for all the processes made of this one
import myhdl  # noqa: F401
import numpy  # noqa: F401
import psutil
import pytest
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code, use_mutation
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parents[1]

UNITS, OPERATORS = "tests/hdl/units", "tests/hdl/operators/test_operator_circuits.py"
ARITHMETIC, DOT, COST = f"{UNITS}/test_arithmetic.py", f"{UNITS}/test_dot_product.py", f"{UNITS}/test_cost.py"
LOG2, STAGES = "tests/hdl/kernels/test_log2_kernels.py", "tests/hdl/kernels/test_stages.py"
MYHDL = f"{UNITS}/test_units_in_myhdl.py"
MEAN = "tests/hdl/kernels/test_mean_kernel.py"
FIXED_SCORES, FLASHD = f"{UNITS}/test_fixed_scores.py", "tests/hdl/kernels/test_flashd_kernels.py"
IEEE, IEEE_FUNCTIONS = f"{UNITS}/test_ieee_units.py", f"{UNITS}/test_ieee_functions.py"
DIVISION, ONE_PRODUCT = "tests/hdl/kernels/test_division.py", "tests/hdl/kernels/test_one_product.py"
HFA, VEXP = "tests/hdl/kernels/test_hfa.py", f"{UNITS}/test_vexp.py"
FRAME_CHOICES = "tests/hdl/kernels/test_frame_choices.py"
FRAME, CONFORMANCE = "tests/hdl/kernels/test_frame.py", "tests/hdl/test_conformance.py"


def conformance(kernel: str) -> tuple[str, str]:
    """Return the choice of a kernel's checks with two features, but for the one that says nothing new."""
    return CONFORMANCE, f"conforms and {kernel}-1 and not in_myhdl"


# The quick tests of a file: test files, and what is chosen of each by -k; those that tell soonest come first.
TESTS: dict[str, list[tuple[str, str]]] = {
    "hdl/units/arithmetic/add.py": [
        (MYHDL, "add or subtract"),
        (ARITHMETIC, "adder and (e2m1 or e4m3)"),
        (COST, "add or subtract"),
    ],
    "hdl/units/arithmetic/aligned_dot_product.py": [
        (COST, "flashd_fixed-dot_product"),
        conformance("fa2_flashd_fixed"),
    ],
    "hdl/units/arithmetic/dot_product.py": [
        (MYHDL, "dot_product"),
        (DOT, "e4m3 or e3m2"),
        (COST, "dot_product"),
    ],
    "hdl/units/arithmetic/fixed_alignment.py": [
        (MYHDL, "log2exp or log2_score"),
        (LOG2, "score_to_fixed and e4m3"),
        (OPERATORS, "small and expmul and (e4m3 or e5m2)"),
    ],
    "hdl/units/arithmetic/multiply.py": [
        (MYHDL, "multiply"),
        (OPERATORS, "multiplier and pair and e4m3"),
        (COST, "multiply"),
    ],
    "hdl/units/arithmetic/negative_to_fixed.py": [
        (MYHDL, "log2exp"),
        (OPERATORS, "small and expmul and (e4m3 or e5m2)"),
        (COST, "negative_to_fixed"),
    ],
    "hdl/units/arithmetic/normalise.py": [
        (MYHDL, "normaliser or subtract"),
        (ARITHMETIC, "normaliser"),
        (COST, "normalise"),
    ],
    "hdl/units/arithmetic/reciprocal.py": [
        (MYHDL, "reciprocal"),
        (ARITHMETIC, "reciprocal and (e2m1 or e5m4 or bf16)"),
        (COST, "reciprocal"),
    ],
    "hdl/units/arithmetic/round_to_format.py": [
        (MYHDL, "rounding"),
        (OPERATORS, "multiplier and pair and (e4m3 or e5m2)"),
        (COST, "multiply or limits"),
    ],
    "hdl/units/arithmetic/signed_fixed.py": [(FIXED_SCORES, "number"), (COST, "number_to_fixed")],
    "hdl/units/arithmetic/sum_to_format.py": [
        (MYHDL, "dot_product"),
        (DOT, "e4m3 or e3m2"),
        (COST, "dot_product"),
    ],
    "hdl/units/arithmetic/to_fixed.py": [
        (MYHDL, "log2_score"),
        (LOG2, "score_to_fixed"),
        (COST, "log2_score"),
    ],
    "hdl/units/arithmetic/trees.py": [
        (MYHDL, "trees"),
        (ARITHMETIC, "trees and (1 or 3 or 5)"),
        (COST, "tree or dot_product"),
    ],
    "hdl/units/arithmetic/windowed_dot_product.py": [(MEAN, "beyond or refused"), conformance("fa2_mean")],
    "hdl/units/delays.py": [(DOT, "e4m3"), (COST, "delay_line or enabled"), conformance("fa2_expmul")],
    "hdl/units/exponential/aligned_log2_score.py": [
        (FIXED_SCORES, "sum"),
        (COST, "flashd_fixed-quantise"),
    ],
    "hdl/units/exponential/expmul_lane.py": [
        (MYHDL, "expmul_lane"),
        (OPERATORS, "small and expmul and e4m3"),
        (COST, "expmul_lane"),
    ],
    "hdl/units/exponential/log2_lane.py": [
        (MYHDL, "log2_lane"),
        (LOG2, "lane_equals and e4m3"),
        (COST, "log2_lane"),
    ],
    "hdl/units/exponential/log2_score.py": [
        (MYHDL, "log2_score"),
        (LOG2, "score_to_fixed and e4m3"),
        (COST, "log2_score"),
    ],
    "hdl/units/exponential/log2exp.py": [
        (MYHDL, "log2exp"),
        (OPERATORS, "(small and expmul and e4m3) or other_fraction"),
        (COST, "log2exp"),
    ],
    "hdl/units/exponential/log_addition.py": [(f"{UNITS}/test_log_addition.py", "circuit")],
    "hdl/units/exponential/pwl_exp.py": [(MYHDL, "pwl_exp"), (OPERATORS, "pwl"), (COST, "pwl_exp")],
    "hdl/units/exponential/log_correction.py": [(HFA, "circuit_of")],
    "hdl/units/exponential/vexp.py": [(VEXP, "circuit")],
    "hdl/units/registers.py": [(OPERATORS, "reset and expmul"), (COST, "delay_line")],
    "hdl/units/ieee/add.py": [(IEEE, "circuit and (add-e4m3 or subtract-e4m3)")],
    "hdl/units/ieee/dot_product.py": [(IEEE_FUNCTIONS, "circuit and 2-e4m3")],
    "hdl/units/ieee/expmul_lane.py": [(IEEE_FUNCTIONS, "lane and e4m3")],
    "hdl/units/ieee/maximum.py": [(IEEE_FUNCTIONS, "comparison and e4m3")],
    "hdl/units/ieee/multiply.py": [(IEEE, "(circuit and multiply-e4m3) or dropped")],
    "hdl/units/ieee/normalise.py": [
        (IEEE, "circuit and multiply-e4m3"),
        (IEEE_FUNCTIONS, "circuit and 2-e4m3"),
    ],
    "hdl/units/ieee/pwl_exp.py": [(IEEE_FUNCTIONS, "every_code and pwl_exp")],
    "hdl/units/ieee/reciprocal.py": [(IEEE_FUNCTIONS, "every_code and reciprocal")],
    "hdl/units/ieee/rounding.py": [
        (IEEE, "circuit and multiply-e4m3"),
        (IEEE_FUNCTIONS, "circuit and 2-e4m3"),
    ],
    "hdl/units/ieee/unpack.py": [(IEEE, "circuit and multiply-e4m3")],
    "hdl/operators/expmul.py": [(OPERATORS, "(small and expmul and e4m3) or (reset and expmul)")],
    "hdl/operators/operator.py": [(OPERATORS, "small and expmul and e4m3")],
    "hdl/operators/separate_exp_mul.py": [(OPERATORS, "separate and (e3m2 or reset)")],
    "hdl/kernels/control.py": [conformance("fa2_expmul")],
    "hdl/kernels/constant_division.py": [(DIVISION, "constants and not bf16")],
    "hdl/kernels/division.py": [(DIVISION, "not bf16")],
    "hdl/kernels/drain.py": [(STAGES, "drain"), (COST, "drain"), conformance("fa2_log2_fixed")],
    "hdl/kernels/fa2.py": [conformance("fa2_expmul")],
    "hdl/kernels/fa2_baseline.py": [(COST, "baseline-weigh"), conformance("fa2_baseline")],
    "hdl/kernels/fa2_expmul.py": [(COST, "expmul-weigh"), conformance("fa2_expmul")],
    "hdl/kernels/fa2_flashd.py": [(COST, "flashd-"), conformance("fa2_flashd")],
    "hdl/kernels/fa2_flashd_fixed.py": [
        (FLASHD, "refused or serial"),
        (COST, "flashd_fixed"),
        conformance("fa2_flashd_fixed"),
    ],
    "hdl/kernels/fa2_hfa.py": [(COST, "hfa"), conformance("fa2_hfa")],
    "hdl/kernels/fa2_intmax.py": [(COST, "intmax-weigh"), conformance("fa2_intmax")],
    "hdl/kernels/fa2_log2.py": [(COST, "log2-weigh"), conformance("fa2_log2")],
    "hdl/kernels/fa2_log2_fixed.py": [
        (MYHDL, "saturating"),
        (COST, "fixed"),
        conformance("fa2_log2_fixed"),
    ],
    "hdl/kernels/fa2_mean.py": [(MEAN, "refused or waits"), conformance("fa2_mean")],
    "hdl/kernels/fa2_weights.py": [(COST, "baseline-weigh or expmul-weigh"), conformance("fa2_expmul")],
    "hdl/kernels/flashd.py": [(COST, "flashd"), conformance("fa2_flashd")],
    "hdl/kernels/frame_choices.py": [(FRAME_CHOICES, "")],
    "hdl/kernels/hfa_maximum.py": [(COST, "hfa-maximum or hfa-difference"), conformance("fa2_hfa")],
    "hdl/kernels/ieee_stages.py": [(ONE_PRODUCT, "circuits and nearest")],
    "hdl/kernels/one_product.py": [(ONE_PRODUCT, "circuits and e4m3")],
    "hdl/kernels/frame.py": [(FRAME, ""), conformance("fa2_expmul")],
    "hdl/kernels/mean_output.py": [(COST, "deliver"), conformance("fa2_flashd_fixed")],
    "hdl/kernels/log2_maximum.py": [(STAGES, "far"), (COST, "log2 and not weigh"), conformance("fa2_log2")],
    "hdl/kernels/log2_weights.py": [(COST, "log2-weigh or intmax"), conformance("fa2_log2")],
    "hdl/kernels/running_maximum.py": [(COST, "baseline-maximum"), conformance("fa2_expmul")],
    "hdl/kernels/stages.py": [(COST, "difference or accumulate or divide"), conformance("fa2_expmul")],
}

# Mutations of what a run never reads, or of what nothing can be said about:
# a unit without its decorator is no unit, and the first value of a signal is not in the Verilog.
DECORATORS = "core/RemoveDecorator"
FIRST_VALUE = re.compile(r"\b(intbv|modbv|Signal)\($")

# A mutant may ask for a number of 10^10 bits.
MEMORY_BYTES = 8 << 30
# A mutant may never end: so many times the time of the unchanged source.
PATIENCE = 8


class TestsFailError(RuntimeError):
    """Tests fail without any mutation: nothing can be said."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: `change` is its line, before and after."""

    path: str
    line: int
    survived: bool
    change: str


def mutations(root: Path, path: str) -> dict[tuple[int, int], list[MutationSpec]]:
    """Return the mutations of a file by their places, line and column."""
    tree = get_ast_from_path(root / path)
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    places: dict[tuple[int, int], list[MutationSpec]] = {}
    for name in operator_names():
        operator_class = get_operator(name)
        if operator_class.arguments() or name == DECORATORS:
            continue
        operator = operator_class()
        found = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(found):
            if not FIRST_VALUE.search(lines[start[0] - 1][: start[1]]):
                spec = MutationSpec(path, name, occurrence, start, end)
                places.setdefault(start, []).append(spec)
    return places


def sample(root: Path, paths: Iterable[str], count: int, seed: int) -> list[MutationSpec]:
    """Return `count` mutants at different places, the same for the same seed and source."""
    drawn = random.Random(seed)
    by_place = {
        (path, place): specs for path in sorted(paths) for place, specs in mutations(root, path).items()
    }
    places = sorted(by_place)
    drawn.shuffle(places)
    mutants = (drawn.choice(by_place[place]) for place in places)
    return list(itertools.islice((spec for spec in mutants if is_python(root, spec)), count))


def is_python(root: Path, spec: MutationSpec) -> bool:
    """Whether the mutant is a program at all: Cosmic Ray takes the `*` of a signature for a product."""
    source = (root / spec.module_path).read_text(encoding="utf-8")
    try:
        ast.parse(mutate_code(source, get_operator(spec.operator_name)(), spec.occurrence))
    except SyntaxError:
        return False
    return True


def copy_tree(folder: Path) -> None:
    """Copy what git knows of the working tree to `folder`."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "hdl", "flow", "tests",
         "pdk_configs", "pyproject.toml"],
        cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8",
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def arguments_of(choices: list[tuple[str, str]]) -> list[str]:
    """Return pytest's arguments for the chosen tests: it ends at the first that fails.

    Its watch over hung tests is off: where this process has one of its own, a failure waits for it for ever.
    """
    chosen = [
        f"({Path(file).name} and ({choice}))" if choice else Path(file).name for file, choice in choices
    ]
    files = [file for file, _ in choices]
    plugins = [word for name in ("xdist", "cacheprovider", "faulthandler") for word in ("-p", f"no:{name}")]
    return [*plugins, "-xqk", " or ".join(chosen), *files]


def run_pytest(arguments: list[str], output: Path, temporary: str) -> None:
    """Run pytest in this process, which has read nothing of `hdl` yet; exit with its code.

    Its temporary files are in the folder `temporary`.
    """
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    with output.open("w", encoding="utf-8") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
        sys.stdout = sys.stderr = file
        sys.path.insert(0, str(Path.cwd()))
        # A compiled file would outlive its mutant.
        sys.dont_write_bytecode = True
        sys.exit(pytest.main(arguments))


def tests_pass(arguments: list[str], output: Path, timeout_seconds: float | None = None) -> bool:
    """Whether pytest passes within the time, in a process made of this one: pytest takes long to start."""
    with tempfile.TemporaryDirectory() as temporary:
        process = multiprocessing.get_context("fork").Process(
            target=run_pytest, args=(arguments, output, temporary)
        )
        process.start()
        try:
            process.join(timeout_seconds)
            return process.exitcode == 0
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                family = psutil.Process(process.pid)
                for member in [*family.children(recursive=True), family]:
                    member.kill()
            process.join()


def judge(spec: MutationSpec, arguments: list[str], output: Path, timeout_seconds: float) -> Verdict:
    """Return whether the mutant survives the tests, run in the current folder."""
    operator = get_operator(spec.operator_name)()
    with use_mutation(spec.module_path, operator, spec.occurrence) as (before, after):
        survived = tests_pass(arguments, output, timeout_seconds)
    changed = [
        " ".join(line[1:].split())
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if re.match(r"[-+](?![-+]{2} )", line)
    ]
    return Verdict(str(spec.module_path), spec.start_pos[0], survived, " -> ".join(changed))


def judge_all(mutants: list[MutationSpec]) -> list[Verdict]:
    """Return the verdicts on mutants of the source in the current folder; print each.

    Raises TestsFailError where tests fail without a mutation.
    """
    output = Path("output.txt").absolute()
    timeouts: dict[str, float] = {}
    verdicts = []
    for number, spec in enumerate(mutants, 1):
        path = str(spec.module_path)
        arguments = arguments_of(TESTS[path])
        if path not in timeouts:
            started = time.monotonic()
            if not tests_pass(arguments, output):
                raise TestsFailError(
                    f"the tests of {path} fail as it is:\n{output.read_text(encoding='utf-8')}"
                )
            timeouts[path] = 60 + PATIENCE * (time.monotonic() - started)
        verdict = judge(spec, arguments, output, timeouts[path])
        verdicts.append(verdict)
        outcome = "SURVIVED" if verdict.survived else "killed"
        place = f"{verdict.path}:{verdict.line}"
        print(f"{number}/{len(mutants)} {place} {outcome}: {verdict.change}", flush=True)
    return verdicts


def table(verdicts: list[Verdict]) -> str:
    """Return the score by file as a Markdown table, and the survivors below it."""
    rows = ["| file | mutants | killed | score |", "| --- | ---: | ---: | ---: |"]
    for path in [*sorted({verdict.path for verdict in verdicts}), "all"]:
        of_file = [verdict for verdict in verdicts if path in ("all", verdict.path)]
        killed = sum(not verdict.survived for verdict in of_file)
        rows.append(f"| {path} | {len(of_file)} | {killed} | {killed / len(of_file):.0%} |")
    survivors = [
        f"- {verdict.path}:{verdict.line}: `{verdict.change}`" for verdict in verdicts if verdict.survived
    ]
    return "\n".join([*rows, "", "Survivors:" if survivors else "No survivors.", "", *survivors])


def main() -> int:
    """Mutate, test, print the table; exit code 1 where tests fail without any mutation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=80, metavar="N", help="at most so many (default: 80)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the sample (default: 1)")
    parser.add_argument("--files", nargs="+", default=list(TESTS), choices=list(TESTS), metavar="FILE")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table there too")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    table_file = arguments.table and arguments.table.resolve()
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(Path(folder))
        os.chdir(folder)
        # What the tests start is of the copy too.
        os.environ["PYTHONPATH"] = folder
        try:
            verdicts = judge_all(sample(Path(folder), arguments.files, arguments.mutants, arguments.seed))
        except TestsFailError as error:
            print(f"mutate: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        finally:
            os.chdir(ROOT)
    text = table(verdicts)
    print(text)
    if table_file:
        table_file.write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
