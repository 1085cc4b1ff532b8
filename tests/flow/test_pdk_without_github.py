import os
import re
import shutil

import pytest
from flow_command import assert_one_line, result_of, run_flow

from flow.common.errors import UserError
from flow.formats.liberty import read_liberty
from flow.tools.pdk_data import (
    ROOT_VARIABLE,
    SOURCES_VARIABLE,
    fetch_package,
    find_data_root,
    find_raw_root,
    package_home,
)
from pdk_configs.osu018.config import LEF, LIBERTY, LOAD_FF, PACKAGE
from pdk_configs.pdk import load_pdk

TINY = ("--design", "expmul", "--format", "e4m3", "--lanes", "1", "--to", "verilog")


@pytest.fixture(scope="module")
def package():
    """The package as it is published."""
    failure = fetch_package(PACKAGE, package_home(PACKAGE))
    assert failure is None, failure
    return package_home(PACKAGE)


@pytest.fixture
def only_package(tmp_path):
    """An environment in which only Debian's package may give data, and none is kept from before."""
    return os.environ | {SOURCES_VARIABLE: "package", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def with_apt(environment, tmp_path, script):
    """Return the environment with another `apt-get` before the system's."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return environment | {"PATH": f"{program.parent}{os.pathsep}{environment['PATH']}"}


def test_the_default_falls_back_to_the_package_with_one_line(tmp_path, only_package):
    done = run_flow(*TINY, out=tmp_path / "out", env=only_package)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("run.py: going on with --pdk osu018: no data for nangate45: tried ")
    assert "osu018" in done.stdout


def test_a_pdk_that_was_asked_for_is_not_replaced(tmp_path, only_package):
    done = run_flow(*TINY, "--pdk", "nangate45", out=tmp_path / "out", env=only_package)
    assert_one_line(done, 2, "no data for nangate45", "the download (switched off)")


def test_without_even_the_package_there_is_one_line(tmp_path, only_package):
    environment = with_apt(only_package, tmp_path, "echo 'E: no network' >&2; exit 100")
    done = run_flow(*TINY, out=tmp_path / "out", env=environment)
    assert_one_line(
        done, 2, "no data for nangate45", "no data for osu018", "qflow-tech-osu018 (E: no network)"
    )


def test_a_package_that_no_suite_lists_comes_from_the_pool(tmp_path, only_package):
    system = shutil.which("apt-get")
    script = f'[ "$1" = download ] && exit 100\nexec {system} "$@"'
    done = run_flow(
        *TINY, "--pdk", "osu018", out=tmp_path / "out", env=with_apt(only_package, tmp_path, script)
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_source_is_named(tmp_path, only_package):
    done = run_flow(*TINY, out=tmp_path / "out", env=only_package | {SOURCES_VARIABLE: "github"})
    assert_one_line(done, 2, "no source 'github', there are root, shared, download, package")


def test_a_root_that_holds_other_pdks_is_passed_by(package, tmp_path, monkeypatch):
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert find_raw_root(load_pdk("osu018"), None) == package
    monkeypatch.setenv(ROOT_VARIABLE, str(package))
    assert find_raw_root(load_pdk("osu018"), None) == package.resolve()
    with pytest.raises(UserError, match=r"--pdk-root .* does not hold osu018"):
        find_raw_root(load_pdk("osu018"), tmp_path)


def test_the_prepared_library_differs_only_where_the_engines_need_it(package):
    prepared = find_data_root(load_pdk("osu018"), package)
    lef, prepared_lef = ((root / LEF).read_text(encoding="utf-8") for root in (package, prepared))
    assert "VIARULE TURN1" in lef and "VIARULE TURN" not in prepared_lef
    assert re.findall(r"^MACRO .*?^END", lef, re.DOTALL | re.MULTILINE) == re.findall(
        r"^MACRO .*?^END", prepared_lef, re.DOTALL | re.MULTILINE
    )
    liberty, prepared_liberty = (
        (root / LIBERTY).read_text(encoding="utf-8").splitlines() for root in (package, prepared)
    )
    added = [line for line in prepared_liberty if "default_max_transition" in line]
    assert added == ["  default_max_transition : 1.2;"]
    prepared_liberty.remove(added[0])
    changed = [pair for pair in zip(liberty, prepared_liberty, strict=True) if pair[0] != pair[1]]
    assert all(old.startswith("area :") and new.startswith("area :") for old, new in changed)


def test_the_areas_are_those_of_the_lef(package):
    prepared = find_data_root(load_pdk("osu018"), package)
    sizes = re.findall(
        r"^MACRO (\w+)$.*?SIZE\s+([\d.]+) BY ([\d.]+)",
        (package / LEF).read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    area_um2 = {name: float(width) * float(height) for name, width, height in sizes}
    cells = read_liberty([prepared / LIBERTY])
    assert len(cells) == 32
    for name, cell in cells.items():
        assert cell.area_um2 == pytest.approx(area_um2[name]), name


def test_the_mapper_load_is_the_input_of_a_buffer(package):
    text = (package / LIBERTY).read_text(encoding="utf-8")
    capacitance_pf = re.search(r"^cell \(BUFX2\).*?capacitance : ([\d.]+)", text, re.DOTALL | re.MULTILINE)[1]
    assert pytest.approx(float(capacitance_pf) * 1000, abs=0.01) == LOAD_FF


def test_a_netlist_needs_no_constant_where_the_library_has_no_tie_cell(package, tmp_path):
    words = ("--design", "separate_exp_mul", "--lanes", "1", "--pdk", "osu018", "--to", "synth")
    result = result_of(*words, out=tmp_path)
    netlist = (tmp_path / "separate_exp_mul" / result["job"] / result["files"]["netlist"]).read_text(
        encoding="utf-8"
    )
    assert "1'b" not in netlist and "lane" in netlist
