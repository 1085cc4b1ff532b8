"""Outputs, toggles and SAIF of small netlists: against a model, Icarus Verilog and counts made by hand."""

import re
import subprocess
import sys

import numpy as np
import pytest
from pdk_files import pdk_file

from flow.activity import icarus_simulation, timed, zero_delay
from flow.activity.gate_design import join
from flow.activity.saif import write_saif
from flow.formats.liberty import read_liberty, read_text
from flow.formats.netlist import Instance, Netlist, read_netlist
from flow.formats.netlist import NetlistPort as Port
from flow.formats.sdf import Arc, Delays, read_sdf
from flow.formats.streams import pack, pack_codes, unpack, unpack_codes
from flow.tools.openroad_runtime import find_openroad

PERIOD_NS = 5.0
LIBRARIES = {
    "nangate45": "freepdk45/libs/nangate45/nldm/NangateOpenCellLibrary_typical.lib",
    "sky130": "sky130/libs/sky130hd/nldm/sky130_fd_sc_hd__tt_025C_1v80.lib.gz",
}
LEF = (
    "freepdk45/base/apr/freepdk45.tech.lef",
    "freepdk45/libs/nangate45/lef/NangateOpenCellLibrary.macro.mod.lef",
)

# Two multiply-add lanes below a top, so that instance paths have levels; y = a * b + y while `add` is on.
VERILOG = """
module lane (input clk, input clear, input add, input [5:0] a, input [5:0] b, output reg [11:0] y);
  reg [5:0] ra, rb; reg radd, rclear;
  always @(posedge clk) begin
    ra <= a; rb <= b; radd <= add; rclear <= clear;
    if (rclear) y <= 0; else if (radd) y <= y + ra * rb;
  end
endmodule
module top (input clk, input clear, input add, input [11:0] a, input [11:0] b, output [23:0] y);
  genvar i;
  generate for (i = 0; i < 2; i = i + 1) begin: lanes
    lane u (.clk(clk), .clear(clear), .add(add), .a(a[6*i +: 6]), .b(b[6*i +: 6]), .y(y[12*i +: 12]));
  end endgenerate
endmodule
"""
SYNTHESIS = """
import sys
from pyosys import libyosys
verilog, liberty, netlist = sys.argv[1:]
design = libyosys.Design()
for words in (
    ["read_verilog", verilog], ["synth", "-top", "top"], ["dfflibmap", "-liberty", liberty],
    ["abc", "-liberty", liberty], ["opt_clean", "-purge"], ["rename", "-enumerate"],
    ["flatten", "-separator", "."],
    ["write_verilog", "-noattr", "-noexpr", netlist],
):
    libyosys.Pass.call(design, words)
"""


