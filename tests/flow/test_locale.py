import ast
import subprocess
import sys

import pytest
from flow_command import ROOT, assert_one_line, run_command
from history_runs import metrics, row

from flow.history.database import open_history
from flow.history.exchange import export_runs
from flow.history.runs import add_run, all_runs
from flow.track import SKIP

# A locale of ASCII that every system has; Python is kept from putting UTF-8 in its place.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CODE = [path for folder in ("flow", "hdl", "pdk_configs", "tests") for path in (ROOT / folder).rglob("*.py")]


def in_ascii(script, *words):
    command = ["env", *(f"{name}={value}" for name, value in ASCII.items())]
    command += [sys.executable, f"flow/{script}", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def test_files_are_utf_8_and_a_terminal_shows_what_it_can_in_any_locale(tmp_path):
    engine = open_history(str(tmp_path / "h.db"))
    for number in range(3):
        add_run(engine, row(number, metrics()) | {"subject": "Ümläut ✓", "branch": "zweig/ä"})
    there, back = tmp_path / "there.csv", tmp_path / "back.csv"
    export_runs(all_runs(engine), there)
    database = tmp_path / "again.db"
    assert in_ascii("track.py", "--db", database, "import", there).returncode == 0
    assert in_ascii("track.py", "--db", database, "export", back).returncode == 0
    assert back.read_bytes() == there.read_bytes()
    assert "Ümläut ✓" in back.read_text(encoding="utf-8")
    table = tmp_path / "gate.md"
    done = in_ascii("track.py", "--db", database, "check", "--markdown", table)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| – |" in table.read_text(encoding="utf-8")
    assert "| ? |" in done.stdout
    assert in_ascii("track.py", "--db", database, "list").returncode == 0
    page = in_ascii("track.py", "--db", database, "dashboard", "--page", tmp_path)
    assert page.returncode == 0, page.stderr
    assert "Ümläut ✓" in (tmp_path / "dashboard.html").read_text(encoding="utf-8")


def test_a_name_that_the_terminal_cannot_show_is_a_line_all_the_same():
    assert_one_line(in_ascii("run.py", "--design", "expmül"), 2, "unknown design")


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_text_of_other_programs_is_read_in_a_named_encoding(path):
    """What ruff's PLW1514 is for files."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        words = {word.arg for word in call.keywords}
        assert "encoding" in words or not {"text", "universal_newlines"} & words, f"line {call.lineno}"


CRASH = """
import sys
from pathlib import Path
from flow import {module}
def fail(*words):
    raise ZeroDivisionError("a mistake\\nof this program")
{module}.{function} = fail
sys.argv = ["flow/{module}.py", *{words!r}]
{module}.main()
"""


@pytest.mark.parametrize(
    ("module", "function", "words", "code"),
    [
        ("run", "execute", ["--design", "expmul", "--to", "verilog", "--out", "OUT"], 70),
        ("track", "all_runs", ["--db", "DB", "check"], 70),
        ("track", "read_suite", ["--db", "DB", "judge", "--suite", "smoke", "--against", "x"], SKIP),
    ],
)
def test_a_crash_has_a_code_of_its_own_and_is_no_verdict(tmp_path, module, function, words, code):
    open_history(str(tmp_path / "h.db"))
    places = {"OUT": str(tmp_path), "DB": str(tmp_path / "h.db")}
    script = CRASH.format(module=module, function=function, words=[places.get(word, word) for word in words])
    command = [sys.executable, "-c", f"{script}"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert_one_line(done, code, "ZeroDivisionError: a mistake of this program", "crash.log")


def test_a_suite_that_cannot_be_read_is_no_verdict_for_git_bisect(tmp_path):
    words = ["judge", "--suite", tmp_path / "none.toml", "--against", "HEAD"]
    assert_one_line(run_command("track.py", "--db", tmp_path / "h.db", *words), SKIP, "no suite")


def test_a_table_that_cannot_be_written_is_no_verdict(tmp_path):
    add_run(open_history(str(tmp_path / "h.db")), row(0, metrics()))
    done = run_command("track.py", "--db", tmp_path / "h.db", "check", "--markdown", tmp_path)
    assert done.returncode == 2
    assert "--markdown" in done.stderr
