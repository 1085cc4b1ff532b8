"""Cells read from Liberty: their functions, state and generated Verilog, on the libraries of three PDKs."""

import gzip
import itertools
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdk_files import pdk_files

from flow.activity import icarus_simulation, timed, zero_delay
from flow.activity.cell_models import cell_model, cell_models
from flow.activity.gate_design import join
from flow.formats import boolean
from flow.formats.liberty import read_liberty
from flow.formats.netlist import Instance, Netlist
from flow.formats.netlist import NetlistPort as Port
from flow.formats.sdf import Arc, Delays
from flow.formats.streams import pack, unpack

LIBRARIES = {
    "nangate45": ("freepdk45/libs/nangate45/nldm/*.lib", 134),
    "sky130": ("sky130/libs/sky130hd/nldm/*tt*.lib.gz", 428),
    "asap7": ("asap7/libs/asap7sc7p5t_rvt/nldm/*.lib.gz", 202),
}


@pytest.fixture(scope="module", params=sorted(LIBRARIES))
def library(request):
    """The library's cells, and how many the files hold by a plain text search."""
    pattern, count = LIBRARIES[request.param]
    return read_liberty(pdk_files(pattern)), count


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("A & B | C", lambda a, b, c: (a and b) or c),
        ("A*B + C", lambda a, b, c: (a and b) or c),
        ("A B' + !C", lambda a, b, c: (a and not b) or not c),
        ("A ^ B & C", lambda a, b, c: (a != b) and c),
        ("!(A + B) ^ C", lambda a, b, c: (not (a or b)) != c),
        ("(A'B)' 1 + 0 C", lambda a, b, c: not (not a and b)),
        ("A + B C", lambda a, b, c: a or (b and c)),
    ],
)
def test_function_has_liberty_precedence(text, truth):
    expression = boolean.parse(text)
    for a, b, c in itertools.product((False, True), repeat=3):
        assert expression.value({"A": a, "B": b, "C": c}) == bool(truth(a, b, c)), (a, b, c)


# Pairs of one expression in Liberty's and in Python's spelling, on the integers 0 and 1.
EXPRESSIONS = st.recursive(
    st.sampled_from(["A", "B", "C", "0", "1"]).map(lambda leaf: (leaf, leaf)),
    lambda inner: (
        st.tuples(inner, st.sampled_from("&|^"), inner).map(
            lambda parts: tuple(
                f"({parts[0][spelling]}{parts[1]}{parts[2][spelling]})" for spelling in (0, 1)
            )
        )
        | inner.map(lambda pair: (f"!{pair[0]}", f"(1^{pair[1]})"))
        | inner.map(lambda pair: (f"{pair[0]}'", f"(1^{pair[1]})"))
    ),
    max_leaves=12,
)


@given(EXPRESSIONS, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_function_agrees_with_python(spellings, values):
    liberty, python = spellings
    names = dict(zip("ABC", values, strict=True))
    truth = eval(python, {}, {name: int(value) for name, value in names.items()})
    assert boolean.parse(liberty).value(names) == bool(truth)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A &", "Liberty function 'A &': operand missing"),
        ("(A", "Liberty function '(A': ')' missing"),
        ("A ) B", "Liberty function 'A ) B': unexpected ')'"),
        ("A @ B", "Liberty function 'A @ B': unexpected '@'"),
    ],
)
def test_malformed_function_is_refused(text, message):
    with pytest.raises(ValueError) as error:
        boolean.parse(text)
    assert str(error.value) == message


def test_truncated_liberty_is_refused(tmp_path):
    text = "library (x) { cell (INV) { area : 1; pin (A) { direction : input; } "
    plain, packed = tmp_path / "a.lib", tmp_path / "b.lib.gz"
    plain.write_text(text, encoding="utf-8")
    packed.write_bytes(gzip.compress((text + "} }").encode())[:-12])
    for path in (plain, packed):
        with pytest.raises(ValueError, match=rf"^{path}: "):
            read_liberty([path])


def test_every_cell_of_a_library_is_read(library):
    cells, count = library
    assert len(cells) == count
    for cell in cells.values():
        assert cell.area_um2 >= 0
        for pin in cell.outputs:
            known = set(cell.inputs)
            if cell.state is not None:
                known |= {cell.state.variable, cell.state.complement}
            assert pin.function is not None
            assert set(pin.function.variables()) <= known, cell.name
        arcs_to = {end for _, end in cell.arcs}
        assert arcs_to == {pin.name for pin in cell.outputs if set(cell.inputs) and _moves(cell, pin)}, (
            cell.name
        )


def _moves(cell, pin):
    return bool(pin.function.variables())


def test_cell_models_are_the_same_bytes_in_any_order(library):
    cells, _ = library
    assert cell_models(cells.values()) == cell_models(reversed(cells.values()))


