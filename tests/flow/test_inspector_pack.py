"""What the page unpacks is what was packed: names and wires wholly, measured numbers to their digits."""

import json
from itertools import pairwise

import numpy as np
import pytest
from inspector_questions import answer

from flow.layout.inspector.coding import MANTISSA_BITS
from flow.layout.inspector.facts import ALONG_Y, PORTS_FROM, Facts
from flow.layout.inspector.letters import as_letters
from flow.layout.inspector.made_up import made_up_facts
from flow.layout.inspector.pack import pack
from flow.layout.inspector.page import ShownRun, write_page

NAMES = (
    "weigh._007_",
    "a[3]",
    "a[03]",
    "plain",
    "",
    "1",
    "12x34",
    "grün</script>&amp;",
    "x\n\r\t0",
    "_9999999999_",
)
EXACT = ("x", "y", "master", "orientation", "group", "unit", "pin_start", "pin_owner", "pin_name", "driven")
EXACT += ("transitions_timed", "transitions_zero_delay", "piece_start", "piece_layer", "piece_x", "piece_y")
EXACT += ("piece_length",)
WIRES = (
    *tuple(name for name in EXACT if name.startswith("piece")),
    "via_start",
    "via_layer",
    "via_x",
    "via_y",
)
ROUNDED = ("internal", "switching", "leakage", "power", "glitch_power")
SLACKS = ("setup_slack", "hold_slack")


@pytest.fixture(scope="module")
def facts():
    """Made-up facts with names and numbers that are hard to write."""
    made = made_up_facts(40)
    tables = json.loads(json.dumps(made.tables))
    tables["cells"][: len(NAMES)] = NAMES
    tables["nets"][5 : 5 + len(NAMES)] = NAMES
    tables["ports"] = [["clk", "input", 70, -35]]
    arrays = {name: array.copy() for name, array in made.arrays.items()}
    arrays["setup_slack"][:4] = [np.nan, -0.2345, 0.0, 123.456]
    arrays["glitch_power"][:3] = [np.nan, -1e-9, 0.0]
    arrays["pin_owner"][0] = PORTS_FROM
    arrays["x"] -= 3 * 380
    return Facts(tables, arrays | wires(random=np.random.default_rng(1), nets=40))


def wires(random, nets):
    """Return wires as a router makes them, and as it does not: chains, branches, jumps, vias on nothing."""
    pieces, vias, piece_start, via_start = [], [], [0], [0]
    for net in range(nets):
        points = [tuple(random.integers(-(10**6), 10**6, 2).tolist())]
        for _ in range(0 if net % 7 == 3 else int(random.integers(1, 9))):
            x, y = points[int(random.integers(len(points)))]
            if random.random() < 0.2:
                x, y = x + 12345, y - 6
            upright = random.random() < 0.5
            length = int(random.choice([280, -560, 1900, 70, 0, 40_000, -3, 10**6]))
            pieces.append((int(random.integers(9)) + (ALONG_Y if upright else 0), x, y, length))
            points.append((x, y + length) if upright else (x + length, y))
        for x, y in {*points, (net, -net)} if net % 3 else ():
            vias += [(layer, x, y) for layer in range(9) if random.random() < 0.3]
        piece_start.append(len(pieces))
        via_start.append(len(vias))
    piece, via = np.array(pieces, np.int64), np.array(vias, np.int64)
    return {
        "piece_start": np.array(piece_start, np.uint32),
        "piece_layer": piece[:, 0].astype(np.uint8),
        **{
            name: piece[:, at].astype(np.int32)
            for at, name in enumerate(("piece_x", "piece_y", "piece_length"), 1)
        },
        "via_start": np.array(via_start, np.uint32),
        "via_layer": via[:, 0].astype(np.uint8),
        **{name: via[:, at].astype(np.int32) for at, name in enumerate(("via_x", "via_y"), 1)},
    }


@pytest.fixture(scope="module")
def unpacked(facts, tmp_path_factory):
    """What the page has of the facts."""
    folder = tmp_path_factory.mktemp("pack")
    write_page(folder / "page.html", [ShownRun(facts)])
    arrays = json.dumps([*EXACT, *WIRES, *ROUNDED, *SLACKS])
    question = f"""const arrays = {{}};
    const plain = (value) => Number.isNaN(value) ? null : value;
    for (const name of {arrays}) arrays[name] = [...facts.arrays[name]].map(plain);
    const codes = (names) => names.map((name) => [...name].map((letter) => letter.codePointAt(0)));
    return {{arrays, cells: codes(facts.cells), nets: codes(facts.nets)}}"""
    return answer(folder / "page.html", question)


def test_names_come_back_whatever_they_are(facts, unpacked):
    for kind in ("cells", "nets"):
        assert ["".join(map(chr, codes)) for codes in unpacked[kind]] == facts.tables[kind]


def test_whole_numbers_come_back_as_they_were(facts, unpacked):
    for name in EXACT:
        assert unpacked["arrays"][name] == facts.arrays[name].tolist(), name


def test_vias_of_each_net_come_back(facts, unpacked):
    def by_net(arrays):
        starts = arrays["via_start"]
        vias = list(zip(arrays["via_layer"], arrays["via_x"], arrays["via_y"], strict=True))
        return [sorted(vias[first:last]) for first, last in pairwise(starts)]

    assert by_net(unpacked["arrays"]) == by_net({name: facts.arrays[name].tolist() for name in WIRES})


def test_measured_numbers_come_back_to_the_digits_that_are_shown(facts, unpacked):
    for name in (*ROUNDED, *SLACKS):
        shown = np.array(unpacked["arrays"][name], float)
        expected = facts.arrays[name].astype(float)
        assert (np.isnan(shown) == np.isnan(expected)).all(), name
        known = ~np.isnan(expected)
        if name in SLACKS:
            assert shown[known] == pytest.approx(expected[known], abs=0.501e-3), name
        elif name == "power":
            assert shown[known] == pytest.approx(expected[known], rel=2.0**-MANTISSA_BITS), name
        else:
            assert shown[known] == pytest.approx(expected[known], rel=2.0 ** -(MANTISSA_BITS + 1)), name


def test_the_same_facts_are_the_same_bytes_whatever_zlib_is_at_hand(facts, monkeypatch):
    first = pack(facts)

    def no_zlib(*_):
        raise AssertionError("the system's zlib")

    monkeypatch.setattr("flow.layout.inspector.pack.zlib.compress", no_zlib)
    assert pack(facts) == first


def test_letters_hold_any_bytes_and_none_that_html_reads_otherwise():
    data = bytes(range(256)) * 7 + b"</script><!--\r\n\0"
    text = as_letters(data)
    assert not set("<\r\0") & set(text)
    assert len(text.encode()) < 1.2 * len(data)
    assert as_letters(b"") == ""
