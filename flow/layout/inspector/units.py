"""The hardware units of a run: each instance of the top module, its Verilog module and its MyHDL source."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flow.common.places import PROJECT_ROOT

_MODULE = re.compile(r"((?:^//[^\n]*\n)*)^module (\w+) \((.*?)^endmodule", re.MULTILINE | re.DOTALL)
_INSTANCE = re.compile(r"^(?!module )(\w+) (\w+) \($", re.MULTILINE)
_UNIT = re.compile(r"^@unit\b.*?^def (\w+)\(", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class HardwareUnit:
    """An instance of the top: `says` is the first line above its module, `source` the file of its unit.

    `parts` are the instances inside with their modules. Empty where it is not known.
    """

    module: str = ""
    says: str = ""
    source: str = ""
    parts: tuple[tuple[str, str], ...] = ()


def read_units(verilog: Path, top: str) -> dict[str, HardwareUnit]:
    """Return the instances of module `top` by name, from the Verilog that MyHDL wrote."""
    modules = {
        name: (comment, _INSTANCE.findall(body))
        for comment, name, body in _MODULE.findall(verilog.read_text(encoding="utf-8"))
    }
    _, instances = modules.get(top, ("", []))
    units = {}
    for module, instance in instances:
        comment, parts = modules.get(module, ("", []))
        says = comment.split("\n", 1)[0].removeprefix("//").strip()
        units[instance] = HardwareUnit(
            module, says, source_of(module), tuple((name, inner) for inner, name in parts)
        )
    return units


def source_of(module: str) -> str:
    """Return the file of the unit that became `module`, from the checkout's top; "" for one of elsewhere."""
    sources = unit_sources()
    names = [name for name in sources if module == name or module.startswith(f"{name}_")]
    return sources[max(names, key=len)] if names else ""


@cache
def unit_sources() -> dict[str, str]:
    """Return the file of each unit of this project by the unit's name."""
    return {
        name: path.relative_to(PROJECT_ROOT).as_posix()
        for path in sorted((PROJECT_ROOT / "hdl").rglob("*.py"))
        for name in _UNIT.findall(path.read_text(encoding="utf-8"))
    }
