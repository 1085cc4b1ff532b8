"""One product per lane gives the codes of two, at every key: models, circuits, and whole kernels."""

import re

import numpy as np
import pytest
from recurrence import RANKS, port_widths, recurrence, recurrence_verilog

from hdl.design import DesignPort
from hdl.designs import kernels
from hdl.ieee_format import IeeeFormat
from hdl.kernels.fa2 import Fa2State
from hdl.models.codes import encode
from hdl.simulation import compile_simulation, pack_lanes, unpack_lanes


def compile_recurrence(kernel, parameters, folder):
    verilog = folder / "core.v"
    # Modules kept apart are compiled once, not once for each lane.
    text = re.sub(
        r"^module ", "(* keep_hierarchy *)\nmodule ", recurrence_verilog(kernel, parameters), flags=re.M
    )
    verilog.write_text(text, encoding="utf-8")
    widths = port_widths(parameters)
    ports = [DesignPort(name, widths[name], direction) for name, direction in recurrence.directions.items()]
    return compile_simulation(verilog, "core", ports, folder)


def model_of(name, **given):
    kernel = kernels()[name]
    return kernel.model(kernel.make_parameters(given))


def flushed(codes, fmt):
    if isinstance(fmt, IeeeFormat):
        # A unit makes one NaN.
        infinity = fmt.infinity_code if fmt.has_infinity else fmt.max_finite_code
        nan = (codes & (1 << fmt.sign_bit) - 1) > infinity
        return np.where(nan, fmt.nan_code, codes).astype(np.uint32)
    exponent = codes >> fmt.mantissa_bits & fmt.max_exponent_field
    return np.where(exponent == 0, codes & 1 << fmt.sign_bit, codes).astype(np.uint32)


def adversarial_keys(fmt, queries, keys, d, seed):
    """Scores that rise at each key, never, tie, are near, are random; masks; values of all codes."""
    rng = np.random.default_rng(seed)
    codes = 1 << fmt.width
    magnitudes = fmt.max_finite_code
    rising = np.sort(rng.integers(0, magnitudes, (queries, keys)), axis=1)
    below = (1 << fmt.sign_bit) + rising
    ties = rng.choice(codes, (queries, 2))[np.arange(queries)[:, None], rng.integers(0, 2, (queries, keys))]
    near = fmt.one_code + (3 << fmt.mantissa_bits) + rng.integers(-40, 40, (queries, keys))
    anything = rng.integers(0, codes, (queries, keys))
    kinds = np.stack([rising, rising[:, ::-1], below, below[:, ::-1], ties, near, anything])
    score = kinds[np.arange(queries) % len(kinds), np.arange(queries)]
    # The start of a maximum, and both infinities of a format that has them.
    special = rng.random(score.shape) < 0.02
    lowest = (1 << fmt.sign_bit) + fmt.max_finite_code
    ends = [lowest, fmt.max_finite_code, fmt.max_finite_code + 1, lowest + 1, 0]
    score = np.where(special, rng.choice(np.array(ends, np.int64), score.shape), score)
    live = rng.random(score.shape) > np.resize([0.0, 0.1, 0.5], queries)[:, None]
    usual = rng.integers(-30, 30, (queries, keys, d)) + fmt.one_code
    value = np.where(rng.random((queries, keys, 1)) < 0.5, usual, rng.integers(0, codes, (queries, keys, d)))
    value ^= rng.integers(0, 2, value.shape) << fmt.sign_bit
    return flushed(score, fmt), value.astype(np.uint32), live


FRAMES = {
    "flush": {},
    "nearest": {"arithmetic": "ieee"},
    "truncate": {"arithmetic": "ieee", "rounding": "truncate"},
}
KERNELS = ("fa2_baseline", "fa2_expmul")
CASES = [(name, fmt, frame) for name in KERNELS for fmt in ("e4m3", "bf16") for frame in FRAMES]
CASES += [(name, fmt, "nearest") for name in KERNELS for fmt in ("e5m2", "e4m3_ieee")]
# Other formats and truncation differ in the units alone, which have tests of their own.
CIRCUIT_CASES = [
    (name, fmt, frame)
    for name in KERNELS
    for fmt, frame in (("e4m3", "flush"), ("e4m3_ieee", "nearest"), ("e5m2", "truncate"))
]


