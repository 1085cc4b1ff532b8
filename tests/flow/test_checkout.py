import os
import subprocess
from types import SimpleNamespace

import pytest
from flow_command import assert_one_line, run_command
from history_runs import metrics, row

from flow.common.errors import UserError
from flow.history.baselines import is_on_main
from flow.history.database import open_history
from flow.history.runs import add_run, all_runs, recorded
from flow.record import checkout
from flow.record.checkout import (
    branch_of,
    commit_of,
    git_state,
    known,
    no_revision,
    on_main,
    read_commit,
    resolve_revision,
)

GITHUB = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "GITHUB_REF_TYPE", "GITHUB_SHA")


class Repository:
    """A repository with a source file and a commit, made with no configuration but its own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "flow").mkdir(parents=True)
        (folder / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
        self.source = folder / "flow" / "step.py"
        self.source.write_text("first\n", encoding="utf-8")
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "T")
        self.git("config", "user.email", "t@example.org")
        self.first = self.commit("First")

    def git(self, *words, **options):
        done = subprocess.run(
            ("git", *words),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
            **options,
            encoding="utf-8",
        )
        return done.stdout.strip()

    def commit(self, message, **environment):
        self.git("add", "-A")
        options = ["--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-q", "-F", "-"]
        self.git("commit", *options, input=message, env=os.environ | environment)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A checkout that the project's code takes for its own."""
    for name in GITHUB:
        monkeypatch.delenv(name, raising=False)
    made = Repository(tmp_path / "checkout")
    monkeypatch.setattr(checkout, "PROJECT_ROOT", made.folder)
    return made


CONFIGURATION = {
    "log.showSignature": "true",
    "core.quotePath": "true",
    "color.ui": "always",
    "color.status": "always",
    "status.showUntrackedFiles": "no",
    "status.branch": "true",
    "core.fsmonitor": "true",
    "core.untrackedCache": "true",
    "log.date": "relative",
    "format.pretty": "oneline",
    "core.abbrev": "4",
    "alias.status": "!false",
    "alias.rev-parse": "!false",
    "diff.external": "/bin/false",
    "i18n.logOutputEncoding": "ISO-8859-1",
    "core.pager": "/bin/false",
}


def test_no_configuration_changes_what_git_says(repository):
    signed = repository.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN SSH SIGNATURE-----\n \n U1NI\n -----END SSH SIGNATURE-----\n\n", 1
    )
    revision = repository.git("hash-object", "-t", "commit", "-w", "--stdin", input=signed)
    repository.git("update-ref", "HEAD", revision)
    before = commit_of(revision)
    assert before.subject == "First"
    assert before.committed_at is not None
    for name, value in CONFIGURATION.items():
        repository.git("config", name, value)
    assert git_state() == (revision, False)
    assert commit_of(revision) == before
    assert branch_of(revision) == "main"
    (repository.folder / "flow" / "ümläut.py").write_text("new\n", encoding="utf-8")
    assert git_state() == (revision, True)


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_that_the_users_index_hides_is_a_change(repository, flag):
    repository.git("update-index", flag, "flow/step.py")
    assert git_state() == (repository.first, False)
    repository.source.write_text("other\n", encoding="utf-8")
    assert git_state() == (repository.first, True)


def test_a_file_that_only_the_user_ignores_is_a_change_and_a_touched_one_is_none(repository):
    (repository.folder / ".git" / "info" / "exclude").write_text("*.py\n", encoding="utf-8")
    (repository.folder / "flow" / "__pycache__").mkdir()
    (repository.folder / "flow" / "__pycache__" / "step.pyc").write_text("", encoding="utf-8")
    (repository.folder / "NOTES").write_text("no source\n", encoding="utf-8")
    os.utime(repository.source, (1, 1))
    assert git_state() == (repository.first, False)
    (repository.folder / "flow" / "new.py").write_text("", encoding="utf-8")
    assert git_state() == (repository.first, True)


def test_the_users_index_stays_as_it_is(repository):
    repository.source.write_text("staged\n", encoding="utf-8")
    repository.git("add", "-A")
    index = (repository.folder / ".git" / "index").read_bytes()
    assert git_state() == (repository.first, True)
    assert (repository.folder / ".git" / "index").read_bytes() == index


