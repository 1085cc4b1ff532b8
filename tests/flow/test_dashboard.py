"""The dashboard in headless Chromium: what it draws of a history, and that nothing of a history is HTML."""

import json
import re
import shutil

import pytest
from chromium import open_page
from flow_command import ROOT, run_command
from history_runs import metrics, row

from flow.history.backfill import under_every_name
from flow.history.dashboard import write_dashboard
from flow.history.database import open_history
from flow.history.exchange import export_runs, import_runs
from flow.history.failures import add_failures, all_failures, failure_of
from flow.history.layout_files import file_stem, layouts_beside
from flow.history.layout_pages import add_layout
from flow.history.runs import add_runs, all_runs
from flow.record.metrics import BY_NAME
from flow.record.result import read_result
from flow.record.settings import make_settings

EVIL = "<img src=x onerror=\"console.log('run')\">"
OTHER_TOOLS = {"pyosys": "0.71", "openroad": "1"}
PAGE = "expmul-nangate45.html"
# What a chart of a metric is made of, by its layers: see chart() in dashboard.js.
CHART = """const details = document.querySelector("details[data-trends]");
await until("the chart's data", () => details.data);
const trend = details.data.trends.find(each => each.name === "METRIC");
const layers = chart(trend, details.data, false).layer.map(layer => layer.data.values);
const [band, gaps, tools, line, points, failures] = layers;
"""
# The pointer over the middle of a mark, until what it tells is shown.
HOVER = """const told = () => document.querySelector("#vg-tooltip-element.visible")?.innerText;
const hover = async (mark) => {
  const box = mark.getBoundingClientRect();
  const place = {bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2};
  for (const kind of ["pointerover", "pointermove"]) mark.dispatchEvent(new PointerEvent(kind, place));
  for (const kind of ["mouseover", "mousemove"]) mark.dispatchEvent(new MouseEvent(kind, place));
  return until("what a mark tells", told);
};
"""


def failure(number, reason="step synthesis failed"):
    """What revision `number` could not run."""
    run = row(number, metrics())
    names = (
        "configuration",
        "revision",
        "branch",
        "committed_at",
        "subject",
        "host",
        "design",
        "pdk",
        "depth",
    )
    return {name: run[name] for name in names} | {
        "identity": f"failure {number}",
        "failed_at": run["finished_at"],
        "title": "expmul to gds",
        "reason": reason,
    }


def written(tmp_path, runs, failures=(), page="page"):
    """Path of the index of the runs' dashboard."""
    engine = open_history(str(tmp_path / f"{page}.db"))
    add_runs(engine, runs)
    add_failures(engine, failures)
    return write_dashboard(engine, tmp_path / page, ROOT / "reports")


def asked(index, question, name=PAGE, **options):
    """The answer of a page below the index to a question; nothing may be on its console."""
    opened = open_page(index.parent / "dashboard" / name, question=question, **options)
    assert opened.console == ()
    return opened.answer


def test_a_chart_has_the_runs_the_breaks_the_days_without_and_what_could_not_be_run(tmp_path):
    runs = [row(number, metrics(100.0 + number)) for number in (0, 1, 2, 6)]
    runs += [row(number, metrics(106.0), tools=OTHER_TOOLS) for number in (7, 8)]
    index = written(tmp_path, runs, [failure(3)])
    question = CHART.replace("METRIC", "cell_area_um2")
    answer = asked(index, question + "return [gaps, tools, line, points, failures];")
    gaps, tools, line, points, failures = answer
    assert [(gap["days without a run"], gap["from"], gap["to"]) for gap in gaps] == [
        (3, "2026-11-04", "2026-11-06")
    ]
    assert [one["tools change"] for one in tools] == ["openroad none to 1, pyosys 0.70 to 0.71"]
    assert tools[0]["x"] == 3.5
    assert [point["segment"] for point in line] == [0, 0, 0, 0, 1, 1]
    assert [point["value"] for point in points][:2] == ["100.0 um2", "101.0 um2"]
    assert points[3]["subject"] == "Change 6"
    assert [(one["x"], one["could not be run"]) for one in failures] == [(2.5, "step synthesis failed")]


