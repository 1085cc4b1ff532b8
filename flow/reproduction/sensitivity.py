"""What else moves the saving: seed, clock, utilization, when v enters, and how synthesis maps."""

from collections.abc import Sequence
from typing import Any

from flow.comparison.configuration import Configuration
from flow.comparison.kept_rows import first_seed
from flow.comparison.rows import Row
from flow.comparison.summary import describe
from flow.record.recipes import TIMING
from hdl.kernels.frame import WITH_KEY

FACTORS = ("seed", "clock", "utilization", "value timing", "synthesis")


def factor_of(configuration: Configuration) -> str | None:
    """Return the one thing in which `configuration` is unusual, None where there are more or none.

    Kernels at clocks of their own share no clock that could be varied, and another frame has a chart of its
    own: None.
    """
    if configuration.own_clock or configuration.frame:
        return None
    unusual = [
        name
        for name, differs in (
            ("clock", configuration.clock_ns is not None),
            ("utilization", configuration.utilization_percent is not None),
            ("value timing", configuration.value_timing != WITH_KEY),
            ("synthesis", configuration.synthesis != TIMING),
        )
        if differs
    ]
    return unusual[0] if len(unusual) == 1 else None


def netlists(row: Row) -> list[str]:
    """Return the hashes of the row's netlists."""
    return [result.sha256["netlist"] for results in row.results.values() for result in results]


def sensitivity(rows: Sequence[Row], kernels: Sequence[str]) -> list[dict[str, Any]]:
    """Return the varied rows by factor, each with its `reference`: the usual row of the same depth.

    Rows of the usual settings with several seeds have none. Left out are rows whose netlists are those of
    the reference: the mapper takes no notice of some clocks.
    """
    by_key = {(row.configuration, row.depth): row for row in rows}
    variations = []
    for row in rows:
        factor = factor_of(row.configuration)
        if factor is None and not (row.configuration.is_usual and row.seeds > 1):
            continue
        reference = by_key.get((row.configuration.usual, row.depth))
        if reference is None:
            continue
        if row.seeds == 1:
            reference = first_seed(reference)
        if row.depth == "synth" and row is not reference and netlists(row) == netlists(reference):
            continue
        variations.append(
            {
                "factor": factor or "seed",
                "seeds": row.seeds,
                "row": describe(row, kernels),
                "reference": None if row is reference else describe(reference, kernels),
            }
        )
    return sorted(variations, key=lambda variation: FACTORS.index(variation["factor"]))
