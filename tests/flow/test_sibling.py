"""The design beside a run's own in its table has the same settings, and its defaults in all else."""

import json
from pathlib import Path

import pytest

from flow.common.places import PROJECT_ROOT
from flow.pipeline.sibling import find_sibling
from flow.record.settings import make_settings

KEPT = PROJECT_ROOT / "reports" / "results"
USUAL = "nangate45_bf16_d16_with_key_5ns"
IN_THE_PAPERS_FRAME = "nangate45_bf16_d16_with_key_arithmetic_ieee_division_activity_every_key_5ns"


def settings(build: Path, design: str, **given):
    return make_settings(design, {"format": "bf16", "d": 16, **given}, pdk_name="nangate45", build_dir=build)


def lay(build: Path, design: str, job: str) -> None:
    """Put a kept result where a run leaves it."""
    folder = build / design / job
    folder.mkdir(parents=True)
    result = json.loads((KEPT / design / job / "result.json").read_text(encoding="utf-8"))
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


@pytest.mark.parametrize("design", ["fa2_flashd_fixed", "fa2_log2"])
def test_a_baseline_in_another_frame_is_not_the_one_to_compare_with(tmp_path, design):
    lay(tmp_path, "fa2_baseline", IN_THE_PAPERS_FRAME)
    assert find_sibling(settings(tmp_path, design), "fa2_baseline") is None
    lay(tmp_path, "fa2_baseline", USUAL)
    found = find_sibling(settings(tmp_path, design), "fa2_baseline")
    assert found is not None
    assert found.job == USUAL


def test_a_kernel_in_that_frame_has_the_baseline_in_it(tmp_path):
    lay(tmp_path, "fa2_baseline", USUAL)
    frame = {"arithmetic": "ieee", "division_activity": "every_key"}
    assert find_sibling(settings(tmp_path, "fa2_expmul", **frame), "fa2_baseline") is None
    lay(tmp_path, "fa2_baseline", IN_THE_PAPERS_FRAME)
    found = find_sibling(settings(tmp_path, "fa2_expmul", **frame), "fa2_baseline")
    assert found is not None
    assert found.job == IN_THE_PAPERS_FRAME