def test_icarus_compiles_the_model_of_every_cell(library, icarus, tmp_path):
    cells, count = library
    (tmp_path / "cells.v").write_text(cell_models(cells.values()), encoding="utf-8")
    command = [*icarus.compiler, "-gspecify", "-g2005", "-Wall", "-o", "cells.vvp", "cells.v"]
    process = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert process.returncode == 0, process.stderr[:1000]
    modules = (tmp_path / "cells.v").read_text(encoding="utf-8").count("\nmodule ")
    assert modules == count


def _bench(cells, clocked):
    """Return a netlist of one instance of every cell given, data pins on the bits of one port."""
    width = max(len(cell.inputs) for cell in cells)
    data, instances, outputs = list(range(1, 1 + width)), [], []
    net = 1 + width
    for cell in cells:
        pins = dict(zip(cell.inputs, data, strict=False))
        if clocked:
            pins[next(pin for pin in cell.state.gate.variables() if pin in cell.inputs)] = 0
        for pin in cell.outputs:
            pins[pin.name] = net
            outputs.append((cell, pin, net))
            net += 1
        instances.append(Instance((f"u_{cell.name}",), cell.name, pins))
    ports = (
        Port("clk", "input", (0,)),
        Port("x", "input", tuple(data)),
        Port("y", "output", tuple(net for _, _, net in outputs)),
    )
    return Netlist("bench", ports, tuple(instances), net, {}), outputs


def _equal_delays(netlist, cells):
    """Return 20 ps rising and 30 ps falling for every path."""
    return Delays(
        {
            "/".join(instance.path): tuple(Arc(*arc, 0.02, 0.03) for arc in cells[instance.cell].arcs)
            for instance in netlist.instances
        },
        {},
    )


def _simulated(cells):
    return [
        cell
        for cell in cells.values()
        if cell.outputs and not any(pin.tristate is not None for pin in cell.outputs)
    ]


def test_combinational_cells_follow_their_functions_in_both_simulators(library, icarus, tmp_path):
    cells, _ = library
    chosen = [cell for cell in _simulated(cells) if cell.state is None]
    assert len(chosen) > 90
    netlist, outputs = _bench(chosen, clocked=False)
    design = join(netlist, cells, "clk")
    width = len(netlist.port("x").nets)
    rows = (np.arange(1 << width)[:, None] >> np.arange(width) & 1).astype(bool)
    inputs = {"x": pack(rows[None])}
    ours, _ = zero_delay.simulate(design, inputs, 1, 1.0)
    theirs, _ = icarus_simulation.simulate(icarus, design, inputs, 1.0, tmp_path)
    delayed, _ = timed.simulate(design, _equal_delays(netlist, cells), inputs, 1, 1.0, input_delay_ns=0.25)
    bits = unpack(ours["y"], 1)[0]
    assert np.array_equal(bits, unpack(theirs["y"], 1)[0])
    assert np.array_equal(ours["y"], delayed["y"])
    for column, (cell, pin, _) in enumerate(outputs):
        names = cell.inputs
        for row in range(1 << len(names)):
            values = {name: bool(row >> position & 1) for position, name in enumerate(names)}
            assert bits[row, column] == pin.function.value(values), (cell.name, pin.name, row)


def test_sequential_cells_agree_between_the_simulators(library, icarus, tmp_path):
    cells, _ = library
    chosen = [cell for cell in _simulated(cells) if cell.state is not None]
    assert len(chosen) > 20
    netlist, outputs = _bench(chosen, clocked=True)
    design = join(netlist, cells, "clk")
    width = len(netlist.port("x").nets)
    rows = np.random.default_rng(7).random((600, width)) < 0.5
    inputs = {"x": pack(rows[None])}
    ours, activity = zero_delay.simulate(design, inputs, 1, 1.0)
    theirs, _ = icarus_simulation.simulate(icarus, design, inputs, 1.0, tmp_path)
    delayed, _ = timed.simulate(design, _equal_delays(netlist, cells), inputs, 1, 1.0, input_delay_ns=0.25)
    # Clear and preset released at once are a race, which only time decides.
    races = [boolean.ZERO not in (cell.state.clear, cell.state.preset) for cell, _, _ in outputs]
    for others, excluded in ((theirs, np.zeros(len(races), dtype=bool)), (delayed, np.array(races))):
        differing = np.flatnonzero((ours["y"] != others["y"]).any(axis=0) & ~excluded)
        assert [(outputs[column][0].name, outputs[column][1].name) for column in differing] == []
    assert sum(races) < len(races) / 5
    assert all(activity.toggles[net] > 0 for net in netlist.port("y").nets)


STATE_LIBRARY = """library (x) {
  cell (DFFRS) {
    ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; clear : "!RN"; preset : "!SN";
      clear_preset_var1 : H; clear_preset_var2 : L; }
    pin (D) { direction : input; } pin (CK) { direction : input; }
    pin (RN) { direction : input; } pin (SN) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; } pin (QN) { direction : output; function : "IQN"; }
  }
  cell (GATE) {
    statetable ("CK E", "IQ") { table : "L L : - : L , L H : - : H , H - : - : N"; }
    pin (IQ) { direction : internal; internal_node : "IQ"; }
    pin (CK) { direction : input; } pin (E) { direction : input; }
    pin (GCK) { direction : output; state_function : "CK & IQ"; }
  }
}"""


