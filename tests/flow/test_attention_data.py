"""The committed attention sample, the synthetic source and the port stimuli made from them."""

import hashlib
import importlib.util
import json
from itertools import islice

import numpy as np
import pytest
from needs import reason

from flow.attention_data import minilm
from flow.attention_data.bfloat16 import from_bfloat16, to_bfloat16
from flow.attention_data.sample import SAMPLE_FOLDER, load, spread_jobs, synthetic
from flow.attention_data.stimulus import kernel_stimulus, operator_stimulus
from flow.attention_data.workload import QUERIES_PER_STREAM, STREAMS

needs_model = pytest.mark.skipif(
    importlib.util.find_spec(minilm.PACKAGE) is None
    or importlib.util.find_spec("safetensors") is None
    or importlib.util.find_spec("tokenizers") is None,
    reason=reason("model"),
)


def test_bfloat16_rounds_to_nearest_even():
    numbers = np.array([1.0, 1.00390625, 1.01171875, 1.003907, -0.0, 3.0e38], dtype=np.float32)
    assert to_bfloat16(numbers).tolist() == [0x3F80, 0x3F80, 0x3F82, 0x3F81, 0x8000, 0x7F62]
    codes = np.arange(0x7F80, dtype=np.uint16)
    assert np.array_equal(to_bfloat16(from_bfloat16(codes).astype(np.float32)), codes)


