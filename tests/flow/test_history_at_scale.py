"""The history with many runs, writers and configurations: the same answers, by indexes, nothing lost."""

import re
import subprocess
import sys

import pytest
from flow_command import ROOT, assert_one_line, run_command
from history_runs import metrics, row

from flow.history import runs as runs_module
from flow.history.baselines import baselines, newest_targets
from flow.history.dashboard import write_dashboard
from flow.history.database import BY_TIME, open_history, runs_table
from flow.history.gate import BASELINE_RUNS, check_run, gates_and_spread
from flow.history.runs import add_runs, all_runs, newest_runs
from flow.history.synthetic import fill, synthetic_runs

CONFIGURATIONS, REVISIONS = 14, 9


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Path of a history of synthetic runs, a few of them odd."""
    path = tmp_path_factory.mktemp("scale") / "history.db"
    rows = list(synthetic_runs(CONFIGURATIONS, REVISIONS))
    for number, run in enumerate(rows):
        if number % 5 == 0:
            del run["metrics"]["power_total_w"]
        if number % CONFIGURATIONS == 3 and number < 4 * CONFIGURATIONS:
            run["fingerprint"] = "of other tools"
    add_runs(open_history(str(path)), rows)
    return path


def checks_of_everything(all_of_them, against):
    """The gate's checks as they come from the whole history, all of it read."""
    gates, spread = gates_and_spread(ROOT / "reports")
    newest = {run["configuration"]: run for run in all_of_them}
    targets = [run for run in newest.values() if run["revision"] == all_of_them[-1]["revision"]]
    checks = []
    for target in targets:
        earlier = [run for run in all_of_them if run["identity"] != target["identity"]]
        if against != "last":
            earlier = [run for run in earlier if run["revision"] == against]
        checks += check_run(target, earlier, gates, spread)
    return checks


@pytest.mark.parametrize("against", ["last", f"{4:040x}", f"{0:040x}"])
def test_check_by_few_rows_says_what_the_whole_history_says(history, against):
    engine = open_history(str(history))
    gates, spread = gates_and_spread(ROOT / "reports")
    with engine.connect() as connection:
        earlier = baselines(connection, against)
        targets = newest_targets(connection)
        checks = [check for run in targets for check in check_run(run, earlier(run), gates, spread)]
    assert checks == checks_of_everything(all_runs(engine), against)
    assert len(checks) > CONFIGURATIONS


def test_a_metric_that_the_last_runs_lack_is_found_further_back(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    lacking = metrics()
    del lacking["fmax_mhz"]
    add_runs(engine, [row(number, metrics() if number < 6 else lacking) for number in range(20)])
    target = row(25, metrics())
    add_runs(engine, [target])
    with engine.connect() as connection:
        earlier = baselines(connection, "last")(target)
    with_it = [run["subject"] for run in earlier if "fmax_mhz" in run["metrics"]]
    assert with_it[-BASELINE_RUNS:] == [f"Change {number}" for number in range(1, 6)]


def test_check_reads_a_few_rows_of_each_configuration_however_many_there_are(tmp_path, monkeypatch):
    read = []
    original = runs_module.read_rows

    def counting(*words, **options):
        for pair in original(*words, **options):
            read.append(pair)
            yield pair

    monkeypatch.setattr(runs_module, "read_rows", counting)
    for revisions in (10, 40):
        engine = open_history(str(tmp_path / f"{revisions}.db"))
        fill(engine, synthetic_runs(3, revisions))
        read.clear()
        with engine.connect() as connection:
            earlier = baselines(connection, "last")
            assert [len(earlier(run)) for run in newest_targets(connection)] == [BASELINE_RUNS] * 3
        assert len(read) == 1 + 3 + 3 * BASELINE_RUNS


def test_list_shows_the_newest_and_says_how_many_there_are(history):
    done = run_command("track.py", "--db", history, "list", "--limit", 5)
    assert done.returncode == 0, done.stderr
    assert (
        f"the newest 5 of {CONFIGURATIONS * REVISIONS} runs; --limit N for more, --all for all" in done.stdout
    )
    every = run_command("track.py", "--db", history, "list", "--all")
    lines = [line for line in every.stdout.splitlines() if " ns " in line or "2026-" in line]
    assert len(lines) >= CONFIGURATIONS * REVISIONS
    assert "the newest" not in every.stdout
    engine = open_history(str(history))
    assert newest_runs(engine, 5) == all_runs(engine)[-5:]
    assert newest_runs(engine, None) == all_runs(engine)


@pytest.mark.parametrize("words", [("--limit", "0"), ("--limit", "-3"), ("--limit", "many")])
def test_list_takes_a_number_from_one_on(history, words):
    assert_one_line(run_command("track.py", "--db", history, "list", *words), 2, "--limit")


def plan_of(engine, query):
    sql = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        return " ".join(str(line) for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))


def test_queries_go_by_an_index_and_sort_nothing(history):
    engine = open_history(str(history))
    newest_first = [column.desc() for column in BY_TIME]
    table = runs_table.c
    by_configuration = table.configuration == "x"
    for query, index in (
        (runs_table.select().order_by(*newest_first).limit(5), "runs_by_time"),
        (
            runs_table.select().where(by_configuration).order_by(*newest_first).limit(5),
            "runs_by_configuration",
        ),
        (runs_table.select().where(by_configuration).order_by(*BY_TIME), "runs_by_configuration"),
        (runs_table.select().where(table.identity == "x"), "autoindex"),
    ):
        plan = plan_of(engine, query)
        assert index in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN runs'" not in plan
    assert "ix_runs_revision" in plan_of(engine, runs_table.select().where(table.revision == "x"))