def test_charts_are_drawn_and_a_point_says_its_revision_on_hover(tmp_path):
    index = written(tmp_path, [row(number, metrics(100.0 + number, runtime_s=9.0)) for number in range(4)])
    question = (
        HOVER
        + """const drawn = () => document.querySelectorAll(".trends svg").length;
    await until("eight charts", () => drawn() === 8);
    const tip = await hover(document.querySelectorAll(".trends figure .mark-symbol path")[2]);
    return [drawn(), tip];"""
    )
    charts, tip = asked(index, question)
    assert charts == 8
    assert "Change 2" in tip
    assert "102.0 um2" in tip


def test_nothing_of_a_history_is_html(tmp_path):
    evil = {"subject": EVIL, "branch": EVIL, "layout": EVIL, "tool_versions": {EVIL: EVIL}}
    runs = [row(number, metrics(100.0 + number)) | evil for number in range(3)]
    runs += [row(3, metrics(), tools={EVIL: "2"}) | evil]
    runs += [row(4, metrics(120.0)) | evil | {"set_aside": EVIL, "finding": f"</pre></script>{EVIL}"}]
    runs += [row(5, metrics(), design=EVIL) | evil]
    index = written(
        tmp_path, runs, [failure(2, EVIL) | {"subject": EVIL, "title": EVIL, "configuration": "x"}]
    )
    for page in (index, *sorted((index.parent / "dashboard").glob("*.html"))):
        question = (
            HOVER
            + """if (document.querySelector("details[data-trends]")) {
          await hover(await until("a chart", () => document.querySelector(".mark-symbol path")));
        }
        await frames();
        return [...document.images].filter(image => image.getAttribute("src") === "x").length;"""
        )
        opened = open_page(page, question=question)
        assert (opened.console, opened.answer) == ((), 0), page.name


def test_two_revisions_or_branches_are_compared_metric_by_metric(tmp_path):
    values = (metrics(100.0, setup_slack_ns=0.1), metrics(103.0, setup_slack_ns=-0.02, fmax_mhz=250.0))
    runs = [row(0, values[0]), row(1, values[1], tools=OTHER_TOOLS, branch="faster")]
    runs = [run | {"revision": f"{'ab'[place]}{run['revision'][1:]}"} for place, run in enumerate(runs)]
    index = written(tmp_path, runs)
    question = """await until("the tables", () => document.querySelector("tr"));
    if (PLACE) { for (const name of ["a", "b"]) document.getElementById(name).value = PLACE[name];
      document.getElementById("b").dispatchEvent(new Event("change")); }
    const textsOf = (row) => [...row.children].map(cell => cell.textContent);
    return [[...document.querySelectorAll("tr")].map(textsOf),
      document.getElementById("tables").textContent, location.hash];"""
    for place in ("null", '{a: "b:main", b: "b:faster"}'):
        table, text, address = asked(index, question.replace("PLACE", place), "compare.html")
        cells = {line[0]: line[1:] for line in table[1:]}
        area, slack = BY_NAME["cell_area_um2"], BY_NAME["setup_slack_ns"]
        assert cells["cell area"] == ["100.0 um2", "103.0 um2", area.show_change(103.0, 100.0), "worse"]
        assert cells["setup slack"] == ["0.100 ns", "-0.020 ns", slack.show_change(-0.02, 0.1), "worse"]
        assert cells["fmax"][2:] == ["+25.00 %", "better"]
        assert cells["power, total"][2:] == ["same", ""]
        assert "The tools differ: openroad none to 1, pyosys 0.70 to 0.71" in text
        assert address.startswith("#page=expmul-nangate45&a=")


