"""The circuits run in MyHDL itself: the same numbers as the models, so as the Verilog."""

import numpy as np
import pytest
from myhdl import Simulation, StopSimulation, delay, instance

from hdl.designs import get_design
from hdl.formats import parse_format
from hdl.language.unit import Port
from hdl.models import operators as models


def simulate(name, form, x, v):
    design = get_design(name)
    parameters = design.make_parameters({"format": form, "lanes": v.shape[1]})
    width = parameters.fmt.width
    signals = {
        port.name: Port(port.name, port.direction, port.width, is_bool=port.width == 1).signal()
        for port in design.ports(parameters)
    }
    circuit = design.top(**signals, **design.top_parameters(parameters))
    results = []

    @instance
    def bench():
        for row in range(len(x) + 2):
            if row < len(x):
                signals["x"].next = int(x[row])
                signals["v"].next = sum(int(code) << lane * width for lane, code in enumerate(v[row]))
            signals["valid_in"].next = row < len(x)
            yield delay(1)
            if signals["valid_out"]:
                y = int(signals["y"])
                results.append([y >> lane * width & (1 << width) - 1 for lane in range(v.shape[1])])
            signals["clk"].next = True
            yield delay(1)
            signals["clk"].next = False
            yield delay(1)
        raise StopSimulation

    Simulation(circuit, bench).run(quiet=1)
    return np.array(results)


@pytest.mark.parametrize("form", ["bf16", "e4m3", "e5m10"])
@pytest.mark.parametrize("name", ["expmul", "separate_exp_mul"])
def test_myhdl_simulation_equals_the_model(name, form):
    fmt = parse_format(form)
    rng = np.random.default_rng(2)
    field = rng.integers(fmt.bias - 6, fmt.bias + 5, 150)
    x = (1 << fmt.sign_bit | field << fmt.mantissa_bits) + rng.integers(0, 1 << fmt.mantissa_bits, 150)
    x[:30] = rng.integers(0, 1 << fmt.width, 30)
    v = rng.integers(0, 1 << fmt.width, (150, 2))
    expected = models.expmul(x, v, fmt) if name == "expmul" else models.separate_exp_mul(x, v, fmt)
    assert np.array_equal(simulate(name, form, x, v), expected)
