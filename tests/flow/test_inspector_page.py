"""The inspector's page in a browser: what a click shows is what the result and the reports say."""

import csv
import json
import re
import threading

import numpy as np
import pytest
from finished_layout import layout_on
from inspector_questions import answer, live_answer
from PIL import Image

from flow.layout.drawn import DrawnLayout
from flow.layout.inspector.collect import collect
from flow.layout.inspector.facts import Facts
from flow.layout.inspector.page import HERE, ShownRun, page_of, write_page
from flow.layout.opened import open_layout
from flow.layout.web import LayoutServer
from flow.record.run_folder import step_folder

pytestmark = layout_on("nangate45").marks
SCRIPT = "</script><img src=x onerror=alert(1)><script>alert('&\"')</script>"


@pytest.fixture(scope="module")
def run(layout_of):
    """A finished run: its result and its folder."""
    return layout_of("nangate45")


@pytest.fixture(scope="module")
def facts(run):
    return collect(open_layout(run[1]), None)


@pytest.fixture(scope="module")
def page(facts, tmp_path_factory):
    path = tmp_path_factory.mktemp("inspector") / "layout.html"
    write_page(path, [ShownRun(facts)])
    return path


def watts(shown):
    """Return the number of W in text such as `1.23 µW`."""
    number, unit = shown.split()[:2]
    return float(number) * {"W": 1, "mW": 1e-3, "µW": 1e-6, "nW": 1e-9, "pW": 1e-12, "fW": 1e-15}[unit]


def test_a_click_shows_the_power_and_the_place_that_the_reports_give_the_cell(run, page, facts):
    result, folder = run
    name = facts.tables["cells"][int(np.argmax(facts.arrays["glitch_power"]))]
    question = f"""clickCell({json.dumps(name)}); await still();
    return {{title: byId("panel").querySelector("h2").innerText, cell: row("cell"), power: row("power"),
      internal: row("internal"), switching: row("switching"), leakage: row("leakage"),
      glitches: row("of it glitches"), place: row("place"), unit: row("unit"), setup: row("setup slack")}}"""
    shown = answer(page, question)
    assert shown["title"] == name
    reports = step_folder(folder, "power.report") / "reports"
    power = {}
    for activity in ("timed", "zero_delay"):
        with (reports / f"power.{activity}.tsv").open(encoding="utf-8") as handle:
            rows = {
                line[0]: [float(word) for word in line[1:]] for line in csv.reader(handle, delimiter="\t")
            }
        power[activity] = rows[name]
    for kind, expected in zip(("internal", "switching", "leakage", "power"), power["timed"], strict=True):
        assert watts(shown[kind]) == pytest.approx(expected, rel=6e-3)
    glitches_w = power["timed"][3] - power["zero_delay"][3]
    assert watts(shown["glitches"].replace(",", "")) == pytest.approx(glitches_w, rel=6e-3)
    layout = (folder / result.files["layout"]).read_text(encoding="utf-8")
    master, x, y = re.search(
        rf"- {re.escape(name)} (\S+) .*\( (-?\d+) (-?\d+) \)", layout.replace("\\", "")
    ).groups()
    assert shown["cell"] == master
    units = facts.tables["run"]["units_per_um"]
    assert shown["place"].startswith(f"{int(x) / units:.3f}, {int(y) / units:.3f} um")


def test_first_sight_is_the_floorplan_with_area_and_power_of_each_group(run, page):
    result = run[0]
    rows = answer(
        page,
        """return [...document.querySelectorAll("#legend tbody tr")].map((line) => [line.dataset.name,
        ...[...line.cells].slice(2).map((cell) => cell.innerText)])""",
    )
    assert {name for name, *_ in rows} == set(result.groups)
    for name, area, share, power, _ in rows:
        assert float(area.replace(",", "")) == pytest.approx(result.groups[name].cell_area_um2, abs=0.6)
        expected = 100 * result.groups[name].cell_area_um2 / result.metrics.cell_area_um2
        assert float(share.split()[0]) == pytest.approx(expected, abs=0.06)
        assert watts(power) == pytest.approx(result.power["timed"].groups_w[name], rel=6e-3)


