"""Published operators for attention: what their authors claim, beside what is measured of them here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flow.comparison import rows as figures
from flow.comparison.rows import PAPER_AREA_REDUCTION_PERCENT, PAPER_POWER_REDUCTION_PERCENT, Figure
from flow.comparison.summary import QUANTITIES, data, misses_clock
from flow.error_study.kernel_error import kernel_error
from flow.record.result import Result
from flow.record.results_store import kept_path
from flow.reproduction.place import BASELINE, at_place, deepest_common, parameters_of
from hdl.designs import kernels


@dataclass(frozen=True)
class Claim:
    """What a publication says of its operator, in its own frame; `mark` as in the report's list of marks."""

    name: str
    source: str
    claim: str
    mark: str


EXPMUL = Claim(
    "ExpMul",
    "arXiv 2505.14314",
    f"-{PAPER_AREA_REDUCTION_PERCENT} % area, -{PAPER_POWER_REDUCTION_PERCENT} % power, kernel, 28 nm, mean",
    "P",
)
FLASH_D = Claim(
    "FLASH-D",
    "arXiv 2505.14201",
    "-22.8 % area, -20.3 % power, kernel, 28 nm, mean over BF16 and FP8",
    "P",
)
H_FA = Claim(
    "H-FA",
    "arXiv 2511.00295",
    "-26.5 % area, -23.4 % power, kernel, 28 nm, mean, against floating point",
    "P",
)
VEXP = Claim(
    "VEXP",
    "arXiv 2504.11227",
    "1 % of a core's area; softmax 162.7x faster, 74.3x less energy than software",
    "P",
)
SOLE = Claim("SOLE", "arXiv 2510.17189", "softmax unit: 3.04x energy, 2.82x area efficiency", "P")
ITA = Claim("ITA", "arXiv 2307.03493", "softmax 3.3 % of its area; mean absolute error 0.46 %", "P")
AMLA = Claim("AMLA", "arXiv 2509.25224", "86.8 % utilisation of an Ascend 910", "P")
SOFTERMAX = Claim("Softermax", "arXiv 2103.09301", "softmax unit: 2.35x energy efficiency, 0.90x size", "P")


@dataclass(frozen=True)
class Peer:
    """A publication's operator as a kernel of this project.

    built   in words: what stands for it, with marks of what is not the source's own
    design  the kernel, with `given` parameters beside format and d
    arm     of the accuracy study, for random scores
    """

    claim: Claim
    built: str
    design: str
    arm: str
    given: Mapping[str, Any] = field(default_factory=dict)


PEERS = (
    Peer(EXPMUL, "`fa2_expmul` [R, C]", "fa2_expmul", "fa2_expmul"),
    Peer(
        FLASH_D,
        "`fa2_flashd`, ln of the sum carried, exact to a table [I]",
        "fa2_flashd",
        "fa2_flashd",
    ),
    Peer(FLASH_D, "`fa2_flashd_fixed`, its mean in fixed point [I]", "fa2_flashd_fixed", "fa2_flashd_fixed"),
    Peer(
        FLASH_D,
        "`fa2_mean`, that mean with no more width than the error asks for [I]",
        "fa2_mean",
        "fa2_mean_f8",
    ),
    Peer(
        H_FA,
        "`fa2_hfa`, `log_sum = inferred` (H0) [I]",
        "fa2_hfa",
        "fa2_hfa_inferred_f7",
        {"log_sum": "inferred"},
    ),
    Peer(H_FA, "`fa2_hfa`, `log_sum = sound` (H1) [I]", "fa2_hfa", "fa2_hfa_sound_f7"),
    Peer(H_FA, "the same with ten fraction bits [I]", "fa2_hfa", "fa2_hfa_sound_f10", {"fraction_bits": 10}),
    Peer(
        VEXP,
        "`fa2_baseline`, `exponential = vexp` [C2]",
        BASELINE,
        "fa2_baseline_vexp",
        {"exponential": "vexp"},
    ),
    Peer(SOLE, "its weights: `fa2_log2`, F = 0 [R]", "fa2_log2", "fa2_log2_f0", {"fraction_bits": 0}),
    Peer(
        SOLE,
        "the same with its division by two constants [R, C]",
        "fa2_log2",
        "fa2_log2_f0_constants",
        {"fraction_bits": 0, "division": "constants"},
    ),
    Peer(
        ITA,
        "its weights and sums: `fa2_log2_fixed`, F = 0 [C2]",
        "fa2_log2_fixed",
        "fa2_log2_fixed_f0",
        {"fraction_bits": 0},
    ),
    Peer(AMLA, "its rescale: `fa2_intmax` [P, R]", "fa2_intmax", "fa2_intmax"),
    Peer(
        SOFTERMAX,
        "its maximum and sums: `fa2_log2_fixed`, F = 3; the weight by a table [I]",
        "fa2_log2_fixed",
        "fa2_log2_fixed_f3",
    ),
)


def peer_rows(
    results: Sequence[Result], accuracy: dict[str, Any] | None, sigma: int, keys: int
) -> list[dict[str, Any]]:
    """Return a row for each peer whose kernel is there: claim, and what `results` and the study measured.

    Figures are of the deepest depth that both the peer and the baseline have: `depth`, None without one, and
    `result`, the file that area and power come from.
    `accuracy`'s errors on random scores are of `sigma` and `keys`.
    """
    random_errors, e4m3_errors = (
        errors_on_random_scores((accuracy or {}).get(part, ()), sigma, keys)
        for part in ("synthetic", "synthetic_e4m3")
    )
    baselines = at_place(results, BASELINE, {})
    rows = []
    for peer in PEERS:
        if peer.design not in kernels():
            continue
        measured = at_place(results, peer.design, peer.given)
        depth = deepest_common(baselines, measured)
        parameters = dict(parameters_of(peer.design, peer.given).items)
        row: dict[str, Any] = {
            "claim": peer.claim,
            "built": peer.built,
            "depth": depth,
            "error": kernel_error(peer.design, parameters),
            "random_error": random_errors.get(peer.arm),
            "e4m3_error": e4m3_errors.get(peer.arm),
            "result": None,
            "misses_clock": False,
        }
        if depth is not None:
            row |= against(baselines[depth], measured[depth])
        rows.append(row)
    return rows


def errors_on_random_scores(
    rows: Sequence[Mapping[str, Any]], sigma: int, keys: int
) -> Mapping[str, Mapping[str, float]]:
    """Return each arm's error in the study's row of `sigma` and `keys`; nothing where there is none."""
    errors: Mapping[str, Mapping[str, float]] = next(
        (row["errors"] for row in rows if (row["sigma"], row["keys"]) == (sigma, keys)), {}
    )
    return errors


def against(baseline: Result, measured: Result) -> dict[str, Any]:
    """Return a path, area and power, what they save of the baseline, and whether the clock is missed."""
    described: dict[str, Any] = {
        "result": str(kept_path(Path(), measured.design, measured.job, measured.depth)),
        "misses_clock": misses_clock(measured),
    }
    for name in ("area_um2", "power_timed_w"):
        ours, theirs = (figures.figure([result], QUANTITIES[name]) for result in (measured, baseline))
        described[name] = data(ours)
        described[f"{name}_reduction"] = data(reduction(theirs, ours))
    return described


def reduction(baseline: Figure | None, measured: Figure | None) -> Any:
    """Return what one figure saves of the other; None where one is missing or they are the same."""
    return None if measured == baseline else figures.reduction(baseline, measured, 1)
