"""The search: which points it tries, what becomes of those that fail, how it goes on."""

import json
import re
import shlex
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from flow_command import ROOT, assert_one_line, run_command
from pdk_files import pdk_files
from process_family import running, wait_for

from flow.common.errors import StepError, UserError
from flow.exploration.objectives import OBJECTIVES, beats, find_objectives
from flow.exploration.page import write_page
from flow.exploration.space import read_axis, read_space, settings_at, usual_point
from flow.exploration.study import Search, front_of, open_study, points_of, run_search
from flow.record.result import Metrics, read_result
from flow.record.results_store import keep
from flow.record.settings import find_design, make_settings

LAYOUT = ROOT / "reports" / "results"


@pytest.fixture(scope="module")
def kept():
    """A kept result of a routed layout that keeps its clock."""
    results = [read_result(path) for path in sorted(LAYOUT.glob("fa2_expmul/nangate45_*/result.json"))]
    return next(result for result in results if result.metrics.setup_slack_ns > 0)


def searched(axes, objectives, depth="gds", **options):
    def make(parameters, **settings):
        return make_settings("fa2_expmul", parameters, "nangate45", **settings)

    return Search(
        axes=axes,
        objectives=[OBJECTIVES[name] for name in objectives],
        depth=depth,
        settings_of=lambda point, at: settings_at(
            point, lambda given, **words: make(given, depth=at, **words), {"d": 16}
        ),
        request={"axes": [axis.name for axis in axes]},
        **{"prune_share": 0.1, "limits": {}, **options},
    )


def result_at(kept, settings, **metrics):
    changed = kept.metrics.model_copy(update=metrics)
    return kept.model_copy(update={"metrics": changed, "depth": settings.depth})


def go(study, search, run_at, trials=50, first=None):
    with ThreadPoolExecutor(1) as pool:
        run_search(study, search, trials, pool, run_at, 1, first, lambda line: None)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("utilization=40..60:10", (40, 50, 60)),
        ("clock=1..2:0.5", (1, 1.5, 2)),
        ("padding=2,0,1", (0, 1, 2)),
        ("synthesis=timing,area", ("timing", "area")),
        ("lanes=8", (8,)),
    ],
)
def test_an_axis_is_a_list_or_a_range_with_both_ends(words, values):
    assert read_axis(words, find_design("expmul")).values == values


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("utilisation=40", "did you mean 'utilization'"),
        ("utilization", "it takes NAME="),
        ("utilization=", "it takes NAME="),
        ("clock=5..1", "no range"),
        ("clock=1..5:0", "no range"),
        ("clock=1..5:x", "no range"),
        ("clock=1..nan", "no range"),
        ("clock=0..1e9:1e-9", "no range"),
        ("padding=1,1", "twice"),
        ("padding=1,,2", "empty"),
    ],
)
def test_a_wrong_axis_is_one_line(words, part):
    with pytest.raises(UserError, match=part):
        read_axis(words, find_design("expmul"))


def test_every_point_is_tried_once_and_the_defaults_first(tmp_path, kept):
    axes = read_space(["utilization=50..70:10", "synthesis=timing,area"], "expmul")
    search = searched(axes, ["area", "energy"], prune_share=10)
    tried = []

    def run_at(settings):
        tried.append((settings.depth, settings.utilization_percent, settings.synthesis))
        return result_at(kept, settings, cell_area_um2=settings.utilization_percent)

    study = open_study(tmp_path, search, seed=0)
    usual = make_settings("expmul", {}, "nangate45")
    first = usual_point(axes, usual)
    assert first == {"utilization": 60, "synthesis": "timing"}
    go(study, search, run_at, first=first)
    layouts = [rest for depth, *rest in tried if depth == "gds"]
    assert layouts[0] == [60, "timing"]
    assert sorted(layouts) == [[u, s] for u in (50, 60, 70) for s in ("area", "timing")]
    assert len(tried) == 3 * len(layouts)
    assert [trial.values[0] for trial in front_of(study, search.objectives)] == [50, 50]


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({"power_total_w": None}, "it lacks energy"),
        ({"cell_area_um2": None}, "it lacks area"),
        ({"setup_slack_ns": -0.1}, "missed: setup slack"),
        ({"drc_errors": 3}, "3 DRC errors"),
    ],
)
def test_a_trial_that_lacks_a_metric_or_breaks_a_rule_is_never_a_good_one(tmp_path, kept, metrics, reason):
    axes = read_space(["padding=0,1"], "expmul")
    search = searched(axes, ["area", "energy"])

    def run_at(settings):
        worse = metrics if settings.target_padding_sites is None else {}
        return result_at(kept, settings, **{"cell_area_um2": 1.0 if worse else 1e6, **worse})

    study = open_study(tmp_path, search, seed=0)
    go(study, search, run_at)
    (good,) = front_of(study, search.objectives)
    bad = next(trial for trial in points_of(study).values() if trial.number != good.number)
    assert bad.values is None
    assert reason in bad.user_attrs["reason"]
    text = write_page(study, search.objectives, "x", tmp_path)
    assert reason in text.partition("Never among them")[2]


