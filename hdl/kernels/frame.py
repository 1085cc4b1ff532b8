"""The frame of a FlashAttention kernel: what all have in common, and how its stages are put together.

Common to all: ports and flags, the score q . k, the ride of v to where it is needed, one recurrence over the
keys, one finish after the last. A kernel says what its recurrence and its finish are, as stages, and gives a
model of them. Every wire between stages has a name: a stage's port is connected to the wire of its own name.

    clk, rst             the clock; the reset of flags
    q, k                 the ports: d numbers each
    start, live, finish  flags of the key whose data reach the stage's inputs: first of its query; there is a
                         key and it is not masked; last of its query
    value                the key's d numbers of v, `value_rank` ranks behind the stage's inputs
    score                the key's score, of the stage `dot_product`
    valid_out, o         the ports that the finish drives
    any other            the output of a stage. One that stands later carries what it held a rank before: that
                         is the recurrence

A rank is a register between a key's entry and a point of the pipeline. All inputs of a stage that come from
stages before it must stand at one rank, which the frame checks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from myhdl import Signal, intbv

from hdl.design import Design
from hdl.formats import FloatFormat
from hdl.kernels.control import control
from hdl.language.unit import In, Instances, Out, Unit, name_signal, unit
from hdl.models.attention import Model, attend
from hdl.models.numpy_when_used import CodeArray
from hdl.parameters import Choice, Format, Integer, Parameter, Parameters
from hdl.units.arithmetic.dot_product import REGISTER_RANKS, dot_product
from hdl.units.delays import delay_line

# Where v is presented: with its key, or when its weight is ready.
WITH_KEY = "with_key"
WHEN_NEEDED = "when_needed"
VALUE_TIMINGS = (WITH_KEY, WHEN_NEEDED)

COMMON_PARAMETERS: tuple[Parameter, ...] = (
    Format(mantissa_bits_max=10),
    Integer("d", 16, 2, 256, "head dimension: features of a key"),
    Choice("value_timing", VALUE_TIMINGS, "where v is presented: with its key, or clocks later, as needed"),
)

FLAGS = ("start", "live", "finish")
PORTS = ("clk", "rst", "q", "k", "valid_out", "o")
CONTROL, VALUE_DELAY = "control", "value_delay"


@dataclass(frozen=True)
class Stage:
    """A unit in the frame.

    unit        the unit
    group       name of its instance, and so of the group whose area and power are measured
    ranks       registers from its inputs to its outputs, or what gives them for the kernel's parameters
    parameters  what it takes beside the kernel's own by name, to which fmt and lanes = d + 1 belong
    wires       the wires of those ports that are called otherwise
    value_rank  ranks behind its other inputs at which it takes `value`
    """

    unit: Unit
    group: str
    ranks: int | Callable[[Parameters], int] = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    wires: Mapping[str, str] = field(default_factory=dict)
    value_rank: int = 0

    def wire(self, port: str) -> str:
        """Return the name of the wire at a port."""
        return self.wires.get(port, port)

    def ports(self, direction: str) -> list[str]:
        """Return the names of the ports of a direction."""
        return [port for port, way in self.unit.directions.items() if way == direction]

    def unit_parameters(self, parameters: Parameters) -> dict[str, Any]:
        """Return the keyword arguments of the unit."""
        known = {"lanes": parameters.d + 1, **self.parameters}
        return {
            name: known[name] if name in known else getattr(parameters, name)
            for name in self.unit.parameter_names
            # A kernel that does not have a choice takes the unit's default.
            if name in known or name not in self.unit.defaults or hasattr(parameters, name)
        }


class StageChoice:
    """One stage of several, by the value of a parameter of the kernel; of these one may be a choice again."""

    def __init__(self, parameter: str, **stages: "Stage | StageChoice") -> None:
        """Take a stage for each value that the parameter may have."""
        self.parameter = parameter
        self.stages = stages


AnyStage = Stage | StageChoice
Stages = tuple[AnyStage, ...]


def chosen_stage(entry: AnyStage, parameters: Parameters) -> Stage:
    """Return the stage that `parameters` choose."""
    while isinstance(entry, StageChoice):
        entry = entry.stages[getattr(parameters, entry.parameter)]
    return entry


def possible_stages(entry: AnyStage) -> list[Stage]:
    """Return every stage that may be chosen."""
    if isinstance(entry, Stage):
        return [entry]
    return [stage for choice in entry.stages.values() for stage in possible_stages(choice)]


DOT_PRODUCT = Stage(dot_product, "dot_product", REGISTER_RANKS)


@dataclass(frozen=True)
class Schedule:
    """A kernel's stages for given parameters, each with the rank of its inputs."""

    stages: tuple[tuple[Stage, int], ...]
    value_rank: int
    latency: int

    def flag_ranks(self, flag: str) -> tuple[int, ...]:
        """Return the ranks at which a flag is wanted, rising; 0 for one that no stage takes."""
        ranks = {
            rank for stage, rank in self.stages for port in stage.ports("input") if stage.wire(port) == flag
        }
        return tuple(sorted(ranks)) or (0,)


