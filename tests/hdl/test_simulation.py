import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdl.design import DesignPort
from hdl.simulation import SimulationError, compile_simulation, find_compiler, pack_lanes, unpack_lanes


@given(width=st.integers(1, 32), lanes=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_packed_lanes_are_the_bit_fields_of_one_number(width, lanes, seed):
    codes = np.random.default_rng(seed).integers(0, 1 << width, (5, lanes), dtype=np.uint64)
    words = pack_lanes(codes, width)
    for row in range(5):
        number = sum(int(word) << 32 * index for index, word in enumerate(words[row]))
        assert number == sum(int(code) << width * lane for lane, code in enumerate(codes[row]))
    assert np.array_equal(unpack_lanes(words, lanes, width), codes)


def test_a_named_compiler_that_is_not_there_is_reported(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SimulationError, match=r"^C\+\+ compiler not found: no-such-compiler \(\$CXX\)$"):
        find_compiler()
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SimulationError, match=r"^no C\+\+ compiler: c\+\+, g\+\+ or clang\+\+$"):
        find_compiler()


def test_unreadable_verilog_is_one_line_of_error(tmp_path):
    verilog = tmp_path / "broken.v"
    verilog.write_text("module broken (a; endmodule\n", encoding="utf-8")
    with pytest.raises(SimulationError, match=r"^yosys failed: .*") as error:
        compile_simulation(verilog, "broken", [DesignPort("a", 1, "input")], tmp_path)
    assert "\n" not in str(error.value)


def test_arrays_that_do_not_fit_the_ports_are_refused(tmp_path):
    verilog = tmp_path / "wire.v"
    verilog.write_text(
        "module pass (input [39:0] a, input b, output [39:0] y); assign y = b ? a : 0; endmodule\n",
        encoding="utf-8",
    )
    ports = [DesignPort("a", 40, "input"), DesignPort("b", 1, "input"), DesignPort("y", 40, "output")]
    simulation = compile_simulation(verilog, "pass", ports, tmp_path)
    a = np.array([1, (1 << 40) - 1, 5], np.uint64)
    assert simulation.run({"a": a, "b": np.array([1, 1, 0])})["y"].tolist() == [1, (1 << 40) - 1, 0]
    with pytest.raises(ValueError, match=r"^inputs must be a, b$"):
        simulation.run({"a": a})
    with pytest.raises(ValueError, match=r"^inputs differ in their number of clocks$"):
        simulation.run({"a": a, "b": np.array([1])})
    for beyond in (1 << 40, -1):
        with pytest.raises(ValueError, match=r"^input a has a value beyond its 40 bits$"):
            simulation.run({"a": np.array([0, beyond]), "b": np.array([1, 1])})
    with pytest.raises(ValueError, match=r"^input a has a value beyond its 40 bits$"):
        simulation.run({"a": np.array([[0, 1 << 8]], np.uint32), "b": np.array([1])})
    with pytest.raises(ValueError, match=r"^input a of 40 bits has shape \(3, 1\)$"):
        simulation.run({"a": np.zeros((3, 1), np.uint32), "b": np.zeros(3, np.uint32)})
