"""Mutation: the sample is drawn fairly, a mutant that no test notices is told from one that a test does."""

from pathlib import Path

import pytest
from mutate import ROOT, TESTS, Verdict, arguments_of, judge, mutations, sample, table

CIRCUITS = [
    str(path.relative_to(ROOT))
    for folder in ("units", "operators", "kernels")
    for path in sorted((ROOT / "hdl" / folder).rglob("*.py"))
    if path.name != "__init__.py" and not path.stem.endswith("_constants")
]

TOY = """
def middle(low, high):
    value = (low + high) // 2
    return value
"""


def described(specs):
    return [(str(spec.module_path), spec.start_pos, spec.operator_name, spec.occurrence) for spec in specs]


def test_every_file_of_circuits_has_tests_that_exist():
    assert [path for path in CIRCUITS if path not in TESTS] == []
    assert [file for choices in TESTS.values() for file, _ in choices if not (ROOT / file).is_file()] == []


def test_a_sample_is_of_different_places_and_begins_with_the_smaller_one_of_the_same_seed():
    paths = ["hdl/units/arithmetic/normalise.py", "hdl/units/registers.py"]
    drawn = described(sample(ROOT, paths, 12, seed=3))
    assert drawn[:5] == described(sample(ROOT, paths, 5, seed=3))
    assert drawn != described(sample(ROOT, paths, 12, seed=4))
    assert len({(path, place) for path, place, _, _ in drawn}) == 12


def test_what_no_circuit_is_made_of_is_not_mutated(tmp_path):
    (tmp_path / "toy.py").write_text(
        "@unit\ndef f(a, *, b):\n    s = Signal(intbv(0)[3:])\n", encoding="utf-8"
    )
    assert list(mutations(tmp_path, "toy.py")) == [(2, 9), (3, 24)]
    assert [spec.start_pos for spec in sample(tmp_path, ["toy.py"], 9, seed=1)] == [(3, 24)]


@pytest.mark.parametrize(
    ("assertion", "survived"), [("middle(2, 4) == 3", False), ("middle(0, 0) == 0", True), ("False", False)]
)
def test_a_mutant_survives_where_no_test_notices(assertion, survived, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOY, encoding="utf-8")
    Path("test_toy.py").write_text(
        f"from toy import middle\ndef test_middle(): assert {assertion}\n", encoding="utf-8"
    )
    specs = [
        spec
        for place in mutations(tmp_path, "toy.py").values()
        for spec in place
        if spec.operator_name == "core/ReplaceBinaryOperator_Add_Sub"
    ]
    verdict = judge(specs[0], arguments_of([("test_toy.py", "")]), tmp_path / "output.txt", 240)
    changed = "value = (low + high) // 2 -> value = (low - high) // 2"
    assert verdict == Verdict("toy.py", 3, survived, changed)
    # By the test's own verdict, not because time was up.
    assert f"1 {'passed' if survived else 'failed'}" in (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert Path("toy.py").read_text(encoding="utf-8") == TOY


def test_a_test_that_never_ends_kills_its_mutant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOY, encoding="utf-8")
    Path("test_toy.py").write_text("import time\ndef test_middle(): time.sleep(1000)\n", encoding="utf-8")
    spec = sample(tmp_path, ["toy.py"], 1, seed=1)[0]
    assert not judge(spec, arguments_of([("test_toy.py", "")]), tmp_path / "output.txt", 3).survived


def test_the_table_has_a_row_for_each_file_and_names_the_survivors():
    verdicts = [
        Verdict("a.py", 3, False, "x -> y"),
        Verdict("a.py", 4, True, "1 -> 2"),
        Verdict("b.py", 1, False, ""),
    ]
    assert table(verdicts).splitlines() == [
        "| file | mutants | killed | score |",
        "| --- | ---: | ---: | ---: |",
        "| a.py | 2 | 1 | 50% |",
        "| b.py | 1 | 1 | 100% |",
        "| all | 3 | 2 | 67% |",
        "",
        "Survivors:",
        "",
        "- a.py:4: `1 -> 2`",
    ]
