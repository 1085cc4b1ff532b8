"""Hardware units that keep their hierarchy in Verilog.

MyHDL's converter flattens a design into one module. Area and power per hardware unit need the
modules to survive, so a function decorated with `unit` becomes a Verilog module of its own, named
after the function and its parameters, and its parent instantiates it by that name. In a MyHDL
simulation the same function is a plain block.

A unit is a function whose positional arguments are its ports, annotated `In` or `Out`, and whose
keyword-only arguments are its parameters:

    @unit
    def adder(a: In, b: In, total: Out, *, width: int) -> Instances:
        '''Sum of two `width`-bit numbers, one bit wider.'''

        @always_comb
        def add() -> None:
            total.next = a + b

        return instances()

    low = adder(a, b, total, width=8, instance="low")      # module adder_w8, instance low

Rules, checked at conversion: a unit contains logic and other units, no plain MyHDL block; ports are
bool or intbv signals; inputs may also be slices `s(high, low)`, ConcatSignals, True and False; one unit
with one set of parameters always has the same port widths. A list of signals that is connected to
units becomes one signal per element, `name_0`, `name_1`, ...; generators may then not index that list.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import myhdl
from myhdl._block import _Block, block_decorator
from myhdl._extractHierarchy import _UserVerilogCode
from myhdl._ShadowSignal import ConcatSignal, _ShadowSignal
from myhdl._Signal import _isListOfSigs, _Signal

In = Annotated[Any, "input"]
Out = Annotated[Any, "output"]
Instances = Any

# MyHDL carries no types: these are its own functions under a signature that a type checker accepts.
_Decorator = Callable[[Callable[[], None]], Any]
always_comb: _Decorator = myhdl.always_comb
always: Callable[..., _Decorator] = myhdl.always
instances: Callable[[], Instances] = myhdl.instances


class HierarchyError(ValueError):
    """A unit breaks one of the rules in this module's docstring."""


@dataclass(frozen=True)
class Port:
    """A port of a unit: `width` in bits, `is_bool` for a MyHDL bool, `signed` for a negative minimum."""

    name: str
    direction: str
    width: int
    is_bool: bool = False
    signed: bool = False

    def signal(self) -> Any:
        """Return a new signal of this port's type."""
        if self.is_bool:
            return myhdl.Signal(False)
        if self.signed:
            half = 1 << (self.width - 1)
            return myhdl.Signal(myhdl.intbv(0, min=-half, max=half))
        return myhdl.Signal(myhdl.intbv(0)[self.width :])


@dataclass(frozen=True)
class Module:
    """A unit with its parameters and port types: what becomes one Verilog module."""

    name: str
    unit: "Unit"
    parameters: tuple[tuple[str, Any], ...]
    ports: tuple[Port, ...]


@dataclass
class Conversion:
    """Modules met so far, by name, in the order of their first instantiation."""

    modules: dict[str, Module] = field(default_factory=dict)

    def require(self, module: Module) -> None:
        """Note the module; raise HierarchyError where its name stands for something else."""
        known = self.modules.setdefault(module.name, module)
        if known.unit is not module.unit or known.parameters != module.parameters:
            raise HierarchyError(f"two different units are called {module.name}")
        for before, now in zip(known.ports, module.ports, strict=True):
            if before != now:
                raise HierarchyError(
                    f"{module.name}: port {now.name} is {_describe(now)} here, {_describe(before)} elsewhere"
                )


_active: list[Conversion] = []


@contextmanager
def converting() -> Iterator[Conversion]:
    """While in this context, calling a unit gives an instantiation and notes the module it needs."""
    conversion = Conversion()
    _active.append(conversion)
    try:
        yield conversion
    finally:
        _active.pop()


class Unit(block_decorator):  # type: ignore[misc]
    """A hardware unit: call it with signals and parameters to instantiate it."""

    def __init__(self, function: Callable[..., Instances]) -> None:
        """Read the ports and parameters from the function's signature."""
        super().__init__(function)
        self.directions: dict[str, str] = {}
        self.parameter_names: list[str] = []
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                self.parameter_names.append(name)
            elif parameter.annotation is In:
                self.directions[name] = "input"
            elif parameter.annotation is Out:
                self.directions[name] = "output"
            else:
                raise HierarchyError(f"{function.__name__}: port {name} must be annotated In or Out")

    def __call__(self, *signals: Any, instance: str | None = None, **parameters: Any) -> Any:
        """Instantiate the unit on `signals`, in the order of its ports (or by their names).

        `instance` is its name in the parent's Verilog, by default the function's name.
        """
        positional = list(signals)
        for port in list(self.directions)[len(signals) :]:
            if port not in parameters:
                raise HierarchyError(f"{self.func.__name__}: port {port} is not connected")
            positional.append(parameters.pop(port))
        name = instance or self.func.__name__
        if not _active:
            positional = [myhdl.Signal(value) if isinstance(value, bool) else value for value in positional]
            block = _Block(
                self.func, self, name, self.srcfile, self.srcline, False, *positional, **parameters
            )
            _complete_names(block)
            return block
        module = self._module(positional, parameters)
        _active[-1].require(module)
        # MyHDL finds the parent's frame at a fixed depth below _Block, hence its construction here.
        block = _Block(_no_contents, self, name, self.srcfile, self.srcline, False)
        block.verilog_code = _Instantiation(module, name, positional)
        return block

    def _module(self, signals: list[Any], parameters: Mapping[str, Any]) -> Module:
        ports = tuple(
            _port_of(f"{self.func.__name__}.{name}", name, direction, signal)
            for (name, direction), signal in zip(self.directions.items(), signals, strict=True)
        )
        unknown = set(parameters) - set(self.parameter_names)
        missing = [name for name in self.parameter_names if name not in parameters]
        if unknown or missing:
            raise HierarchyError(
                f"{self.func.__name__}: parameters must be {', '.join(self.parameter_names)}"
            )
        ordered = tuple((name, parameters[name]) for name in self.parameter_names)
        tags = [_tag(self.func.__name__, name, value) for name, value in ordered]
        return Module("_".join([self.func.__name__, *tags]), self, ordered, ports)

    def elaborate(self, module: Module) -> Any:
        """Return a block of this unit on fresh signals, its subunits being instantiations only."""
        signals = [port.signal() for port in module.ports]
        parameters = dict(module.parameters)
        block = _Block(
            self.func, self, module.name, self.srcfile, self.srcline, False, *signals, **parameters
        )
        _complete_names(block)
        return block


