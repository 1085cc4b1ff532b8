"""The digest that tells a step whether what it is made of has changed."""

import pytest

from flow.record import source_digest as sources
from flow.record.source_digest import sources_sha256


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PROJECT_ROOT", tmp_path)
    for name in ("hdl/a.py", "hdl/models/b.py", "flow/c.cpp", "flow/data.npy", "flow/README.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["hdl/a.py", "hdl/models/b.py", "flow/c.cpp", "flow/data.npy"])
def test_a_change_of_code_or_data_changes_the_digest(tree, name):
    before = sources_sha256("hdl", "flow")
    (tree / name).write_text("other", encoding="utf-8")
    assert sources_sha256("hdl", "flow") != before


def test_a_file_of_another_name_is_another_source(tree):
    before = sources_sha256("hdl")
    (tree / "hdl" / "a.py").rename(tree / "hdl" / "c.py")
    assert sources_sha256("hdl") != before


def test_a_readme_and_what_is_left_out_change_nothing(tree):
    before = sources_sha256("hdl", "flow/c.cpp", without=["hdl/models"])
    (tree / "flow" / "README.md").write_text("other", encoding="utf-8")
    (tree / "hdl" / "models" / "b.py").write_text("other", encoding="utf-8")
    assert sources_sha256("hdl", "flow/c.cpp", without=["hdl/models"]) == before
