"""Verilog simulation models of library cells, generated from Liberty.

One module per cell: functions as continuous assignments, flip-flops and latches with clear and preset.
Each timing arc is a `specify` path of delay 0, so that SDF can set its delay. State starts at 0. The same
Liberty gives the same bytes.
"""

from collections.abc import Iterable

from flow.activity.cell_logic import complement
from flow.formats import boolean
from flow.formats.liberty import Cell, State

HEADER = "`timescale 1ns/100fs\n`default_nettype none\n"


def _state_lines(state: State) -> list[str]:
    name = state.variable
    lines = [
        f"  reg {name};",
        f"  initial {name} = 1'b0;",
        f"  wire gate_ = {state.gate.verilog()};",
        f"  wire data_ = {state.data.verilog()};",
    ]
    forced = [(state.clear, "1'b0"), (state.preset, "1'b1")]
    if boolean.ZERO not in (state.clear, state.preset):
        both = boolean.all_of(state.clear, state.preset)
        forced.insert(0, (both, f"1'b{int(state.both_variable)}"))
    forced = [(condition, level) for condition, level in forced if condition != boolean.ZERO]
    branches = [f"if ({condition.verilog()}) {name} <= {level};" for condition, level in forced]
    if forced:
        sensitive = " or ".join(sorted({pin for condition, _ in forced for pin in condition.variables()}))
        held = boolean.any_of(state.clear, state.preset) if len(forced) > 1 else forced[0][0]
        lines += [f"  always @({sensitive})", "    " + "\n    else ".join(branches)]
    else:
        held = boolean.ZERO
    guard = "" if held == boolean.ZERO else f"if (!({held.verilog()})) "
    if state.edge_triggered:
        lines.append(f"  always @(posedge gate_) {guard}{name} <= data_;")
    else:
        wake = f"gate_ or data_{'' if held == boolean.ZERO else ' or ' + sensitive}"
        lines.append(f"  always @({wake}) {guard}if (gate_) {name} <= data_;")
    if state.complement:
        lines.append(f"  wire {state.complement} = {complement(state).verilog()};")
    return lines


def cell_model(cell: Cell) -> str:
    """Return the Verilog module of `cell`. Raises ValueError for an output without a function."""
    outputs = [pin.name for pin in cell.outputs]
    lines = [f"module {cell.name} ({', '.join((*cell.inputs, *outputs))});"]
    lines += [f"  input wire {name};" for name in cell.inputs]
    lines += [f"  output wire {name};" for name in outputs]
    if cell.state is not None:
        lines += _state_lines(cell.state)
    for pin in cell.outputs:
        if pin.function is None:
            raise ValueError(f"cell {cell.name}: output {pin.name} has no function")
        value = pin.function.verilog()
        if pin.tristate is not None:
            value = f"{pin.tristate.verilog()} ? 1'bz : {value}"
        lines.append(f"  assign {pin.name} = {value};")
    paths = [(start, end) for start, end in cell.arcs if start in cell.inputs]
    if paths:
        lines.append("  specify")
        lines += [f"    ({start} => {end}) = 0;" for start, end in paths]
        lines.append("  endspecify")
    return "\n".join([*lines, "endmodule", ""])


def cell_models(cells: Iterable[Cell]) -> str:
    """Return one Verilog file with the models of `cells`, sorted by name."""
    return HEADER + "\n".join(cell_model(cell) for cell in sorted(cells, key=lambda cell: cell.name))