def _synthesize(folder, liberty):
    (folder / "top.v").write_text(VERILOG, encoding="utf-8")
    (folder / "cells.lib").write_text(read_text(liberty), encoding="utf-8")
    command = [sys.executable, "-c", SYNTHESIS, "top.v", "cells.lib", "netlist.v"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "netlist.v"


@pytest.fixture(scope="module", params=sorted(LIBRARIES))
def design(request, tmp_path_factory):
    liberty = pdk_file(LIBRARIES[request.param])
    netlist = _synthesize(tmp_path_factory.mktemp(request.param), liberty)
    return join(read_netlist(netlist, "top"), read_liberty([liberty]), "clk")


@pytest.fixture(scope="module")
def nangate45(tmp_path_factory):
    """A netlist's path, and SDF and design of it, from OpenROAD without a layout."""
    folder = tmp_path_factory.mktemp("openroad")
    liberty = pdk_file(LIBRARIES["nangate45"])
    netlist = _synthesize(folder, liberty)
    _openroad(folder, [*_link(liberty, netlist), "write_sdf -digits 4 delays.sdf"])
    return folder, join(read_netlist(netlist, "top"), read_liberty([liberty]), "clk")


def _link(liberty, netlist):
    return [
        *(f"read_lef {pdk_file(name)}" for name in LEF),
        f"read_liberty {liberty}",
        f"read_verilog {netlist}",
        "link_design top",
        f"create_clock -name clk -period {PERIOD_NS} [get_ports clk]",
    ]


def _openroad(folder, commands):
    (folder / "run.tcl").write_text("\n".join([*commands, "exit", ""]), encoding="utf-8")
    program = find_openroad(print) / "openroad"
    process = subprocess.run(
        [program, "-exit", "run.tcl"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stdout[-2000:]
    return process.stdout


def _stimulus(streams, clocks, seed=3):
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 64, (2, streams, clocks, 2))
    add = random.random((streams, clocks, 1)) < 0.8
    clear = random.random((streams, clocks, 1)) < 0.1
    inputs = {"a": pack_codes(a, 6), "b": pack_codes(b, 6), "add": pack(add), "clear": pack(clear)}
    y = np.zeros((streams, clocks, 2), dtype=np.uint64)
    for clock in range(2, clocks):
        total = (y[:, clock - 1] + (a * b)[:, clock - 2].astype(np.uint64)) % 4096
        y[:, clock] = np.where(add[:, clock - 2], total, y[:, clock - 1])
        y[:, clock][clear[:, clock - 2, 0]] = 0
    return inputs, y


@pytest.mark.parametrize("streams", [1, 5, 64])
def test_zero_delay_outputs_are_those_of_the_model(design, streams):
    inputs, expected = _stimulus(streams, 60)
    outputs, activity = zero_delay.simulate(design, inputs, streams, PERIOD_NS)
    assert np.array_equal(unpack_codes(outputs["y"], streams, 12), expected)
    clock = design.clock.nets[0]
    assert activity.toggles[clock] == 2 * 60 * streams
    assert activity.high_ns[clock] == activity.duration_ns / 2 == 60 * streams * PERIOD_NS / 2


def test_zero_delay_toggles_of_every_net_are_those_of_icarus(design, icarus, tmp_path):
    inputs, expected = _stimulus(1, 300)
    outputs, activity = zero_delay.simulate(design, inputs, 1, PERIOD_NS, count_from=10)
    words, truth = icarus_simulation.simulate(icarus, design, inputs, PERIOD_NS, tmp_path, count_from=10)
    assert np.array_equal(unpack_codes(outputs["y"], 1, 12), expected)
    assert np.array_equal(words["y"], outputs["y"])
    assert np.array_equal(activity.toggles, truth.toggles)
    # The bench moves its inputs 0.1 ps after the edge.
    assert np.allclose(activity.high_ns, truth.high_ns, atol=300 * 2e-4)
    assert activity.toggles.sum() > 10_000


def test_activity_of_packed_streams_is_the_sum_of_each_alone(design):
    inputs, _ = _stimulus(6, 40)
    _, together = zero_delay.simulate(design, inputs, 6, PERIOD_NS, count_from=5)
    toggles, high_ns = np.zeros_like(together.toggles), np.zeros_like(together.high_ns)
    for stream in range(6):
        alone = {name: pack(unpack(words, 6)[stream : stream + 1]) for name, words in inputs.items()}
        _, activity = zero_delay.simulate(design, alone, 1, PERIOD_NS, count_from=5)
        toggles += activity.toggles
        high_ns += activity.high_ns
    assert np.array_equal(together.toggles, toggles)
    assert np.allclose(together.high_ns, high_ns)
    assert (together.clocks, together.duration_ns) == (35 * 6, 35 * 6 * PERIOD_NS)


def test_timed_outputs_are_those_of_the_model_and_glitches_only_add(nangate45):
    folder, design = nangate45
    inputs, expected = _stimulus(3, 60)
    delays = read_sdf(folder / "delays.sdf")
    outputs, activity = timed.simulate(design, delays, inputs, 3, PERIOD_NS, input_delay_ns=0.5, threads=2)
    _, without_delays = zero_delay.simulate(design, inputs, 3, PERIOD_NS)
    assert np.array_equal(unpack_codes(outputs["y"], 3, 12), expected)
    assert 1.1 * without_delays.toggles.sum() < activity.toggles.sum() < 3 * without_delays.toggles.sum()
    # A net changes an even number of times more than it settles, each clock.
    difference = activity.toggles - without_delays.toggles
    assert (difference >= 0).all() and (difference % 2 == 0).all()
    again = timed.simulate(design, delays, inputs, 3, PERIOD_NS, input_delay_ns=0.5)[1]
    assert np.array_equal(again.toggles, activity.toggles) and np.array_equal(again.high_ns, activity.high_ns)


def test_timed_toggles_are_those_of_icarus_within_a_percent(nangate45, icarus, tmp_path):
    folder, design = nangate45
    inputs, expected = _stimulus(1, 200)
    delays = icarus_simulation.unconditional(read_sdf(folder / "delays.sdf"))
    outputs, activity = timed.simulate(design, delays, inputs, 1, PERIOD_NS, input_delay_ns=0.5)
    words, truth = icarus_simulation.simulate(
        icarus, design, inputs, PERIOD_NS, tmp_path, delays=delays, input_delay_ns=0.5
    )
    assert np.array_equal(unpack_codes(outputs["y"], 1, 12), expected)
    assert np.array_equal(words["y"], outputs["y"])
    # The two differ where three changes meet within one path delay.
    assert abs(activity.toggles.sum() / truth.toggles.sum() - 1) < 0.01
    off = np.abs(activity.toggles - truth.toggles)
    assert (off <= 0.05 * truth.toggles).mean() > 0.95


def test_setup_violation_shows_in_the_outputs(nangate45):
    folder, design = nangate45
    inputs, expected = _stimulus(2, 60)
    delays = read_sdf(folder / "delays.sdf")
    outputs, _ = timed.simulate(design, delays, inputs, 2, 0.4, input_delay_ns=0.1)
    assert not np.array_equal(unpack_codes(outputs["y"], 2, 12), expected)


CELLS = """library (x) {
  cell (BUF) { pin (A) { direction : input; }
    pin (Z) { direction : output; function : "A"; timing () { related_pin : "A"; } } }
  cell (XOR) { pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Z) { direction : output; function : "A ^ B"; timing () { related_pin : "A B"; } } }
  cell (DFF) { ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (D) { direction : input; } pin (CK) { direction : input; }
    pin (Q) { direction : output; function : "IQ";
      timing () { related_pin : "CK"; timing_type : rising_edge; } } }
}"""


@pytest.fixture
def small_cells(tmp_path):
    (tmp_path / "x.lib").write_text(CELLS, encoding="utf-8")
    return read_liberty([tmp_path / "x.lib"])


def _small(cells, instances, inputs=1):
    """Return a design with ports clk (net 0), x (nets 1 ...), y (the last instance's Z or Q)."""
    last = instances[-1].pins
    ports = (
        Port("clk", "input", (0,)),
        Port("x", "input", tuple(range(1, 1 + inputs))),
        Port("y", "output", (last.get("Z", last.get("Q", 2)),)),
    )
    count = 1 + max(net for instance in instances for net in instance.pins.values())
    return join(Netlist("top", ports, tuple(instances), count, {}), cells, "clk")


def _toggling(clocks, inputs=1):
    return {"x": pack(np.repeat(np.arange(clocks) % 2 == 0, inputs).reshape(1, clocks, inputs))}


def test_pulse_longer_than_the_delay_passes_and_a_shorter_one_does_not(small_cells):
    def pulses(skew_ns, rise_ns, fall_ns):
        design = _small(
            small_cells,
            [
                Instance(("late",), "BUF", {"A": 1, "Z": 2}),
                Instance(("out",), "XOR", {"A": 1, "B": 2, "Z": 3}),
            ],
        )
        delays = Delays(
            {
                "late": (Arc("A", "Z", skew_ns, skew_ns),),
                "out": (Arc("A", "Z", rise_ns, fall_ns), Arc("B", "Z", rise_ns, fall_ns)),
            },
            {},
        )
        activity = timed.simulate(design, delays, _toggling(8), 1, 2.0)[1]
        return activity.toggles[3], activity.high_ns[3]

    toggles, high_ns = pulses(skew_ns=0.3, rise_ns=0.1, fall_ns=0.2)
    assert toggles == 2 * 8
    assert high_ns == pytest.approx(8 * (0.3 + 0.2 - 0.1))
    assert pulses(skew_ns=0.1, rise_ns=0.12, fall_ns=0.2) == (0, 0.0)


def test_conditional_delay_applies_where_its_condition_holds(small_cells):
    design = _small(small_cells, [Instance(("g",), "XOR", {"A": 1, "B": 2, "Z": 3})], inputs=2)
    arcs = (
        Arc("A", "Z", 0.15, 0.1, "B"),
        Arc("A", "Z", 0.4, 0.25, "!B"),
        Arc("B", "Z", 0.2, 0.2),
        Arc("B", "Z", 0.4, 0.4),
    )

    def high_ns(first, second):
        rows = np.array([[first, second]], dtype=bool)
        activity = timed.simulate(design, Delays({"g": arcs}, {}), {"x": pack(rows)}, 1, 2.0)[1]
        return activity.high_ns[3]

    assert high_ns((0, 0), (1, 0)) == pytest.approx(2.0 - 0.4)
    # Two delays of one path without a condition count by their mean, 0.3 ns.
    assert high_ns((0, 0), (0, 1)) == pytest.approx(2.0 - 0.3)
    assert high_ns((0, 1), (1, 1)) == pytest.approx(2.0 - 0.3 + 0.1)
    # Z rises behind B, then falls and rises behind A with B at 0 and at 1.
    assert high_ns((1, 0), (0, 0)) == pytest.approx(2.0 - 0.4 + 0.25)
    assert high_ns((1, 1), (0, 1)) == pytest.approx(2.0 - 0.15)


def test_wire_delay_is_added_to_the_path_behind_its_pin(small_cells):
    instances = [
        Instance(("first",), "BUF", {"A": 1, "Z": 2}),
        Instance(("second",), "BUF", {"A": 2, "Z": 3}),
    ]
    design = _small(small_cells, instances)
    arcs = {name: (Arc("A", "Z", 0.1, 0.2),) for name in ("first", "second")}

    def high_ns(wires_ns):
        rows = np.array([[1, 0]], dtype=bool).reshape(1, 2, 1)
        activity = timed.simulate(design, Delays(arcs, wires_ns), {"x": pack(rows)}, 1, 2.0)[1]
        return activity.high_ns[2:4].tolist()

    # Up after 0.1 and down after 0.2 ns at each buffer; a wire waits the mean of its two edges.
    assert high_ns({}) == pytest.approx([2.0 + 0.1, 2.0 + 0.2])
    late = {"second/A": (1.75, 1.85)}
    assert high_ns(late) == pytest.approx([2.0 + 0.1, 4.0 - 0.1 - 0.1 - 1.8])


def test_wire_delays_add_to_paths_and_decide_what_a_flip_flop_samples(small_cells):
    instances = [
        Instance(("first",), "DFF", {"D": 1, "CK": 0, "Q": 2}),
        Instance(("second",), "DFF", {"D": 2, "CK": 0, "Q": 3}),
    ]
    design = _small(small_cells, instances)
    arcs = {name: (Arc("CK", "Q", 0.1, 0.1),) for name in ("first", "second")}
    inputs = _toggling(8)

    def sampled(wires_ns):
        outputs, activity = timed.simulate(design, Delays(arcs, wires_ns), inputs, 1, 2.0, input_delay_ns=0.5)
        return unpack(outputs["y"], 1)[0, :, 0].astype(int).tolist(), activity

    two_clocks_late = [0, 0, 1, 0, 1, 0, 1, 0]
    assert sampled({})[0] == two_clocks_late
    assert sampled({"second/CK": (0.05, 0.05)})[0] == two_clocks_late
    # A clock wire slower than the data path is a hold violation: the second samples the new value.
    assert sampled({"second/CK": (0.15, 0.15)})[0] == [0, 1, 0, 1, 0, 1, 0, 1]
    assert sampled({"second/CK": (0.15, 0.15), "second/D": (0.2, 0.2)})[0] == two_clocks_late


def test_sdf_reader_takes_triples_conditions_wires_and_escaped_names(tmp_path):
    path = tmp_path / "x.sdf"
    path.write_text(
        '(DELAYFILE (SDFVERSION "3.0") (TIMESCALE 10ps)\n'
        '(CELL (CELLTYPE "t") (INSTANCE) (DELAY (ABSOLUTE\n'
        "(INTERCONNECT a\\[0\\] u\\[1\\].v/A (1::3) (4)))))\n"
        '(CELL (CELLTYPE "X") (INSTANCE u\\[1\\].v) (DELAY (ABSOLUTE\n'
        "  (COND (B == 1'b1) && (C == 1'b0)\n   (IOPATH A Z (1:5:9) ()))\n"
        "  (IOPATH (posedge CK) Z () (7.5))\n"
        ")) (TIMINGCHECK (HOLD (posedge D) (posedge CK) (1::1)))))\n",
        encoding="utf-8",
    )
    delays = read_sdf(path)
    assert delays.wires_ns == {"u[1].v/A": (pytest.approx(0.02), pytest.approx(0.04))}
    first, second = delays.arcs["u[1].v"]
    assert (first.start, first.end, first.condition) == ("A", "Z", "(B) & (!C)")
    assert (first.rise_ns, first.fall_ns) == (pytest.approx(0.05), pytest.approx(0.05))
    assert (second.start, second.rise_ns, second.fall_ns) == (
        "CK",
        pytest.approx(0.075),
        pytest.approx(0.075),
    )
    path.write_text(path.read_text(encoding="utf-8")[:-3], encoding="utf-8")
    with pytest.raises(ValueError, match=rf"^{path}: truncated, or not an SDF file$"):
        read_sdf(path)


def test_path_without_a_delay_is_an_error(small_cells):
    design = _small(small_cells, [Instance(("a", "b"), "BUF", {"A": 1, "Z": 2})])
    with pytest.raises(ValueError, match=r"^SDF: no delay from a/b/A \(1 paths without one\)$"):
        timed.simulate(design, Delays({}, {}), _toggling(4), 1, 2.0)


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        (
            [Instance(("u",), "NAND9", {"A": 1, "Z": 2})],
            "netlist top: cell NAND9 is not in the Liberty files",
        ),
        (
            [Instance(("u",), "BUF", {"A": 1, "Z": 2}), Instance(("v",), "BUF", {"A": 1, "Z": 2})],
            "netlist top: one net has 2 drivers: u/Z, v/Z",
        ),
        (
            [Instance(("u",), "XOR", {"A": 1, "B": 3, "Z": 2})],
            "netlist top: nothing drives pin B of u",
        ),
        (
            [Instance(("u",), "XOR", {"A": 1, "Z": 2})],
            "netlist top: nothing drives pin B of u",
        ),
        (
            [Instance(("u",), "BUF", {"A": 1, "Y": 2})],
            "netlist top: cell BUF has no pin Y",
        ),
    ],
)
def test_netlist_that_cannot_be_simulated_is_refused(small_cells, instances, message):
    with pytest.raises(ValueError) as error:
        _small(small_cells, instances)
    assert str(error.value) == message


