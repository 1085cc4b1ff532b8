"""What a run is asked to do, checked before anything starts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from flow.common.decimals import shortest
from flow.common.errors import UserError
from flow.record.constraints import CLOCK_PORT
from flow.record.depths import DECK_STEPS, DEPTHS, FULL_SIGNOFF_STEPS, reaches
from flow.record.recipes import RECIPES, TIMING
from flow.record.result import OptimisedCorners, unusual
from hdl import designs
from hdl.design import Design
from hdl.formats import parse_format
from hdl.known_names import unknown_name
from hdl.outside import one_line
from hdl.parameters import Parameters
from pdk_configs.corners import corners_of
from pdk_configs.pdk import Pdk, load_pdk, pdk_names

DEFAULT_PDK = "nangate45"
FALLBACK_PDK = "osu018"  # where the default's data cannot be had
CLOCK_MIN_NS, CLOCK_MAX_NS = 0.01, 1000.0
DECK_SUFFIXES = (".drc", ".lydrc")
BASIC, FULL = "basic", "full"
SIGNOFFS = (BASIC, FULL)
SEED_MAX = 2**31 - 1
UTILIZATION_MIN_PERCENT, UTILIZATION_MAX_PERCENT = 5.0, 85.0
PADDING_MAX_SITES = 8
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Settings:
    """One run: a design with all its parameters on a PDK at a clock period, to a depth.

    `parameters` holds the parameters of the design by name, the format as its name, without those that go
    without saying (`hdl.parameters.Choice`). The same settings have the same `folder`.
    `seed` other than 0 scrambles the names inside the groups before synthesis: the same circuit, mapped
    and placed another way. `target_utilization_percent` is the share of the core that the synthesised cells
    fill, `target_padding_sites` the free sites that the placement keeps at each side of a cell; None: the
    PDK's. At `optimised_corners`, the typical one or all, the layout is to meet its clock.
    `synthesis` is the recipe by which synthesis maps (`flow.record.recipes`).
    `drc_deck` is a foundry's deck for the GDS; `signoff` full adds the checks at transistor level to the
    basic ones. They change no layout.
    """

    design: Design
    parameters: dict[str, Any]
    pdk: Pdk
    clock_ns: float
    depth: str
    job: str
    build_dir: Path
    jobs: int
    seed: int = 0
    target_utilization_percent: float | None = None
    optimised_corners: OptimisedCorners = "typical"
    synthesis: str = TIMING
    target_padding_sites: int | None = None
    drc_deck: Path | None = None
    signoff: str = BASIC

    @property
    def requested_checks(self) -> dict[str, str]:
        """The steps of the checks that this run makes because it is asked to, by the checks' names."""
        by_deck = {} if self.drc_deck is None else DECK_STEPS
        return by_deck | (FULL_SIGNOFF_STEPS if self.signoff == FULL else {})

    @property
    def utilization_percent(self) -> float:
        """Share of the core that the synthesised cells fill."""
        return self.target_utilization_percent or self.pdk.utilization_percent

    @property
    def padding_sites(self) -> int:
        """Free sites that the placement keeps at each side of a cell."""
        if self.target_padding_sites is None:
            return self.pdk.cell_padding_sites
        return self.target_padding_sites

    @property
    def placement_density(self) -> float:
        """Target density of the global placement: as far above the utilization as the PDK has it."""
        return self.pdk.placement_density + (self.utilization_percent - self.pdk.utilization_percent) / 100

    @property
    def folder(self) -> Path:
        """Folder of the run: `<build_dir>/<design>/<job>`."""
        return self.build_dir / self.design.name / self.job

    def identity(self) -> dict[str, Any]:
        """Return what tells this run's layout from another's: the depth and the job are not part."""
        return {
            "design": self.design.name,
            "parameters": self.parameters,
            "pdk": self.pdk.name,
            "clock_ns": self.clock_ns,
            "seed": self.seed,
        } | unusual(self)


def nearest(kind: str, name: str, known: Iterable[str], former: Mapping[str, str] | None = None) -> UserError:
    """Return the error for a name that is not known: with the nearest one, or with today's of `former`."""
    return UserError(unknown_name(kind, name, known, former))


def find_design(spec: str) -> Design:
    """Return the design called `spec`, or that of `path/to/file.py:NAME`; raises UserError."""
    try:
        return designs.find_design(spec)
    except ValueError as error:
        raise UserError(str(error)) from None


def find_pdk(name: str) -> Pdk:
    """Return the PDK called `name`; raises UserError with the nearest name."""
    try:
        return load_pdk(name)
    except KeyError:
        raise nearest("PDK", name, pdk_names()) from None


