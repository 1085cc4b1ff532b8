"""Each step's digest of what it is made of, which SiliconCompiler compares like any other of its settings."""

import inspect
from functools import cache
from pathlib import Path
from typing import Any

from siliconcompiler import ASIC, Task
from siliconcompiler.asic import ASICTask
from siliconcompiler.tools.openroad import OpenROADTask

from flow.common.places import PROJECT_ROOT
from flow.record.dependencies import Sources, files_below, place_of, sources_of
from flow.record.outside_sources import PROJECT_PACKAGES, outside_sources
from flow.record.provenance import digest_of, sha256
from flow.tools.tool_identity import identities_of_tools
from pdk_configs.corners import FILE_NAME as CORNERS_FILE
from pdk_configs.pdk import CONFIGS_DIR, Pdk
from pdk_configs.transistors import FILE_NAME as TRANSISTORS_FILE
from pdk_configs.transistors import TECHNOLOGY_SUFFIX

# Of the environment of a step's program: a part of a step's settings that every step has, stock ones too.
DIGEST_VARIABLE = "EXPMUL_MADE_OF_SHA256"
# What tells the steps which tools run on the library, and how.
PROJECT_FILES = ("flow/pipeline/project.py", "flow/pipeline/flowgraph.py")
SCRIPT_KEYS = ("prescript", "postscript")


class Readings:
    """What has been read for the steps of one project: most have most of it in common."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.looked_at: dict[Path, Sources] = {}
        self.sha256 = cache(sha256)
        self.tools = cache(identities_of_tools)


def give_digests(project: ASIC, pdk: Pdk) -> None:
    """Give every step of the project the digest of its code, scripts and tools, and of its library's files.

    For steps of the project and of SiliconCompiler alike, so that no step can forget it. A step whose digest
    is another one runs again, and so do all after it.
    """
    readings = Readings()
    on_library = library_digest(project, pdk, readings)
    for task in Task.find_task(project):
        digest = step_digest(task, on_library, readings)
        task.set_environmentalvariable(DIGEST_VARIABLE, digest, clobber=True)


def step_digest(task: Any, on_library: str, readings: Readings) -> str:
    """Return the digest of what a step is made of; `on_library` counts for steps that read the library."""
    sources = step_sources(task, readings)
    outside = outside_sources(task.get("var", "design")) if task.valid("var", "design") else None
    if outside is not None:
        sources |= outside.project
    packages = sources.packages | {"siliconcompiler"}
    return digest_of(
        ({} if outside is None else {"outside": outside.digests()})
        | {
            "files": {place_of(file): readings.sha256(file) for file in sorted(sources.files)},
            "tools": readings.tools(packages, with_openroad=isinstance(task, OpenROADTask)),
            "library": on_library if isinstance(task, ASICTask) else None,
        }
    )


def step_sources(task: Any, readings: Readings) -> Sources:
    """Return what a step has of this project: the modules of its classes and all they use, its scripts."""
    modules = (inspect.getfile(kind) for kind in type(task).__mro__ if kind is not object)
    scripts = (path for key in SCRIPT_KEYS for path in task.get(key))
    own = [path for path in map(Path, (*modules, *scripts)) if path.is_relative_to(PROJECT_ROOT)]
    return sources_of(*(path for path in own if is_source(path)), looked_at=readings.looked_at)


def is_source(path: Path) -> bool:
    """Whether a file below the checkout, or of an installed wheel, is the project's."""
    return path.relative_to(PROJECT_ROOT).parts[0] in PROJECT_PACKAGES


def library_digest(project: ASIC, pdk: Pdk, readings: Readings) -> str:
    """Return the digest of the library's data and constraints, and of what this project says of them."""
    # Its other corners and its transistors count for the steps alone that take them.
    files = [file for file in files_below(CONFIGS_DIR / pdk.name) if not is_of_few_steps(file)]
    configured = sources_of(*files, looked_at=readings.looked_at)
    said = [*configured.files, *(PROJECT_ROOT / name for name in PROJECT_FILES)]
    return digest_of(
        {
            "data": sorted(map(sha256, library_files(project))),
            "said": {place_of(file): readings.sha256(file) for file in said},
            "tools": readings.tools(configured.packages, with_openroad=False),
        }
    )


def is_of_few_steps(file: Path) -> bool:
    """Whether a file of a PDK's configuration is no step's but those that are told of it."""
    return file.name in (CORNERS_FILE, TRANSISTORS_FILE) or file.suffix == TECHNOLOGY_SUFFIX


def library_files(project: ASIC) -> list[Path]:
    """Return every file that the project's libraries name and that is there, the constraints among them."""
    files: set[str] = set()
    for name in project.getkeys("library"):
        library = project.get("library", name, field="schema")
        for key in library.allkeys(include_default=False):
            if "file" in library.get(*key, field="type"):
                paths = library.find_files(*key, missing_ok=True)
                files |= set(filter(None, paths if isinstance(paths, list | tuple | set) else [paths]))
    return sorted(map(Path, files))