def test_supplies_and_cells_without_signals_are_left_out(tmp_path):
    with_supply = CELLS.replace("cell (BUF) {", "cell (BUF) { pg_pin (VDD) { pg_type : power; }")
    (tmp_path / "x.lib").write_text(with_supply, encoding="utf-8")
    instances = (
        Instance(("fill",), "FILL_8", {"VPWR": 3}),
        Instance(("tap",), "TAP", {}),
        Instance(("u",), "BUF", {"A": 1, "Z": 2, "VDD": 3}),
    )
    ports = (
        Port("clk", "input", (0,)),
        Port("x", "input", (1,)),
        Port("VDD", "inout", (3,)),
    )
    design = join(Netlist("top", ports, instances, 4, {}), read_liberty([tmp_path / "x.lib"]), "clk")
    assert design.netlist.instances == (Instance(("u",), "BUF", {"A": 1, "Z": 2}),)
    assert [port.name for port in design.netlist.ports] == ["clk", "x"]


def test_combinational_loop_is_refused(small_cells):
    design = _small(small_cells, [Instance(("u",), "XOR", {"A": 1, "B": 2, "Z": 2})])
    with pytest.raises(ValueError, match=r"^netlist top: combinational loop behind u$"):
        zero_delay.simulate(design, _toggling(4), 1, 2.0)