@dataclass(frozen=True, kw_only=True)
class Kernel(Design):
    """A FlashAttention kernel: its stages and their model; see the module's docstring.

    parameters  its own, behind those that all kernels have (`format`, `d`, `value_timing`)
    model       called with the parameters: what the stages compute, key by key
    score       the stage that gives the score
    fewest_keys of a query, if the next is to follow at once
    """

    top: Unit = field(init=False)
    groups: tuple[str, ...] = field(init=False)
    recurrence: Stages
    finish: Stages
    model: Callable[[Parameters], Model]
    score: AnyStage = DOT_PRODUCT
    fewest_keys: Callable[[Parameters], int] = lambda parameters: 1

    def __post_init__(self) -> None:
        """Put the common parameters first and name the groups in the order of the data path."""
        names = [CONTROL]
        for entry in (self.score, *self.recurrence, *self.finish):
            stages = possible_stages(entry)
            takes_value = any(
                stage.wire(port) == "value" for stage in stages for port in stage.ports("input")
            )
            names += [VALUE_DELAY] * takes_value + [stage.group for stage in stages]
        object.__setattr__(self, "top", frame)
        object.__setattr__(self, "groups", tuple(dict.fromkeys(names)))
        object.__setattr__(self, "parameters", (*COMMON_PARAMETERS, *self.parameters))

    def top_parameters(self, parameters: Parameters) -> dict[str, Any]:
        """Return the keyword arguments of `frame`."""
        return {"fmt": parameters.fmt, "d": parameters.d, "kernel": self, "parameters": parameters}

    def latency_clocks(self, parameters: Parameters) -> int:
        """Return the ranks from a query's last key to its result."""
        return self.schedule(parameters).latency

    def value_lag_clocks(self, parameters: Parameters) -> int:
        """Return the clocks after its key at which v is presented; gaps in valid_in count as clocks."""
        return 0 if parameters.value_timing == WITH_KEY else self.schedule(parameters).value_rank - 1

    def attend(self, parameters: Parameters, q: Any, k: Any, v: Any, key_valid: Any = True) -> CodeArray:
        """Return the codes that the kernel gives for each query; arguments as in `hdl.models.attention`."""
        return attend(self.model(parameters), q, k, v, key_valid)

    def query_factor(self, parameters: Parameters) -> float:
        """Return what q contains beside 1/sqrt(d)."""
        return self.model(parameters).query_factor

    def schedule(self, parameters: Parameters) -> Schedule:
        """Return the stages in order, at their ranks; raises ValueError where ranks or wires do not fit."""
        stages: list[tuple[Stage, int]] = []
        ranks = {"q": 0, "k": 0}
        value_ranks = set()
        for entry in (self.score, *self.recurrence, *self.finish):
            stage = chosen_stage(entry, parameters)
            inputs = [stage.wire(port) for port in stage.ports("input")]
            known = {wire: ranks[wire] for wire in inputs if wire in ranks}
            start = max(known.values(), default=stages[-1][1] if stages else 0)
            for wire, rank in known.items():
                if rank != start:
                    raise ValueError(
                        f"{self.name}: {wire} reaches {stage.group} at rank {rank}, other inputs at {start}"
                    )
            if "value" in inputs:
                value_ranks.add(start + stage.value_rank)
            count = stage.ranks if isinstance(stage.ranks, int) else stage.ranks(parameters)
            for wire in (stage.wire(port) for port in stage.ports("output")):
                if wire in ranks:
                    raise ValueError(f"{self.name}: two stages drive {wire}")
                ranks[wire] = start + count
            stages.append((stage, start))
        for stage, _ in stages:
            for wire in (stage.wire(port) for port in stage.ports("input")):
                if wire not in ranks and wire not in ("value", *FLAGS, *PORTS):
                    raise ValueError(f"{self.name}: nothing drives {wire}, an input of {stage.group}")
        if len(value_ranks) != 1 or ranks.get("o") is None or ranks.get("o") != ranks.get("valid_out"):
            raise ValueError(
                f"{self.name}: stages must take value at one rank and drive o and valid_out at one"
            )
        return Schedule(tuple(stages), value_ranks.pop(), ranks["o"])