def test_a_trial_whose_run_fails_is_told_and_the_search_goes_on(tmp_path, kept):
    axes = read_space(["utilization=50,60,70"], "expmul")
    search = searched(axes, ["area"], depth="synth")

    def run_at(settings):
        if settings.utilization_percent == 60:
            raise StepError("synthesis", "no such cell")
        return result_at(kept, settings)

    study = open_study(tmp_path, search, seed=0)
    go(study, search, run_at)
    assert len(front_of(study, search.objectives)) == 2
    assert "no such cell" in write_page(study, search.objectives, "x", tmp_path)


def test_what_is_beaten_at_a_cheap_depth_or_above_a_limit_goes_no_deeper(tmp_path, kept):
    axes = read_space(["utilization=50,60,70"], "expmul")
    for options, expected in (({}, [60]), ({"prune_share": 0.9, "limits": {"area": 110.0}}, [60])):
        search = searched(axes, ["area", "energy"], **options)
        deep = []

        def run_at(settings, deep=deep):
            if settings.depth == "gds":
                deep.append(settings.utilization_percent)
            factor = 1.0 if settings.utilization_percent == 60 else 1.5
            return result_at(kept, settings, cell_area_um2=100 * factor, power_total_w=1e-3 * factor)

        study = open_study(tmp_path / str(len(options)), search, seed=0)
        go(study, search, run_at, first={"utilization": 60})
        assert deep == expected


def test_a_model_above_its_limit_is_not_even_synthesised(tmp_path, kept):
    axes = read_space(["format=e4m3,bf16"], "fa2_expmul")
    search = searched(axes, ["error", "area"], depth="synth", limits={"error": 0.2})
    tried = []

    def run_at(settings):
        tried.append(settings.parameters["format"])
        return result_at(kept, settings).model_copy(update={"parameters": settings.parameters})

    study = open_study(tmp_path, search, seed=0)
    go(study, search, run_at)
    assert tried == ["bf16"]


def test_a_search_goes_on_where_it_was_and_refuses_another(tmp_path, kept):
    axes = read_space(["utilization=50..70:5"], "expmul")
    search = searched(axes, ["area"], depth="synth")
    tried = []

    def run_at(settings):
        tried.append(settings.utilization_percent)
        if len(tried) == 3:
            raise KeyboardInterrupt
        return result_at(kept, settings)

    with pytest.raises(KeyboardInterrupt):
        go(open_study(tmp_path, search, seed=0), search, run_at)
    go(open_study(tmp_path, search, seed=0), search, run_at)
    assert len(tried) == 6
    assert sorted(set(tried)) == [50, 55, 60, 65, 70]
    assert tried[2] == tried[3]
    with pytest.raises(UserError, match="searches something else"):
        open_study(tmp_path, searched(read_space(["padding=0,1"], "expmul"), ["area"]), seed=0)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "study.db").write_text("no database\n" * 100, encoding="utf-8")
    with pytest.raises(UserError, match="is no study"):
        open_study(tmp_path / "other", search, seed=0)


def test_one_beats_another_only_with_all_its_figures():
    assert beats({"area": 1, "delay": 1}, {"area": 1, "delay": 2})
    assert not beats({"area": 1, "delay": 2}, {"area": 1, "delay": 2})
    assert not beats({"area": 1}, {"area": 2, "delay": 1})
    assert not beats({"area": 1}, {})
    assert not beats({"area": 0.95}, {"area": 1.0}, 0.1)
    assert beats({"area": 0.85}, {"area": 1.0}, 0.1)


