"""Hardware units that keep their hierarchy in Verilog.

MyHDL's converter flattens a design into one module. Area and power per hardware unit need the
modules to survive, so a function decorated with `unit` becomes a Verilog module of its own, named
after the function and its parameters, and its parent instantiates it by that name. In a MyHDL
simulation the same function is a plain block.

A unit is a function whose positional arguments are its ports, annotated `In` or `Out`, and whose
keyword-only arguments are its parameters. At its default a parameter is not in the module's name:

    @unit(a="width", b="width", total="width + 1")
    def adder(a: In, b: In, total: Out, *, width: int) -> Instances:
        '''Sum of two `width`-bit numbers, one bit wider.'''

        @always_comb
        def add() -> None:
            total.next = a + b

        return instances()

    low = adder(a, b, total, width=8, instance="low")      # module adder_w8, instance low

The decorator may say a port's width in bits: a number, an expression of the unit's parameters, or a function
of them (`lambda p: tree_levels(p.count)`). What is connected is checked against it, also in a simulation; a
kernel's frame declares its wires by it: an output without one is a bool there.

Rules, checked at conversion: a unit contains logic and other units, no plain MyHDL block; ports are
bool or intbv signals; inputs may also be slices `s(high, low)`, ConcatSignals, True and False; one unit
with one set of parameters always has the same port widths. A list of signals that is connected to
units becomes one signal per element, `name_0`, `name_1`, ...; generators may then not index that list.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType, SimpleNamespace
from typing import Annotated, Any, overload

import myhdl
from myhdl._block import _Block, _CallInfo, block_decorator
from myhdl._extractHierarchy import _UserVerilogCode
from myhdl._instance import _Instantiator
from myhdl._ShadowSignal import ConcatSignal, _ShadowSignal
from myhdl._Signal import _isListOfSigs, _Signal

from hdl.language.local_names import in_order_of_calls, local_names
from hdl.language.source_once import quicken_myhdl

quicken_myhdl()

In = Annotated[Any, "input"]
Out = Annotated[Any, "output"]
Instances = Any

# The width of a port in bits, see above.
Width = int | str | Callable[[Any], int]

# MyHDL carries no types: these are its own functions under a signature that a type checker accepts.
_Decorator = Callable[[Callable[[], None]], Any]
always_comb: _Decorator = myhdl.always_comb
always: Callable[..., _Decorator] = myhdl.always


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
    # By id(): signals that are no variable of their unit, kept here so that the id stays theirs.
    names: dict[int, tuple[str, Any]] = field(default_factory=dict)

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
unit_of_code: dict[CodeType, "Unit"] = {}  # the units by their functions' code


@contextmanager
def converting() -> Iterator[Conversion]:
    """While in this context, calling a unit gives an instantiation and notes the module it needs."""
    conversion = Conversion()
    _active.append(conversion)
    try:
        yield conversion
    finally:
        _active.pop()


def name_signal(signal: Any, name: str) -> Any:
    """Return `signal`, which is called `name` in the Verilog of the unit that connects it."""
    if _active:
        _active[-1].names[id(signal)] = (name, signal)
    return signal


class Unit(block_decorator):  # type: ignore[misc]
    """A hardware unit: call it with signals and parameters to instantiate it."""

    def __init__(self, function: Callable[..., Instances], widths: Mapping[str, Width] | None = None) -> None:
        """Read the ports and parameters from the function's signature; `widths` are by port."""
        super().__init__(function)
        self.widths = dict(widths or {})
        self.directions: dict[str, str] = {}
        self.parameter_names: list[str] = []
        self.defaults: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                self.parameter_names.append(name)
                if parameter.default is not inspect.Parameter.empty:
                    self.defaults[name] = parameter.default
            elif parameter.annotation is In:
                self.directions[name] = "input"
            elif parameter.annotation is Out:
                self.directions[name] = "output"
            else:
                raise HierarchyError(f"{function.__name__}: port {name} must be annotated In or Out")
        for name in self.widths:
            if name not in self.directions:
                raise HierarchyError(f"{function.__name__}: no port {name} to have a width")

    def width_of(self, port: str, parameters: Mapping[str, Any]) -> int:
        """Return the width in bits of a port for given parameters; 1 for one without a width of its own."""
        width = self.widths.get(port, 1)
        if isinstance(width, str):
            return int(eval(width, {"__builtins__": {"len": len, "max": max}}, dict(parameters)))
        return width if isinstance(width, int) else width(SimpleNamespace(**parameters))

    def _check_widths(self, signals: list[Any], parameters: Mapping[str, Any]) -> None:
        for port, signal in zip(self.directions, signals, strict=True):
            if port in self.widths and isinstance(signal, _Signal):
                width = self.width_of(port, parameters)
                if (signal._nrbits or 1) != width:
                    raise HierarchyError(
                        f"{self.func.__name__}: port {port} has {width} bits, "
                        f"the signal connected to it {signal._nrbits or 1}"
                    )

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
        parameters = self.defaults | parameters
        self._check_parameters(parameters)
        self._check_widths(positional, parameters)
        if not _active:
            positional = [myhdl.Signal(value) if isinstance(value, bool) else value for value in positional]
            block = _Block(
                self.func, self, name, self.srcfile, self.srcline, False, *positional, **parameters
            )
            _belongs_to_calling_unit(block)
            block.names_at_call = frozenset(block.callinfo.symdict)
            _complete_names(block)
            return block
        module = self._module(positional, parameters)
        _active[-1].require(module)
        block = _Block(_no_contents, self, name, self.srcfile, self.srcline, False)
        _belongs_to_calling_unit(block)
        block.names_at_call = frozenset(block.callinfo.symdict)
        block.verilog_code = _Instantiation(module, name, positional)
        return block

    def _module(self, signals: list[Any], parameters: Mapping[str, Any]) -> Module:
        ports = tuple(
            _port_of(f"{self.func.__name__}.{name}", name, direction, signal)
            for (name, direction), signal in zip(self.directions.items(), signals, strict=True)
        )
        ordered = tuple((name, parameters[name]) for name in self.parameter_names)
        # A default goes without saying, in a module's name too.
        said = [(name, value) for name, value in ordered if self.defaults.get(name) != value]
        tags = [_tag(self.func.__name__, name, value) for name, value in said]
        return Module("_".join([self.func.__name__, *tags]), self, ordered, ports)

    def _check_parameters(self, parameters: Mapping[str, Any]) -> None:
        if set(parameters) != set(self.parameter_names):
            raise HierarchyError(
                f"{self.func.__name__}: parameters must be {', '.join(self.parameter_names)}"
            )

    def elaborate(self, module: Module) -> Any:
        """Return a block of this unit on fresh signals, its subunits being instantiations only."""
        signals = [port.signal() for port in module.ports]
        parameters = dict(module.parameters)
        block = _Block(
            self.func, self, module.name, self.srcfile, self.srcline, False, *signals, **parameters
        )
        _complete_names(block)
        return block


