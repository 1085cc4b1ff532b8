"""The smallest layout of a kernel that errs no more than the baseline: what beats both operators."""

from collections.abc import Sequence
from typing import Any

from flow.error_study.kernel_error import kernel_error
from flow.record.result import Result
from flow.reproduction.peers import against
from flow.reproduction.place import BASELINE, COMMON, at_place, baseline_error, is_kernel_at, variant_of

DEPTH = "gds"


def best_kernel(results: Sequence[Result]) -> dict[str, Any] | None:
    """Return the smallest kernel to GDS at the common settings whose error is not above the baseline's.

    Beside what `against` says: `design`, `variant` in words, `error` and `baseline_error`, relative L2 over
    the real data. None without a layout of the baseline, or where none is smaller.
    """
    baseline = at_place(results, BASELINE, {}).get(DEPTH)
    if baseline is None or baseline.metrics.cell_area_um2 is None:
        return None
    limit = baseline_error()
    as_exact = [
        (area_um2, result)
        for result in results
        if result.depth == DEPTH
        and is_kernel_at(result, COMMON)
        and (area_um2 := result.metrics.cell_area_um2) is not None
        and area_um2 < baseline.metrics.cell_area_um2
        and kernel_error(result.design, result.parameters) <= limit
    ]
    if not as_exact:
        return None
    _, best = min(as_exact, key=lambda entry: entry[0])
    return against(baseline, best) | {
        "design": best.design,
        "variant": variant_of(best),
        "error": kernel_error(best.design, best.parameters),
        "baseline_error": limit,
    }
