"""From a design's name and parameters to its Verilog file."""

import re
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import myhdl
from myhdl import _extractHierarchy

from hdl.designs import get_design
from hdl.language.local_names import docstring
from hdl.language.unit import HierarchyError, Module, Port, Unit, converting
from hdl.language.verilog_names import faults_of_names, name_fault

TIMESCALE = "1ns/10ps"


def to_verilog(design_name: str, parameters: Mapping[str, Any], path: Path) -> None:
    """Write the Verilog of a design to `path`: its top module has the design's name.

    `parameters` may leave out those that have a default. The file is Verilog-2001, UTF-8, and the
    same bytes for the same arguments. Raises ValueError for an unknown design or impossible parameters.
    """
    path.write_text(verilog_text(design_name, parameters), encoding="utf-8", newline="\n")


def verilog_text(design_name: str, parameters: Mapping[str, Any]) -> str:
    """Return what `to_verilog` writes."""
    design = get_design(design_name)
    values = design.make_parameters(parameters)
    return convert_unit(design.top, design.port_widths(values), design.name, **design.top_parameters(values))


def convert_unit(top: Unit, widths: Mapping[str, int], name: str, **parameters: Any) -> str:
    """Return the Verilog of `top`, called `name`, and of every unit below it, each a module.

    `widths` are the top's port widths in bits; a port of one bit is a bool. The modules stand in the
    order of their first instantiation, the top first. The text depends on nothing but the arguments.
    Raises HierarchyError for a unit that breaks the rules.
    """
    ports = tuple(
        Port(port, direction, widths[port], is_bool=widths[port] == 1)
        for port, direction in top.directions.items()
    )
    ordered = tuple((key, parameters[key]) for key in top.parameter_names)
    with converting() as conversion:
        conversion.require(Module(name, top, ordered, ports))
        texts: list[str] = []
        while len(texts) < len(conversion.modules):
            texts.append(_convert_module(list(conversion.modules.values())[len(texts)]))
    return f"`timescale {TIMESCALE}\n\n" + "\n".join(texts)


def _convert_module(module: Module) -> str:
    for kind, name in [("module", module.name), *(("port", port.name) for port in module.ports)]:
        fault = name_fault(name)
        if fault:
            raise HierarchyError(f"{module.unit.func.__name__}: {kind} {name[:60]}: {fault}")
    # MyHDL keeps lists of signals by their id() for ever; a stale one would be taken for a new list.
    _extractHierarchy._memInfoMap.clear()
    block = module.unit.elaborate(module)
    block.__doc__ = None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error", myhdl.ToVerilogWarning)
        try:
            block.convert(
                "Verilog",
                path=folder,
                name=module.name,
                testbench=False,
                no_myhdl_header=True,
                timescale=TIMESCALE,
            )
        except (myhdl.ConversionError, myhdl.ToVerilogWarning) as error:
            raise HierarchyError(f"{module.name}: {' '.join(str(error).split())}") from error
        text = (Path(folder) / f"{module.name}.v").read_text(encoding="utf-8")
    for fault in faults_of_names(text):
        raise HierarchyError(f"{module.unit.func.__name__}: {fault}")
    _check_directions(module, text)
    body = text[text.index(f"module {module.name} (") :]
    # MyHDL lists the signals of a combinational block in the order of a set, which differs by run.
    body = re.sub(r"^always @\((?!posedge|negedge)[^)]*\)", "always @(*)", body, flags=re.MULTILINE)
    lines = [line.rstrip() for line in body.splitlines()]
    comments = [f"// {line}".rstrip() for line in docstring(module.unit.func).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join([*comments, *lines])) + "\n"


def _check_directions(module: Module, text: str) -> None:
    outputs = set(re.findall(r"^output (?:signed )?(?:\[\d+:0\] )?(\w+);", text, re.MULTILINE))
    for port in module.ports:
        if (port.direction == "output") != (port.name in outputs):
            state = "is driven inside the unit" if port.name in outputs else "is never driven"
            raise HierarchyError(f"{module.name}: {port.direction} {port.name} {state}")
