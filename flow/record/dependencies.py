"""What code of this project uses, worked out from the code itself: no list is kept by hand."""

import ast
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


def sources_of(
    *files: Path, root: Path = PROJECT_ROOT, looked_at: dict[Path, Sources] | None = None
) -> Sources:
    """Return `files` of the checkout `root` and all that they use of it, directly or through others.

    A module uses what it imports, with the packages around that, and the files that its strings name. Those
    are scripts and data files beside it or in SCRIPTS_FOLDER, and folders of such files beside it.
    Calls with one `looked_at` look at each module once: no file may come, go or change between them.
    """
    used_of = {} if looked_at is None else looked_at
    root = root.resolve()
    used: set[Path] = set()
    packages: set[str] = set()
    waiting = [file.resolve() for file in files]
    while waiting:
        file = waiting.pop()
        if file in used:
            continue
        used.add(file)
        if file.suffix != ".py":
            continue
        if file not in used_of:
            used_of[file] = used_by(file, root)
        packages |= used_of[file].packages
        waiting += used_of[file].files
    return Sources(frozenset(used), frozenset(packages - sys.stdlib_module_names))


def used_by(file: Path, root: Path) -> Sources:
    """Return what the module in `file` uses directly."""
    package = package_of(file, root)
    references = read_references(file.read_bytes(), package)
    names = {package, *references.imports}
    tops = {name.partition(".")[0] for name in names}
    # Modules of a package have the packages around them in common.
    modules = {".".join(parts[:length]) for parts in (name.split(".") for name in names)
               for length in range(1, len(parts) + 1)}  # fmt: skip
    used = {path for name in modules for path in files_of_module(name, root)}
    if "pkgutil" in references.imports:  # it imports all modules of the packages that it names
        folders = (root.joinpath(*name.split(".")) for name in references.imports)
        used |= {path for folder in folders if folder.is_dir() for path in folder.glob("*.py")}
    used |= set(named_files(references.strings, file.parent, root))
    return Sources(frozenset(used), frozenset(top for top in tops if not (root / top).is_dir()))


def package_of(file: Path, root: Path) -> str:
    """Return the dotted name of the package that the module in `file` is in."""
    return ".".join(file.parent.relative_to(root.resolve()).parts)


@cache
def read_references(code: bytes, package: str) -> References:
    """Return what a module of `package` with this code names; nothing where it is no Python."""
    imports: set[str] = set()
    strings: set[str] = set()
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):  # a file beside a design of another's, named but not imported
        return References(frozenset(), frozenset())
    for node in ast.walk(tree):
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


def module_files(name: str, root: Path) -> Iterator[Path]:
    """Yield the files of a module of the checkout and of the packages around it; none of another's."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield from files_of_module(".".join(parts[:length]), root.resolve())


def files_of_module(name: str, root: Path) -> Iterator[Path]:
    """Yield the file of a module of the checkout, none of another's."""
    path = root.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            yield file


def named_files(strings: Iterable[str], folder: Path, root: Path) -> Iterator[Path]:
    """Yield the scripts and data that `strings`, of a module in `folder`, name."""
    for name in strings:
        if not name.isprintable() or "/" in name or len(name) > 100 or name in ("", ".", ".."):
            continue
        for path in (folder / name, root / SCRIPTS_FOLDER / name):
            if path.suffix in SUFFIXES and path.is_file():
                yield path
        if (folder / name).is_dir() and not (folder / name / "__init__.py").exists():
            yield from files_below(folder / name)


def files_below(folder: Path) -> list[Path]:
    """Return the code, data and scripts below `folder`."""
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def place_of(file: Path, root: Path = PROJECT_ROOT) -> str:
    """Return a file's name from the checkout's root."""
    return file.relative_to(root.resolve()).as_posix()
