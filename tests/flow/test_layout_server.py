"""The viewer's server as a process: connections that hang, signals, and pages that escape what they show."""

import hashlib
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from flow_command import ROOT
from klayout import db
from pdk_files import pdk_files
from process_family import LIMIT_S, assert_gone, family, wait_for

from flow.charts.bars import BarChart, Series
from flow.charts.interactive import library_script
from flow.common.atomic_file import write_whole
from flow.history.dashboard import write_dashboard
from flow.history.database import open_history
from flow.history.runs import add_run
from flow.layout.drawn import DrawnLayout
from flow.layout.web import LayoutRequest, LayoutServer
from flow.record.run_folder import instances_path
from flow.reproduction.page import as_html

KEPT = ROOT / "reports/results/fa2_expmul/nangate45_bf16_d16_with_key_fraction11_5ns/result.json"
SCRIPT = "</title></script><script>alert('&\"')</script>"
DEF = """DESIGN top ;
UNITS DISTANCE MICRONS 2000 ;
DIEAREA ( 0 0 ) ( 24000 24000 ) ;
ROW R0 site 4000 5600 N DO 40 BY 1 STEP 400 0 ;
ROW R1 site 4000 8400 N DO 40 BY 1 STEP 400 0 ;
COMPONENTS 1 ;
    - exp_mul._1_ M + SOURCE DIST + PLACED ( 4000 5600 ) N ;
END COMPONENTS
NETS 0 ;
END NETS
END DESIGN
"""


def write_gds(path):
    layout = db.Layout()
    top = layout.create_cell("top")
    top.shapes(layout.layer(1, 0)).insert(db.Box(0, 0, 4000, 10_000))
    layout.write(str(path))


@pytest.fixture
def run(tmp_path):
    """A run's folder whose result has a script for its format."""
    folder = tmp_path / "run"
    instances_path(folder).parent.mkdir(parents=True)
    instances_path(folder).write_text("exp_mul._1_\tM\t1.12\tlogic\n", encoding="utf-8")
    (folder / "layout.def").write_text(DEF, encoding="utf-8")
    write_gds(folder / "top.gds")
    result = json.loads(KEPT.read_text(encoding="utf-8"))
    result["parameters"]["format"] = SCRIPT
    result["files"] = {"layout": "layout.def", "gds": "top.gds"}
    result["sha256"] |= {
        kind: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for kind, name in result["files"].items()
    }
    write_whole(folder / "result.json", json.dumps(result))
    return folder


def get(address, path=""):
    with urllib.request.urlopen(address + path, timeout=LIMIT_S) as answer:
        return answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_viewer_answers_beside_a_silent_connection_and_ends_with_its_processes(tmp_path, run, number):
    pdk_files("freepdk45/libs/nangate45/gds/*.gds")
    words = [sys.executable, "flow/view.py", str(run), "--web"]
    with (
        (tmp_path / "stdout").open("w", encoding="utf-8") as output,
        (tmp_path / "stderr").open("w", encoding="utf-8") as errors,
    ):
        viewer = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=errors, start_new_session=True)
    try:
        said = wait_for(
            lambda: re.search(r"http://\S+/", (tmp_path / "stdout").read_text(encoding="utf-8")), "address"
        )
        address = said[0]
        port = urlsplit(address).port
        with socket.create_connection(("127.0.0.1", port)):
            page = get(address).decode()
            assert "<script>alert" not in page.lower()
            assert "&lt;SCRIPT&gt;ALERT(" in page
            viewer.send_signal(number)
            assert viewer.wait(timeout=LIMIT_S) == (-9 if number == signal.SIGKILL else 0)
        assert_gone(run)
        assert (tmp_path / "stderr").read_text(encoding="utf-8") == ""
    finally:
        for process in family(run):
            process.kill()


@pytest.fixture
def server(tmp_path):
    write_gds(tmp_path / "top.gds")
    with LayoutServer([DrawnLayout(tmp_path / "top.gds", None)], "<p>a page</p>") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_connection_that_says_nothing_is_closed(server, monkeypatch, capsys):
    monkeypatch.setattr(LayoutRequest, "timeout", 0.2)
    with socket.create_connection(server.server_address) as silent:
        silent.settimeout(LIMIT_S)
        assert silent.recv(1) == b""
    assert capsys.readouterr().err == ""


