"""Designs of other people: in a file of their own, or in another package.

A file is run as a module of its own. It may import other files of its folder; two files in different folders
may each have a `helpers.py`. Nothing is written into the folder, and what the file prints goes to standard
error.
"""

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hdl.design import Design
from hdl.language.unit import Unit
from hdl.language.verilog_names import name_fault

SUFFIX = ".py"


@dataclass(frozen=True)
class Origin:
    """Where a design of another's comes from.

    spec     what `hdl.designs.find_design` finds it by, in another process too
    label    the same without folders: `mine.py:MINE`
    file     the module that has it
    package  the folder of the package that the module is in; None for a file, whose own folder counts
    """

    spec: str
    label: str
    file: Path
    package: Path | None = None


# The files that were run, by their whole path: one with two designs is run once.
_modules: dict[Path, ModuleType] = {}


def is_file_spec(spec: str) -> bool:
    """Whether `spec` is of the form `path/to/file.py:NAME`, or its file alone."""
    path, _, _ = spec.rpartition(":")
    return path.endswith(SUFFIX) or spec.endswith(SUFFIX)


def load_from_file(spec: str) -> tuple[Design, Origin]:
    """Return what `path/to/file.py:NAME` names, which has to be a `Design`, and where it comes from.

    Raises ValueError, in one line, for a file that is not there or that cannot be run, and for a NAME that is
    no design; the line has the names of those that the file has.
    """
    path_text, _, variable = spec.rpartition(":") if not spec.endswith(SUFFIX) else (spec, "", "")
    path = Path(path_text)
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    file = path.resolve()
    module = _modules.get(file) or _run(path, file)
    design = vars(module).get(variable)
    if not isinstance(design, Design):
        there = ", ".join(name for name, value in vars(module).items() if isinstance(value, Design))
        wanted = f"has no design {variable}" if variable else "holds designs, and one has to be named"
        raise ValueError(f"{path} {wanted}: {there or 'there is none in it'}")
    fault = fault_of(design)
    if fault is not None:
        raise ValueError(f"{path}: {fault}")
    return design, Origin(f"{file}:{variable}", f"{file.name}:{variable}", file)


def origin_in_package(name: str, module_name: str, variable: str) -> Origin:
    """Return where the design of an entry point comes from, whose module has been imported."""
    module = sys.modules[module_name]
    top = sys.modules[module_name.partition(".")[0]]
    package = Path(next(iter(top.__path__))) if hasattr(top, "__path__") else None
    return Origin(name, f"{module_name}:{variable}", Path(str(module.__file__)), package)


def fault_of(design: Design) -> str | None:
    """Return in a line why a design of another's cannot be built, None where nothing is wrong with it."""
    fault = name_fault(design.name)
    if fault is not None:
        return f"design name {design.name[:60]!r}: {fault}"
    if not isinstance(design.top, Unit):
        return f"design {design.name}: its top has to be a function decorated with @unit"
    if type(design).top_parameters is Design.top_parameters:
        taken = ("format" if name == "fmt" else name for name in design.top.parameter_names)
        for name in taken:
            if name not in design.parameter_names:
                return f"design {design.name}: its top takes a parameter {name}, which the design has not"
    return None


def _run(path: Path, file: Path) -> ModuleType:
    """Run a file as a module; of its folder's modules it keeps those that it imported for itself."""
    name = f"expmul_design_{len(_modules)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = set(sys.modules)
    sys.modules[name] = module
    try:
        with _importing_from(file.parent), contextlib.redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ValueError(f"{path} could not be loaded: {one_line(error, file.parent)}") from error
    finally:
        for imported in set(sys.modules) - before - {name}:
            if _lies_in(sys.modules[imported], file.parent):
                del sys.modules[imported]
    _modules[file] = module
    return module


@contextlib.contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let imports find the modules of `folder`; no byte code is kept, which could be of an earlier text."""
    keeps_no_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = keeps_no_bytecode


def _lies_in(module: ModuleType | None, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(folder)


def one_line(error: BaseException, folder: Path | None = None) -> str:
    """Return an error in a line, with the last place in a file of `folder` that it passed through."""
    if isinstance(error, SystemExit):
        text = "it ends the program"
    else:
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if folder is None or isinstance(error, SyntaxError):  # which names its line itself
        return text
    frames = traceback.extract_tb(error.__traceback__)
    places = [
        f" ({Path(frame.filename).name}, line {frame.lineno})"
        for frame in frames
        if Path(frame.filename).is_relative_to(folder)
    ]
    return text + (places[-1] if places else "")
