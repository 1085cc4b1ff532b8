import re
import subprocess
import sys

import pytest

from hdl.designs import DESIGNS, get_design
from hdl.verilog import to_verilog, verilog_text

OPERATORS = ["expmul", "separate_exp_mul"]


@pytest.mark.parametrize(
    ("design", "parameters", "message"),
    [
        ("expmull", {}, "unknown design 'expmull': did you mean 'expmul'?"),
        ("exp_mul", {}, "design 'exp_mul' is called separate_exp_mul now"),
        ("expmul", {"lanes": 0}, "lanes must be an integer from 1 to 256, not 0"),
        ("expmul", {"lanes": "8"}, "lanes must be an integer from 1 to 256, not '8'"),
        ("expmul", {"fraction_bits": 17}, "fraction_bits must be an integer from 1 to 16, not 17"),
        (
            "separate_exp_mul",
            {"fraction_bits": 11},
            "design separate_exp_mul has no parameter 'fraction_bits': there are format, lanes",
        ),
        (
            "expmul",
            {"format": "fp7"},
            "unknown format 'fp7': bf16, e4m3, e5m2 or e<exponent bits>m<mantissa bits>",
        ),
        ("expmul", {"format": "e9m2"}, "format e9m2: exponent of 9 bits, must be 2 to 8"),
        ("expmul", {"format": "e5m24"}, "format e5m24: mantissa of 24 bits, must be 1 to 23"),
    ],
)
def test_impossible_design_is_refused_in_one_line(design, parameters, message, tmp_path):
    with pytest.raises(ValueError) as error:
        to_verilog(design, parameters, tmp_path / "design.v")
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "design.v").exists()


@pytest.mark.parametrize("name", OPERATORS)
def test_both_operators_have_the_same_ports_and_latency(name):
    design = get_design(name)
    parameters = design.make_parameters({"format": "e4m3", "lanes": 3})
    assert [(port.name, port.width, port.direction) for port in design.ports(parameters)] == [
        ("clk", 1, "input"),
        ("rst", 1, "input"),
        ("valid_in", 1, "input"),
        ("x", 8, "input"),
        ("v", 24, "input"),
        ("valid_out", 1, "output"),
        ("y", 24, "output"),
    ]
    assert design.latency_clocks(parameters) == 2


@pytest.mark.parametrize("name", OPERATORS)
def test_every_instance_of_the_top_belongs_to_one_group(name):
    design = DESIGNS[name]
    top = verilog_text(name, {}).split("endmodule")[0]
    instances = re.findall(r"^\w+ (\w+) \($", top.split(");", 1)[1], re.MULTILINE)
    assert len(instances) == 14
    for instance in instances:
        assert sum(instance.startswith(group) for group in design.groups) == 1
    for group in design.groups:
        assert any(instance.startswith(group) for instance in instances)


def test_verilog_file_is_the_same_bytes_in_every_process_and_has_no_date(tmp_path):
    code = (
        "import sys; from pathlib import Path; from hdl.verilog import to_verilog;"
        "[to_verilog(n, {}, Path(sys.argv[1]) / f'{n}.v') for n in ('expmul', 'separate_exp_mul')]"
    )
    folders = [tmp_path / str(seed) for seed in range(4)]
    for seed, folder in enumerate(folders):
        folder.mkdir()
        command = [sys.executable, "-c", code, str(folder)]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": str(seed)})
    for name in OPERATORS:
        to_verilog(name, {}, tmp_path / f"{name}.v")
        texts = {(folder / f"{name}.v").read_bytes() for folder in [*folders, tmp_path]}
        assert len(texts) == 1
        text = texts.pop().decode()
        assert "Date" not in text
        assert not re.search(r"\b20\d\d\b|\d:\d\d:\d\d", text)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("form", ["bf16", "e4m3", "e2m1"])
def test_icarus_reads_the_verilog(name, form, icarus, tmp_path):
    path = tmp_path / f"{name}.v"
    to_verilog(name, {"format": form}, path)
    options = ["-g2005", "-Wall", "-Wno-timescale", "-t", "null", "-s", name]
    command = [*icarus.compiler, *options, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert result.returncode == 0, result.stderr