@pytest.mark.parametrize(("name", "format_name", "frame"), CASES)
def test_models_give_the_same_codes_at_every_key(name, format_name, frame):
    model = model_of(name, format=format_name, **FRAMES[frame])
    fmt = model.fmt
    queries, keys, d = 700, 40, 3
    score, value, live = adversarial_keys(fmt, queries, keys, d, seed=1)
    # What the query before has left is any code that a sum can be.
    left = flushed(np.random.default_rng(2).integers(0, 1 << fmt.width, (queries, d + 1)), fmt)
    two = one = Fa2State(score[:, 0], left)
    for index in range(keys):
        key = score[:, index], value[:, index], np.full(queries, index == 0), live[:, index]
        two = model.key_by_two_products(two, *key)
        one = model.key_by_one_product(one, *key)
        np.testing.assert_array_equal(one.maximum, two.maximum)
        np.testing.assert_array_equal(one.sums, two.sums)


@pytest.mark.parametrize(("name", "format_name", "frame"), CIRCUIT_CASES)
def test_circuits_give_the_same_codes_as_each_other_and_the_model(name, format_name, frame, tmp_path):
    kernel = kernels()[name]
    given = {"format": format_name, "d": 2, **FRAMES[frame]}
    parameters = kernel.make_parameters(given)
    fmt, d = parameters.fmt, parameters.d
    queries, keys = 140, 15
    score, value, live = adversarial_keys(fmt, queries, keys, d, seed=4)
    clocks = queries * keys
    first = np.tile(np.arange(keys) == 0, queries)
    idle = np.zeros(RANKS, np.uint32)
    inputs = {
        "rst": np.zeros(clocks + RANKS, np.uint32),
        "start": np.concatenate([first, idle]).astype(np.uint32),
        "live": np.concatenate([live.ravel(), idle]).astype(np.uint32),
        "score": np.concatenate([score.ravel(), idle]),
        "value": pack_lanes(
            np.concatenate([value.reshape(-1, d), np.zeros((RANKS, d), np.uint32)]), fmt.width
        ),
    }
    results = []
    for products in ("two", "one"):
        folder = tmp_path / products
        folder.mkdir()
        chosen = kernel.make_parameters(given | {"products": products})
        sums = compile_recurrence(kernel, chosen, folder).run(inputs)["sums"]
        results.append(unpack_lanes(sums, d + 1, fmt.width)[RANKS:])
    np.testing.assert_array_equal(results[1], results[0])
    model = kernel.model(parameters)
    state = Fa2State(np.uint32(0), np.zeros(d + 1, np.uint32))
    for clock in range(clocks):
        key = score.ravel()[clock], value.reshape(-1, d)[clock], first[clock], live.ravel()[clock]
        state = model.key_by_two_products(state, *(np.asarray(part) for part in key))
        np.testing.assert_array_equal(results[1][clock], state.sums)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", KERNELS)
def test_kernels_give_the_same_codes(name, frame):
    """The whole models, in BF16, on real spreads of scores and gaps in the mask."""
    rng = np.random.default_rng(3)
    results = []
    fmt = model_of(name, **FRAMES[frame]).fmt
    scale = np.array([1.0, 3.0])[:, None]
    q = encode(rng.normal(size=(2, 8)) * scale, fmt)
    k, v = (encode(rng.normal(size=(2, 300, 8)), fmt) for _ in range(2))
    valid = rng.random((2, 300)) > 0.2
    for products in ("two", "one"):
        kernel = kernels()[name]
        chosen = kernel.make_parameters({"d": 8, "products": products, **FRAMES[frame]})
        results.append(kernel.attend(chosen, q, k, v, valid))
    np.testing.assert_array_equal(results[1], results[0])
    assert len(np.unique(results[0])) > 8
