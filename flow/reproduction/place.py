"""Where kernels are compared: a PDK, a format and a dimension, with every setting of the flow as usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flow.error_study.kernel_error import kernel_error
from flow.record.recipes import TIMING
from flow.record.result import Result
from flow.record.results_store import COMPARABLE
from hdl.designs import kernels
from hdl.kernels.frame import WITH_KEY
from hdl.parameters import Parameters
from pdk_configs.pdk import load_pdk

BASELINE = "fa2_baseline"


@dataclass(frozen=True, order=True)
class Place:
    """A PDK, a format and the elements of a vector."""

    pdk: str
    format: str
    d: int

    @property
    def title(self) -> str:
        """Title in tables and pictures."""
        return f"{self.pdk}, {self.format.upper()}, d = {self.d}"

    @property
    def name(self) -> str:
        """Part of a file's name."""
        return f"{self.pdk}_{self.format}_d{self.d}"

    @property
    def parameters(self) -> dict[str, Any]:
        """What all variants of a kernel have here: not what tells them apart."""
        return {"format": self.format, "d": self.d, "value_timing": WITH_KEY}


# Where the peers and all variants are measured.
COMMON = Place("nangate45", "bf16", 16)


def parameters_of(design: str, given: Mapping[str, Any], place: Place = COMMON) -> Parameters:
    """Return the parameters of a kernel at a place."""
    return kernels()[design].make_parameters({**place.parameters, **given})


def at_place(
    results: Sequence[Result], design: str, given: Mapping[str, Any], place: Place = COMMON
) -> dict[str, Result]:
    """Return by depth the results at a place of a kernel with `given` parameters, all else as usual."""
    wanted = parameters_of(design, given, place)
    return {
        result.depth: result
        for result in results
        if result.design == design
        and has_usual_settings(result, place)
        and kernels()[design].make_parameters(result.parameters) == wanted
    }


def deepest_common(baselines: Mapping[str, Result], measured: Mapping[str, Result]) -> str | None:
    """Return the deepest depth at which both have a result, by their results by depth; None without."""
    return next((depth for depth in COMPARABLE if depth in measured and depth in baselines), None)


def is_kernel_at(result: Result, place: Place) -> bool:
    """Whether a result is of a kernel at a place, with any choices of its own and to whatever depth."""
    return (
        result.design in kernels()
        and has_usual_settings(result, place)
        and all(result.parameters.get(name) == value for name, value in place.parameters.items())
    )


def has_usual_settings(result: Result, place: Place) -> bool:
    """Whether a result is of a place's PDK, with the flow's settings as usual."""
    return (
        (result.pdk, result.clock_ns, result.seed) == (place.pdk, load_pdk(place.pdk).default_clock_ns, 0)
        and (result.target_utilization_percent, result.synthesis) == (None, TIMING)
        and result.optimised_corners == "typical"
    )


def baseline_error(place: Place = COMMON) -> float:
    """Return the error of the baseline's output over the real data, relative L2."""
    return kernel_error(BASELINE, dict(parameters_of(BASELINE, {}, place).items))


def variant_of(result: Result) -> str:
    """Return in words the parameters that are not a kernel's defaults in its format and d."""
    kernel = kernels()[result.design]
    usual = kernel.make_parameters({name: result.parameters[name] for name in ("format", "d")})
    chosen = kernel.make_parameters(result.parameters)
    return ", ".join(
        f"{name} {word}".replace("_", " ") for name, word in chosen.items if word != getattr(usual, name)
    )
