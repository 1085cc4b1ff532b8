"""Two runs in one page: linked pictures, and what differs in numbers, as both results say it."""

import json
import threading
from itertools import pairwise

import pytest
from finished_layout import layout_on
from flow_command import result_of, run_command
from inspector_questions import answer, live_answer

from flow.layout.difference import labels_of, layout_difference
from flow.layout.drawn import DrawnLayout
from flow.layout.inspector.collect import collect
from flow.layout.inspector.facts import Facts
from flow.layout.inspector.page import ShownRun, page_of, write_page
from flow.layout.opened import open_layout
from flow.layout.web import LayoutServer
from flow.record.result import Result

pytestmark = layout_on("nangate45").marks
OTHER = "const other = inspector.panes[1];"
SCRIPT = "</script><img src=x onerror=alert(1)><script>alert('&\"')</script>"


@pytest.fixture(scope="module")
def run(layout_of):
    """A finished run: its result and its folder."""
    return layout_of("nangate45")


@pytest.fixture(scope="module")
def facts(run):
    return collect(open_layout(run[1]), None)


@pytest.fixture(scope="module")
def changed(facts):
    """The facts as of another layout: one group has another name, cells power half, the die is wider."""
    return as_another(facts, "rescale", 0.5)


def as_another(facts, name, share) -> Facts:
    tables = json.loads(json.dumps(facts.tables))
    number = tables["groups"].index("register")
    tables["groups"][number] = name
    tables["cells"] = [cell.replace("register_x.", f"{name}_x.") for cell in tables["cells"]]
    tables["units"] = [unit.replace("register_x", f"{name}_x") for unit in tables["units"]]
    tables["run"]["title"] = f"another, {tables['run']['title']}"
    x0, y0, x1, y1 = tables["run"]["die"]
    tables["run"]["die"] = [x0, y0, 2 * x1, y1]
    return Facts(tables, facts.arrays | {"power": facts.arrays["power"] * share})


@pytest.fixture(scope="module")
def page(run, facts, changed, tmp_path_factory):
    path = tmp_path_factory.mktemp("pair") / "pair.html"
    opened = open_layout(run[1])
    runs = [ShownRun(facts, label="first"), ShownRun(changed, label="second")]
    write_page(path, runs, layout_difference(opened, opened))
    return path


def test_both_pictures_have_one_scale_and_move_together(page):
    shown = answer(
        page,
        f"""{OTHER}
        const um = (each) => ["x", "y", "scale"].map((name) => each.camera[name] / each.facts.unitsPerUm);
        const views = [];
        const see = () => views.push([um(pane), um(other)]);
        see();
        const wheel = new WheelEvent("wheel", {{deltaY: -300, clientX: 500, clientY: 300}});
        pane.section.dispatchEvent(wheel); see();
        const drag = (section) => {{
          const {{left, top}} = section.getBoundingClientRect();
          for (const [type, x] of [["pointerdown", 50], ["pointermove", 90], ["pointerup", 90]]) {{
            const place = {{clientX: left + x, clientY: top + 80}};
            section.dispatchEvent(new PointerEvent(type, {{pointerId: 1, bubbles: true, ...place}}));
          }}
        }};
        drag(pane.section); see();
        drag(other.section); see();
        key("ArrowUp"); see();
        return views""",
    )
    for first, second in shown:
        assert first == pytest.approx(second)
    assert all(before != after for before, after in pairwise(shown))


