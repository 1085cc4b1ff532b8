"""The registry: all designs by name, which everything downstream walks.

A design gets into it by `register(design)` in a module of `hdl.operators` or `hdl.kernels`, by an entry
point of the group `expmul.kernels` in another package, or by `find_design("path/to/file.py:NAME")`.
"""

import difflib
import importlib
import importlib.util
import pkgutil
import sys
from importlib.metadata import entry_points
from pathlib import Path

import hdl.kernels
import hdl.operators
from hdl.design import Design
from hdl.kernels.frame import Kernel
from hdl.registry import DESIGNS, register

ENTRY_POINT_GROUP = "expmul.kernels"
# What designs were called before: the error says what they are called today.
FORMER_NAMES = {"exp_mul": "separate_exp_mul"}
# Entry points that could not be loaded, by name, with the reason in one line.
NOT_LOADED: dict[str, str] = {}
# Where designs from files come from, by name: the spec that finds them again, in another process too.
SPECS: dict[str, str] = {}

__all__ = ["DESIGNS", "Design", "Kernel", "find_design", "get_design", "kernels", "register", "sibling"]


def kernels() -> dict[str, Kernel]:
    """Return the kernels of the registry by name."""
    return {name: design for name, design in DESIGNS.items() if isinstance(design, Kernel)}


def sibling(name: str) -> str | None:
    """Return the design that `name` is compared with: its baseline, or the first that has it as such."""
    baseline = DESIGNS[name].baseline
    return baseline or next((other.name for other in DESIGNS.values() if other.baseline == name), None)


def get_design(name: str) -> Design:
    """Return the design called `name`, or the one of `path/to/file.py:NAME`; see `find_design`."""
    return find_design(name)


def find_design(spec: str) -> Design:
    """Return the design called `spec`, or the one that `path/to/file.py:NAME` names, registered.

    NAME is a variable of the file that holds a kernel, an operator or any `Design`. Raises ValueError, in one
    line, for a name that is not known, with the nearest, and for a file that holds no such design.
    """
    if spec in DESIGNS:
        return DESIGNS[spec]
    path, colon, variable = spec.rpartition(":")
    if colon and path.endswith(".py"):
        return _design_of_file(Path(path), variable)
    if spec in FORMER_NAMES:
        raise ValueError(f"design '{spec}' is called {FORMER_NAMES[spec]} now")
    if spec in NOT_LOADED:
        raise ValueError(f"design '{spec}' could not be loaded: {NOT_LOADED[spec]}")
    close = difflib.get_close_matches(spec, DESIGNS, n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'?" if close else ", ".join(DESIGNS)
    raise ValueError(f"unknown design '{spec}': {hint}")


def _design_of_file(path: Path, variable: str) -> Design:
    full_spec = f"{path.resolve()}:{variable}"
    for name, known in SPECS.items():
        if known == full_spec:
            return DESIGNS[name]
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    before = dict(DESIGNS)
    try:
        module = _load(path.resolve())
        design = getattr(module, variable, None)
        if not isinstance(design, Design):
            there = ", ".join(name for name, value in vars(module).items() if isinstance(value, Design))
            raise ValueError(f"{path} has no design {variable}: {there or 'there is none in it'}")
        if before.get(design.name, design) is not design:
            raise ValueError(f"{path}: a design called {design.name} is there already")
    except BaseException:
        DESIGNS.clear()
        DESIGNS.update(before)
        raise
    DESIGNS[design.name] = design
    SPECS[design.name] = full_spec
    return design


def _load(path: Path) -> object:
    """Run a file as a module of its own; its folder's other modules can be imported from it."""
    name = f"expmul_design_{abs(hash(path)):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ValueError(f"{path} could not be loaded: {_one_line(error)}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _register_all() -> None:
    for package in (hdl.operators, hdl.kernels):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            design = entry_point.load()
            if not isinstance(design, Design):
                raise TypeError(f"{entry_point.value} is no design")
            if DESIGNS.get(design.name) is not design:
                register(design)
        except Exception as error:  # another package's fault must not stop what does not need it
            NOT_LOADED[entry_point.name] = _one_line(error)


_register_all()
