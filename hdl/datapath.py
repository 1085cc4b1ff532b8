"""Kernels drawn from their frame: `python -m hdl.datapath` writes docs/kernels.md to standard output.

A drawing is a Mermaid flowchart, which code hosts show: a box per stage, an arrow per wire with its bits.
It is made of what is converted, so it cannot be out of date with its circuit.
"""

import argparse
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import hdl
from hdl.designs import find_design, kernels
from hdl.kernels.frame import FLAGS, VALUE_DELAY, Kernel, Stage
from hdl.parameters import Choice, Integer, Parameter, Parameters

HDL = Path(hdl.__file__).parent
HEAD = """# The kernels

Written by `make docs` from the kernels themselves; do not edit. Drawn with the default parameters: boxes are
stages with their ranks of registers, arrows are wires with their bits. A dotted arrow goes back to an earlier
stage: there is the loop over the keys, which sets the clock. The flags `start`, `live` and `finish` come from
`control` and are not drawn.

"""
INDENT = "    "


def stage_box(stage: Stage, rank: int, parameters: Parameters) -> str:
    """Return a stage as a box: its group, and the ranks that it fills."""
    count = stage.ranks if isinstance(stage.ranks, int) else stage.ranks(parameters)
    ranks = f"rank {rank + 1}" if count == 1 else f"ranks {rank + 1} to {rank + count}"
    return f'{stage.group}_["{stage.group}<br/>{ranks}"]'


def width(stage: Stage, port: str, parameters: Parameters) -> int:
    """Return the bits of a stage's port."""
    return stage.unit.width_of(port, stage.unit_parameters(parameters))


def flowchart(kernel: Kernel, parameters: Parameters) -> str:
    """Return a kernel's datapath for given parameters, as a Mermaid flowchart."""
    schedule = kernel.schedule(parameters)
    driven_by = {
        stage.wire(port): number
        for number, (stage, _) in enumerate(schedule.stages)
        for port in stage.ports("output")
    }
    vector = parameters.d * parameters.fmt.width
    clocks = schedule.value_rank - kernel.value_lag_clocks(parameters)
    ride = "1 rank" if clocks == 1 else f"{clocks} ranks"
    lines = ["flowchart TB", "q([q])", "k([k])", "v([v])", "o([o])"]
    lines.append(f'{VALUE_DELAY}_["{VALUE_DELAY}<br/>{ride}"]')
    lines.append(f"v -->|{vector}| {VALUE_DELAY}_")
    lines += [stage_box(stage, rank, parameters) for stage, rank in schedule.stages]
    for number, (stage, _) in enumerate(schedule.stages):
        target = f"{stage.group}_"
        for port in stage.ports("input"):
            wire = stage.wire(port)
            if wire in ("q", "k"):
                lines.append(f"{wire} -->|{vector}| {target}")
            elif wire == "value":
                lines.append(f'{VALUE_DELAY}_ -->|"value {vector}"| {target}')
            elif wire in driven_by and wire not in FLAGS:
                source, _ = schedule.stages[driven_by[wire]]
                arrow = "-->" if driven_by[wire] < number else "-.->"
                lines.append(f'{source.group}_ {arrow}|"{wire} {width(stage, port, parameters)}"| {target}')
    last = schedule.stages[driven_by["o"]][0]
    lines.append(f"{last.group}_ -->|{vector}| o")
    return "\n".join([lines[0], *(INDENT + line for line in lines[1:])])


def values(parameter: Parameter, before: Parameters) -> str:
    """Return what a parameter may be, the default in front."""
    default = parameter.value(None, before)
    if isinstance(parameter, Choice):
        return ", ".join((str(default), *(word for word in parameter.words if word != default)))
    if isinstance(parameter, Integer):
        smallest, largest = (
            bound if isinstance(bound, int) else bound(before)
            for bound in (parameter.smallest, parameter.largest)
        )
        return f"{default}; {smallest} to {largest}"
    return str(default)


def unit_place(stage: Stage) -> str:
    """Return a stage's unit, as a link to its file from docs/ where that is of this project."""
    name = stage.unit.func.__name__
    file = Path(inspect.getfile(stage.unit.func)).resolve()
    return f"[{name}](../hdl/{file.relative_to(HDL).as_posix()})" if file.is_relative_to(HDL) else name


def first_line(stage: Stage) -> str:
    """Return what a stage's unit does, in the first line of its docstring."""
    return (inspect.getdoc(stage.unit.func) or "").splitlines()[0].replace("|", "\\|")


def section(kernel: Kernel) -> Iterator[str]:
    """Yield the lines of a kernel's section."""
    parameters = kernel.make_parameters({})
    schedule = kernel.schedule(parameters)
    yield f"## {kernel.name}"
    yield ""
    latency = f"{schedule.latency} clocks from a query's last key to its result"
    yield f"{kernel.description[0].upper()}{kernel.description[1:]}. {latency}, with the default parameters."
    yield ""
    yield "```mermaid"
    yield flowchart(kernel, parameters)
    yield "```"
    yield ""
    yield "| stage | unit | does |"
    yield "| --- | --- | --- |"
    for stage, _ in schedule.stages:
        yield f"| `{stage.group}` | {unit_place(stage)} | {first_line(stage)} |"
    yield ""
    yield "| parameter | default; others | meaning |"
    yield "| --- | --- | --- |"
    for parameter in kernel.parameters:
        yield f"| `{parameter.name}` | {values(parameter, parameters)} | {parameter.meaning} |"
    yield ""


def guide() -> str:
    """Return the guide to all kernels of the registry."""
    lines = [line for kernel in kernels().values() for line in section(kernel)]
    return HEAD + "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write the guide, or one kernel's section, to standard output."""
    parser = argparse.ArgumentParser(prog="python -m hdl.datapath", description=__doc__.splitlines()[0])
    parser.add_argument(
        "kernel", nargs="?", help="a name of the registry, or path/to/file.py:NAME; default all"
    )
    name = parser.parse_args().kernel
    try:
        design = find_design(name) if name else None
    except ValueError as error:
        parser.error(str(error))
    if design is not None and not isinstance(design, Kernel):
        parser.error(f"{design.name} is no kernel")
    sys.stdout.write("\n".join(section(design)) + "\n" if design else guide())
    return 0


if __name__ == "__main__":
    sys.exit(main())