def test_sample_is_small_and_names_its_provenance():
    files = sorted(SAMPLE_FOLDER.iterdir())
    assert [file.name for file in files] == ["keys.npy", "provenance.json", "queries.npy", "values.npy"]
    assert sum(file.stat().st_size for file in files) < 2_000_000
    provenance = json.loads((SAMPLE_FOLDER / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["model_sha256"] == minilm.MODEL_SHA256
    assert "Apache-2.0" in provenance["licence"]


def test_model_heads_have_the_score_range_of_attention():
    sets = load(32)
    assert len(sets) == 72
    assert sets[0].queries.shape == (16, 32) and sets[0].keys.shape == sets[0].values.shape == (128, 32)
    scores = np.stack([attention_set.queries @ attention_set.keys.T for attention_set in sets])
    assert 30 < np.abs(scores[:12]).max() < 80
    assert np.abs(scores[12:]).max() < 26
    assert max(np.abs(attention_set.values).max() for attention_set in sets) < 5.4


@pytest.mark.parametrize(("d", "sets"), [(8, 288), (16, 144), (64, 36), (384, 6)])
def test_other_dimensions_regroup_the_same_features(d, sets):
    regrouped = load(d)
    assert len(regrouped) == sets
    model = load(32)
    features = np.concatenate([attention_set.keys for attention_set in model[:12]], axis=1)
    assert np.array_equal(regrouped[0].keys, features[:, :d])
    raw_query = np.concatenate([attention_set.queries for attention_set in model[:12]], axis=1)[
        :, :d
    ] * np.sqrt(32)
    assert np.allclose(regrouped[0].queries, raw_query / np.sqrt(d), rtol=1e-12)


@pytest.mark.parametrize("d", [0, 385])
def test_dimension_outside_the_sample_is_refused(d):
    with pytest.raises(ValueError, match=rf"^head dimension {d}: the model's sample has 1 to 384$"):
        load(d)


def _moments(sets):
    keys = np.stack([attention_set.keys for attention_set in sets])
    values = np.stack([attention_set.values for attention_set in sets])
    scores = np.stack([attention_set.queries @ attention_set.keys.T for attention_set in sets])
    return [
        keys.mean(axis=1).std(),
        (keys - keys.mean(axis=1, keepdims=True)).std(),
        values.mean(axis=1).std(),
        (values - values.mean(axis=1, keepdims=True)).std(),
        np.sqrt(((scores - scores.mean(axis=-1, keepdims=True)) ** 2).mean()),
    ]


def test_synthetic_moments_are_those_of_the_model():
    assert np.allclose(_moments(synthetic(32)), _moments(load(32)), rtol=0.08)


def test_synthetic_is_a_function_of_its_seed():
    digests = [
        hashlib.sha256(
            np.stack([attention_set.values for attention_set in synthetic(16, sets=3, seed=seed)]).tobytes()
        ).digest()
        for seed in (1, 1, 2)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_score_ramp_rises_by_the_same_step_at_every_key():
    attention_set = synthetic(1, sets=1, score_rise_per_key=0.3)[0]
    assert np.allclose(np.diff(attention_set.queries @ attention_set.keys.T, axis=1), 0.3)


def test_kernel_stimulus_streams_queries_back_to_back():
    sets = load(16)
    stimulus = kernel_stimulus(sets, queries=5, keys_per_query=20)
    assert stimulus.k.shape == (100, 16)
    assert np.flatnonzero(stimulus.first).tolist() == [0, 20, 40, 60, 80]
    assert np.flatnonzero(stimulus.last).tolist() == [19, 39, 59, 79, 99]
    assert stimulus.key_valid.all()
    for index, (number, position) in enumerate(islice(spread_jobs(144, 16), 5)):
        clocks = slice(20 * index, 20 * index + 20)
        assert (stimulus.q[clocks] == sets[number].queries[position]).all()
        assert np.array_equal(stimulus.v[clocks], sets[number].values[:20])


@pytest.mark.parametrize("sets", [1, 6, 36, 72, 144])
def test_jobs_are_every_query_of_every_set_once(sets):
    jobs = list(spread_jobs(sets, 16))
    assert sorted(jobs) == [(number, position) for number in range(sets) for position in range(16)]


def _maximum_rises_and_score_sigma(sets, jobs):
    scores = np.stack([sets[number].keys @ sets[number].queries[position] for number, position in jobs])
    rises = (np.diff(np.maximum.accumulate(scores, axis=1), axis=1) > 0).sum(axis=1)
    return rises.mean(), np.sqrt(scores.var(axis=1).mean())


@pytest.mark.parametrize("d", [16, 32, 64])
def test_workload_is_spread_over_layers_and_positions_and_like_the_whole_sample(d):
    sets = load(d)
    jobs = list(islice(spread_jobs(len(sets), 16), STREAMS * QUERIES_PER_STREAM))
    layers, positions = zip(*((number * 6 // len(sets), position) for number, position in jobs), strict=True)
    assert min(np.bincount(layers, minlength=6)) >= len(jobs) // 8
    assert min(np.bincount(positions, minlength=16)) >= 2
    rises, sigma = _maximum_rises_and_score_sigma(sets, jobs)
    all_rises, all_sigma = _maximum_rises_and_score_sigma(sets, list(spread_jobs(len(sets), 16)))
    assert 0.7 < rises / all_rises < 1.3
    assert 0.9 < sigma / all_sigma < 1.1


def test_kernel_stimulus_masks_keys_that_a_set_lacks():
    stimulus = kernel_stimulus(synthetic(4, sets=1, keys=3), queries=2, keys_per_query=5)
    assert stimulus.key_valid.tolist() == [True, True, True, False, False] * 2
    assert not stimulus.k[3:5].any()


def test_kernel_stimulus_refuses_more_queries_than_there_are():
    with pytest.raises(ValueError, match=r"^9 queries asked for, the sets hold 8$"):
        kernel_stimulus(synthetic(4, sets=2, queries=4), queries=9)


def test_operator_stimulus_is_the_recurrence_of_attention():
    x, v = operator_stimulus(queries=3, lanes=8, keys_per_query=50)
    assert x.shape == (300,) and v.shape == (300, 8)
    assert (x <= 0).all()
    for query in range(3):
        products = np.exp(x)[:, None] * v
        value, rescale = products[100 * query :][:50], products[100 * query :][50:100]
        accumulators = value + rescale
        assert np.allclose(accumulators[:-1], v[100 * query + 51 : 100 * query + 100])
    for query, (number, position) in enumerate(islice(spread_jobs(72, 16), 3)):
        head = load(32)[number]
        scores = head.keys[:50] @ head.queries[position]
        truth = np.exp(scores - scores.max()) @ head.values[:50, :8]
        last = 100 * query + np.array([49, 99])
        assert np.allclose((np.exp(x)[:, None] * v)[last].sum(axis=0), truth)


def test_operator_lanes_beyond_a_head_are_the_next_heads_features():
    _, v = operator_stimulus(queries=1, lanes=40, keys_per_query=5)
    heads = load(32)
    assert np.array_equal(v[:5], np.concatenate([heads[0].values, heads[1].values], axis=1)[:5, :40])


@pytest.mark.parametrize("size", [{"lanes": 385}, {"lanes": 0}, {"keys_per_query": 129}, {"queries": 1153}])
def test_operator_stimulus_refuses_more_than_the_sample_has(size):
    with pytest.raises(ValueError, match=r"the sample has 128 and 384$|the sets hold 1152$"):
        operator_stimulus(**({"queries": 1, "lanes": 8, "keys_per_query": 5} | size))


@needs_model
def test_forward_pass_gives_the_similarities_printed_by_the_model_authors():
    folder = minilm.model_folder()
    weights = minilm.load_weights(folder)
    sentences = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    means = np.stack(
        [minilm.forward(weights, minilm.token_ids(folder, text))[1].mean(axis=0) for text in sentences]
    )
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    similarity = [means[0] @ means[1], means[0] @ means[2], means[1] @ means[2]]
    assert np.allclose(similarity, [0.6660, 0.1046, 0.1411], atol=1e-4)


@needs_model
def test_committed_sample_is_what_the_script_extracts():
    from flow.attention_data.extract import extract

    for name, codes in extract().items():
        committed = from_bfloat16(np.load(SAMPLE_FOLDER / f"{name}.npy"))
        # Another BLAS sums in another order: a code may then land on its neighbour.
        assert np.allclose(from_bfloat16(codes), committed, rtol=2**-7, atol=1e-5)
        assert (from_bfloat16(codes) == committed).mean() > 0.999
