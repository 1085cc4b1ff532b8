"""A kernel's recurrence alone, from the score to the sums, as a circuit of its own."""

from myhdl import Signal, intbv

from hdl.kernels.frame import FLAGS
from hdl.language.unit import In, Instances, Out, name_signal, unit
from hdl.units.delays import delay_line, valid_delay_line
from hdl.verilog import convert_unit

# Ranks from a score to the sums that hold its key: maximum, difference, weight, sums.
RANKS = 4


@unit(score="fmt.width", value="d * fmt.width", sums="(d + 1) * fmt.width")
def recurrence(
    clk: In, rst: In, start: In, live: In, score: In, value: In, sums: Out, *, fmt, d: int, kernel, parameters
) -> Instances:
    """The stages of a kernel between its score and its sums, which leave at each clock."""
    stages = [stage for stage, _ in kernel.schedule(parameters).stages][1:-1]
    wires = {"clk": clk, "score": score, "sums": sums}
    wires["value"] = name_signal(Signal(intbv(0)[d * fmt.width :]), "value_held")
    flags = {}
    placed = [delay_line(clk, value, wires["value"], width=d * fmt.width, clocks=3, instance="values")]
    for flag, entering in (("start", start), ("live", live)):
        flags[flag] = [entering]
        for rank in (1, 2):
            flags[flag].append(name_signal(Signal(False), f"{flag}_{rank}"))
            placed.append(
                valid_delay_line(
                    clk, rst, flags[flag][-2], flags[flag][-1], clocks=1, instance=f"{flag}_rank_{rank}"
                )
            )
    for stage in stages:
        for port in stage.ports("output"):
            if stage.wire(port) not in wires:
                width = stage.unit.width_of(port, stage.unit_parameters(parameters))
                is_bool = port not in stage.unit.widths
                signal = Signal(False) if is_bool else Signal(intbv(0)[width:])
                wires[stage.wire(port)] = name_signal(signal, stage.wire(port))
    for rank, stage in enumerate(stages):
        connections = {
            port: flags[port][rank] if port in FLAGS else wires[stage.wire(port)]
            for port in stage.unit.directions
        }
        placed.append(stage.unit(**connections, **stage.unit_parameters(parameters), instance=stage.group))
    return placed


def port_widths(parameters):
    fmt, d = parameters.fmt, parameters.d
    widths = dict.fromkeys(("clk", "rst", "start", "live"), 1)
    return widths | {"score": fmt.width, "value": d * fmt.width, "sums": (d + 1) * fmt.width}


def recurrence_verilog(kernel, parameters):
    return convert_unit(
        recurrence, port_widths(parameters), "core",
        fmt=parameters.fmt, d=parameters.d, kernel=kernel, parameters=parameters,
    )  # fmt: skip
