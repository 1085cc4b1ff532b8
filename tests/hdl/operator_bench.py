"""Running an operator's generated Verilog on arrays of codes."""

from pathlib import Path

import numpy as np

from hdl.design import DesignPort
from hdl.designs import get_design
from hdl.language.unit import Unit
from hdl.simulation import Simulation, compile_simulation, pack_lanes, unpack_lanes
from hdl.verilog import convert_unit, to_verilog


def compile_design(name: str, folder: Path, **parameters: object) -> Simulation:
    design = get_design(name)
    verilog = folder / f"{name}.v"
    to_verilog(name, parameters, verilog)
    return compile_simulation(verilog, name, design.ports(design.make_parameters(parameters)), folder)


def compile_unit(unit: Unit, folder: Path, widths: dict[str, int], **parameters: object) -> Simulation:
    verilog = folder / "unit.v"
    verilog.write_text(convert_unit(unit, widths, "unit_under_test", **parameters), encoding="utf-8")
    ports = [DesignPort(name, widths[name], direction) for name, direction in unit.directions.items()]
    return compile_simulation(verilog, "unit_under_test", ports, folder)


def run_operator(simulation: Simulation, x, v, width: int):
    """Results of x, (n,), and v, (n, lanes), streamed one per clock; checks the valid bit on the way."""
    count, lanes = v.shape
    idle = np.zeros(2, np.uint32)
    vectors = np.concatenate([v, np.zeros((2, lanes), v.dtype)])
    outputs = simulation.run(
        {
            "rst": np.zeros(count + 2, np.uint32),
            "valid_in": np.concatenate([np.ones(count, np.uint32), idle]),
            "x": np.concatenate([x, idle]),
            "v": pack_lanes(vectors, width),
        }
    )
    assert outputs["valid_out"].tolist() == [0, 0] + [1] * count
    return unpack_lanes(outputs["y"], lanes, width)[2:]