def test_the_band_is_what_other_seeds_gave_at_the_same_revision(tmp_path):
    runs = [row(number, metrics(100.0)) for number in range(3)]
    for seed in (1, 2):
        seeded = row(1, metrics(100.0 + 2 * seed - 3))
        runs.append(seeded | {"seed": seed, "configuration": f"s{seed}", "identity": f"i{seed}"})
    index = written(tmp_path, runs)
    question = CHART.replace("METRIC", "cell_area_um2") + "return band;"
    (seeds,) = asked(index, question)
    assert (seeds["x"], seeds["low"], seeds["high"]) == (1, 99.0, 101.0)


def test_a_run_set_aside_is_drawn_with_its_finding_and_nothing_is_concluded_from_it(tmp_path):
    finding = "5a61f48 is the first bad commit"
    aside = {"set_aside": "planted: a register more", "finding": finding}
    runs = [row(number, metrics(100.0)) for number in range(6)] + [row(6, metrics(120.0)) | aside]
    index = written(tmp_path, runs)
    text = (index.parent / "dashboard" / PAGE).read_text(encoding="utf-8")
    assert "planted: a register more" in text
    assert finding in text
    assert re.search(r"FAIL</span> <small>the gate against the runs before it; cell area \+20\.00 %", text)
    assert '<span class="verdict PASS">PASS</span><h2>' in text
    question = CHART.replace("METRIC", "cell_area_um2")
    points, line, said = asked(
        index,
        question + "return [points, line, document.querySelector('figcaption').innerText];",
    )
    assert [point["aside"] for point in points] == ["no"] * 6 + ["yes"]
    assert len(line) == 6
    assert "never changed" in said


def test_the_last_good_revision_is_the_newest_that_passed_the_gate(tmp_path):
    areas = (100.0, 100.0, 100.0, 130.0, 131.0)
    runs = [row(number, metrics(area)) for number, area in enumerate(areas)]
    index = written(tmp_path, runs)
    assert "last good: 00000000 Change 2" in (index.parent / "dashboard" / PAGE).read_text(encoding="utf-8")
    assert "last good: 00000000 Change 2" in index.read_text(encoding="utf-8")


def test_a_layouts_picture_opens_the_page_to_look_inside_where_there_is_one(tmp_path):
    runs = [row(0, metrics()), row(1, metrics()) | {"artefacts_sha256": {"gds": "11" * 32}}]
    index = written(tmp_path, runs)
    folder = index.parent / "dashboard" / "layouts"
    folder.mkdir()
    for gds in ("00", "11" * 32):
        shutil.copy(ROOT / "reports" / "screenshots" / "inspector.png", folder / f"{file_stem(gds)}.png")
    (folder / f"{file_stem('11' * 32)}.html").write_text("inside", encoding="utf-8")
    index = written(tmp_path, runs)
    question = """await until("the layouts", () => document.querySelector(".layouts figure"));
    const link = (figure) => figure.querySelector("a")?.getAttribute("href") ?? null;
    const picture = (figure) => figure.querySelector("img").getAttribute("src");
    const figures = [...document.querySelectorAll(".layouts figure")];
    return figures.map(figure => [link(figure), picture(figure)]);"""
    assert asked(index, question) == [
        [None, "layouts/00.png"],
        ["layouts/1111111111111111.html", "layouts/1111111111111111.png"],
    ]


def test_a_layouts_picture_is_drawn_under_its_hash_and_to_the_same_bytes(tmp_path):
    run = next(path.parent for path in sorted((ROOT / "reports" / "results").glob("*/*/placement.npz")))
    pictures = [add_layout(run, tmp_path / name, with_page=False, pdk_root=None) for name in "ab"]
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    gds = read_result(run / "result.json").sha256["gds"]
    assert layouts_beside(tmp_path / "a", {gds, "ff"}) == {
        gds: {"picture": f"layouts/{file_stem(gds)}.png", "page": None}
    }


