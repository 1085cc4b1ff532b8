"""History files from other programs: what is sound is taken whatever its dress, else one line and nothing."""

import csv
import json

import pytest
from history_runs import metrics, row

from flow.common.errors import UserError
from flow.history.database import COLUMNS, open_history
from flow.history.exchange import export_runs, import_runs
from flow.history.runs import add_run, all_runs


@pytest.fixture
def engine(tmp_path):
    return open_history(str(tmp_path / "new.db"))


@pytest.fixture
def exported(tmp_path):
    """Two runs, as .jsonl and as .csv."""
    source = open_history(str(tmp_path / "source.db"))
    for number in range(2):
        add_run(source, row(number, metrics(100 + number)))
    for suffix in ("jsonl", "csv"):
        export_runs(all_runs(source), tmp_path / f"runs.{suffix}")
    return tmp_path


def refused(engine, path, *parts):
    with pytest.raises(UserError) as caught:
        import_runs(engine, path)
    message = str(caught.value)
    assert "\n" not in message
    for part in (path.name, *parts):
        assert part in message
    assert not all_runs(engine)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
@pytest.mark.parametrize(
    "dress",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\n", "\n\n\n"),
        lambda text: text.rstrip(),
    ],
    ids=["byte order mark", "CRLF", "LF", "blank lines", "no last line end"],
)
def test_the_dress_of_a_file_does_not_matter(engine, exported, suffix, dress):
    path = exported / f"runs.{suffix}"
    path.write_bytes(dress(path.read_bytes().decode()).encode())
    assert import_runs(engine, path) == (2, 0)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_utf_16_and_latin_1_are_one_line(engine, exported, suffix):
    path = exported / f"runs.{suffix}"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.encode("utf-16"))
    refused(engine, path, "it has to be UTF-8")
    path.write_bytes(text.replace("expmul", "ü").encode("latin-1"))
    refused(engine, path, "line ", "it has to be UTF-8")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"clock_ns": "5"}, 'clock_ns is "5", which is no number'),
        ({"seed": 1.5}, "seed is 1.5, which is no whole number"),
        ({"design": None}, "no design"),
        ({"metrics": [1]}, "metrics is [1]"),
        ({"metrics": {"cell_area_um2": "100"}}, 'cell_area_um2 is "100", no finite number'),
        ({"finished_at": "yesterday"}, "yesterday"),
        ({"dirty": "no"}, "dirty is"),
    ],
)
def test_a_value_of_another_kind_is_named_with_its_line_and_nothing_is_taken(engine, exported, change, part):
    path = exported / "runs.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | change)
    path.write_text("\n".join(lines), encoding="utf-8")
    refused(engine, path, "line 2", part)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(engine, exported, word):
    path = exported / "runs.jsonl"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"clock_ns": 5.0', f'"clock_ns": {word}'), encoding="utf-8"
    )
    refused(engine, path, "line 1", f"{word} is no number")


def test_a_key_that_is_there_twice_is_refused(engine, exported):
    path = exported / "runs.jsonl"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"pdk":', '"pdk": "sky130", "pdk":'), encoding="utf-8"
    )
    refused(engine, path, "line 1", "pdk is there twice")


def test_each_fault_has_its_line_and_many_are_counted(engine, tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text("{\n[]\n\n" + "{}\n" * 10, encoding="utf-8")
    refused(engine, path, "line 1", "line 2", "line 4", "; 7 more")


def changed_csv(path, change):
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    change(rows)
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)


def test_extra_columns_are_passed_over_and_one_that_need_not_be_there_may_miss(engine, exported):
    path = exported / "runs.csv"
    drop = COLUMNS.index("host")

    def change(rows):
        for number, cells in enumerate(rows):
            del cells[drop]
            cells.append("note" if number == 0 else 'seen, and "read"')

    changed_csv(path, change)
    assert import_runs(engine, path) == (2, 0)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda rows: [cells.pop(COLUMNS.index("design")) for cells in rows], ["no column design"]),
        (lambda rows: rows[0].__setitem__(COLUMNS.index("host"), "design"), ["two columns design"]),
        (lambda rows: rows[2].pop(), ["line 3", "cells under"]),
        (lambda rows: rows[2].append("x"), ["line 3", "cells under"]),
        (lambda rows: rows[1].__setitem__(COLUMNS.index("seed"), "1.5"), ["line 2", "seed is 1.5"]),
        (
            lambda rows: rows[1].__setitem__(COLUMNS.index("clock_ns"), "fast"),
            ["line 2", "clock_ns is"],
        ),
        (lambda rows: rows[1].__setitem__(COLUMNS.index("clock_ns"), "NaN"), ["line 2", "NaN is no number"]),
        (lambda rows: rows[1].__setitem__(COLUMNS.index("metrics"), "{'a': 1}"), ["line 2", "metrics is"]),
    ],
)
def test_a_fault_of_a_csv_is_named_with_its_line(engine, exported, change, parts):
    path = exported / "runs.csv"
    changed_csv(path, change)
    refused(engine, path, *parts)


def test_an_open_quote_and_an_empty_file_are_one_line(engine, exported):
    path = exported / "runs.csv"
    path.write_text(path.read_text(encoding="utf-8") + '"open', encoding="utf-8")
    refused(engine, path)
    for suffix in ("csv", "jsonl"):
        (exported / f"runs.{suffix}").write_text("\n", encoding="utf-8")
        refused(engine, exported / f"runs.{suffix}")
