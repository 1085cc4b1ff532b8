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
# Whose `open` is of something else.
NO_TEXT = ("os", "webbrowser", "tarfile", "zipfile", "Image")
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
    for written in (tmp_path / "dashboard.html", *(tmp_path / "dashboard").glob("*-nangate45.html")):
        assert "Ümläut ✓" in written.read_text(encoding="utf-8")


def test_a_name_that_the_terminal_cannot_show_is_a_line_all_the_same():
    assert_one_line(in_ascii("run.py", "--design", "expmül"), 2, "unknown design")


def called(call):
    """Name of the function that is called, without what it is an attribute of."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def opens_text(call):
    """Whether a call opens a file, or another program's output, as text."""
    owner = getattr(getattr(call.func, "value", None), "id", "")
    if owner in NO_TEXT:
        return False
    words = {word.arg: word.value for word in call.keywords}
    # A program's output is text where this is True; a chart's `text` is its labels.
    if any(getattr(words.get(name), "value", None) is True for name in ("text", "universal_newlines")):
        return True
    if called(call) in ("read_text", "write_text"):
        return isinstance(call.func, ast.Attribute)
    modes = [word for word in (*call.args, words.get("mode")) if isinstance(word, ast.Constant)]
    mode = "".join(str(word.value) for word in modes if str(word.value).strip("rwxabt+") == "")
    if called(call) == "open":
        return "t" in mode if owner == "gzip" else "b" not in mode
    return called(call) in ("TemporaryFile", "NamedTemporaryFile") and mode != "" and "b" not in mode


def test_files_and_other_programs_are_read_and_written_in_a_named_encoding():
    unnamed = []
    for path in CODE:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or "encoding" in {word.arg for word in call.keywords}:
                continue
            if opens_text(call):
                unnamed.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert unnamed == []


CRASH = """
import sys
from pathlib import Path
from flow import {module}
def fail(*words, **options):
    raise ZeroDivisionError("a mistake\\nof this program")
{module}.{function} = fail
sys.argv = ["{root}/flow/{module}.py", *{words!r}]
{module}.main()
"""


@pytest.mark.parametrize(
    ("module", "function", "words", "code"),
    [
        ("run", "start", ["--design", "expmul", "--to", "verilog", "--out", "OUT"], 70),
        ("track", "newest_targets", ["--db", "DB", "check"], 70),
        ("track", "read_suite", ["--db", "DB", "judge", "--suite", "smoke", "--against", "x"], SKIP),
    ],
)
def test_a_crash_has_a_code_of_its_own_and_is_no_verdict(tmp_path, module, function, words, code):
    open_history(str(tmp_path / "h.db"))
    places = {"OUT": str(tmp_path), "DB": str(tmp_path / "h.db")}
    script = CRASH.format(
        root=ROOT, module=module, function=function, words=[places.get(word, word) for word in words]
    )
    command = [sys.executable, "-c", script]
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
