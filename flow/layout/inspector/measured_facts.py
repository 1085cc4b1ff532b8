"""Power, transitions and slack of a run's cells and nets."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.formats.def_file import DefFile
from flow.layout.inspector.activity import Activity
from flow.layout.inspector.facts import PORTS_FROM, Array
from flow.layout.inspector.timing import Timing
from flow.record.activities import TIMED, ZERO_DELAY


def power_arrays(names: list[str], activities: Mapping[str, Activity]) -> dict[str, Array]:
    """Return the power of each cell in W by kind, and of its total what is glitches; NaN where unknown.

    Glitches are what the layout's delays add to the same data without delays.
    """
    if not activities:
        return {}
    timed, still = activities[TIMED].cells, activities[ZERO_DELAY].cells

    def column(kind: str) -> Array:
        return np.array([getattr(timed.get(name), kind, np.nan) for name in names])

    total = column("total_w")
    without_glitches = np.array([getattr(still.get(name), "total_w", np.nan) for name in names])
    kinds = {kind: column(f"{kind}_w").astype(np.float32) for kind in ("internal", "switching", "leakage")}
    return kinds | {
        "power": total.astype(np.float32),
        "glitch_power": (total - without_glitches).astype(np.float32),
    }


def transition_arrays(
    layout: DefFile,
    names: list[str],
    ports: list[str],
    nets: Mapping[str, Array],
    pin_names: list[str],
    activities: Mapping[str, Activity],
) -> dict[str, Array]:
    """Return how often each net's driver changed, with the layout's delays and without; 0 where unknown."""
    if not activities:
        return {}
    drivers = []
    for number in range(len(layout.nets)):
        first = int(nets["pin_start"][number])
        if not nets["driven"][number]:
            drivers.append("")
            continue
        owner = int(nets["pin_owner"][first])
        pin = pin_names[int(nets["pin_name"][first])]
        drivers.append(ports[owner - PORTS_FROM] if owner >= PORTS_FROM else f"{names[owner]}/{pin}")
    return {
        f"transitions_{name}": np.array(
            [activities[name].transitions.get(driver, 0) for driver in drivers], np.uint32
        )
        for name in (TIMED, ZERO_DELAY)
    }


def slack_arrays(names: list[str], timing: Timing) -> dict[str, Array]:
    """Return the worst slacks through each cell in ns, NaN where it is on no constrained path."""
    worst = {"setup_slack": np.full(len(names), np.nan), "hold_slack": np.full(len(names), np.nan)}
    number = {name: index for index, name in enumerate(names)}
    for pin, slacks in timing.pins.items():
        cell = number.get(pin.rpartition("/")[0])
        if cell is None:
            continue
        for values, slack in zip(worst.values(), slacks, strict=True):
            if slack is not None and not slack >= values[cell]:
                values[cell] = slack
    return {name: values.astype(np.float32) for name, values in worst.items()}


def timing_facts(timing: Timing | None) -> dict[str, Any] | None:
    """Return paths and endpoints as plain data, None without timing."""
    if timing is None:
        return None
    return {
        "endpoints": [[name, *slacks] for name, slacks in timing.endpoints.items()],
        "paths": {
            check: [
                {
                    "start": path.start,
                    "end": path.end,
                    "slack": path.slack_ns,
                    "arrival": path.arrival_ns,
                    "required": path.required_ns,
                    "clock": [stage.pin for stage in path.clock_stages],
                    "stages": [
                        [stage.pin, stage.arrival_ns, stage.delay_ns, stage.slew_ns, stage.capacitance_f]
                        for stage in path.stages
                    ],
                }
                for path in paths
            ]
            for check, paths in timing.paths.items()
        },
    }