@overload
def unit(function: Callable[..., Instances]) -> Unit: ...
@overload
def unit(**widths: Width) -> Callable[[Callable[..., Instances]], Unit]: ...
def unit(function: Any = None, **widths: Width) -> Any:
    """Make a hardware unit of `function`: see the module's docstring."""
    if function is not None:
        return _registered(Unit(function))
    return lambda decorated: _registered(Unit(decorated, widths))


def _registered(made: Unit) -> Unit:
    unit_of_code[made.func.__code__] = made
    return made


def _belongs_to_calling_unit(block: Any) -> None:
    """Tell MyHDL which unit's function instantiates the block, whatever helpers stand in between.

    MyHDL itself looks at a fixed depth of the stack.
    """
    frame: FrameType | None = inspect.currentframe()
    while frame is not None and frame.f_back is not None:
        caller = frame.f_back
        if caller.f_code is _Block.__init__.__code__:
            block.modctxt = True
            block.callinfo = _CallInfo(frame.f_code.co_name, True, {**frame.f_globals, **frame.f_locals})
            return
        frame = caller


def instances() -> Instances:
    """Return every instance and generator of the unit that calls this, in an order of names alone.

    Lists of them count, and what `hdl.language.lanes.lanes` gives.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    if caller is None or caller.f_code not in unit_of_code:
        raise HierarchyError("instances() is for the body of a unit")
    values = dict(caller.f_locals)
    names = local_names(unit_of_code[caller.f_code].func)
    found = {name: values[name] for name in names if name in values and _is_logic(values[name])}
    order = in_order_of_calls(names, _bound_at_calls(names, _flat(found.values())))
    return [_contents(found[name]) for name in order if name in found]


def _contents(value: Any) -> Any:
    return list(value.hdl_instances) if hasattr(value, "hdl_instances") else value


def _is_logic(value: Any) -> bool:
    """Whether a variable holds instances or generators: one, or a list of nothing else."""
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_logic(item) for item in value)
    return isinstance(value, _Block | _Instantiator) or hasattr(value, "hdl_instances")


def _flat(values: Iterable[Any]) -> list[Any]:
    """Return instances and generators out of lists of them."""
    flat: list[Any] = []
    for value in values:
        contents = _contents(value)
        flat += _flat(contents) if isinstance(contents, list | tuple) else [contents]
    return flat


def _bound_at_calls(names: tuple[str, ...], logic: Iterable[Any]) -> list[frozenset[str]]:
    """Return, for each instance and generator, which of `names` had a value when it was made."""
    return [_names_at_call(part).intersection(names) for part in logic]


def _names_at_call(part: Any) -> frozenset[str]:
    """Return the names that had a value when an instance or a generator was made.

    MyHDL adds names to the first one's `callinfo.symdict` later.
    """
    if isinstance(part, _Instantiator):
        return frozenset(part.symdict)
    return getattr(part, "names_at_call", frozenset(part.callinfo.symdict))


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
    if isinstance(value, tuple) and all(isinstance(number, int) and number >= 0 for number in value):
        return initials + "_".join(map(str, value))
    text = value if isinstance(value, str) else getattr(value, "name", "")
    if not isinstance(text, str) or not re.fullmatch(r"\w+", text):
        raise HierarchyError(f"{unit_name}: parameter {name} has no name for Verilog: {value!r}")
    return text


def _complete_names(block: Any) -> None:
    """Give the block every signal name of its function.

    MyHDL takes a block's names from its first instance, which knows only the variables assigned
    before it. Later instances know more; the union knows all that matter.
    """
    local = local_names(block.func)
    order = in_order_of_calls(local, _bound_at_calls(local, block.subs))
    names: dict[str, Any] = {}
    for sub in block.subs:
        for name in order:
            if name in sub.callinfo.symdict:
                names.setdefault(name, sub.callinfo.symdict[name])
    # MyHDL has the names that the first instance knows, then those that logic reads, in the order of its
    # text. The variables of comprehensions, which are locals since Python 3.12, are not among them.
    at_first = _names_at_call(block.subs[0]) if block.subs else frozenset()
    foreign = set(block.func.__code__.co_varnames) - set(local)
    for table in (block.sigdict, block.memdict):
        found = {name: value for name, value in table.items() if name not in foreign}
        table.clear()
        table.update({name: found.pop(name) for name in order if name in at_first and name in found} | found)
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
    _name_nameless(block)


def _name_nameless(block: Any) -> None:
    """Give the signals that only `name_signal` has a name for that name."""
    if not _active:
        return
    known = {id(signal) for signal in block.sigdict.values()}
    for sub in block.subs:
        signals = sub.verilog_code.signals if isinstance(sub, _Block) else sub.sigdict.values()
        for signal in signals:
            name, _ = _active[-1].names.get(id(signal), (None, None))
            if name is None or id(signal) in known:
                continue
            if name in block.sigdict:
                raise HierarchyError(f"{block.func.__name__}: two signals are called {name}")
            block.sigdict[name] = signal
            known.add(id(signal))


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
