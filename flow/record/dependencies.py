"""What code of this project uses, worked out from the code itself: no list is kept by hand."""

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow.common.places import PROJECT_ROOT
from flow.record.source_digest import SUFFIXES

# Where the programs and scripts lie that the steps start.
SCRIPTS_FOLDER = "flow/pipeline/scripts"


@dataclass(frozen=True)
class Sources:
    """Files of the checkout, and packages from elsewhere that they import, by the import's name."""

    files: frozenset[Path]
    packages: frozenset[str]

    def __or__(self, other: "Sources") -> "Sources":
        """Return both."""
        return Sources(self.files | other.files, self.packages | other.packages)


@dataclass(frozen=True)
class References:
    """What a module names: modules that it imports, anywhere in it, and its strings."""

    imports: frozenset[str]
    strings: frozenset[str]


def sources_of(*files: Path, root: Path = PROJECT_ROOT) -> Sources:
    """Return `files` of the checkout `root` and all that they use of it, directly or through others.

    A module uses what it imports, with the packages around that, and the files that its strings name. Those
    are scripts and data files beside it or in SCRIPTS_FOLDER, and folders of such files beside it.
    """
    used: set[Path] = set()
    packages: set[str] = set()
    root = root.resolve()
    listed = Folders()
    waiting = [file.resolve() for file in files]
    while waiting:
        file = waiting.pop()
        if file in used:
            continue
        used.add(file)
        if file.suffix != ".py":
            continue
        package = package_of(file, root)
        references = read_references(file.read_bytes(), package)
        modules = {around for name in (package, *references.imports) for around in with_packages(name)}
        for name in modules:
            if "." not in name and not (root / name).is_dir():
                packages.add(name)
            waiting += module_files(name, root, listed)
        if "pkgutil" in references.imports:  # it imports all modules of the packages that it names
            folders = (root.joinpath(*name.split(".")) for name in references.imports)
            waiting += [path for folder in folders if folder.is_dir() for path in folder.glob("*.py")]
        waiting += named_files(references.strings, file.parent, root, listed)
    return Sources(frozenset(used), frozenset(packages - sys.stdlib_module_names))


class Folders:
    """What folders hold, each read once: a look at every name would take most of a run's first second."""

    def __init__(self) -> None:
        """Begin with none read."""
        self._names: dict[str, frozenset[str]] = {}

    def has(self, folder: str, name: str) -> bool:
        """Whether the folder is there and holds something of that name."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(entry.name for entry in os.scandir(folder))
            except OSError:
                self._names[folder] = frozenset()
        return name in self._names[folder]


def package_of(file: Path, root: Path) -> str:
    """Return the dotted name of the package that the module in `file` is in."""
    return ".".join(file.parent.relative_to(root).parts)


def with_packages(name: str) -> Iterator[str]:
    """Yield the names of a module and of the packages around it."""
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


@cache
def read_references(code: bytes, package: str) -> References:
    """Return what a module of `package` with this code names."""
    imports: set[str] = set()
    strings: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            around = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*around, *filter(None, [node.module])])
            # What is imported may be a module of that package.
            imports |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return References(frozenset(imports), frozenset(strings))


def module_files(name: str, root: Path, folders: Folders) -> Iterator[Path]:
    """Yield the file of a module or package of the checkout; none of another's."""
    around, _, own = f"{root}/{name.replace('.', '/')}".rpartition("/")
    for folder, file in ((around, f"{own}.py"), (f"{around}/{own}", "__init__.py")):
        if folders.has(folder, file):
            yield Path(folder, file)


def named_files(strings: Iterable[str], folder: Path, root: Path, folders: Folders) -> Iterator[Path]:
    """Yield the scripts and data that `strings`, of a module in `folder`, name."""
    scripts = root / SCRIPTS_FOLDER
    for name in strings:
        if not name.isprintable() or "/" in name or len(name) > 100 or name in ("", ".", ".."):
            continue
        paths = [place / name for place in (folder, scripts) if folders.has(str(place), name)]
        yield from (path for path in paths if path.suffix in SUFFIXES and path.is_file())
        yield from (
            file
            for path in paths
            if path.parent == folder and path.is_dir() and not folders.has(str(path), "__init__.py")
            for file in files_below(path)
        )


def files_below(folder: Path) -> list[Path]:
    """Return the code, data and scripts below `folder`."""
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def place_of(file: Path, root: Path = PROJECT_ROOT) -> str:
    """Return a file's name from the checkout's root."""
    return file.relative_to(root.resolve()).as_posix()
