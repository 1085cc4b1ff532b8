"""Step `check.deck`, on request: a foundry's deck of design rules on the GDS."""

from pathlib import Path

from flow.pipeline.steps.own_task import Parameter
from flow.pipeline.steps.verdict_task import VerdictTask
from flow.record.result import Check
from flow.signoff.deck_check import check_deck
from flow.tools.klayout_program import find_klayout

DECK = Parameter("drc_deck", "str", "path of the deck")
DECK_SHA256 = Parameter("drc_deck_sha256", "str", "hash of the deck: another one is checked anew")


class CheckDeckTask(VerdictTask):
    """Judges what `write.gds` left by the deck, and keeps the deck's own report database."""

    TASK = "check_deck"
    PARAMETERS = (DECK, DECK_SHA256)
    INPUT_ENDINGS = ("gds",)
    OUTPUT_ENDINGS = ("lyrdb",)

    def verdict(self) -> Check:
        """Check."""
        return check_deck(
            find_klayout(),
            Path(self.value(DECK)),
            self.input_path("gds"),
            self.design_topmodule,
            self.output_path("lyrdb"),
        )
