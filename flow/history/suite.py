"""A suite: a TOML list of runs. `design` and `pdk` may be lists, for every combination."""

import tomllib
from pathlib import Path
from typing import Any

from flow.common.errors import UserError
from flow.common.places import PROJECT_ROOT
from flow.record.recipes import TIMING
from flow.record.settings import Settings, make_settings, nearest
from hdl.known_names import nearest_of

SUITES_DIR = PROJECT_ROOT / "flow" / "history" / "suites"
KEYS = {
    "design",
    "parameters",
    "pdk",
    "to",
    "clock_ns",
    "seed",
    "utilization_percent",
    "corners",
    "synthesis",
    "padding_sites",
}


def suite_path(name: str) -> Path:
    """Return the file of a suite: one of this project's by its name, or a path."""
    known = {path.stem: path for path in sorted(SUITES_DIR.glob("*.toml"))}
    if name in known:
        return known[name]
    if not Path(name).is_file():
        raise UserError(f"no suite '{name}', nor a TOML file: {nearest_of(name, known)}")
    return Path(name)


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, anything else as a list of itself."""
    return value if isinstance(value, list) else [value]


def read_suite(name: str, build_dir: Path, jobs: int) -> list[Settings]:
    """Return the runs of a suite, all checked; raises UserError that names the file and the entry."""
    path = suite_path(name)
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["run"]
    except (OSError, UnicodeDecodeError, ValueError, KeyError) as error:
        raise UserError(f"{path} is not a suite: {error}") from None
    runs: list[Settings] = []
    known: dict[tuple[Path, str], int] = {}
    for number, entry in enumerate(as_list(entries), 1):
        try:
            of_entry = entry_settings(entry, build_dir, jobs)
        except UserError as error:
            raise UserError(f"{path}, run {number}: {error}") from None
        for settings in of_entry:
            before = known.setdefault((settings.folder, settings.depth), number)
            if len(known) == len(runs):
                raise UserError(
                    f"{path}, run {number}: {settings.design.name} {settings.job} to {settings.depth} "
                    f"is in run {before} already"
                )
            runs.append(settings)
    if not runs:
        raise UserError(f"{path} has no runs")
    return runs


def entry_settings(entry: Any, build_dir: Path, jobs: int) -> list[Settings]:
    """Return the runs of one entry."""
    if not isinstance(entry, dict) or "design" not in entry:
        raise UserError("an entry needs a design")
    unknown = sorted(set(entry) - KEYS)
    if unknown:
        raise nearest("key", unknown[0], sorted(KEYS))
    return [
        make_settings(
            design,
            entry.get("parameters", {}),
            pdk,
            entry.get("clock_ns"),
            depth=entry.get("to", "gds"),
            build_dir=build_dir,
            jobs=jobs,
            seed=entry.get("seed", 0),
            utilization_percent=entry.get("utilization_percent"),
            optimised_corners=entry.get("corners", "typical"),
            synthesis=entry.get("synthesis", TIMING),
            padding_sites=entry.get("padding_sites"),
        )
        for design in as_list(entry["design"])
        for pdk in as_list(entry.get("pdk"))
    ]