def test_flip_flop_with_clear_and_preset_behaves_as_specified(tmp_path):
    (tmp_path / "x.lib").write_text(STATE_LIBRARY, encoding="utf-8")
    cells = read_liberty([tmp_path / "x.lib"])
    pins = {"CK": 0, "D": 1, "RN": 2, "SN": 3, "Q": 4, "QN": 5}
    ports = (
        Port("clk", "input", (0,)),
        Port("x", "input", (1, 2, 3)),
        Port("y", "output", (4, 5)),
    )
    design = join(Netlist("top", ports, (Instance(("u",), "DFFRS", pins),), 6, {}), cells, "clk")
    # D, RN, SN of each clock, all 0 before: data are taken at the next edge, clear and preset act at once.
    rows = [(1, 1, 1), (0, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0), (0, 0, 0), (0, 1, 1), (1, 1, 1)]
    expected = [(1, 0), (1, 0), (0, 1), (0, 1), (1, 0), (1, 0), (1, 0), (0, 1)]
    words, _ = zero_delay.simulate(design, {"x": pack(np.array([rows], dtype=bool))}, 1, 1.0)
    assert unpack(words["y"], 1)[0].astype(int).tolist() == [list(row) for row in expected]


def test_gated_clock_opens_for_whole_pulses_only(tmp_path):
    (tmp_path / "x.lib").write_text(STATE_LIBRARY, encoding="utf-8")
    cells = read_liberty([tmp_path / "x.lib"])
    instances = (
        Instance(("gate",), "GATE", {"CK": 0, "E": 1, "GCK": 2}),
        Instance(("ff",), "DFFRS", {"CK": 2, "D": 6, "RN": 3, "SN": 3, "Q": 4, "QN": 6}),
    )
    ports = (
        Port("clk", "input", (0,)),
        Port("e", "input", (1,)),
        Port("y", "output", (4,)),
    )
    design = join(Netlist("top", ports, instances, 7, {3: 1}), cells, "clk")
    enable = np.array([0, 1, 1, 0, 1, 0, 0, 1, 0], dtype=bool)
    words, activity = zero_delay.simulate(design, {"e": pack(enable[None, :, None])}, 1, 2.0)
    # An enable given during clock i opens the pulse of clock i + 1, at which the flip-flop inverts itself.
    pulses = np.append(0, enable[:-1].astype(int))
    assert unpack(words["y"], 1)[0, :, 0].astype(int).tolist() == (np.cumsum(pulses) % 2).tolist()
    assert activity.toggles[2] == 2 * pulses.sum()
    assert activity.high_ns[2] == pulses.sum() * 1.0
    assert activity.toggles[0] == 2 * len(enable)


def test_model_of_a_state_table_is_that_of_its_latch(tmp_path):
    (tmp_path / "x.lib").write_text(STATE_LIBRARY, encoding="utf-8")
    text = cell_model(read_liberty([tmp_path / "x.lib"])["GATE"])
    assert "always @(gate_ or data_) if (gate_) IQ <= data_;" in text


def test_a_state_table_may_have_the_inverse_beside_the_bit(tmp_path):
    both = STATE_LIBRARY.replace('"IQ") {', '"IQ IQB") {')
    both = both.replace(
        "L L : - : L , L H : - : H , H - : - : N", "L L : - - : L H , L H : - - : H L , H - : - - : N N"
    )
    for text in (STATE_LIBRARY, both):
        (tmp_path / "x.lib").write_text(text, encoding="utf-8")
        state = read_liberty([tmp_path / "x.lib"])["GATE"].state
        assert (state.variable, state.complement) == ("IQ", "IQB" if text is both else "")
        for ck, e in itertools.product((False, True), repeat=2):
            values = {"CK": ck, "E": e}
            assert state.gate.value(values) == (not ck)
            assert not state.gate.value(values) or state.data.value(values) == e
    same = both.replace("L H : - - : H L", "L H : - - : H H")
    (tmp_path / "x.lib").write_text(same, encoding="utf-8")
    with pytest.raises(ValueError, match="'L H : - - : H H' is not that of a latch"):
        read_liberty([tmp_path / "x.lib"])


def test_state_table_that_is_no_latch_is_refused(tmp_path):
    path = tmp_path / "x.lib"
    path.write_text(STATE_LIBRARY.replace("L H : - : H", "L H : H : H"), encoding="utf-8")
    with pytest.raises(ValueError) as error:
        read_liberty([path])
    assert str(error.value) == "cell GATE: state table row 'L H : H : H' is not that of a latch"