def test_colour_groups_and_choice_are_those_of_both(page, facts):
    shown = answer(
        page,
        f"""{OTHER}
        inspector.colourBy("power");
        const power = look.range[1];
        const values = inspector.panes.flatMap((each) => [...each.facts.arrays.power]);
        values.sort((one, two) => one - two);
        const most = values[Math.floor(values.length * 0.99)];
        inspector.colourBy("group");
        const rows = [...document.querySelectorAll("#legend tbody tr")].map((line) => line.dataset.name);
        document.querySelector("#legend tr[data-name=lane] input").click();
        const lane = (each) => {{
          const cell = each.facts.cells.findIndex((name) => name.startsWith("lane_0."));
          const [x, y] = each.camera.toScreen(...each.facts.middle(cell));
          const {{gl, canvas}} = each.view;
          each.draw(look, inspector.theme, {{fine: false, share: 1}});
          const pixel = new Uint8Array(4);
          const left = Math.floor(x * canvas.width / each.camera.width);
          const up = Math.floor(canvas.height * (1 - y / each.camera.height));
          gl.readPixels(left, up, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
          return [...pixel];
        }};
        const hidden = [lane(pane), lane(other)];
        document.querySelector("#legend tr[data-name=lane] input").click();
        const shown = [lane(pane), lane(other)];
        inspector.choose({{cell: facts.cells.findIndex((name) => name.startsWith("log2exp."))}}, pane);
        const cells = [facts.cells[marks.chosen.cell], other.facts.cells[other.marks.chosen.cell]];
        inspector.choose({{unit: other.facts.units.indexOf("log2exp")}}, other);
        const units = inspector.panes.map((each) => each.facts.units[each.marks.chosen.unit]);
        inspector.choose({{group: "rescale"}}, other);
        const absent = [marks.absent, text("panel")];
        inspector.search("lane_*");
        const heads = document.querySelectorAll("#panel [data-results=cells] h3");
        const found = [...heads].map((head) => head.innerText);
        return {{power, most, rows, hidden, shown, cells, units, absent, found}}""",
    )
    assert shown["power"] == shown["most"]
    assert {"register", "rescale", "lane"} <= set(shown["rows"])
    assert shown["hidden"][0] == shown["hidden"][1]
    assert shown["shown"][0] == shown["shown"][1]
    assert shown["hidden"][0] != shown["shown"][0]
    assert shown["cells"][0] == shown["cells"][1]
    assert shown["units"] == ["log2exp", "log2exp"]
    assert shown["absent"][0] == "rescale"
    assert "this layout has none of that name" in shown["absent"][1]
    lanes = sum(name.startswith("lane_") for name in facts.tables["cells"])
    assert shown["found"] == [f"{lanes} cells"] * 2


def test_a_cell_of_one_run_alone_leads_to_its_unit_and_the_address_shows_both_again(page):
    told = """await still(); return [look.mode, inspector.panes.indexOf(inspector.origin),
      other.facts.cells[other.marks.chosen?.cell] ?? null, marks.absent, other.marks.path?.index ?? null,
      location.hash]"""
    first = answer(
        page,
        f"""{OTHER} inspector.colourBy("power");
        inspector.showPath(other, {{check: "setup", index: 1}});
        const cell = other.facts.cells.findIndex((name) => name.startsWith("rescale_x."));
        inspector.choose({{cell}}, other);
        {told}""",
    )
    again = answer(page, OTHER + told, place=first[-1].removeprefix("#"))
    assert first[:2] == ["power", 1]
    assert first[2].startswith("rescale_x.")
    assert first[3] == first[2]
    assert again == first


def test_nothing_of_either_run_is_taken_for_html(run, facts, tmp_path):
    opened = open_layout(run[1])
    named = as_another(facts, SCRIPT, 1.0)
    path = tmp_path / "named.html"
    write_page(
        path, [ShownRun(facts, label=SCRIPT), ShownRun(named, label="b")], layout_difference(opened, opened)
    )
    page = path.read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    shown = answer(
        path,
        f"""{OTHER} let calls = 0; window.alert = () => {{ calls += 1; }};
        const before = document.querySelectorAll("script, img").length;
        inspector.choose({{group: other.facts.groups.find((name) => name.includes("img"))}}, other);
        const said = text("panel");
        for (const tab of document.querySelectorAll("nav button")) tab.click();
        await still();
        return {{calls, more: document.querySelectorAll("script, img").length - before, said}}""",
    )
    assert shown["calls"] == shown["more"] == 0
    assert SCRIPT in shown["said"]


