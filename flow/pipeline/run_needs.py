"""What a run asks a batch system for: what such a run took before, with a margin."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flow.common.errors import UserError
from flow.common.places import REPORTS_DIR
from flow.record.result import Result, identity_of, read_result, result_path
from flow.record.settings import Settings, find_design
from hdl.design import Design

# So many times what an earlier run took: another machine, a busier one, a design that grew.
SAFETY = 3
# Where no run like it is known.
DEFAULT_MEMORY_GB, DEFAULT_WALL_HOURS = 4, 24
# Below this a run's own processes do not fit.
MEMORY_MIN_GB = 2


@dataclass(frozen=True)
class Needs:
    """What one run, or another piece of work, asks for: cores, memory and wall time."""

    cores: int
    memory_gb: int = DEFAULT_MEMORY_GB
    wall_hours: int = DEFAULT_WALL_HOURS


def needs_of(settings: Settings, reports: Path = REPORTS_DIR) -> Needs:
    """Return what a run for `settings` asks for.

    Of the earlier runs on its PDK to its depth, below its build folder and among the kept ones of `reports`,
    the likest counts: the same run, else one of the same design, else any, of these the nearest in size. What
    a smaller run took is scaled up. Numbers are rounded up to powers of two, so that few kinds of jobs do.
    """
    size = size_of(settings.design, settings.parameters)
    likeness: list[tuple[bool, bool, float, float, Result]] = []
    for result in earlier_results(settings, reports):
        earlier_size = size_of_result(result)
        if earlier_size is not None:
            ratio = size / earlier_size
            distance = abs(math.log(ratio))
            same_run = identity_of(result) == settings.identity()
            likeness.append((not same_run, result.design != settings.design.name, distance, ratio, result))
    likeness.sort(key=lambda entry: entry[:3])
    wall_hours, memory_gb = DEFAULT_WALL_HOURS, DEFAULT_MEMORY_GB
    for _, _, _, ratio, result in likeness[:1]:
        wall_s = sum(result.step_runtimes_s.values()) * max(1.0, ratio) * SAFETY
        wall_hours = power_of_two(wall_s / 3600)
    # Older results do not know their memory.
    for _, _, _, ratio, result in [entry for entry in likeness if entry[-1].peak_memory_bytes][:1]:
        assert result.peak_memory_bytes is not None
        memory_bytes = result.peak_memory_bytes * max(1.0, ratio) * SAFETY
        memory_gb = max(MEMORY_MIN_GB, power_of_two(memory_bytes / 1e9))
    return Needs(settings.jobs, memory_gb, wall_hours)


def power_of_two(value: float) -> int:
    """Return the smallest power of two that is not below `value`, at least 1."""
    return 1 << max(0, math.ceil(math.log2(max(value, 1.0))))


def size_of(design: Design, parameters: dict[str, Any]) -> int:
    """Return how large a design is, as far as that is known before it is made: the bits of its ports."""
    return sum(design.port_widths(design.make_parameters(parameters)).values())


def size_of_result(result: Result) -> int | None:
    """Return the size of a result's design, None for one that is not there or has other parameters today."""
    try:
        return size_of(find_design(result.design), result.parameters)
    except (UserError, ValueError):
        return None


def earlier_results(settings: Settings, reports: Path) -> Iterator[Result]:
    """Yield the results of the settings' PDK and depth that lie where runs and reports keep them."""
    name = result_path(Path(), settings.depth).name
    for root in (settings.build_dir, reports / "results"):
        for path in sorted(root.glob(f"*/*/{name}")):
            result = kept_result(path, path.stat().st_mtime_ns)
            if result is not None and result.pdk == settings.pdk.name:
                yield result


@cache
def kept_result(path: Path, written_ns: int) -> Result | None:
    """Return the result in a file that was written at `written_ns`, None where it is none."""
    try:
        return read_result(path)
    except UserError:
        return None