@unit(q="d * fmt.width", k="d * fmt.width", v="d * fmt.width", o="d * fmt.width")
def frame(
    clk: In,
    rst: In,
    valid_in: In,
    key_valid: In,
    first: In,
    last: In,
    q: In,
    k: In,
    v: In,
    valid_out: Out,
    o: Out,
    *,
    fmt: FloatFormat,
    d: int,
    kernel: Kernel,
    parameters: Parameters,
) -> Instances:
    """FlashAttention for one query at a time, one key per clock.

    clk, rst     clock; synchronous reset of the flags only: the next key must be a first one
    valid_in     a key is presented
    key_valid    0: the key is masked
    first, last  first and last key of a query; the next query may follow at once
    q            d numbers, number i = bits [i*W, (i+1)*W), 1/sqrt(d) included; read with first
    k, v         d numbers each
    valid_out    1 for one clock where o is a query's result
    o            d numbers, +0 where zero; held until the next result
    """
    schedule = kernel.schedule(parameters)
    ranks = {flag: schedule.flag_ranks(flag) for flag in FLAGS}
    flags = {flag: name_signal(Signal(intbv(0)[len(ranks[flag]) :]), flag) for flag in FLAGS}
    vector = d * fmt.width
    wires = {"clk": clk, "rst": rst, "q": q, "k": k, "valid_out": valid_out, "o": o}
    wires["value"] = name_signal(Signal(intbv(0)[vector:]), "value")
    for stage, _ in schedule.stages:
        for port in stage.ports("output"):
            wire = stage.wire(port)
            if wire not in wires:
                width = stage.unit.width_of(port, stage.unit_parameters(parameters))
                is_bool = port not in stage.unit.widths
                wires[wire] = name_signal(Signal(False) if is_bool else Signal(intbv(0)[width:]), wire)

    placed = [
        control(
            clk, rst, valid_in, key_valid, first, last, **flags, start_ranks=ranks["start"],
            live_ranks=ranks["live"], finish_ranks=ranks["finish"], instance=CONTROL,
        )
    ]  # fmt: skip
    clocks = schedule.value_rank - kernel.value_lag_clocks(parameters)
    waiting = True
    for stage, rank in schedule.stages:
        connections = {}
        for port in stage.unit.directions:
            wire = stage.wire(port)
            connections[port] = flags[wire](ranks[wire].index(rank)) if wire in FLAGS else wires[wire]
            if wire == "value" and waiting:
                placed.append(
                    delay_line(clk, v, wires[wire], width=vector, clocks=clocks, instance=VALUE_DELAY)
                )
                waiting = False
        placed.append(stage.unit(**connections, **stage.unit_parameters(parameters), instance=stage.group))
    return placed
