"""The registry: all designs by name, which everything downstream walks.

A design gets into it by `register(design)` in a module of `hdl.operators` or `hdl.kernels`, by an entry
point of the group `expmul.kernels` in another package, or by `find_design("path/to/file.py:NAME")`.
"""

import importlib
import pkgutil
from importlib.metadata import entry_points

import hdl.kernels
import hdl.operators
from hdl.design import Design
from hdl.kernels.frame import Kernel
from hdl.known_names import FORMER_DESIGNS, unknown_name
from hdl.outside import Origin, fault_of, is_file_spec, load_from_file, one_line, origin_in_package
from hdl.registry import DESIGNS, register

ENTRY_POINT_GROUP = "expmul.kernels"
# Entry points that could not be loaded, by name, with the reason in one line.
NOT_LOADED: dict[str, str] = {}
# Where the designs come from that are not of this project, by name.
ORIGINS: dict[str, Origin] = {}

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
    if is_file_spec(spec):
        return _design_of_file(spec)
    if spec in NOT_LOADED:
        raise ValueError(f"design '{spec}' could not be loaded: {NOT_LOADED[spec]}")
    raise ValueError(unknown_name("design", spec, DESIGNS, FORMER_DESIGNS))


def spec_of(name: str) -> str:
    """Return what finds the design called `name` in another process."""
    return ORIGINS[name].spec if name in ORIGINS else name


def _design_of_file(spec: str) -> Design:
    before = dict(DESIGNS)
    try:
        design, origin = load_from_file(spec)
    finally:  # what the file registers itself joins when it is asked for
        DESIGNS.clear()
        DESIGNS.update(before)
    known = DESIGNS.get(design.name)
    if known is None:
        ORIGINS[design.name] = origin
        return register(design)
    if known is not design:
        raise ValueError(f"{spec.rpartition(':')[0]}: a design called {design.name} is there already")
    return design


def _register_all() -> None:
    for package in (hdl.operators, hdl.kernels):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            design = entry_point.load()
            if not isinstance(design, Design):
                raise TypeError(f"{entry_point.value} is no design")
            if fault := fault_of(design):
                raise ValueError(fault)
            if DESIGNS.get(design.name) is not design:
                register(design)
            ORIGINS[design.name] = origin_in_package(design.name, entry_point.module, entry_point.attr)
        except Exception as error:  # another package's fault must not stop what does not need it
            NOT_LOADED[entry_point.name] = one_line(error)


_register_all()
