"""What code uses is worked out from the code: imports, scripts, data."""

import shutil

import pytest

from flow.common.places import PROJECT_ROOT
from flow.record.dependencies import place_of, sources_of


def used_by(name, root=PROJECT_ROOT):
    return {place_of(file, root) for file in sources_of(root / name, root=root).files}


@pytest.mark.parametrize(
    ("step", "file"),
    [
        ("convert", "hdl/units/exponential/expmul_lane.py"),
        ("synthesize", "flow/pipeline/scripts/yosys_synthesis.py"),
        ("floorplan", "flow/pipeline/steps/own_task.py"),
        ("check_rules", "pdk_configs/pdk.py"),
        ("write_views", "flow/pipeline/scripts/write_estimated_spef.tcl"),
        ("simulate", "flow/activity/timed.cpp"),
        ("simulate", "flow/attention_data/sample/keys.npy"),
        ("simulate", "hdl/models/operators.py"),
        ("report_power", "flow/pipeline/scripts/report_power.tcl"),
        ("check_equivalence", "flow/signoff/yosys_reference.py"),
        ("check_layout", "flow/formats/def_file.py"),
        ("stream_out", "flow/pipeline/scripts/klayout_stream.py"),
    ],
)
def test_a_step_uses_what_it_imports_starts_and_reads(step, file):
    assert file in used_by(f"flow/pipeline/steps/{step}.py")


def test_a_page_is_no_part_of_a_run():
    assert not used_by("flow/pipeline/execute.py") & {
        "flow/report.py",
        "flow/pipeline/result_table.py",
        "flow/compare.py",
    }


def test_packages_from_elsewhere_count_those_of_python_do_not():
    assert {"klayout", "siliconcompiler"} <= sources_of(
        PROJECT_ROOT / "flow/pipeline/steps/stream_out.py"
    ).packages
    assert not sources_of(PROJECT_ROOT / "flow/pipeline/steps/stream_out.py").packages & {
        "sys",
        "pathlib",
        "flow",
    }


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
        (tmp_path / name).write_text(text, encoding="utf-8")
    expected = {"__init__.py", "a.py", "b.py", "parts/__init__.py", "parts/c.py", "parts/d.tcl"}
    assert used_by("flow/a.py", tmp_path) == {f"flow/{name}" for name in expected}


def test_a_step_that_is_added_has_its_sources_without_being_listed(tmp_path):
    shutil.copytree(PROJECT_ROOT / "flow", tmp_path / "flow", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "flow/pipeline/steps/added.py").write_text("from flow.formats import sdf\n", encoding="utf-8")
    assert "flow/formats/liberty.py" in used_by("flow/pipeline/steps/added.py", tmp_path)
