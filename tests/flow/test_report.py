import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from chromium import open_page
from flow_command import run_command

from flow.common.errors import UserError
from flow.common.places import PROJECT_ROOT
from flow.common.version import VERSION
from flow.comparison.kept_rows import kept_results, kept_rows
from flow.reproduction.context import report_contents
from flow.reproduction.first_screen import BEGIN, QUESTIONS, first_screen, with_answer
from flow.reproduction.layouts import layout_pages
from flow.reproduction.page import DETAILS, FIRST_PAGE
from flow.reproduction.sensitivity import sensitivity

COMMITTED = PROJECT_ROOT / "reports"
KERNELS = ("fa2_baseline", "fa2_expmul")
DISCUSSION = "reproduction_discussion.md"
PAGES = (f"{FIRST_PAGE}.md", *(detail.file for detail in DETAILS), DISCUSSION)
# The page draws one after the other: they are counted when the last is there.
DRAWN = """const boxes = [...document.querySelectorAll(".vega")];
await until("all charts", () => boxes.every((box) => box.view));
"""
COUNT_CHARTS = f'{DRAWN}return document.querySelectorAll(".vega svg").length;'
TOGGLE = f"""{DRAWN}const chart = document.getElementById("change");
const faded = () => [...chart.querySelectorAll(".mark-rect.role-mark path")].filter(
  (bar) => Number(bar.getAttribute("opacity") ?? 1) < 1).length;
const before = faded();
chart.querySelector(".role-legend-label text").dispatchEvent(new MouseEvent("click", {{bubbles: true}}));
await until("faded bars", faded);
return before;"""


