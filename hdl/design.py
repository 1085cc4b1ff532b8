"""What the project knows of a design: its parameters, ports, latency and groups."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hdl.language.unit import Unit


@dataclass(frozen=True)
class DesignPort:
    """A port of a design's top module; `width` in bits, `direction` is 'input' or 'output'."""

    name: str
    width: int
    direction: str


@dataclass(frozen=True)
class Design:
    """A circuit that can be converted, laid out and measured.

    parameters      frozen dataclass with a default for each field; its constructor checks the ranges
    top             the unit at the top; its ports are the design's
    port_widths     width in bits of each port, for given parameters
    top_parameters  the keyword arguments of `top`, for given parameters
    latency_clocks  rising clock edges from valid_in to its valid_out, for given parameters
    groups          prefixes of the top's instance names, in the order of the data path: an instance
                    belongs to the one group whose name its own starts with
    """

    name: str
    description: str
    parameters: type
    top: Unit
    port_widths: Callable[[Any], dict[str, int]]
    top_parameters: Callable[[Any], dict[str, Any]]
    latency_clocks: Callable[[Any], int]
    groups: tuple[str, ...]

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(entry.name for entry in fields(self.parameters))

    def make_parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters with `values` in the place of the defaults.

        Raises ValueError for a name that the design does not have and for a value out of range.
        """
        for name in values:
            if name not in self.parameter_names:
                known = ", ".join(self.parameter_names)
                raise ValueError(f"design {self.name} has no parameter '{name}': {known}")
        return self.parameters(**values)

    def ports(self, parameters: Any) -> tuple[DesignPort, ...]:
        """Return the ports of the top module, in order."""
        widths = self.port_widths(parameters)
        return tuple(
            DesignPort(name, widths[name], direction) for name, direction in self.top.directions.items()
        )


def check_range(name: str, value: Any, smallest: int, largest: int) -> None:
    """Raise ValueError unless `value` is an int of smallest..largest."""
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        raise ValueError(f"{name} must be an integer from {smallest} to {largest}, not {value!r}")