def test_the_colours_are_the_groups_in_light_and_in_dark_and_a_hidden_group_is_gone(page, facts, tmp_path):
    name = facts.tables["cells"][0]
    where = f"""const [x, y] = camera.toScreen(...facts.middle(
      facts.byName.cell.get({json.dumps(name)})));
    const box = corner();
    await still();
    return [x + box.left, y + box.top, box.left + 3, box.top + 3].map(Math.round)"""
    seen = {}
    for mode, begin in (
        ("light", ""),
        ("dark", ""),
        ("hidden", 'document.querySelector("#legend input").click();'),
    ):
        group = facts.tables["groups"][int(facts.arrays["group"][0])]
        begin = begin.replace("#legend input", f"#legend tr[data-name={group}] input")
        x, y, ground_x, ground_y = answer(
            page, begin + where, dark=mode == "dark", screenshot=tmp_path / "shot.png"
        )
        image = Image.open(tmp_path / "shot.png").convert("RGB")
        seen[mode] = image.getpixel((x, y)), image.getpixel((ground_x, ground_y))
    assert seen["light"][0] == seen["dark"][0]
    assert sum(seen["light"][1]) > 600
    assert sum(seen["dark"][1]) < 150
    assert seen["hidden"][0] != seen["light"][0]


def test_paths_are_listed_worst_first_and_drawn_with_the_delays_of_the_report(run, page):
    shown = answer(
        page,
        """byId("tab-paths").click(); await still();
        document.querySelector("#panel tr[data-path='0'] button").click(); await still();
        const first = (rows) => [...document.querySelectorAll(rows)].map((line) => line.cells[0].innerText);
        return {slacks: first("#panel tr[data-path]"), stages: first("#panel .stages .rows tbody tr"),
          arrival: row("arrival"), chosen: marks.path.path.end,
          hash: location.hash}""",
    )
    slacks_ns = [float(text.split()[0]) for text in shown["slacks"]]
    assert slacks_ns == sorted(slacks_ns)
    assert slacks_ns[0] == pytest.approx(run[0].metrics.setup_slack_ns, abs=1e-3)
    delays_ps = sum(float(text.split()[0]) for text in shown["stages"])
    first = run[0].metrics.setup_slack_ns
    assert delays_ps > 0
    assert float(shown["arrival"].split()[0]) < run[0].clock_ns - first + 0.2
    assert "path=setup.0" in shown["hash"]


def test_neighbours_nets_search_and_tree_lead_from_one_to_the_next(page, facts):
    shown = answer(
        page,
        """clickCell(facts.cells.find((name) => name.startsWith("lane_0."))); await still();
        const first = facts.cells[marks.chosen.cell];
        document.querySelector("#panel .pins .pins button, #panel .pins ul button").click();
        const neighbour = facts.cells[marks.chosen.cell];
        document.querySelector("#panel .pins button.link").click();
        const net = marks.chosen.net;
        const wires = facts.pieces(net).length;
        byId("words").value = "register_*"; byId("search").requestSubmit();
        const found = document.querySelector("#panel [data-results=cells] h3").innerText;
        byId("words").value = "DFF"; byId("search").requestSubmit();
        const types = document.querySelector("#panel [data-results='cell types']").innerText;
        document.querySelector("#tree details[data-unit=log2exp] button").click();
        const unit = facts.units[marks.chosen.unit];
        return {first, neighbour, net, wires, found, types, unit, source: row("source")}""",
    )
    names = facts.tables["cells"]
    assert shown["neighbour"] != shown["first"]
    assert shown["wires"] > 0
    assert int(shown["found"].split()[0]) == sum(name.startswith("register_") for name in names)
    assert "DFF_X1" in shown["types"]
    assert shown["unit"] == "log2exp"
    assert shown["source"] == "hdl/units/exponential/log2exp.py"


