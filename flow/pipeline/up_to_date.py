"""Whether a run's result still holds: what it was made of, kept beside it, against what is there now.

Everything is compared by content: settings, the project's sources, the PDK's data, the tools, and the files
that the run left. No date counts. SiliconCompiler is not imported: an unchanged run costs some reading.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from flow.common.atomic_file import write_whole
from flow.common.errors import UserError
from flow.common.places import PROJECT_ROOT
from flow.record.dependencies import files_below, place_of, sources_of
from flow.record.depths import METRIC_STEPS
from flow.record.outside_sources import outside_sources
from flow.record.result import Record, Result, read_result, result_path
from flow.record.run_folder import read_later
from flow.record.settings import FULL, Settings
from flow.tools.layout_programs import programs_at_hand
from flow.tools.pdk_data import root_at_hand
from flow.tools.tool_identity import hashes, identities_of_tools, sha256_of
from pdk_configs.pdk import CONFIGS_DIR
from pdk_configs.transistors import transistors_of

# What makes a run: all that it uses counts, and nothing else of the project.
RUNNER = "flow/pipeline/execute.py"
NOT_PACKAGES = {"python", "openroad"}
PROGRAMS = "layout_programs"


class MadeOf(Record):
    """What a result was made of; files by name with their SHA-256.

    `request` is what the run was to do. `sources` are named from the checkout, `outside` from the folder
    of a design of another's. `pdk_data` are named from the data root, or with whole paths where
    `has_data_root` is false: SiliconCompiler's download. `left` are the files of the run's folder that the
    result names, the result itself, and what is read of the steps later.
    """

    request: dict[str, Any]
    tools: dict[str, str]
    sources: dict[str, str]
    outside: dict[str, str] = Field(default={})
    has_data_root: bool
    pdk_data: dict[str, str]
    left: dict[str, str]


def request_of(settings: Settings, data_root: Path | None = None) -> dict[str, Any]:
    """Return what a run is to do; the number of threads where OpenROAD gets it, which may tell."""
    threads = {"jobs": settings.jobs} if settings.depth in METRIC_STEPS else {}
    deck = {} if settings.drc_deck is None else {"drc_deck_sha256": sha256_of(settings.drc_deck)}
    full = full_signoff_request(settings, data_root) if settings.signoff == FULL else {}
    return settings.identity() | {"depth": settings.depth} | threads | deck | full


def full_signoff_request(settings: Settings, data_root: Path | None) -> dict[str, Any]:
    """Return what full sign-off is made with, where it can be; a file that comes later counts too."""
    facts = transistors_of(settings.pdk)
    if facts is None:
        return {"signoff": settings.signoff}
    programs = programs_at_hand()
    return {
        "signoff": settings.signoff,
        PROGRAMS: programs.identity if programs else None,
        "foundry_rules": data_root is not None and (data_root / facts.foundry_technology).is_file(),
    }


def record_path(settings: Settings) -> Path:
    """Return where the record lies: beside the result, under its name."""
    path = result_path(settings.folder, settings.depth)
    return path.with_name(path.name.replace("result", "made-of", 1))


def made_of(settings: Settings, data_root: Path | None, library_files: Iterable[Path]) -> MadeOf:
    """Return what a run that is about to start is made of; `library_files` are those that its steps read."""
    config = CONFIGS_DIR / settings.pdk.name
    code = sources_of(PROJECT_ROOT / RUNNER, *files_below(config))
    outside = outside_sources(settings.design.name)
    if outside is not None:
        code |= outside.project
    data: dict[str, str] = {}
    for path in library_files:
        if data_root is not None and path.is_relative_to(data_root):
            data[path.relative_to(data_root).as_posix()] = sha256_of(path) or ""
        elif path.resolve() not in code.files and not path.is_relative_to(settings.folder):
            data[str(path)] = sha256_of(path) or ""
    return MadeOf(
        request=request_of(settings, data_root),
        tools=identities_of_tools(code.packages, with_openroad=settings.depth in METRIC_STEPS),
        outside=outside.digests() if outside is not None else {},
        sources={place_of(file): sha256_of(file) or "" for file in sorted(code.files)},
        has_data_root=data_root is not None,
        pdk_data=data,
        left={},
    )


def keep_record(settings: Settings, made: MadeOf, result: Result) -> None:
    """Keep what `result`, which has just been written, was made of."""
    folder = settings.folder
    left = {result.files[kind]: digest for kind, digest in result.sha256.items()}
    for path in (result_path(folder, settings.depth), *read_later(folder)):
        digest = sha256_of(path)
        if digest is not None:
            left[path.relative_to(folder).as_posix()] = digest
    record = made.model_copy(update={"left": left})
    write_whole(record_path(settings), record.model_dump_json(indent=2) + "\n")


def unchanged_result(settings: Settings, pdk_root: Path | None, tree: Path = PROJECT_ROOT) -> Result | None:
    """Return the result of an earlier run that a run for `settings` would give again; None where it may not.

    `tree` is the checkout whose flow would run. Without the record, or where anything differs or cannot be
    read, there is no answer: the run has to say. Nothing is fetched, started or written.
    """
    folder = settings.folder
    try:
        made = MadeOf.model_validate_json(record_path(settings).read_bytes())
        data_root = root_at_hand(settings.pdk, pdk_root)
        # Programs that were not to be had may be now.
        if made.request != request_of(settings, data_root) or made.request.get(PROGRAMS, "") is None:
            return None
        result = read_result(result_path(folder, settings.depth))
    except (OSError, ValueError, UserError):
        return None
    if made.has_data_root != (data_root is not None):
        return None
    packages = made.tools.keys() - NOT_PACKAGES
    if made.tools != identities_of_tools(packages, with_openroad=settings.depth in METRIC_STEPS):
        return None
    outside = outside_sources(settings.design.name)
    if sorted(made.outside) != sorted(outside.names if outside is not None else ()):
        return None
    expected = {tree / name: digest for name, digest in made.sources.items()}
    if outside is not None:
        expected |= {outside.folder / name: digest for name, digest in made.outside.items()}
    expected |= {(data_root or Path()) / name: digest for name, digest in made.pdk_data.items()}
    expected |= {folder / name: digest for name, digest in made.left.items()}
    return result if hashes(expected) == list(expected.values()) else None