def test_the_environment_does_not_point_git_elsewhere(repository, tmp_path, monkeypatch):
    other = Repository(tmp_path / "other")
    elsewhere = other.commit("Elsewhere")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.worktree")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(other.folder))
    assert git_state() == (repository.first, False)
    assert commit_of(elsewhere).subject is None


def test_a_copy_inside_another_repository_has_no_revision(repository, monkeypatch):
    copy = repository.folder / "build" / "product"
    copy.mkdir(parents=True)
    monkeypatch.setattr(checkout, "PROJECT_ROOT", copy)
    assert git_state() == (None, None)
    assert commit_of(repository.first).committed_at is None
    assert resolve_revision("HEAD") is None
    line = no_revision()
    assert line == (
        f"no revision is recorded: {copy} is not the top of a git checkout, {repository.folder} is"
    )


def test_a_folder_outside_git_and_a_repository_without_a_commit_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(checkout, "PROJECT_ROOT", tmp_path)
    assert git_state() == (None, None)
    assert "not a git repository" in no_revision()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert git_state() == (None, None)
    assert no_revision().count("\n") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_dubious_ownership_is_said_in_one_line(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (repository.folder, repository.folder / ".git"):
        os.chown(path, 12345, 12345)
    assert git_state() == (None, None)
    assert "dubious ownership" in no_revision()
    assert no_revision().count("\n") == 0


def test_without_git_there_is_no_revision(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state() == (None, None)
    assert no_revision() == "no revision is recorded: git is not installed"


def test_a_work_tree_of_its_own_is_a_checkout(repository, tmp_path, monkeypatch):
    tree = tmp_path / "tree"
    repository.git("worktree", "add", "-q", "-b", "feature", str(tree))
    monkeypatch.setattr(checkout, "PROJECT_ROOT", tree)
    assert git_state() == (repository.first, False)
    assert branch_of(repository.first) == "feature"


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("", None),
        ("\n\n  \n", None),
        ("Two lines\nof subject\n\nBody", "Two lines of subject"),
        ("\n\nLate\n \t\nBody", "Late"),
        ("A\x1b[31mred\x07 bell\ttab\r\n", "A [31mred bell tab"),
        ("umläut ✓ | , \"quoted\"", "umläut ✓ | , \"quoted\""),
        ("x" * 1000, "x" * 400),
    ],
)  # fmt: skip
def test_any_message_gives_one_printable_subject(repository, message, subject):
    commit = commit_of(repository.commit(message, GIT_COMMITTER_DATE="1700000000 -0330"))
    assert commit.subject == subject
    assert commit.committed_at == "2023-11-14T18:43:20-03:30"


def test_a_subject_in_another_encoding_is_read_in_it():
    latin = b"tree 0\ncommitter T <t> 1700000000 +0000\nencoding ISO-8859-1\n\n\xfcml\xe4ut"
    assert read_commit(latin).subject == "ümläut"
    assert read_commit(latin.replace(b"ISO-8859-1", b"no-such")).subject == "\ufffdml\ufffdut"
    assert read_commit(b"tree 0\ncommitter T <t> 99999999999999 +0000\n\nx").committed_at is None
    assert read_commit(b"").committed_at is None


def test_the_branch_is_that_of_the_run_never_the_word_head(repository, monkeypatch):
    repository.git("checkout", "-q", "-b", "topic/ümläut")
    assert branch_of(repository.first) == "topic/ümläut"
    repository.git("checkout", "-q", "--detach")
    assert branch_of(repository.first) is None
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    monkeypatch.setenv("GITHUB_REF_TYPE", "branch")
    monkeypatch.setenv("GITHUB_SHA", repository.first)
    assert branch_of(repository.first) == "main"
    monkeypatch.setenv("GITHUB_HEAD_REF", "feature")
    assert branch_of(repository.first) == "feature"
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    assert branch_of(repository.first) is None
    monkeypatch.setenv("GITHUB_SHA", repository.first)
    monkeypatch.setenv("GITHUB_HEAD_REF", "")
    monkeypatch.setenv("GITHUB_REF_TYPE", "tag")
    assert branch_of(repository.first) is None


def run_at(revision, number, branch, **changes):
    return row(number, metrics(), branch=branch) | {"revision": revision} | changes


