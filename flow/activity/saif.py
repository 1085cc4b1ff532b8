"""Write switching activity as SAIF, pin by pin, for OpenROAD's `read_saif -scope TOP`.

OpenROAD looks names up as pins, so every instance has a scope with its pins in it. Its reader has no
token for an instance name with characters outside [A-Za-z0-9_$.[]], but takes a quoted string.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from flow.activity.gate_design import Activity, GateDesign
from flow.formats.netlist import Instance

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$.\[\]]*")
_SPECIAL = re.compile(r"([^A-Za-z0-9_$])")

PS_PER_NS = 1000


def _net(name: str, net: int, activity: Activity) -> str:
    duration_ps = round(activity.duration_ns * PS_PER_NS)
    high_ps = round(float(activity.high_ns[net]) * PS_PER_NS)
    escaped = _SPECIAL.sub(r"\\\1", name)
    return (
        f"({escaped} (T0 {duration_ps - high_ps}) (T1 {high_ps}) (TX 0) (TC {activity.toggles[net]}) (IG 0))"
    )


def _scope(name: str) -> str:
    """Return the opening of an instance's scope."""
    if _PLAIN_NAME.fullmatch(name):
        return f"(INSTANCE {name}"
    # A divider inside a name is escaped there, and the quoted string takes one backslash away.
    divided = name.replace("/", r"\\/")
    return f'(INSTANCE "{divided}" cell'


def _instances(instances: list[Instance], depth: int, activity: Activity) -> Iterator[str]:
    """Yield the lines of `instances`, which share their first `depth` path elements and are sorted."""
    indent = "  " * (depth + 1)
    start = 0
    while start < len(instances):
        name = instances[start].path[depth]
        end = start
        while end < len(instances) and instances[end].path[depth] == name:
            end += 1
        yield f"{indent}{_scope(name)}"
        if len(instances[start].path) == depth + 1:
            yield f"{indent}  (NET"
            for pin, net in sorted(instances[start].pins.items()):
                yield f"{indent}    {_net(pin, net, activity)}"
            yield f"{indent}  )"
        else:
            yield from _instances(instances[start:end], depth + 1, activity)
        yield f"{indent})"
        start = end


def write_saif(design: GateDesign, activity: Activity, path: Path) -> None:
    """Write the activity of every pin of `design`, instances in the netlist's hierarchy, to `path`.

    The file holds no date: the same activity gives the same bytes. Times are in picoseconds.
    """
    lines = [
        "(SAIFILE",
        '(SAIFVERSION "2.0")',
        '(DIRECTION "backward")',
        f'(DESIGN "{design.netlist.top}")',
        "(DIVIDER / )",
        "(TIMESCALE 1 ps)",
        f"(DURATION {round(activity.duration_ns * PS_PER_NS)})",
        f"(INSTANCE {design.netlist.top}",
        "  (NET",
    ]
    for port in design.netlist.ports:
        for bit, net in enumerate(port.nets):
            name = port.name if len(port.nets) == 1 else f"{port.name}[{bit}]"
            lines.append(f"    {_net(name, net, activity)}")
    lines.append("  )")
    # Cells whose pins all are inputs (antenna diodes) have no driver but their pins count as annotated.
    switching = [
        instance
        for instance in design.netlist.instances
        if instance.pins and set(instance.pins.values()) <= design.driven
    ]
    lines += _instances(sorted(switching, key=lambda instance: instance.path), 0, activity)
    lines += [")", ")", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