def test_inputs_that_do_not_fit_are_refused(small_cells):
    design = _small(small_cells, [Instance(("u",), "BUF", {"A": 1, "Z": 2})])
    with pytest.raises(ValueError, match=r"^inputs \['z'\] given, the ports are \['x'\]$"):
        zero_delay.simulate(design, {"z": _toggling(4)["x"]}, 1, 2.0)
    with pytest.raises(ValueError, match=r"^input x: shape \(4, 2\), must be \(4, 1\)$"):
        zero_delay.simulate(design, _toggling(4, inputs=2), 1, 2.0)
    with pytest.raises(ValueError, match=r"^counting from clock 4 of 4$"):
        zero_delay.simulate(design, _toggling(4), 1, 2.0, count_from=4)
    with pytest.raises(ValueError, match=r"^65 streams, must be 1 to 64$"):
        zero_delay.simulate(design, _toggling(4), 65, 2.0)
    with pytest.raises(ValueError, match=r"^input delay 1.0 ns, must be below half of 2.0 ns$"):
        timed.simulate(design, Delays({}, {}), _toggling(4), 1, 2.0, input_delay_ns=1.0)


def test_codes_survive_packing():
    codes = np.random.default_rng(1).integers(0, 1 << 16, (37, 11, 3), dtype=np.uint64)
    words = pack_codes(codes, 16)
    assert words.shape == (11, 48)
    assert np.array_equal(unpack_codes(words, 37, 16), codes)
    assert np.array_equal(
        unpack(words, 37)[5, 2], (codes[5, 2][:, None] >> np.arange(16, dtype=np.uint64) & 1).ravel()
    )


