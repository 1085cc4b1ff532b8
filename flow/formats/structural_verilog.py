"""Read structural Verilog: modules of wires, instances and assignments, as Yosys and OpenROAD write it.

A reader of its own, statement by statement: Yosys elaborates 50,000 cells for longer than their
simulation takes. Not read, and refused: behaviour, parameters, port declarations in the module's header.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

# A bit of a module: (name, index), index None for a scalar; or the constant 0 or 1.
Bit = tuple[str, int | None] | int

_NAME = r"(?:\\\S+(?=\s|$)|[A-Za-z_][\w$]*)"
_NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|\(\*(?!\s*\)).*?\*\)", re.DOTALL)
_MODULE = re.compile(rf"module\s+({_NAME})\s*\((.*)\)\s*$", re.DOTALL)
_DECLARATION = re.compile(r"(input|output|inout|wire)\s+(?:\[\s*(\d+)\s*:\s*(\d+)\s*\]\s*)?(.+)$", re.DOTALL)
_INSTANCE = re.compile(rf"({_NAME})\s+({_NAME})\s*\((.*)\)\s*$", re.DOTALL)
_PIN = re.compile(rf"\.({_NAME})\s*\(([^()]*)\)\s*,?\s*", re.DOTALL)
_SELECTED = re.compile(rf"({_NAME})\s*(?:\[\s*(\d+)\s*(?::\s*(\d+)\s*)?\])?$")
_CONSTANT = re.compile(r"(\d+)?'s?([bdhBDH])\s*([0-9a-fA-FxzXZ_]+)$")
_RADIX = {"b": 2, "d": 10, "h": 16}


@dataclass
class VerilogModule:
    """A module: ports in order with their directions, ranges of names, assignments and instances."""

    name: str
    ports: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    assignments: list[tuple[list[Bit], list[Bit]]] = field(default_factory=list)
    instances: list[tuple[str, str, dict[str, list[Bit]]]] = field(default_factory=list)
    # Expressions read so far: most nets have several pins.
    read: dict[str, list[Bit]] = field(default_factory=dict)

    def bits_of(self, name: str) -> list[Bit]:
        """Return the bits of a wire or port, lowest first in its range's order."""
        if name not in self.ranges:
            raise ValueError(f"module {self.name}: '{name}' is not declared")
        limits = self.ranges[name]
        if limits is None:
            return [(name, None)]
        left, right = limits
        step = 1 if left >= right else -1
        return [(name, index) for index in range(right, left + step, step)]


def _plain(name: str) -> str:
    return name.strip().removeprefix("\\")


def _constant(match: re.Match[str]) -> list[Bit]:
    """Return the bits of a sized constant; x and z read as 0."""
    digits = re.sub("[xXzZ]", "0", match[3].replace("_", ""))
    value = int(digits, _RADIX[match[2].lower()])
    return [value >> bit & 1 for bit in range(int(match[1] or 32))]


def _expression(text: str, module: VerilogModule) -> list[Bit]:
    """Return the bits of a name, a part of one, a constant or a concatenation, lowest first."""
    text = text.strip()
    if not text:
        return []
    if text[0] == "{":
        inner, depth, parts = text[1:-1], 0, [""]
        for piece in re.split(r"([{},])", inner):
            depth += {"{": 1, "}": -1}.get(piece, 0)
            if piece == "," and depth == 0:
                parts.append("")
            else:
                parts[-1] += piece
        return [bit for part in reversed(parts) for bit in _expression(part, module)]
    selected = _SELECTED.match(text)
    if selected is not None:
        name = _plain(selected[1])
        if selected[2] is None:
            return module.bits_of(name)
        left = int(selected[2])
        right = left if selected[3] is None else int(selected[3])
        step = 1 if left >= right else -1
        return [(name, index) for index in range(right, left + step, step)]
    constant = _CONSTANT.match(text)
    if constant is None:
        raise ValueError(f"module {module.name}: '{text[:60]}' is not structural")
    return _constant(constant)


def _statement(text: str, module: VerilogModule) -> None:
    """Add what a statement inside `module` says."""
    declaration = _DECLARATION.match(text)
    if declaration is not None:
        kind, left, right, names = declaration.groups()
        limits = None if left is None else (int(left), int(right))
        for name in re.split(r"\s*,\s*", names.strip()):
            if re.fullmatch(_NAME, name) is None:
                raise ValueError(f"module {module.name}: '{text[:60]}' is not structural")
            module.ranges[_plain(name)] = limits
            if kind != "wire":
                module.ports[_plain(name)] = kind
        return
    if text.startswith("assign"):
        left_side, _, right_side = text.removeprefix("assign").partition("=")
        target, source = _expression(left_side, module), _expression(right_side, module)
        module.assignments.append((target, (source + [0] * len(target))[: len(target)]))
        return
    instance = _INSTANCE.match(text)
    pins: dict[str, list[Bit]] = {}
    end = 0
    if instance is not None:
        connections = instance[3].strip()
        while end < len(connections):
            pin = _PIN.match(connections, end)
            if pin is None:
                break
            expression = pin[2]
            bits = module.read.get(expression)
            if bits is None:
                bits = module.read[expression] = _expression(expression, module)
            pins[_plain(pin[1])] = bits
            end = pin.end()
    if instance is None or end < len(connections):
        raise ValueError(f"module {module.name}: '{text[:60]}' is not structural")
    module.instances.append((_plain(instance[1]), _plain(instance[2]), pins))


def read_modules(path: Path) -> dict[str, VerilogModule]:
    """Return the modules of a Verilog file by name.

    Raises OSError, or ValueError for a file that is cut short or holds more than structure.
    """
    text = _NOISE.sub(" ", path.read_text(encoding="utf-8"))
    modules: dict[str, VerilogModule] = {}
    module: VerilogModule | None = None
    for statement in re.sub(r"\bendmodule\b", "endmodule;", text).split(";"):
        words = statement.strip()
        if not words:
            continue
        try:
            if module is None:
                header = _MODULE.match(words)
                if header is None:
                    raise ValueError(f"'{words[:60]}' is not a module")
                module = VerilogModule(_plain(header[1]))
                module.ports = {_plain(name): "" for name in header[2].split(",") if name.strip()}
            elif words == "endmodule":
                if "" in module.ports.values():
                    raise ValueError(f"module {module.name}: a port has no direction")
                modules[module.name] = module
                module = None
            else:
                # The blank that ends an escaped name may have been the last character.
                _statement(words, module)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    if module is not None:
        raise ValueError(f"{path}: module {module.name} is cut short")
    return modules
