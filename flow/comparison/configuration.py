"""What a comparison runs: every kernel in every configuration, once per seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from flow.common.decimals import shortest
from flow.record.recipes import TIMING
from flow.record.settings import Settings, make_settings
from hdl.kernels.frame import WITH_KEY
from hdl.kernels.frame_choices import FA2_CHOICES

OWN: Literal["own"] = "own"
# What a row is clocked with: a period in ns, None for the PDK's, OWN for each kernel's own (`own_clock.py`).
Clock = float | Literal["own"] | None
# The frame's choices that are not the defaults: name and word.
Frame = tuple[tuple[str, str], ...]


def frame_of(given: Mapping[str, Any]) -> Frame:
    """Return the frame's choices among `given` parameters, but for the defaults.

    Raises ValueError for a word that a choice does not have.
    """
    words = [(choice, choice.word(given[choice.name])) for choice in FA2_CHOICES if choice.name in given]
    return tuple((choice.name, word) for choice, word in words if not choice.is_implied(word))


@dataclass(frozen=True)
class Configuration:
    """What the kernels of one row have in common. Clock and utilization None: the PDK's own.

    With `own_clock` the kernels share no clock: each has its own. `frame` holds the choices of the frame that
    are not the defaults, name and word, in the order of FA2_CHOICES; `synthesis` is the netlist's
    recipe.
    """

    pdk: str
    format: str
    d: int
    value_timing: str
    clock_ns: float | None = None
    utilization_percent: float | None = None
    own_clock: bool = False
    frame: Frame = ()
    synthesis: str = TIMING

    @property
    def usual(self) -> "Configuration":
        """The same with the default clock, utilization, value timing, frame and recipe."""
        return Configuration(self.pdk, self.format, self.d, WITH_KEY)

    @property
    def is_usual(self) -> bool:
        """Whether clock, utilization, value timing, frame and recipe are the defaults."""
        return self == self.usual

    @property
    def usual_utilization(self) -> "Configuration":
        """The same at the PDK's utilization."""
        return replace(self, utilization_percent=None)

    @property
    def usual_clock(self) -> "Configuration":
        """The same at the PDK's clock."""
        return replace(self, clock_ns=None, own_clock=False)

    @property
    def title(self) -> str:
        """Name of the row."""
        late = "" if self.value_timing == WITH_KEY else f", v {self.value_timing.replace('_', ' ')}"
        clock = ", own clock" if self.own_clock else ""
        if self.clock_ns is not None:
            clock = f", {shortest(self.clock_ns)} ns"
        filled = (
            "" if self.utilization_percent is None else f", {shortest(self.utilization_percent)} % filled"
        )
        recipe = "" if self.synthesis == TIMING else f", {self.synthesis} synthesis"
        frame = "".join(f", {name} {word}".replace("_", " ") for name, word in self.frame)
        return f"{self.pdk}, {self.format.upper()}, d = {self.d}{late}{frame}{clock}{filled}{recipe}"

    def settings(self, kernel: str, seed: int, depth: str, build_dir: Path, threads: int = 1) -> Settings:
        """Return the settings of one run; raises UserError for what cannot be built.

        With `own_clock` it takes `own_clock.with_clock` first.
        """
        given = {"format": self.format, "d": self.d, "value_timing": self.value_timing, **dict(self.frame)}
        return make_settings(
            kernel,
            given,
            self.pdk,
            self.clock_ns,
            depth=depth,
            build_dir=build_dir,
            jobs=threads,
            seed=seed,
            utilization_percent=self.utilization_percent,
            synthesis=self.synthesis,
        )


def configurations(
    pdks: Sequence[str],
    formats: Sequence[str],
    dims: Sequence[int],
    value_timings: Sequence[str],
    clocks: Sequence[Clock] = (None,),
    utilizations_percent: Sequence[float | None] = (None,),
    frame: Frame = (),
    recipes: Sequence[str] = (TIMING,),
) -> list[Configuration]:
    """Return all combinations, in the order in which the tables list them."""
    return [
        Configuration(
            pdk,
            fmt,
            d,
            timing,
            None if clock == OWN else clock,
            utilization_percent,
            clock == OWN,
            frame,
            recipe,
        )
        for recipe in recipes
        for utilization_percent in utilizations_percent
        for clock in clocks
        for timing in value_timings
        for pdk in pdks
        for fmt in formats
        for d in dims
    ]
