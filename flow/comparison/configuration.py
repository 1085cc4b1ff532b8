"""What a comparison runs: every kernel in every configuration, once per seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flow.settings import Settings, make_settings


@dataclass(frozen=True, order=True)
class Configuration:
    """What the kernels of one row have in common. `clock_ns` None: the PDK's own."""

    pdk: str
    format: str
    d: int
    value_timing: str
    clock_ns: float | None = None

    @property
    def title(self) -> str:
        """Name of the row."""
        late = "" if self.value_timing == "with_key" else f", v {self.value_timing.replace('_', ' ')}"
        return f"{self.pdk}, {self.format.upper()}, d = {self.d}{late}"

    def settings(self, kernel: str, seed: int, depth: str, build_dir: Path, jobs: int) -> Settings:
        """Return the settings of one run; raises UserError for what cannot be built."""
        given = {"format": self.format, "d": self.d, "value_timing": self.value_timing}
        return make_settings(
            kernel, given, self.pdk, self.clock_ns, depth=depth, build_dir=build_dir, jobs=jobs, seed=seed
        )


def configurations(
    pdks: Iterable[str],
    formats: Iterable[str],
    dims: Iterable[int],
    value_timings: Iterable[str],
    clock_ns: float | None,
) -> list[Configuration]:
    """Return all combinations, in the order in which the tables list them."""
    timings = list(value_timings)
    return [
        Configuration(pdk, fmt, d, timing, clock_ns)
        for timing in timings
        for pdk in pdks
        for fmt in formats
        for d in dims
    ]