def unit(function: Callable[..., Instances]) -> Unit:
    """Make a hardware unit of `function`: see the module's docstring."""
    return Unit(function)


def _no_contents() -> list[Any]:
    return []


class _Instantiation(_UserVerilogCode):  # type: ignore[misc]
    """The Verilog instance of a module, written once MyHDL has named the parent's signals."""

    __slots__ = ("instance", "module", "signals")

    def __init__(self, module: Module, instance: str, signals: list[Any]) -> None:
        self.module = module
        self.instance = instance
        self.signals = signals
        for port, signal in zip(module.ports, signals, strict=True):
            if not isinstance(signal, bool):
                _mark(port, signal, f"{module.name} {instance}")

    def __str__(self) -> str:
        connections = []
        for port, signal in zip(self.module.ports, self.signals, strict=True):
            if isinstance(signal, bool):
                connections.append(f"    .{port.name}(1'b{int(signal)})")
                continue
            if signal._name is None:
                where = f"{self.module.name} {self.instance}"
                raise HierarchyError(f"{where}: the signal at port {port.name} has no name in its parent")
            connections.append(f"    .{port.name}({signal._name.strip()})")
        return f"\n{self.module.name} {self.instance} (\n" + ",\n".join(connections) + "\n);\n"


def _mark(port: Port, signal: Any, where: str) -> None:
    """Tell MyHDL's analysis what the instance does with the signal."""
    signal._markUsed()
    if port.direction == "output":
        if isinstance(signal, _ShadowSignal):
            raise HierarchyError(f"{where}: output {port.name} drives a slice; give it a signal of its own")
        signal.driven = "wire"
    else:
        signal._markRead()
        if isinstance(signal, ConcatSignal):
            signal.driven = "wire"


def _port_of(where: str, name: str, direction: str, signal: Any) -> Port:
    if isinstance(signal, bool) and direction == "input":
        return Port(name, direction, 1, is_bool=True)
    if not isinstance(signal, _Signal) or not signal._nrbits:
        raise HierarchyError(f"{where} must be connected to a signal with a width")
    signed = signal._min is not None and signal._min < 0
    return Port(name, direction, signal._nrbits, is_bool=signal._type is bool, signed=signed)


def _describe(port: Port) -> str:
    kind = "a bool" if port.is_bool else f"{port.width} bits"
    return f"{kind} (signed)" if port.signed else kind


def _tag(unit_name: str, name: str, value: Any) -> str:
    """Return a parameter's part of a module name: a format's name, or initials and value."""
    initials = "".join(word[0] for word in name.split("_"))
    if isinstance(value, bool):
        return f"{initials}{int(value)}"
    if isinstance(value, int):
        return f"{initials}{value}" if value >= 0 else f"{initials}n{-value}"
    text = value if isinstance(value, str) else getattr(value, "name", "")
    if not isinstance(text, str) or not re.fullmatch(r"\w+", text):
        raise HierarchyError(f"{unit_name}: parameter {name} has no name for Verilog: {value!r}")
    return text


def _complete_names(block: Any) -> None:
    """Give the block every signal name of its function.

    MyHDL takes a block's names from its first instance, which knows only the variables assigned
    before it. Later instances know more; the union knows all that matter.
    """
    names: dict[str, Any] = {}
    for sub in block.subs:
        for name, value in sub.callinfo.symdict.items():
            names.setdefault(name, value)
    connected = _check_instances(block) if _active else set()
    for name, value in names.items():
        if isinstance(value, _Signal):
            block.sigdict.setdefault(name, value)
        elif _isListOfSigs(value) and any(id(signal) in connected for signal in value):
            memory = block.memdict.pop(name, None)
            if memory is not None and memory._used:
                raise HierarchyError(
                    f"{block.func.__name__}: list {name} is connected to units and indexed by logic"
                )
            block.sigdict.update({f"{name}_{index}": signal for index, signal in enumerate(value)})
    block.symdict.update(names)


def _check_instances(block: Any) -> set[int]:
    """Return the id() of each signal connected to a unit, once the rules on instances hold."""
    parent = block.func.__name__
    connected: set[int] = set()
    drivers: dict[int, str] = {}
    names: set[str] = set()
    for sub in block.subs:
        if not isinstance(sub, _Block):
            continue
        if not isinstance(sub.verilog_code, _Instantiation):
            raise HierarchyError(f"{parent}: {sub.func.__name__} must be a unit")
        instance = sub.verilog_code.instance
        if instance in names:
            raise HierarchyError(f"{parent}: two instances are called {instance}")
        names.add(instance)
        for port, signal in zip(sub.verilog_code.module.ports, sub.verilog_code.signals, strict=True):
            connected.add(id(signal))
            if port.direction == "output" and id(signal) in drivers:
                raise HierarchyError(
                    f"{parent}: {instance} drives a signal that {drivers[id(signal)]} drives"
                )
            if port.direction == "output":
                drivers[id(signal)] = instance
    return connected