def test_a_page_fetches_no_trend_but_of_what_is_opened(history, tmp_path):
    index = write_dashboard(open_history(str(history)), tmp_path, ROOT / "reports")
    pages = sorted((tmp_path / "dashboard").glob("*-*.html"))
    assert len(pages) == 12
    data = sorted((tmp_path / "dashboard").glob("*/*.js"))
    assert len(data) == CONFIGURATIONS
    for written in (index, *pages):
        text = written.read_text(encoding="utf-8")
        own = re.findall(r'<script src="([^"]*)"', text)
        assert {name.rpartition("/")[2] for name in own} <= {"charts.js", "nights.js", "dashboard.js"}
        assert f"{REVISIONS - 1:040x}" not in text
    for path in data:
        name = f"{path.parent.name}/{path.name}"
        holders = [page for page in pages if f'data-trends="{name}"' in page.read_text(encoding="utf-8")]
        assert [page.stem for page in holders] == [path.parent.name]


def test_a_dashboard_leaves_no_page_of_what_is_gone(tmp_path):
    first, second = (open_history(str(tmp_path / name)) for name in ("first.db", "second.db"))
    add_runs(first, [row(0, metrics(), design="exp_mul"), row(1, metrics())])
    add_runs(second, [row(0, metrics())])
    (tmp_path / "page" / "dashboard").mkdir(parents=True)
    own = tmp_path / "page" / "dashboard" / "notes.txt"
    own.write_text("mine", encoding="utf-8")
    for engine, designs in ((first, 2), (second, 1)):
        write_dashboard(engine, tmp_path / "page", ROOT / "reports")
        assert len(list((tmp_path / "page").glob("dashboard/*-*.html"))) == designs
        assert len(list((tmp_path / "page").glob("dashboard/*/*.js"))) == designs
    assert own.exists()


def test_rows_that_are_there_twice_in_a_file_count_once(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    rows = [row(number, metrics()) for number in range(3)]
    assert add_runs(engine, [*rows, rows[0] | {"host": "another"}]) == 3
    assert add_runs(engine, [*rows, row(7, metrics())]) == 1
    assert [run["host"] for run in all_runs(engine)] == ["bench"] * 4


def test_the_order_is_kept_as_columns_also_of_a_history_from_before(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    dates = ("2026-11-02T01:00:00+00:00", "2026-11-01T23:00:00-08:00", "2026-11-01T00:00:00+00:00")
    add_runs(engine, [row(number, metrics()) | {"committed_at": date} for number, date in enumerate(dates)])
    expected = [run["subject"] for run in all_runs(engine)]
    assert expected == ["Change 2", "Change 0", "Change 1"]
    with engine.begin() as connection:
        for name in ("runs_by_time", "runs_by_configuration", "runs_by_design"):
            connection.exec_driver_sql(f"DROP INDEX {name}")
        for name in ("revision_at_s", "ended_at_s"):
            connection.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {name}")
        connection.exec_driver_sql("UPDATE runs SET committed_at = 'never' WHERE subject = 'Change 1'")
        connection.exec_driver_sql("UPDATE expmul_schema SET version = 3")
    again = open_history(str(tmp_path / "h.db"))
    assert [run["subject"] for run in all_runs(again)] == expected[:2]
    assert "runs_by_time" in plan_of(again, runs_table.select().order_by(*BY_TIME).limit(1))


WRITER = """
import flow
from flow.history.database import open_history
from flow.history.runs import add_run
from flow.history.synthetic import synthetic_runs
engine = open_history({where!r})
for run in synthetic_runs(1, {runs}, first_revision={first}):
    add_run(engine, run)
    print(run["identity"], flush=True)
"""


def assert_eight_writers_lose_nothing(where, runs):
    """Eight writers at once, one killed in the middle and begun anew: every run is there, and once."""
    open_history(where)

    def start(writer):
        script = WRITER.format(where=where, runs=runs, first=writer * runs)
        return subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    writers = [start(writer) for writer in range(8)]
    told = [writers[0].stdout.readline().strip() for _ in range(runs // 4)]
    writers[0].kill()
    told += writers[0].communicate()[0].split()
    for writer in writers[1:]:
        told += writer.communicate()[0].split()
        assert writer.returncode == 0
    stored = [run["identity"] for run in all_runs(open_history(where))]
    assert set(told) <= set(stored)
    assert len(stored) == len(set(stored))
    again = start(0)
    again.communicate()
    assert again.returncode == 0
    stored = sorted(run["identity"] for run in all_runs(open_history(where)))
    wanted = (run for writer in range(8) for run in synthetic_runs(1, runs, first_revision=writer * runs))
    assert stored == sorted(run["identity"] for run in wanted)


@pytest.mark.slow
def test_eight_writers_at_once_one_of_them_killed_lose_nothing_and_store_nothing_twice(tmp_path):
    assert_eight_writers_lose_nothing(str(tmp_path / "h.db"), runs=60)


@pytest.mark.slow
def test_eight_writers_into_postgresql_lose_nothing_and_store_nothing_twice(postgresql):
    assert_eight_writers_lose_nothing(postgresql, runs=60)
