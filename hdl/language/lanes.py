"""One unit many times, side by side: the fields of vectors in, one vector per output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from myhdl import ConcatSignal, Signal, modbv

from hdl.language.unit import Unit, name_signal


def fields(vector: Any, width: int) -> list[Any]:
    """Return the fields of `vector`, each of `width` bits, the lowest first; bools for a width of 1."""
    if width == 1:
        return [vector(index) for index in range(len(vector))]
    return [vector((index + 1) * width, index * width) for index in range(len(vector) // width)]


def joined(parts: Sequence[Any]) -> Any:
    """Return the vector of `parts`, the first in the lowest bits."""
    return ConcatSignal(*reversed(parts)) if len(parts) > 1 else parts[0]


@dataclass(frozen=True)
class Lanes:
    """What `lanes` made: by output its signals, lowest lane first, and the vector that joins them."""

    hdl_instances: tuple[Any, ...]
    signals: Mapping[str, list[Any]]
    vectors: Mapping[str, Any]

    def __getattr__(self, port: str) -> Any:
        """Return the joined vector of the output `port`."""
        if port.startswith("__") or port not in self.vectors:
            raise AttributeError(port)
        return self.vectors[port]


def lanes(unit: Unit, *, instance: str, start: int = 0, **connections: Any) -> Lanes:
    """Instantiate `unit` once per lane, as `<instance>_<start>`, `<instance>_<start + 1>`, ...

    Each input is a list with a signal per lane, as `fields` gives it, or one signal for all lanes; outputs
    are made here, as wide as the unit says, and wrap, as the Verilog does. The rest are its parameters.
    """
    inputs = {name: connections.pop(name) for name, way in unit.directions.items() if way == "input"}
    count = max(len(value) if isinstance(value, list) else 1 for value in inputs.values())
    outputs: dict[str, list[Any]] = {}
    for port in (name for name, way in unit.directions.items() if way == "output"):
        width = unit.width_of(port, connections)
        is_bool = port not in unit.widths
        outputs[port] = [
            name_signal(
                Signal(False) if is_bool else Signal(modbv(0)[width:]), f"{instance}_{port}_{start + index}"
            )
            for index in range(count)
        ]
    made = tuple(
        unit(
            **{name: value[index] if isinstance(value, list) else value for name, value in inputs.items()},
            **{name: signals[index] for name, signals in outputs.items()},
            **connections,
            instance=f"{instance}_{start + index}",
        )
        for index in range(count)
    )
    vectors = {
        port: name_signal(joined(signals), f"{instance}_{port}") if count > 1 else signals[0]
        for port, signals in outputs.items()
    }
    return Lanes(made, outputs, vectors)
