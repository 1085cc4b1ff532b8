"""What a design of another's is made of, beside this project: its file and what that uses of its folder."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow.common.places import PROJECT_ROOT
from flow.record.dependencies import (
    Sources,
    files_below,
    module_files,
    package_of,
    read_references,
    sources_of,
)
from flow.record.provenance import digest_of, sha256
from flow.record.result import DesignSource
from hdl.designs import ORIGINS
from hdl.outside import Origin

PROJECT_PACKAGES = ("flow", "hdl", "pdk_configs")


@dataclass(frozen=True)
class OutsideSources:
    """Files of another's folder by their names from it, and what they use of this project and of packages."""

    folder: Path
    names: tuple[str, ...]
    project: Sources

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each of the files by its name."""
        return {name: sha256(self.folder / name) for name in self.names}


def outside_sources(design_name: str) -> OutsideSources | None:
    """Return what a design of another's is made of, None for one of this project."""
    origin = ORIGINS.get(design_name)
    return None if origin is None else _sources_of_origin(origin)


@cache
def _sources_of_origin(origin: Origin) -> OutsideSources:
    folder = origin.file.parent if origin.package is None else origin.package.parent
    files = (
        sources_of(origin.file, root=folder).files if origin.package is None else files_below(origin.package)
    )
    imported = {
        name
        for file in files
        if file.suffix == ".py"
        for name in read_references(file.read_bytes(), package_of(file, folder)).imports
    }
    used = [file for name in imported if is_of_project(name) for file in module_files(name, PROJECT_ROOT)]
    packages = {name.partition(".")[0] for name in imported if not is_of_project(name)}
    project = sources_of(*used)
    names = tuple(sorted(file.relative_to(folder).as_posix() for file in files))
    return OutsideSources(folder, names, Sources(project.files, project.packages | packages))


def is_of_project(module: str) -> bool:
    """Whether a module is of this project."""
    return module.partition(".")[0] in PROJECT_PACKAGES


def design_source(design_name: str) -> DesignSource | None:
    """Return what a result says of where its design comes from, None for one of this project."""
    sources = outside_sources(design_name)
    if sources is None:
        return None
    return DesignSource(name=ORIGINS[design_name].label, sha256=digest_of(sources.digests()))