def test_objectives_are_those_that_the_depth_has():
    settings = make_settings("expmul", {}, "nangate45", depth="synth")
    for names, part in ((["energy"], "go --to deeper"), (["error"], "is no kernel"), (["aera"], "'area'")):
        with pytest.raises(UserError, match=part):
            find_objectives(names, settings)


TINY = ["--design", "expmul", "--set", "format=e3m2", "--set", "lanes=1", "--to", "synth", "--jobs", 1]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--vary", "padding=9", "--objectives", "area"], "--padding 9: it must be 0 to 8"),
        (["--vary", "lanes=1,2", "--objectives", "area"], "--set lanes: it is varied"),
        (["--objectives", "area"], "--vary NAME=... is needed"),
        (["--vary", "padding=0,1", "--no-run"], "--no-run takes --reports DIR"),
        (
            ["--vary", "padding=0,1", "--objectives", "area", "--no-run", "--reports", "nowhere"],
            "nowhere holds",
        ),
        (["--vary", "padding=0,1", "--limit", "delay=3", "--objectives", "area"], "objective"),
        (["--vary", "padding=0,1", "--objectives", "area", "--study", "../x"], "folder's name"),
    ],
)
def test_a_mistake_in_the_command_is_one_line(tmp_path, words, part):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    done = run_command("search.py", *TINY, *words, "--out", tmp_path)
    if "padding=9" in words:  # a point that cannot be is a failed trial
        assert_one_line(done, 1, "none of 1 points")
        assert part in done.stdout
    else:
        assert_one_line(done, 2, part)


def test_the_page_comes_again_from_the_kept_results_to_the_same_bytes(tmp_path, kept):
    for synthesis, area_um2 in (("timing", 200.0), ("area", 150.0), ("booth", 220.0)):
        made = make_settings(
            "expmul", {"format": "e3m2", "lanes": 1}, "nangate45", depth="synth", synthesis=synthesis
        )
        metrics = Metrics(cells=1, cell_area_um2=area_um2)
        of_settings = made.identity() | {"depth": "synth", "job": made.job, "synthesis": synthesis}
        keep(tmp_path, kept.model_copy(update=of_settings | {"metrics": metrics}))
    words = [*TINY, "--vary", "synthesis=area,timing,adders,booth", "--objectives", "area"]
    words += ["--no-run", "--reports", tmp_path]
    pages = []
    for _ in range(2):
        done = run_command("search.py", *words)
        assert done.returncode == 0, done.stderr
        pages.append((tmp_path / "front.md").read_bytes())
    assert pages[0] == pages[1]
    page = pages[0].decode()
    assert "3 points: 3 done, 0 stopped early, 0 failed. 1 that no other beats" in page
    assert "| 1 | synthesis area | 150.0 um2 |" in page
    assert "| 0 | synthesis timing | 200.0 um2 |" in page  # the default comes first
    assert str(ROOT) not in page
    assert "--synthesis area --to synth --jobs 1\n" in page


@pytest.mark.slow
def test_a_killed_search_goes_on_and_its_commands_repeat_its_points(tmp_path):
    pdk_files("freepdk45/libs/nangate45/nldm/*.lib*")
    words = [*TINY, "--vary", "synthesis=timing,area", "--vary", "clock=2,5", "--objectives", "area"]
    words += ["--reports", tmp_path / "r"]
    command = [sys.executable, "flow/search.py", *map(str, words), "--out", str(tmp_path)]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    for line in first.stdout:
        if "trial 1" in line:
            break
    wait_for(lambda: running(tmp_path, "yosys_synthesis") or first.poll() is not None, "the next trial")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "4 points: 4 done, 0 stopped early, 0 failed" in done.stdout
    report = (tmp_path / "search" / "search" / "front.md").read_text(encoding="utf-8")
    repeated = shlex.split(re.search(r"^python (flow/run.py .*)$", report, re.MULTILINE)[1])
    again = run_command("run.py", *repeated[1:], "--json")
    area = json.loads(again.stdout)["metrics"]["cell_area_um2"]
    assert f"{area:,.1f} um2" in report
    again = run_command("search.py", *words, "--no-run")
    assert again.returncode == 0, again.stderr
    assert f"{area:,.1f} um2" in again.stdout
    assert "4 points: 4 done" in again.stdout