def test_saif_is_the_same_bytes_twice_and_counts_match(design, tmp_path):
    inputs, _ = _stimulus(4, 30)
    for name in ("one", "two"):
        write_saif(design, zero_delay.simulate(design, inputs, 4, PERIOD_NS)[1], tmp_path / name)
    text = (tmp_path / "one").read_text(encoding="utf-8")
    assert text == (tmp_path / "two").read_text(encoding="utf-8")
    assert text.count("(") == text.count(")")
    duration = int(re.search(r"\(DURATION (\d+)\)", text)[1])
    assert duration == 4 * 30 * 5000
    counts = re.findall(r"\(T0 (\d+)\) \(T1 (\d+)\) \(TX 0\) \(TC (\d+)\)", text)
    assert len(counts) > 1000
    assert all(int(low) + int(high) == duration for low, high, _ in counts)
    assert f"(clk (T0 {duration // 2}) (T1 {duration // 2}) (TX 0) (TC {4 * 30 * 2}) (IG 0))" in text


@pytest.mark.parametrize("rename", [None, ("lanes[0].u._", "lanes[0]/u$_")])
def test_openroad_annotates_every_pin_from_the_saif(nangate45, tmp_path, rename):
    folder, design = nangate45
    liberty, netlist = pdk_file(LIBRARIES["nangate45"]), tmp_path / "netlist.v"
    text = (folder / "netlist.v").read_text(encoding="utf-8")
    if rename:
        assert rename[0] in text
        text = text.replace(*rename)
    netlist.write_text(text, encoding="utf-8")
    design = join(read_netlist(netlist, "top"), design.cells, "clk")
    inputs, _ = _stimulus(8, 100)
    _, activity = zero_delay.simulate(design, inputs, 8, PERIOD_NS)
    write_saif(design, activity, tmp_path / "activity.saif")
    log = _openroad(
        tmp_path,
        [
            *_link(liberty, netlist),
            "report_power",
            "read_saif -scope top activity.saif",
            "report_activity_annotation -report_unannotated",
            "report_power",
        ],
    )
    assert re.search(r"^unannotated +0$", log, re.MULTILINE), log[-1500:]
    assert int(re.search(r"^saif +(\d+)$", log, re.MULTILINE)[1]) > 1000
    totals = re.findall(r"^Total +\S+ +\S+ +\S+ +(\S+)", log, re.MULTILINE)
    assert len(totals) == 2 and totals[0] != totals[1]