FORMER_PICTURE = "frame_of_former_steps.svg"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of the committed results, in a folder of its own."""
    folder = tmp_path_factory.mktemp("reports")
    for part in ("results", "layouts"):
        shutil.copytree(COMMITTED / part, folder / part)
    for path in COMMITTED.glob("accuracy.json"):
        shutil.copy(path, folder)
    (folder / "reproduction").mkdir()
    (folder / "reproduction" / FORMER_PICTURE).write_text("of an earlier report", encoding="utf-8")
    done = run_command("report.py", "--reports", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_a_picture_that_only_an_earlier_report_showed_is_gone(report):
    assert (report / "reproduction" / "change.svg").exists()
    assert not (report / "reproduction" / FORMER_PICTURE).exists()


def test_the_committed_report_is_what_the_committed_results_give(report):
    pictures = {path.name for path in report.glob("reproduction/*")}
    assert pictures == {path.name for path in COMMITTED.glob("reproduction/*")}
    for name in (*PAGES, "reproduction.html", *(f"reproduction/{picture}" for picture in pictures)):
        assert (report / name).read_bytes() == (COMMITTED / name).read_bytes(), name


def test_the_first_screen_has_the_answer_of_the_committed_results():
    page = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    table = first_screen(report_contents(COMMITTED).context)
    assert with_answer(page, table) == page
    assert all(f"| {against} |" in table for against in QUESTIONS.values())


def test_a_page_without_a_place_for_the_answer_is_one_line():
    with pytest.raises(UserError, match="no place for the answer"):
        with_answer(f"# A page\n{BEGIN}\n", "| table |")


def test_the_committed_comparisons_are_what_make_reports_writes(report, tmp_path):
    recipe = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"flow/compare\.py (--no-run.*)", recipe)
    names = [re.search(r"--name (\S+)", words) for words in commands]
    assert [name and name[1] for name in names] == [None, "variants", "kernels"]
    for words in commands:
        done = run_command("compare.py", *words.split(), "--reports", report, "--out", tmp_path)
        assert done.returncode == 0, done.stderr
    for name in ("comparison", "variants", "kernels"):
        for suffix in (".md", ".json", ".svg", ".png"):
            file = f"{name}{suffix}"
            assert (report / file).read_bytes() == (COMMITTED / file).read_bytes(), file


def test_the_first_page_is_read_in_five_minutes_and_leads_to_all_others():
    text = (COMMITTED / "reproduction.md").read_text(encoding="utf-8")
    assert set(PAGES[1:]) <= set(re.findall(r"\]\((\w+\.md)\)", text))
    assert len(re.sub(r"\]\([^)]*\)", "]", text).split()) < 1400
    assert f"`v{VERSION}`" in text
    answer = text.partition("## Every routed configuration")[0]
    assert len(answer.splitlines()) < 45


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_the_report_leads_to_a_file(report, page):
    text = (report / page).read_text(encoding="utf-8")
    targets = set(re.findall(r"\]\(([^)#]+)\)", text))
    assert targets
    # What another command writes, and what lies outside the reports, lies beside the committed ones alone.
    folders = {target: report if target.startswith(("rep", "results/")) else COMMITTED for target in targets}
    missing = [target for target, folder in folders.items() if not (folder / target).is_file()]
    assert not missing


def test_every_figure_of_the_main_table_is_that_of_its_result(report):
    text = (report / "reproduction_figures.md").read_text(encoding="utf-8")
    table = text.partition("## Area and power")[2].partition("\n\n| configuration | kernel")[0]
    shown = re.findall(r"\[([\d,.]+)\]\((\S+)\) \| \[([\d,.–]+)\]", table)
    assert shown
    for area, path, power in shown:
        metrics = json.loads((report / path).read_text(encoding="utf-8"))["metrics"]
        assert float(area.replace(",", "")) == pytest.approx(metrics["cell_area_um2"], abs=0.5)
        if power != "–":
            assert float(power) == pytest.approx(metrics["power_total_w"] * 1e3, abs=5e-4)


def test_the_page_needs_nothing_but_itself(report):
    loaded = []

    class Loads(HTMLParser):
        def handle_starttag(self, tag, attrs):
            named = dict(attrs)
            if tag in ("img", "script", "link", "iframe"):
                loaded.extend(value for key, value in named.items() if key in ("src", "href"))

    Loads().feed((report / "reproduction.html").read_text(encoding="utf-8"))
    assert loaded
    assert all(source.startswith("data:") for source in loaded)


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_opens_without_a_console_error_in_either_mode(report, tmp_path, dark):
    screenshot = tmp_path / "page.png"
    page = open_page(report / "reproduction.html", question=COUNT_CHARTS, screenshot=screenshot, dark=dark)
    assert page.console == ()
    text = "".join((report / name).read_text(encoding="utf-8") for name in PAGES)
    assert page.answer == len(re.findall(r"!\[[^\]]*\]\(\S+\.svg\)", text))
    assert screenshot.stat().st_size > 20_000


def test_a_click_on_the_legend_shows_a_series_alone(report):
    assert open_page(report / "reproduction.html", question=TOGGLE).answer == 0


def test_a_console_error_is_seen(tmp_path):
    page = tmp_path / "bad.html"
    page.write_text("<script>nothing_of_that_name()</script>", encoding="utf-8")
    assert "nothing_of_that_name" in open_page(page).console[0]


def test_a_question_fails_with_what_it_waited_for_and_the_next_is_answered(tmp_path):
    page = tmp_path / "still.html"
    page.write_text("<h1>nothing moves</h1>", encoding="utf-8")
    with pytest.raises(AssertionError, match="waited for a move"):
        open_page(page, question='await until("a move", () => false, 1);')
    assert open_page(page, question="return document.body.innerText;").answer == "nothing moves"


def test_sensitivity_compares_what_was_varied_with_the_usual_settings_of_the_same_depth():
    varied = sensitivity(kept_rows(kept_results(COMMITTED), KERNELS), KERNELS)
    assert {variation["factor"] for variation in varied} >= {"seed", "value timing"}
    for variation in varied:
        row, reference = variation["row"], variation["reference"]
        if reference is None:
            assert row["usual"] and variation["seeds"] > 1
            continue
        same = ("pdk", "format", "d", "depth")
        assert [row[name] for name in same] == [reference[name] for name in same]
        assert reference["usual"]
        assert not row["usual"]


def test_no_results_are_one_line(tmp_path):
    done = run_command("report.py", "--reports", str(tmp_path))
    assert done.returncode == 2
    assert "holds no routed pair" in done.stderr
    assert "Traceback" not in done.stderr


def test_kept_pages_to_look_into_are_linked_by_their_title_and_only_they(tmp_path):
    assert layout_pages(tmp_path) == []
    (tmp_path / "layouts").mkdir()
    for name, title in (("b", "fa2_baseline, d = 16: 82 um² of cells"), ("a", "x](y) &lt;script&gt; | z")):
        (tmp_path / "layouts" / f"{name}.html").write_text(f"<title>{title}</title>", encoding="utf-8")
    assert layout_pages(tmp_path) == [
        {"title": "xy script beside z", "page": "layouts/a.html"},
        {"title": "fa2_baseline, d = 16: 82 um² of cells", "page": "layouts/b.html"},
    ]
