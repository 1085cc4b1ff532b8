"""What code uses is worked out from the code: imports, scripts, data."""

import shutil

import pytest

from flow.dependencies import place_of, sources_of
from flow.places import PROJECT_ROOT


def used_by(name, root=PROJECT_ROOT):
    return {place_of(file, root) for file in sources_of(root / name, root=root).files}


@pytest.mark.parametrize(
    ("step", "file"),
    [
        ("convert", "hdl/units/expmul_lane.py"),
        ("synthesize", "flow/engines/yosys_synthesis.py"),
        ("floorplan", "pdk_configs/pdk.py"),
        ("write_views", "flow/engines/write_estimated_spef.tcl"),
        ("simulate", "flow/activity/timed.cpp"),
        ("simulate", "flow/attention_data/sample/keys.npy"),
        ("simulate", "hdl/models/operators.py"),
        ("report_power", "flow/engines/report_power.tcl"),
        ("check_equivalence", "flow/engines/yosys_reference.py"),
        ("check_layout", "flow/layout/def_file.py"),
        ("stream_out", "flow/engines/klayout_stream.py"),
    ],
)
def test_a_step_uses_what_it_imports_starts_and_reads(step, file):
    assert file in used_by(f"flow/steps/{step}.py")


def test_a_circuit_is_not_made_of_its_model():
    assert not [name for name in used_by("flow/steps/convert.py") if name.startswith("hdl/models")]


def test_a_page_is_no_part_of_a_run():
    assert not used_by("flow/runner.py") & {"flow/report.py", "flow/table.py", "flow/compare.py"}


def test_packages_from_elsewhere_count_those_of_python_do_not():
    assert {"klayout", "siliconcompiler"} <= sources_of(PROJECT_ROOT / "flow/steps/stream_out.py").packages
    assert not sources_of(PROJECT_ROOT / "flow/steps/stream_out.py").packages & {"sys", "pathlib", "flow"}


def test_imports_inside_functions_and_relative_ones_count(tmp_path):
    for name, text in {
        "flow/__init__.py": "",
        "flow/a.py": "def use():\n    from . import b\n",
        "flow/b.py": "from .parts.c import value\n",
        "flow/parts/__init__.py": "",
        "flow/parts/c.py": "value = 'd.tcl'\n",
        "flow/parts/d.tcl": "",
        "flow/parts/e.tcl": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    expected = {"__init__.py", "a.py", "b.py", "parts/__init__.py", "parts/c.py", "parts/d.tcl"}
    assert used_by("flow/a.py", tmp_path) == {f"flow/{name}" for name in expected}


def test_a_step_that_is_added_has_its_sources_without_being_listed(tmp_path):
    shutil.copytree(PROJECT_ROOT / "flow", tmp_path / "flow", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "flow/steps/added.py").write_text("from flow.activity import sdf\n")
    assert "flow/activity/liberty.py" in used_by("flow/steps/added.py", tmp_path)