def is_format(name: str) -> bool:
    """Whether a format has that name."""
    try:
        parse_format(name)
    except ValueError:
        return False
    return True


def check_format(name: str) -> None:
    """Raise UserError, with the nearest name, unless `name` is a format."""
    try:
        parse_format(name)
    except ValueError as error:
        if re.fullmatch(r"e[0-9]+m[0-9]+", name):
            raise UserError(str(error)) from None
        plain = re.sub(r"\s", "", name).lower()
        if plain != name and is_format(plain):
            raise UserError(f"unknown format '{name}': did you mean '{plain}'?") from None
        raise nearest("format", name, ("bf16", "e4m3", "e5m2", "e<exponent bits>m<mantissa bits>")) from None


def check_types(
    design_name: Any,
    given: Any,
    pdk_name: Any,
    clock_ns: Any,
    depth: Any,
    seed: Any,
    utilization_percent: Any,
    corners: Any,
    synthesis: Any,
    padding_sites: Any,
) -> None:
    """Raise UserError where a setting, which may come from a file, is of another kind than it has to be."""
    number = (int, float, type(None))
    if not isinstance(given, Mapping):
        raise UserError(f"parameters {given!r}: they must be names with values")
    for name, value, kinds, kind in (
        ("design", design_name, (str,), "a name"),
        ("pdk", pdk_name, (str, type(None)), "a name"),
        ("format", given.get("format", ""), (str,), "a name"),
        ("to", depth, (str,), "a name"),
        ("synthesis", synthesis, (str,), "a name"),
        ("padding", padding_sites, (int, type(None)), "a whole number"),
        ("clock", clock_ns, number, "a number"),
        ("utilization", utilization_percent, number, "a number"),
        ("seed", seed, (int,), "a whole number"),
        ("corners", corners, (str,), "a name"),
    ):
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise UserError(f"{name} {value!r}: it must be {kind}")


def as_float(name: str, value: float) -> float:
    """Return a number as a float: 5 and 5.0 are one clock; raises UserError for one that has no float."""
    try:
        return float(value)
    except OverflowError:
        raise UserError(f"{name}: a number of more than 300 digits") from None


def checked_parameters(design: Design, given: Mapping[str, Any]) -> Parameters:
    """Return the design's parameters with `given` in them; raises UserError for what may not be."""
    try:
        return design.make_parameters(given)
    except ValueError as error:
        raise UserError(str(error)) from None
    except Exception as error:
        if design.name not in designs.ORIGINS:
            raise
        label = designs.ORIGINS[design.name].label
        raise UserError(f"{label}: its parameters cannot be had: {one_line(error)}") from None


def make_settings(
    design_name: str,
    given: Mapping[str, Any],
    pdk_name: str | None = None,
    clock_ns: float | None = None,
    depth: str = "gds",
    job: str | None = None,
    build_dir: Path = Path("build"),
    jobs: int = 1,
    seed: int = 0,
    utilization_percent: float | None = None,
    optimised_corners: str = "typical",
    synthesis: str = TIMING,
    padding_sites: int | None = None,
    drc_deck: Path | None = None,
    signoff: str = BASIC,
) -> Settings:
    """Check a run's settings and fill in the defaults.

    `given` holds the design's parameters that were asked for, the format as its name. Raises
    UserError for an unknown name, a value out of range or a job name that is no file name.
    """
    check_types(
        design_name,
        given,
        pdk_name,
        clock_ns,
        depth,
        seed,
        utilization_percent,
        optimised_corners,
        synthesis,
        padding_sites,
    )
    design = find_design(design_name)
    pdk = find_pdk(pdk_name or DEFAULT_PDK)
    if "format" in given:
        check_format(given["format"])
    parameters = checked_parameters(design, given)
    values = design.said_parameters(parameters)
    clock_ns = pdk.default_clock_ns if clock_ns is None else as_float("clock", clock_ns)
    if utilization_percent is not None:
        utilization_percent = as_float("utilization", utilization_percent)
    if not CLOCK_MIN_NS <= clock_ns <= CLOCK_MAX_NS:
        raise UserError(
            f"clock period of {shortest(clock_ns)} ns: it must be {CLOCK_MIN_NS:g} to {CLOCK_MAX_NS:g}"
        )
    if depth not in DEPTHS:
        raise nearest("depth", depth, DEPTHS)
    if reaches(depth, "place") and CLOCK_PORT not in design.top.directions:
        raise UserError(
            f"design {design.name} has no port {CLOCK_PORT}, the clock of a layout: take --to synth"
        )
    if synthesis not in RECIPES:
        raise nearest("synthesis recipe", synthesis, RECIPES)
    if jobs < 1:
        raise UserError(f"--jobs {jobs}: at least 1")
    if not 0 <= seed <= SEED_MAX:
        raise UserError(f"--seed {seed}: it must be 0 to {SEED_MAX}")
    if utilization_percent == pdk.utilization_percent:
        utilization_percent = None
    if utilization_percent is not None and not (
        UTILIZATION_MIN_PERCENT <= utilization_percent <= UTILIZATION_MAX_PERCENT
    ):
        raise UserError(
            f"--utilization {shortest(utilization_percent)}: it must be {UTILIZATION_MIN_PERCENT:g} "
            f"to {UTILIZATION_MAX_PERCENT:g} percent"
        )
    if padding_sites == pdk.cell_padding_sites:
        padding_sites = None
    if padding_sites is not None and not 0 <= padding_sites <= PADDING_MAX_SITES:
        raise UserError(f"--padding {padding_sites}: it must be 0 to {PADDING_MAX_SITES} sites")
    corner_choice = check_corners(optimised_corners, pdk)
    if job is None:
        job = default_job(
            pdk, design, values, clock_ns, seed, utilization_percent, corner_choice, synthesis, padding_sites
        )
    if not JOB_NAME.fullmatch(job):
        raise UserError(f"job name '{job}': letters, digits and underscores only")
    return Settings(
        design=design,
        parameters=values,
        pdk=pdk,
        clock_ns=clock_ns,
        depth=depth,
        job=job,
        build_dir=build_dir.resolve(),
        jobs=jobs,
        seed=seed,
        target_utilization_percent=utilization_percent,
        optimised_corners=corner_choice,
        synthesis=synthesis,
        target_padding_sites=padding_sites,
        drc_deck=None if drc_deck is None else check_deck_file(drc_deck, depth),
        signoff=check_signoff(signoff, depth),
    )