def test_against_main_goes_by_ancestry_not_by_the_name_of_the_branch(repository):
    merged = repository.commit("Made on a branch, then merged by fast-forward")
    repository.git("checkout", "-q", "-b", "feature")
    target = repository.commit("On the branch")
    repository.git("checkout", "-q", "main")
    after = repository.commit("Main after the branch left it")
    repository.git("checkout", "-q", "--detach", target)
    shallow = "f" * 40
    runs = [
        run_at(repository.first, 1, None),
        run_at(merged, 2, "feature"),
        run_at(after, 3, "main"),
        run_at(shallow, 4, "main"),
        run_at("e" * 40, 5, "feature"),
        run_at(merged, 6, "main", dirty=True),
        run_at(target, 7, "main"),
    ]
    assert on_main_before(runs[-1], runs) == [0, 1, 3]
    assert on_main({repository.first, merged, after}, target) == {repository.first, merged}
    assert known({target, shallow}) == {target}
    repository.git("update-ref", "refs/remotes/origin/main", after)
    repository.git("branch", "-D", "main")
    assert on_main_before(runs[-1], runs) == [0, 1, 3]
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    assert on_main_before(runs[-1], runs) == [2, 3]


def on_main_before(target, runs):
    """Places of the runs on main, up to where the target left it."""
    accept = is_on_main(frozenset(run["revision"] for run in runs), target["revision"], False)
    return [place for place, run in enumerate(runs) if accept(SimpleNamespace(**run))]


@pytest.mark.parametrize("name", ["", "-x", "--all", "no-such", "a\0b", "HEAD^{tree}"])
def test_what_is_no_revision_is_none(repository, name):
    assert resolve_revision(name) is None
    assert resolve_revision("main") == repository.first


BROKEN = {
    "committed_at": ("'No signature'", "committed_at: 'No signature' is no date"),
    "finished_at": ("''", "finished_at: '' is no date"),
    "depth": ("'layout'", "depth: 'layout' is no depth"),
    "metrics": ("'{'", "Expecting property name"),
    "parameters": ("'[1]'", "parameters is [1], which is no object"),
    "tool_versions": ("'null'", "no tool_versions"),
    "clock_ns": ("'fast'", "clock_ns"),
    "seed": ("-1", "seed: "),
}


def broken_history(path, column):
    """A history of three rows, the second with a broken `column`; return its engine and the rows."""
    engine = open_history(str(path))
    rows = [row(number, metrics()) for number in range(3)]
    for run in rows:
        add_run(engine, run)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET {column} = {BROKEN[column][0]} WHERE id = 2")
    return engine, rows


@pytest.mark.parametrize("column", BROKEN)
def test_a_broken_row_is_passed_over_in_one_line_and_can_be_recorded_again(tmp_path, column, capsys):
    engine, rows = broken_history(tmp_path / "h.db", column)
    assert [run["id"] for run in all_runs(engine)] == [1, 3]
    (line,) = capsys.readouterr().err.splitlines()
    assert "run 2 of the history is passed over" in line
    assert BROKEN[column][1] in line
    assert not recorded(engine, rows[1]["configuration"], rows[1]["revision"])
    assert not add_run(engine, rows[0])
    assert add_run(engine, rows[1])
    assert len(all_runs(engine)) == 3


@pytest.mark.parametrize("words", [["list"], ["check"], ["dashboard", "--page"], ["export"]])
def test_no_command_stops_at_a_broken_row(tmp_path, words):
    broken_history(tmp_path / "h.db", "committed_at")
    target = {"dashboard": [tmp_path], "export": [tmp_path / "x.csv"]}.get(words[0], [])
    done = run_command("track.py", "--db", tmp_path / "h.db", *words, *target)
    assert_one_line(done, 0, "track.py: run 2 of the history is passed over", "'No signature' is no date")


@pytest.mark.parametrize(
    "wrong",
    [
        {"committed_at": "No signature"},
        {"finished_at": "0001-01-01T00:00:00+14:00"},
        {"subject": "\ud800"},
        {"seed": 2**70},
        {"design": None},
        {"dirty": "no"},
        {"metrics": {"cell_area_um2": "12"}},
    ],
)
def test_a_broken_row_is_not_stored(tmp_path, wrong):
    engine = open_history(str(tmp_path / "h.db"))
    with pytest.raises(UserError, match="a run cannot be recorded: "):
        add_run(engine, row(0, metrics()) | wrong)
    assert not all_runs(engine)
