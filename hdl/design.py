"""What the project knows of a design: its parameters, ports, latency and groups."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hdl.language.unit import Unit
from hdl.parameters import Parameter, Parameters, make_parameters


@dataclass(frozen=True)
class DesignPort:
    """A port of a design's top module; `width` in bits, `direction` is 'input' or 'output'."""

    name: str
    width: int
    direction: str


@dataclass(frozen=True, kw_only=True)
class Design:
    """A circuit that can be converted, laid out and measured.

    top         the unit at the top: its ports are the design's, its parameters are found by name among the
                design's, `fmt` for `format`; the ports' widths are those it declares, a bool where none
    parameters  in order; a later one's limits may depend on those before it
    latency     rising clock edges from valid_in to its valid_out; 0 where that means nothing
    groups      prefixes of the top's instance names, in the order of the data path: an instance belongs to
                the one group whose name its own starts with
    baseline    name of the design that it is compared with
    """

    name: str
    description: str
    top: Unit
    parameters: tuple[Parameter, ...] = ()
    latency: int | Callable[[Parameters], int] = 0
    groups: tuple[str, ...] = field(default=())
    baseline: str | None = None

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def make_parameters(self, values: Mapping[str, Any]) -> Parameters:
        """Return the parameters with `values` in the place of the defaults.

        Raises ValueError for a name that the design does not have and for a value out of range.
        """
        return make_parameters(f"design {self.name}", self.parameters, values)

    def said_parameters(self, parameters: Parameters) -> dict[str, Any]:
        """Return the parameters by name, in order, without those that go without saying."""
        values = {declared: getattr(parameters, declared.name) for declared in self.parameters}
        return {one.name: value for one, value in values.items() if not one.is_implied(value)}

    def top_parameters(self, parameters: Parameters) -> dict[str, Any]:
        """Return the keyword arguments of `top`."""
        return {name: getattr(parameters, name) for name in self.top.parameter_names}

    def port_widths(self, parameters: Parameters) -> dict[str, int]:
        """Return the width in bits of each port."""
        values = self.top_parameters(parameters)
        return {port: self.top.width_of(port, values) for port in self.top.directions}

    def latency_clocks(self, parameters: Parameters) -> int:
        """Return the rising clock edges from valid_in to its valid_out."""
        return self.latency if isinstance(self.latency, int) else self.latency(parameters)

    def ports(self, parameters: Parameters) -> tuple[DesignPort, ...]:
        """Return the ports of the top module, in order."""
        widths = self.port_widths(parameters)
        return tuple(
            DesignPort(name, widths[name], direction) for name, direction in self.top.directions.items()
        )