def check_signoff(asked: str, depth: str) -> str:
    """Return how much is checked; raises UserError for an unknown word, and for a run that has no GDS."""
    if asked not in SIGNOFFS:
        raise nearest("sign-off", asked, SIGNOFFS)
    if asked == FULL and depth != "gds":
        raise UserError(f"--signoff {FULL} checks the GDS: a run to {depth} has none")
    return asked


def check_deck_file(path: Path, depth: str) -> Path:
    """Return the whole path of a deck; raises UserError for what KLayout cannot run on this run's layout."""
    if depth != "gds":
        raise UserError(f"--drc-deck checks the GDS: a run to {depth} has none")
    if path.suffix not in DECK_SUFFIXES:
        raise UserError(f"--drc-deck {path}: KLayout takes {' and '.join(DECK_SUFFIXES)}")
    try:
        path.open("rb").close()
    except OSError as error:
        raise UserError(f"--drc-deck {path}: {error.strerror}") from None
    return path.resolve()


def check_corners(asked: str, pdk: Pdk) -> OptimisedCorners:
    """Return the corners to optimise for; raises UserError for an unknown word and a PDK without others."""
    for choice in get_args(OptimisedCorners):
        if choice == asked:
            if asked == "all" and len(corners_of(pdk)) == 1:
                raise UserError(f"--corners all: {pdk.name} has the {pdk.corner} corner alone")
            return cast(OptimisedCorners, choice)
    raise nearest("corners", asked, get_args(OptimisedCorners))


def default_job(
    pdk: Pdk,
    design: Design,
    parameters: Mapping[str, Any],
    clock_ns: float,
    seed: int,
    target_utilization_percent: float | None,
    optimised_corners: OptimisedCorners = "typical",
    synthesis: str = TIMING,
    target_padding_sites: int | None = None,
) -> str:
    """Return a job name that the same settings always get.

    Seed 0, the PDK's utilization and padding, the typical corner and the recipe `timing` are left out.
    A parameter that may go without saying has its name in it where it is said.
    """
    choices = {parameter.name for parameter in design.parameters if parameter.may_be_implied}
    words = [pdk.name]
    for name, value in parameters.items():
        if name in choices:
            words.append(f"{name}_{value}")
        elif isinstance(value, str):
            words.append(value)
        else:
            words.append(f"{name.split('_')[0]}{value}".replace("-", "n"))
    words.append(f"{shortest(clock_ns)}ns".replace(".", "p"))
    if target_utilization_percent is not None:
        words.append(f"util{shortest(target_utilization_percent)}".replace(".", "p"))
    if target_padding_sites is not None:
        words.append(f"pad{target_padding_sites}")
    if optimised_corners != "typical":
        words.append(f"{optimised_corners}corners")
    if synthesis != TIMING:
        words.append(synthesis)
    if seed:
        words.append(f"seed{seed}")
    return "_".join(words)