def test_the_live_page_of_two_runs_shows_the_gds_of_each(run, facts, changed):
    result, folder = run
    runs = [ShownRun(facts, label="first"), ShownRun(changed, label="second")]
    opened = open_layout(folder)
    question = """byId("live").click();
    await until("both pictures of the GDS", () => inspector.panes.every((each) => !each.part("gds").hidden));
    return inspector.panes.map((each) => [each.part("gds").naturalWidth,
      new URL(each.part("gds").src).searchParams.get("run")])"""
    page = page_of(runs, layout_difference(opened, opened), live=True)
    drawn = [DrawnLayout(folder / result.files["gds"], None) for _ in runs]
    with LayoutServer(drawn, page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shown = live_answer(server.address, question)
        server.shutdown()
    assert len(shown) == 2
    for number, (width, asked) in enumerate(shown):
        assert width > 100
        assert asked == str(number)


@pytest.mark.slow
def test_the_page_and_the_terminal_tell_both_results_with_each_difference(run, tmp_path):
    words = [
        "--design",
        "separate_exp_mul",
        "--format",
        "e4m3",
        "--lanes",
        "1",
        "--to",
        "route",
        "--jobs",
        "1",
    ]
    second = Result.model_validate(result_of(*words, out=tmp_path / "build"))
    folders = run[1], tmp_path / "build" / second.design / second.job
    path = tmp_path / "pair.html"
    done = run_command("view.py", folders[0], "--diff", folders[1], "--html", path, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    rows = {}
    sections = answer(
        path,
        """byId("tab-difference").click();
        const texts = (line) => [...line.cells].map((cell) => cell.innerText);
        return [...document.querySelectorAll("#panel [data-difference]")].map((section) =>
          [section.dataset.difference, [...section.querySelectorAll("tbody tr")].map(texts)])""",
    )
    for title, lines in sections:
        for name, *texts in lines:
            rows[title.split(",")[0], name.split(",")[0]] = [
                float(text.replace(",", "").replace("%", "")) if text not in ("", "–") else None
                for text in texts
            ]
    results = run[0], second
    both = {
        ("as a whole", "cell area"): [result.metrics.cell_area_um2 for result in results],
        ("as a whole", "cells"): [result.metrics.cells for result in results],
        ("as a whole", "power"): [1e3 * result.power["timed"].total_w for result in results],
        ("as a whole", "setup slack"): [result.metrics.setup_slack_ns for result in results],
        ("as a whole", "glitches in power"): [
            100 * (1 - result.power["zero_delay"].total_w / result.power["timed"].total_w)
            for result in results
        ],
        ("power by group", "clock_tree"): [
            1e6 * result.power["timed"].groups_w["clock_tree"] for result in results
        ],
    }
    for group in {*run[0].groups, *second.groups}:
        figures = [result.groups.get(group) for result in results]
        both["cells by group", group] = [figure and figure.cells for figure in figures]
        both["cell area by group", group] = [figure and figure.cell_area_um2 for figure in figures]
    for place, (first, second) in both.items():
        shown = rows[place]
        assert shown[:2] == pytest.approx([first, second], abs=0.06, rel=1e-3), place
        if first is not None and second is not None:
            assert shown[2] == pytest.approx(second - first, abs=0.06, rel=1e-3), place
            assert shown[3] is None or shown[3] == pytest.approx(100 * (second - first) / first, abs=0.06), (
                place
            )
        else:
            assert shown[2:] == [None, None]
    assert "separate_exp_mul" in done.stdout
    assert "difference" in done.stdout


def test_labels_tell_two_runs_apart(run):
    opened = open_layout(run[1])
    assert labels_of(opened, opened) == ("expmul, first", "expmul, second")
