"""The parts of the study, measured arm by arm and kept, so that an interrupted study goes on where it was."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from flow.common.atomic_file import write_whole
from flow.common.places import PROJECT_ROOT
from flow.error_study.attention_arm import Arm, KernelAttention
from flow.record.dependencies import Sources, place_of, sources_of
from flow.record.source_digest import sources_sha256

# What a figure of the study depends on at most.
SOURCES = ("hdl", "flow/error_study", "flow/attention_data")
# It imports all kernels; an arm depends on its own.
REGISTRY = (PROJECT_ROOT / "hdl" / "designs.py").resolve()


@dataclass(frozen=True)
class Unit:
    """What is measured at once and kept in a file: a part's arm, or the whole of a part of a few seconds.

    name      of the file, without its suffix
    key       a hash of what the figures depend on: equal keys, equal figures
    """

    name: str
    title: str
    key: str
    measure: Callable[[], Any]


@dataclass(frozen=True)
class Part:
    """A part of the study; its figures are those of its units, joined in their order."""

    name: str
    title: str
    units: tuple[Unit, ...]


Measure = Callable[[Sequence[Arm]], Any]


def whole_part(name: str, title: str, measure: Measure, arms: Sequence[Arm]) -> Part:
    """Return a part whose arms are measured at once, in seconds."""
    return Part(name, title, (Unit(name, title, study_key(), partial(measure, arms)),))


def part_by_arm(
    name: str, title: str, measure: Measure, arms: Sequence[Arm], module: str, *settings: object
) -> Part:
    """Return a part whose arms are measured and kept one by one.

    Keys are those of the sources as they are now: when the study begins, with which it has been loaded.

    measure   gives the figures of some arms, as plain data: dicts by arm, or lists or dicts of such
    module    of `measure`, from the checkout's root
    settings  what else `measure` was given
    """
    units = (
        Unit(
            f"{name}/{arm.name}",
            f"{title}, {number} of {len(arms)}: {arm.title}",
            arm_key(arm, module, name, *settings),
            partial(measure, [arm]),
        )
        for number, arm in enumerate(arms, 1)
    )
    return Part(name, title, tuple(units))


def study_key() -> str:
    """Return a hash of all the study's sources."""
    return _hash("", *SOURCES)


def arm_key(arm: Arm, module: str, *settings: object) -> str:
    """Return a hash of a kernel's arm, of its sources, and of `settings`."""
    assert isinstance(arm.attend, KernelAttention)
    return _hash((arm.name, arm.attend.settings(), settings), *arm_sources(arm, module))


def arm_sources(arm: Arm, module: str) -> list[str]:
    """Return the names of the files that a kernel's arm depends on, measured by `module`.

    They are the kernel's module, its model's and `module`, with all that they import. Other kernels are none.
    """
    assert isinstance(arm.attend, KernelAttention)
    return sorted(_imports(PROJECT_ROOT / module) | _imports(*arm.attend.files()))


def _hash(settings: object, *sources: str) -> str:
    return hashlib.sha256(f"{settings!r}{sources_sha256(*sources)}".encode()).hexdigest()


@cache
def _imports(*files: Path) -> frozenset[str]:
    """Return the names of `files` and of all that they import, but for what the registry imports."""
    nothing = Sources(frozenset(), frozenset())
    sources = sources_of(*files, looked_at={REGISTRY: nothing})
    return frozenset(place_of(file) for file in sources.files if file != REGISTRY)


@dataclass(frozen=True)
class FinishedParts:
    """Measured units in `folder`, one JSON file each; those of another key are measured again."""

    folder: Path

    def _stored(self, unit: Unit) -> dict[str, Any] | None:
        try:
            stored: dict[str, Any] = json.loads(self._path(unit).read_text(encoding="utf-8"))
            return stored if stored["key"] == unit.key and "figures" in stored else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there, or one cut off as it was written

    def _path(self, unit: Unit) -> Path:
        return self.folder / f"{unit.name}.json"

    def has(self, part: Part) -> bool:
        """Whether all of the part is there."""
        return all(self._stored(unit) is not None for unit in part.units)

    def keep(self, unit: Unit, figures: Any) -> None:
        """Write the unit's figures."""
        path = self._path(unit)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"key": unit.key, "figures": figures}))

    def get(self, part: Part, say: Callable[[str], None]) -> Any:
        """Return the part's figures, from its files or else measured; each unit that is says a line."""
        figures = []
        for unit in part.units:
            stored = self._stored(unit)
            if stored is None:
                stored = {"figures": unit.measure()}
                self.keep(unit, stored["figures"])
                say(unit.title)
            figures.append(stored["figures"])
        return joined(figures)


def joined(figures: Sequence[Any]) -> Any:
    """Return the figures of several arms as one: dicts by arm united, in lists and dicts as well."""
    first = figures[0]
    if isinstance(first, list):
        return [joined(entries) for entries in zip(*figures, strict=True)]
    if isinstance(first, dict):
        return {name: joined([one[name] for one in figures if name in one]) for name in _names(figures)}
    return first


def _names(dicts: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for one in dicts for name in one))