def test_what_feeds_a_cell_is_followed_back_to_registers_and_ports(page, facts):
    shown = answer(
        page,
        """const of = (start) => facts.cells.findIndex((name) => name.startsWith(start));
        const fed = (start) => [pane.run.cones.isRegister(of(start)), pane.run.cones.fedBy(of(start))];
        return {lane: fed("lane_0."), log2exp: fed("log2exp."), clock: fed("clkbuf_"),
          registers: facts.cells.filter((_, cell) => pane.run.cones.isRegister(cell)),
          taken: pane.run.cones.fedBy(facts.cells.findIndex((name, cell) =>
            name.startsWith("register_x.") && pane.run.cones.isRegister(cell)))}""",
    )
    assert shown["lane"] == shown["log2exp"] == [False, ["register"]]
    assert shown["clock"][0] is False
    masters = [facts.tables["masters"][number][0] for number in facts.arrays["master"]]
    flops = [
        name for name, master in zip(facts.tables["cells"], masters, strict=True) if master.startswith("DFF")
    ]
    assert shown["registers"] == flops
    assert shown["taken"] == ["ports"]


def test_the_address_shows_the_same_view_again(page, facts):
    name = facts.tables["cells"][5]
    place = answer(
        page,
        """inspector.choose({cell: 5}); inspector.colourBy("glitches"); camera.zoom(0.3, 100, 100);
        inspector.moving(); await still(); return location.hash""",
    )
    again = answer(
        page,
        'await still(); return [look.mode, text("panel"), location.hash]',
        place=place.removeprefix("#"),
    )
    assert again[0] == "glitches"
    assert name in again[1]
    assert again[2] == place


def test_keys_wheel_and_ruler_do_what_they_say(page, facts):
    shown = answer(
        page,
        """const before = camera.scale;
        pane.section.dispatchEvent(new WheelEvent("wheel", {deltaY: -200, clientX: 600, clientY: 300}));
        const zoomed = camera.scale;
        key("4"); const mode = look.mode;
        key("0");
        await still();
        const whole = camera.scale;
        const middle = camera.x;
        key("ArrowRight");
        const moved = camera.x - middle;
        key("r");
        press("pointerdown", 100, 100); press("pointermove", 300, 100); press("pointerup", 300, 100);
        const {from, to} = marks.ruler;
        key("Escape");
        const {scale} = camera;
        const {ruler} = marks;
        return {before, zoomed, whole, mode, moved, length: to[0] - from[0], scale, ruler}""",
    )
    assert shown["zoomed"] < shown["before"]
    assert shown["whole"] > shown["zoomed"]
    assert shown["mode"] == "glitches"
    assert shown["length"] == pytest.approx(200 * shown["scale"])
    assert shown["moved"] > 0
    assert shown["ruler"] is None


def test_every_mode_draws_and_has_its_unit_and_every_tab_opens(page):
    shown = answer(
        page,
        """const bars = {};
        for (const mode of inspector.modes) {
          inspector.colourBy(mode.id);
          bars[mode.id] = text("legend").split("\\n")[0];
          if (!mode.value || mode.squaresOnly) continue;
          byId("squares").click();
          bars[`${mode.id} per square`] = text("legend");
          byId("squares").click();
        }
        const tabs = [...document.querySelectorAll("nav button")].map((tab) => {
          tab.click();
          return text("panel").length;
        });
        return {bars, tabs}""",
    )
    modes = {"group", "type", "power", "glitches", "glitch_power", "toggles", "setup", "hold", "density"}
    assert modes <= set(shown["bars"])
    for mode, unit in (("power", "W"), ("glitches", "%"), ("toggles", "per clock"), ("setup", "ns")):
        assert unit in shown["bars"][mode]
    assert "W/um²" in shown["bars"]["power per square"]
    assert len(shown["tabs"]) == 5
    assert all(shown["tabs"])


def with_names(facts, name) -> Facts:
    """Return the facts with the first cell, net, unit, group, port, type and marker called so."""
    tables = json.loads(json.dumps(facts.tables))
    for kind in ("cells", "nets", "units", "groups"):
        tables[kind][0] = name
    tables["masters"][0][0] = tables["ports"][0][0] = name
    tables["run"]["title"] = tables["run"]["design"] = name
    tables["unit_facts"][0] = {"module": name, "says": name, "source": name, "parts": [[name, name]]}
    tables["markers"] = [[name, name, 1, 1, 2, 2]]
    tables["timing"]["paths"]["setup"][0] |= {"start": name, "end": name}
    tables["timing"]["endpoints"][0][0] = name
    tables["run"]["checks"]["design_rules"] = ["fail", name]
    return Facts(tables, facts.arrays)