def test_pictures_asked_for_at_once_are_each_what_was_asked_for(server):
    window = "picture?x0=0&y0=0&x1=4&y1=10&width={}&height=90&layers={}"
    requests = [window.format(width, layer) for width in (40, 50) for layer in ("1/0", "none")] * 4
    alone = {path: get(server.address, path) for path in requests}
    assert len(set(alone.values())) == 4
    answers = {}

    def ask(number):
        answers[number] = get(server.address, requests[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[number] for number in range(len(requests))] == [alone[path] for path in requests]


@pytest.mark.parametrize(
    "query",
    ["x0=-inf&y0=0&x1=inf&y1=1", "x0=nan&y0=0&x1=1&y1=1", "x0=%E6%97%A5&y0=0&x1=1&y1=1", "x0=%3Cscript%3E"],
)
def test_a_query_that_is_none_is_refused_in_a_page_that_escapes_it(server, query):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server.address, f"picture?{query}&width=9&height=9")
    assert caught.value.code == 400
    assert b"<script>" not in caught.value.read()


def answered(server, host, path):
    """Return the status of a request to the server that says it is for `host`."""
    connection = http.client.HTTPConnection(*server.server_address, timeout=LIMIT_S)
    connection.putrequest("GET", path, skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    return connection.getresponse().status


def test_only_who_names_this_machine_and_knows_the_token_gets_an_answer(server):
    host, path = f"127.0.0.1:{server.server_port}", f"/{server.token}/"
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://{host}{path}"
    for own in (host, f"localhost:{server.server_port}"):
        assert answered(server, own, path) == 200
        assert answered(server, own, f"{path}layers") == 200
    for foreign in ("attacker.example", f"attacker.example:{server.server_port}", "127.0.0.1", "", None):
        assert answered(server, foreign, path) == 403
    for wrong in (
        "/",
        "/layers",
        f"/{server.token}",
        f"/{server.token[:-1]}/",
        f"/x{server.token}/",
        "/%F0/",
    ):
        expected = 200 if wrong == f"/{server.token}" else 404
        assert answered(server, host, wrong) == expected
    with LayoutServer(server.drawn, "another") as other:
        assert other.token != server.token


def test_the_dashboard_escapes_whatever_a_row_holds(tmp_path):
    from history_runs import metrics, row

    run = row(0, metrics(), design=SCRIPT)
    run |= {"subject": SCRIPT, "pdk": SCRIPT, "layout": f"build/#{SCRIPT}"}
    run["parameters"] |= {SCRIPT: SCRIPT}
    engine = open_history(str(tmp_path / "h.db"))
    add_run(engine, run)
    index = write_dashboard(engine, tmp_path, ROOT / "reports")
    pages = (tmp_path / "dashboard").glob("*.html")
    (page,) = (page for page in pages if page.name != "compare.html")
    (trends,) = (tmp_path / "dashboard").glob("*/*.js")
    for written in (index, page):
        text = written.read_text(encoding="utf-8")
        assert text.count("<script>") == 1
        assert "&lt;script&gt;alert(" in text
    assert 'href="../../build/%23%3C/title' in text
    assert "<" not in trends.read_text(encoding="utf-8")
    assert re.fullmatch(r"[a-z0-9_-]+\.html", page.name)


def test_the_reproduction_page_takes_no_html_but_its_own_two_tags(tmp_path):
    shutil.copy(ROOT / "reports/comparison.svg", tmp_path / "picture.svg")
    chart = BarChart("change", SCRIPT, "%", (SCRIPT,), (Series(SCRIPT, (1.0,)),))
    text = (
        f"## {SCRIPT}\n\n![a]({chart.name}.svg)\n\n![{SCRIPT}](picture.svg)\n\n"
        f"<details><summary>row {SCRIPT}</summary>\n\nin a row: {SCRIPT}\n\n</details>\n"
    )
    page = as_html(text, [chart], tmp_path).replace(library_script(), "")
    assert "<script>alert" not in page
    assert "<details><summary>row &lt;/title" in page
    assert page.count("</title>") == 1
