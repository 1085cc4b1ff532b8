"""`--drc-deck`: a deck of two rules, run by the KLayout program on drawn shapes."""

import subprocess

import pytest
from flow_command import run_flow
from klayout import db, rdb
from needs import skip_without

from flow.common.errors import UserError
from flow.record.result import Checks
from flow.record.settings import make_settings
from flow.signoff.deck_check import check_deck
from flow.tools.klayout_program import find_klayout

DECK = """
source($in_gds, $topcell)
report("two rules", $report_file)
metal = input(1, 0)
metal.width(0.1.um).output("M.W", "metal narrower than 0.1 um")
metal.space(0.1.um).output("M.S", "metal closer than 0.1 um")
"""


@pytest.fixture(scope="module")
def program():
    try:
        program = find_klayout()
    except UserError:
        skip_without("klayout")
    # Its libraries may lack one of the system's own.
    version = subprocess.run([program.path, "-v"], env=program.environment, capture_output=True)
    if version.returncode:
        skip_without("klayout")
    return program


@pytest.fixture
def check(program, tmp_path):
    """Run a deck on boxes, (left, bottom, right, top) in um."""

    def checked(*boxes_um, deck=DECK):
        layout = db.Layout()
        layout.dbu = 0.001
        shapes = layout.create_cell("top").shapes(layout.layer(1, 0))
        for box_um in boxes_um:
            shapes.insert(db.DBox(*box_um))
        layout.write(str(tmp_path / "top.gds"))
        (tmp_path / "rules.drc").write_text(deck, encoding="utf-8")
        return check_deck(
            program, tmp_path / "rules.drc", tmp_path / "top.gds", "top", tmp_path / "top.deck.lyrdb"
        )

    return checked


def test_a_layout_that_keeps_the_decks_rules_passes(check):
    verdict = check((0, 0, 5, 0.1), (0, 0.2, 5, 0.3))
    assert (verdict.status, verdict.figures) == ("pass", {"rules": 2})


def test_broken_rules_are_counted_and_their_places_kept(check, tmp_path):
    narrow, close = [(0, 0, 5, 0.08), (0, 1, 5, 1.08)], [(0, 2, 5, 3), (0, 3.05, 5, 4)]
    verdict = check(*narrow, *close)
    assert verdict.status == "fail"
    assert verdict.figures == {"rules": 2, "M.W": 2, "M.S": 1, "differences": 2}
    assert "M.W (metal narrower than 0.1 um) is broken 2 x" in verdict.detail
    markers = rdb.ReportDatabase("markers")
    markers.load(str(tmp_path / "top.deck.lyrdb"))
    assert markers.num_items() == 3


@pytest.mark.parametrize(
    "deck, cause",
    [
        (DECK + "no_such_check", "no_such_check"),
        ("source($in_gds)\n", "report"),
        ('source($in_gds)\nreport("none", $report_file)\n', "no rule"),
    ],
    ids=["does not run", "without a report", "without a rule"],
)
def test_a_deck_that_says_nothing_fails_in_one_line(check, tmp_path, deck, cause):
    verdict = check((0, 0, 5, 1), deck=deck)
    assert verdict.status == "fail"
    assert cause in verdict.detail and "\n" not in verdict.detail
    rdb.ReportDatabase("markers").load(str(tmp_path / "top.deck.lyrdb"))


def test_a_deck_that_cannot_be_run_is_the_users_mistake(tmp_path):
    deck = tmp_path / "rules.drc"
    other = tmp_path / "rules.txt"
    for words, line in (
        (("--drc-deck", deck), f"--drc-deck {deck}: No such file or directory"),
        (("--drc-deck", other), f"--drc-deck {other}: KLayout takes .drc and .lydrc"),
        (("--drc-deck", deck, "--to", "synth"), "--drc-deck checks the GDS: a run to synth has none"),
    ):
        done = run_flow("--design", "expmul", *map(str, words), out=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"run.py: error: {line}\n")


def test_a_deck_changes_no_layout_and_is_told_only_where_it_was_asked_for(tmp_path):
    deck = tmp_path / "rules.drc"
    deck.write_text(DECK, encoding="utf-8")
    without, by_deck = make_settings("expmul", {}), make_settings("expmul", {}, drc_deck=deck)
    assert (by_deck.identity(), by_deck.folder) == (without.identity(), without.folder)
    assert (without.requested_checks, by_deck.requested_checks) == ({}, {"foundry_deck": "check.deck"})
    assert "foundry_deck" not in Checks().named()