def test_nothing_of_a_run_is_taken_for_html(facts, tmp_path):
    path = tmp_path / "named.html"
    write_page(path, [ShownRun(with_names(facts, SCRIPT))])
    page = path.read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    shown = answer(
        path,
        """let calls = 0; window.alert = () => { calls += 1; };
        const before = document.querySelectorAll("script, img").length;
        inspector.choose({cell: 0}); const cell = text("panel");
        const [group] = facts.groups;
        for (const chosen of [{net: 0}, {unit: 0}, {group}]) inspector.choose(chosen);
        inspector.search("<*"); inspector.search("img"); const found = text("panel");
        for (const tab of document.querySelectorAll("nav button")) tab.click();
        document.querySelector("#panel li button").click();
        for (const mode of inspector.modes) inspector.colourBy(mode.id);
        document.querySelectorAll("#tree details").forEach((fold) => { fold.open = true; });
        await still();
        const more = document.querySelectorAll("script, img").length - before;
        return {calls, more, cell, found, title: document.title}""",
    )
    assert shown["calls"] == 0
    assert shown["more"] == 0
    assert SCRIPT in shown["cell"]
    assert SCRIPT in shown["found"]
    assert shown["title"] == SCRIPT


def test_the_page_asks_for_nothing_and_writes_no_markup_of_its_own(page):
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    for script in HERE.glob("*.js"):
        source = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source), (
            script
        )


@pytest.fixture
def live_address(run, facts):
    """Address of a server that shows the run with its GDS."""
    result, folder = run
    page = page_of([ShownRun(facts)], live=True)
    with LayoutServer([DrawnLayout(folder / result.files["gds"], None)], page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.address
        server.shutdown()


LIVE_SHOWN = """const gds = pane.part("gds");
byId("live").click();
await until("the picture of the GDS", () => !gds.hidden);
"""


def test_the_live_page_is_the_same_with_the_gds_behind_it(run, live_address):
    cells, width = live_answer(live_address, LIVE_SHOWN + "return [facts.cells.length, gds.naturalWidth]")
    assert cells == run[0].metrics.cells
    assert width > 100


def test_a_live_picture_of_an_older_view_is_not_shown_however_late_it_comes(live_address):
    question = """const asked = [];
    const ask = window.fetch;
    window.fetch = (...words) => new Promise((done) => asked.push(() => done(ask(...words))));
    const gds = pane.part("gds");
    byId("live").click();
    await until("the question for the layers", () => asked.length);
    camera.zoom(0.5, 100, 100); inspector.moving();
    await frames();
    const [, , x1] = camera.window;
    asked.forEach((go) => go());
    await until("the picture of the GDS", () => !gds.hidden);
    const shownAt = () => Number(new URL(gds.src).searchParams.get("x1")) * facts.unitsPerUm;
    const late = shownAt() - x1;
    const {onload} = gds;
    camera.zoom(0.5, 100, 100); pane.draw(look, inspector.theme, {fine: true, share: 1});
    onload();
    const hidden = gds.hidden;
    byId("live").click(); onload();
    return {late, hidden, off: gds.hidden, questions: asked.length}"""
    shown = live_answer(live_address, question)
    assert shown["late"] == pytest.approx(0)
    assert shown["hidden"]
    assert shown["off"]
    assert shown["questions"] == 1


def test_a_live_picture_comes_once_the_server_answers_again(live_address):
    question = """const ask = window.fetch;
    let refused = 0;
    window.fetch = async () => { refused += 1; throw new TypeError("no server"); };
    const gds = pane.part("gds");
    byId("live").click();
    await until("a refusal", () => refused);
    await frames();
    const hidden = gds.hidden;
    window.fetch = ask;
    inspector.redraw();
    await until("the picture of the GDS", () => !gds.hidden);
    return hidden"""
    assert live_answer(live_address, question) is True


def test_a_page_that_stands_alone_offers_no_server(page):
    assert answer(page, 'return byId("live").parentElement.hidden') is True