def test_a_revision_is_asked_under_the_names_that_the_design_had(tmp_path):
    settings = make_settings("separate_exp_mul", {"format": "e4m3", "lanes": 1}, "nangate45")
    assert [each.design.name for each in under_every_name(settings)] == ["separate_exp_mul", "exp_mul"]
    assert len({each.folder for each in under_every_name(settings)}) == 2


def test_what_could_not_be_run_is_kept_with_its_reason_until_it_has_run(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    settings = make_settings("expmul", {"format": "e4m3", "lanes": 1}, "nangate45")
    failed = failure_of(settings, f"{7:040d}", "main", "step x failed: no (log: /a/b.log)")
    assert failed["reason"] == "step x failed: no"
    assert (add_failures(engine, [failed]), add_failures(engine, [failed])) == (1, 0)
    add_runs(engine, [row(1, metrics())])
    exported = tmp_path / "runs.jsonl"
    export_runs(all_runs(engine), exported, all_failures(engine))
    imported = open_history(str(tmp_path / "other.db"))
    assert import_runs(imported, exported) == (1, 0)
    assert all_failures(imported) == all_failures(engine) == [failed]
    add_runs(imported, [row(7, metrics()) | {"configuration": failed["configuration"]}])
    assert all_failures(imported) == []


def test_days_without_a_run_are_in_the_index(tmp_path):
    index = written(tmp_path, [row(number, metrics()) for number in (0, 1, 4)], [failure(1)])
    opened = open_page(index, question="return NIGHTS;")
    assert opened.console == ()
    days = [
        [f"2026-11-0{day}", *numbers]
        for day, *numbers in ((1, 1, 0), (2, 1, 0), (3, 0, 0), (4, 0, 0), (5, 1, 0))
    ]
    assert opened.answer == days


def test_the_same_history_gives_the_same_bytes_and_the_pages_share_one_script(tmp_path):
    runs = [row(number, metrics(100.0 + number % 3)) for number in range(7)]
    runs += [row(number, metrics(), design="fa2_expmul") for number in range(3)]
    contents = []
    for page in ("first", "second"):
        folder = written(tmp_path, runs, [failure(8)], page).parent
        contents.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")})
    assert contents[0] == contents[1]
    pages = [text.decode() for path, text in contents[0].items() if path.suffix == ".html"]
    assert len(pages) == 4
    for text in pages:
        assert "dashboard.js" in text
        own = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        assert all(script.startswith(("open", "const CHOICES = ")) for script in own)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_texts_are_legible(scheme):
    style = (ROOT / "flow" / "history" / "dashboard.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w{6})", style.splitlines()[scheme == "dark"]))

    def luminance(colour):
        shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for paper in ("page", "shade"):
        for ink in ("text", "link", "bad", "good"):
            dark, light = sorted((luminance(colours[ink]), luminance(colours[paper])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_set_aside_and_back_by_the_command(tmp_path):
    database = tmp_path / "h.db"
    runs = [row(number, metrics(100.0)) for number in range(6)] + [row(6, metrics(120.0))]
    add_runs(open_history(str(database)), runs)

    def track(*words):
        return run_command("track.py", "--db", database, *words)

    revision = runs[-1]["revision"]
    assert track("check").returncode == 1
    finding = tmp_path / "found.txt"
    finding.write_text(track("check").stdout, encoding="utf-8")
    assert track("set-aside", revision, "--reason", "planted", "--finding", finding).stdout.startswith(
        "1 run of"
    )
    passed = track("check")
    assert (passed.returncode, "**PASS**" in passed.stdout) == (0, True)
    exported = tmp_path / "runs.jsonl"
    assert track("export", exported).returncode == 0
    assert json.loads(exported.read_text(encoding="utf-8").splitlines()[-1])["set_aside"] == "planted"
    assert track("set-aside", revision, "--undo").returncode == 0
    assert track("check").returncode == 1
    for words in (["ffff", "--reason", "x"], [revision, "--reason", " "], [revision]):
        refused = track("set-aside", *words)
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
