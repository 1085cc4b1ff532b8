"""What a run asks a batch system for: what such runs took before."""

import pytest

from flow.pipeline.run_needs import DEFAULT_MEMORY_GB, DEFAULT_WALL_HOURS, SAFETY, Needs, needs_of
from flow.record.result import Result, result_path, write_result
from flow.record.settings import make_settings

GB = 10**9


@pytest.fixture
def settings(tmp_path):
    def made(design="expmul", lanes=4, **options):
        given = {"format": "e4m3"} | ({"lanes": lanes} if design == "expmul" else {"d": lanes})
        return make_settings(design, given, build_dir=tmp_path / "b", **options)

    return made


def took(settings, root, hours, memory_gb):
    """Lay down the result of a run that took so much."""
    pdk = settings.pdk
    result = Result(
        design=settings.design.name,
        parameters=settings.parameters,
        pdk=pdk.name,
        node_nm=pdk.node_nm,
        library=pdk.library,
        corner=pdk.corner,
        voltage_v=pdk.voltage_v,
        temperature_c=pdk.temperature_c,
        clock_ns=settings.clock_ns,
        depth=settings.depth,
        job=settings.job,
        nand2_cell=pdk.nand2_cell,
        nand2_area_um2=pdk.nand2_area_um2,
        metrics={},
        step_runtimes_s={"synthesis": hours * 3600},
        peak_memory_bytes=None if memory_gb is None else int(memory_gb * GB),
        tool_versions={},
        git_revision=None,
        git_dirty=None,
        finished_at="2026-11-27T00:00:00+00:00",
        sha256={},
        files={},
    )
    path = result_path(root / settings.design.name / settings.job, settings.depth)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_result(result, path)


def test_without_an_earlier_run_a_run_asks_for_the_defaults(settings, tmp_path):
    assert needs_of(settings(jobs=3), tmp_path) == Needs(3, DEFAULT_MEMORY_GB, DEFAULT_WALL_HOURS)


def test_a_run_asks_for_what_it_took_with_the_margin_rounded_up(settings, tmp_path):
    took(settings(), tmp_path / "b", hours=1, memory_gb=1.5)
    assert SAFETY == 3
    assert needs_of(settings(jobs=2), tmp_path) == Needs(2, 8, 4)
    took(settings(), tmp_path / "b", hours=0.01, memory_gb=0.1)
    assert needs_of(settings(), tmp_path) == Needs(1, 2, 1)


def test_kept_results_count_as_the_build_folder_s_do(settings, tmp_path):
    took(settings(), tmp_path / "results", hours=2, memory_gb=5)
    assert needs_of(settings(), tmp_path) == Needs(1, 16, 8)


def test_a_run_of_another_pdk_or_depth_tells_nothing(settings, tmp_path):
    took(settings(pdk_name="sky130"), tmp_path / "b", hours=1, memory_gb=1)
    took(settings(depth="synth"), tmp_path / "b", hours=1, memory_gb=1)
    assert needs_of(settings(), tmp_path) == Needs(1)


def test_the_nearest_in_size_counts_and_a_smaller_one_is_scaled_up(settings, tmp_path):
    took(settings(lanes=64), tmp_path / "b", hours=20, memory_gb=20)
    took(settings(lanes=4), tmp_path / "b", hours=1, memory_gb=1)
    assert needs_of(settings(lanes=5), tmp_path) == Needs(1, 4, 4)
    assert needs_of(settings(lanes=16), tmp_path).wall_hours > 4
    # What a larger one took is enough: it is not scaled down.
    assert needs_of(settings(lanes=63), tmp_path) == Needs(1, 64, 64)


def test_the_same_run_counts_before_the_same_design_and_that_before_another(settings, tmp_path):
    kernel = settings("fa2_expmul", 4)
    took(kernel, tmp_path / "b", hours=30, memory_gb=30)
    assert needs_of(settings(lanes=8), tmp_path).memory_gb >= 64
    took(settings(lanes=1), tmp_path / "b", hours=0.1, memory_gb=0.1)
    assert needs_of(settings(lanes=8), tmp_path).memory_gb == 2
    took(settings(lanes=8, clock_ns=4.0), tmp_path / "b", hours=1, memory_gb=1)
    took(settings(lanes=8), tmp_path / "b", hours=2, memory_gb=2)
    assert needs_of(settings(lanes=8), tmp_path) == Needs(1, 8, 8)


def test_a_result_from_before_memory_was_kept_tells_its_time_alone(settings, tmp_path):
    took(settings(), tmp_path / "b", hours=1, memory_gb=None)
    assert needs_of(settings(), tmp_path) == Needs(1, DEFAULT_MEMORY_GB, 4)
    took(settings(lanes=3), tmp_path / "b", hours=5, memory_gb=2)
    assert needs_of(settings(), tmp_path) == Needs(1, 8, 4)


def test_a_file_that_is_no_result_is_passed_over(settings, tmp_path):
    path = result_path(tmp_path / "b" / "expmul" / "broken", "gds")
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    assert needs_of(settings(), tmp_path) == Needs(1)
