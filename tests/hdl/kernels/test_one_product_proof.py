"""Proof by Yosys that one product per lane gives the codes of two: any scores, values, masks, for ever.

Sums and maximum of both circuits are compared at every clock. Induction: where they are equal for four clocks
they are equal in the next, whatever the registers and inputs; they are equal in the first five clocks from
registers of zero. Small formats: there the solver ends.
"""

import subprocess
import sys

import pytest
from recurrence import recurrence_verilog

from hdl.designs import kernels

SCRIPT = """
import sys
from pyosys import libyosys

design = libyosys.Design()
for line in sys.stdin:
    libyosys.Pass.call(design, line.split())
"""
FOLD = "proc; flatten; opt -full; expose core/current; clean"


def wrapper(fmt, d):
    """Both circuits on the same ports; the score is one that a unit rounds."""
    width, sign, mantissa, largest = fmt.width, fmt.sign_bit, fmt.mantissa_bits, fmt.max_finite_code
    score = (
        f"score[{sign - 1}:{mantissa}] == 0 ? {{score[{sign}], {sign}'d0}} : "
        f"score[{sign - 1}:0] > {largest} ? {{score[{sign}], {sign}'d{largest}}} : score"
    )
    ports = ".clk(clk), .rst(1'b0), .start(start), .live(live), .score(rounded), .value(value)"
    return f"""
module wrapper(input clk, input start, input live, input [{width - 1}:0] score,
               input [{d * width - 1}:0] value, output differ);
wire [{width - 1}:0] rounded = {score};
wire [{(d + 1) * width - 1}:0] two_sums, one_sums;
wire [{width - 1}:0] two_current, one_current;
two two_products({ports}, .sums(two_sums), .current(two_current));
one one_product({ports}, .sums(one_sums), .current(one_current));
assign differ = two_sums != one_sums || two_current != one_current;
endmodule
"""


def run_proof(folder, format_name, two, one):
    """Yosys on the recurrence of kernel `two` with two products and that of `one` with one."""
    d = 2
    commands = []
    for products, name in (("two", two), ("one", one)):
        kernel = kernels()[name]
        parameters = kernel.make_parameters({"format": format_name, "d": d, "products": products})
        (folder / f"{products}.v").write_text(recurrence_verilog(kernel, parameters), encoding="utf-8")
        commands += [f"read_verilog {folder}/{products}.v", "hierarchy -top core", *FOLD.split("; ")]
        commands += [f"rename core {products}", f"design -save {products}", "design -reset"]
    (folder / "wrapper.v").write_text(wrapper(parameters.fmt, d), encoding="utf-8")
    commands += [f"design -copy-from {products} -as {products} {products}" for products in ("two", "one")]
    commands += [f"read_verilog {folder}/wrapper.v", "hierarchy -top wrapper"]
    commands += ["flatten", "opt -full", "techmap", "opt -full"]
    commands += [
        "sat -tempinduct-inductonly -seq 1 -maxsteps 5 -prove differ 0 -verify wrapper",
        "sat -seq 5 -set-init-zero -prove differ 0 -verify wrapper",
    ]
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("fa2_expmul", "e3m2"),
        pytest.param("fa2_baseline", "e3m2", marks=pytest.mark.slow),
        pytest.param("fa2_expmul", "e4m3", marks=pytest.mark.slow),
    ],
)
def test_one_product_is_two_products(name, format_name, tmp_path):
    done = run_proof(tmp_path, format_name, name, name)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Induction step proven: SUCCESS!" in done.stdout
    assert "no model found: SUCCESS!" in done.stdout


def test_the_proof_tells_another_operator_apart(tmp_path):
    done = run_proof(tmp_path, "e2m2", "fa2_baseline", "fa2_expmul")
    assert done.returncode != 0
    assert "Induction step proven" not in done.stdout