def test_wire_to_a_flip_flop_starts_at_the_level_that_drives_it(small_cells):
    instances = (
        Instance(("flop",), "DFF", {"CK": 0, "D": 4, "Q": 5}),
        Instance(("tie",), "BUF", {"A": 2, "Z": 3}),
        Instance(("gate",), "XOR", {"A": 1, "B": 3, "Z": 4}),
    )
    ports = (
        Port("clk", "input", (0,)),
        Port("x", "input", (1,)),
        Port("y", "output", (5,)),
    )
    design = join(Netlist("top", ports, instances, 6, {2: True}), small_cells, "clk")
    delays = Delays(
        {
            "gate": (Arc("A", "Z", 0.1, 0.1), Arc("B", "Z", 0.1, 0.1)),
            "tie": (Arc("A", "Z", 0.1, 0.1),),
            "flop": (Arc("CK", "Q", 0.1, 0.1),),
        },
        {"flop/D": (0.05, 0.05)},
    )
    inputs = {"x": pack(np.zeros((1, 3, 1), dtype=np.bool_))}
    outputs, _ = timed.simulate(design, delays, inputs, 1, PERIOD_NS, input_delay_ns=0.5)
    without_delays, _ = zero_delay.simulate(design, inputs, 1, PERIOD_NS)
    assert unpack(outputs["y"], 1)[0, :, 0].tolist() == [True] * 3
    assert np.array_equal(outputs["y"], without_delays["y"])
