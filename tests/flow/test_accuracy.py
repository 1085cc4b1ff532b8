import argparse
import importlib.util
import json
import shutil

import numpy as np
import pytest
from flow_command import run_command
from needs import reason
from rich.console import Console

from flow import accuracy
from flow.attention_data import minilm
from flow.attention_data.short_texts import SHORT_TEXTS
from flow.common.places import PROJECT_ROOT
from flow.error_study import measure
from flow.error_study.attention_arm import TRUTH, Arm, kernel_arm
from flow.error_study.measure import operator_errors, ramp_errors, relative_l2, row_errors, synthetic_errors
from flow.error_study.model import embedding, embeddings, layer_errors, layer_inputs, model_errors, ranks
from flow.error_study.significant_digits import to_figure_digits
from flow.error_study.study_parts import FinishedParts, arm_key, arm_sources, joined, part_by_arm
from flow.error_study.variants import ARMS, E4M3_ARMS, FRACTION_BITS_RANGE
from hdl.designs import ORIGINS, kernels
from hdl.formats import BF16, E4M3
from hdl.models.codes import decode, encode

COMMITTED = PROJECT_ROOT / "reports"
BY_NAME = {arm.name: arm for arm in ARMS}


def rounded(values):
    return decode(encode(values, BF16), BF16)


def test_errors_are_those_of_a_hand_made_example():
    truth = np.array([[3.0, 4.0], [0.0, 2.0]])
    output = np.array([[3.0, 4.5], [1.0, 2.0]])
    assert relative_l2(output, truth) == pytest.approx(np.sqrt(1.25 / 29))
    assert row_errors(output, truth).tolist() == [0.1, 0.5]


def test_operator_errors_are_those_of_the_notes():
    figures = operator_errors(ARMS)
    expmul = figures["fa2_expmul"]
    assert expmul["minimum"] == pytest.approx(-0.292, abs=0.001)
    assert expmul["maximum"] == pytest.approx(0.493, abs=0.02)
    assert expmul["mean"] == pytest.approx(0.052, abs=0.005)
    assert figures["fa2_log2_f3"]["rms"] == pytest.approx(0.035, abs=0.003)
    # 0.24 % and two roundings of half a last place.
    assert figures["fa2_baseline"]["maximum"] < 0.0024 + 2 * 2.0**-8
    # An exact 2^x has two roundings too: of the weight and of the product.
    assert figures["exact_bf16"]["rms"] < figures["fa2_baseline"]["rms"] < 1.2 * figures["exact_bf16"]["rms"]
    assert figures["fa2_intmax"]["maximum"] < 0.0045 + 2 * 2.0**-8
    assert figures["fa2_log2_f7"]["rms"] < figures["fa2_log2_f3"]["rms"] < figures["fa2_log2_f0"]["rms"]


@pytest.mark.parametrize("name", ["exact", "exact_bf16", "fa2_baseline", "fa2_expmul"])
def test_one_key_gives_its_value(name):
    random = np.random.default_rng(1)
    q, v = random.normal(size=(5, 8)), rounded(random.normal(size=(5, 1, 8)))
    np.testing.assert_array_equal(BY_NAME[name].attend(q, random.normal(size=(5, 1, 8)), v), v[:, 0])


def test_the_truth_is_softmax_attention():
    q = np.array([[1.0, 0.0]])
    k, v = np.array([[[0.0, 5.0], [1.0, -3.0]]]), np.array([[[1.0, 2.0], [3.0, -1.0]]])
    weight = np.exp(1) / (1 + np.exp(1))
    expected = (1 - weight) * v[0, 0] + weight * v[0, 1]
    np.testing.assert_allclose(TRUTH.attend(q, k, v)[0], expected, rtol=1e-14)


def test_every_arm_comes_near_the_truth_in_the_order_of_its_operator():
    random = np.random.default_rng(2)
    q = random.normal(size=(24, 16)) / 2
    k, v = (rounded(random.normal(size=(24, 64, 16))) for _ in range(2))
    truth = TRUTH.attend(q, k, v)
    errors = {arm.name: relative_l2(arm.attend(q, k, v), truth) for arm in ARMS[1:]}
    assert errors["exact_bf16"] < errors["fa2_log2_f3"] < errors["fa2_log2_f0"] < 0.5
    assert 2 * errors["fa2_log2_f3"] < errors["fa2_expmul"] < 0.5
    for name in ("fa2_baseline", "fa2_intmax"):
        assert errors[name] < 1.5 * errors["exact_bf16"]
    for kernel in ("fa2_log2", "fa2_log2_fixed"):
        by_bits = [errors[f"{kernel}_f{bits}"] for bits in FRACTION_BITS_RANGE]
        assert by_bits[0] > by_bits[1] > by_bits[2] > by_bits[3]
        assert max(by_bits[3:]) < 1.3 * by_bits[3]


def test_a_ramp_up_to_zero_shows_the_rescaling(monkeypatch):
    monkeypatch.setattr(measure, "RAMPS_PER_KEY", (0.3,))
    up_to_zero, from_zero = ramp_errors([0], [BY_NAME["fa2_expmul"], BY_NAME["fa2_log2_f3"]])
    assert up_to_zero["up_to_zero"] and not from_zero["up_to_zero"]
    figures = {name: error["median"] for name, error in up_to_zero["errors"].items()}
    assert figures["fa2_log2_f3"] < 0.02 < 0.1 < figures["fa2_expmul"]


def test_seeds_give_a_spread_and_the_same_seeds_the_same_figures(monkeypatch):
    monkeypatch.setattr(measure, "SIGMAS", (2,))
    monkeypatch.setattr(measure, "KEY_COUNTS", (16,))
    arms = [BY_NAME["fa2_expmul"]]
    one, other = (synthetic_errors(seeds, arms) for seeds in ([0, 1, 2], [0, 1, 2]))
    assert one == other
    error = one[0]["errors"]["fa2_expmul"]
    assert error["smallest"] < error["median"] < error["largest"]


def test_without_the_model_the_rest_runs_and_one_line_says_so(monkeypatch, capsys, tmp_path):
    def missing():
        raise FileNotFoundError("the package is not installed")

    monkeypatch.setattr(measure, "SIGMAS", (1,))
    monkeypatch.setattr(measure, "KEY_COUNTS", (8,))
    monkeypatch.setattr(measure, "RAMP_KEYS", 8)
    monkeypatch.setattr(minilm, "model_folder", missing)
    figures = accuracy.study(argparse.Namespace(seeds=1, no_model=False, out=tmp_path), Console())
    assert figures["model"] is None
    assert figures["operator"]
    assert "without the real model: the package is not installed" in capsys.readouterr().out


MEASURE = "flow/error_study/measure.py"
THREE_ARMS = [BY_NAME[name] for name in ("fa2_expmul", "fa2_log2_f3", "fa2_mean_f8")]


def one_row(arms):
    q, k = np.ones(4), np.ones((2, 4))
    return [{"keys": 2, "errors": {arm.name: float(arm.attend(q, k, k / 3)[0]) for arm in arms}}]


def small_part(measure=None, settings=()):
    """Return a part of one row, with a figure of each arm."""
    return part_by_arm("small", "small part", measure or one_row, THREE_ARMS, MEASURE, *settings)


def interrupted_after(arms_measured):
    """Return a measure that is interrupted, as by Ctrl-C, when so many arms are through."""
    measured = []

    def measure(arms):
        if len(measured) == arms_measured:
            raise KeyboardInterrupt
        measured.extend(arm.name for arm in arms)
        return one_row(arms)

    return measure, measured


def test_an_interrupted_part_goes_on_at_its_arm_and_gives_the_same_bytes(tmp_path):
    lines = []
    measure, first = interrupted_after(2)
    with pytest.raises(KeyboardInterrupt):
        FinishedParts(tmp_path).get(small_part(measure), lines.append)
    assert not FinishedParts(tmp_path).has(small_part())
    measure, then = interrupted_after(1)
    resumed = FinishedParts(tmp_path).get(small_part(measure), lines.append)
    assert (first, then) == (["fa2_expmul", "fa2_log2_f3"], ["fa2_mean_f8"])
    assert lines == [f"small part, {n} of 3: {arm.title}" for n, arm in enumerate(THREE_ARMS, 1)]
    assert json.dumps(resumed) == json.dumps(one_row(THREE_ARMS))
    assert FinishedParts(tmp_path).has(small_part())


def test_an_arm_of_other_settings_or_cut_off_is_measured_again(tmp_path):
    def names_measured(settings):
        measure, names = interrupted_after(len(THREE_ARMS))
        FinishedParts(tmp_path).get(small_part(measure, settings), lambda line: None)
        return names

    assert names_measured((0,)) == [arm.name for arm in THREE_ARMS]
    assert names_measured((0,)) == []
    assert names_measured((1,)) == [arm.name for arm in THREE_ARMS]
    path = tmp_path / "small" / "fa2_log2_f3.json"
    path.write_text(path.read_text(encoding="utf-8")[:-3], encoding="utf-8")
    assert names_measured((1,)) == ["fa2_log2_f3"]


def test_an_arm_depends_on_its_kernel_and_what_measures_it_and_on_no_other_kernel():
    mean, log2 = (set(arm_sources(BY_NAME[name], MEASURE)) for name in ("fa2_mean_f8", "fa2_log2_f3"))
    assert {
        "hdl/kernels/fa2_mean.py",
        "hdl/models/step_weight.py",
        "hdl/models/attention.py",
        MEASURE,
    } <= mean
    assert {"hdl/kernels/fa2_log2.py", "hdl/kernels/log2_weights.py", "hdl/models/log2.py", MEASURE} <= log2
    assert "hdl/kernels/fa2_mean.py" not in log2
    assert "hdl/kernels/fa2_log2.py" not in mean
    # A new arm leaves the figures of all others.
    assert not (mean | log2) & {"flow/error_study/variants.py", "hdl/designs.py", "flow/accuracy.py"}
    # An arm with a model of its own depends on that.
    assert "flow/error_study/exact_model.py" in arm_sources(BY_NAME["exact_bf16"], MEASURE)


def test_an_arm_s_key_is_that_of_its_parameters_and_format():
    def key(**given):
        return arm_key(Arm("arm", "title", kernel_arm("fa2_log2", **given)), MEASURE, 0)

    keys = [key(), key(given={"fraction_bits": 4}), key(given={"division": "log"}), key(fmt=E4M3)]
    keys += [arm_key(BY_NAME[name], MEASURE, 0) for name in ("exact_bf16", "fa2_baseline")]
    assert len(set(keys)) == len(keys)
    assert key() == key(given={"fraction_bits": 3})


def test_a_change_to_an_arm_s_source_is_another_key(monkeypatch):
    before, log2 = (arm_key(arm, MEASURE) for arm in THREE_ARMS[:2])
    place = PROJECT_ROOT / "hdl" / "kernels" / "fa2_expmul.py"
    read = type(place).read_bytes
    monkeypatch.setattr(type(place), "read_bytes", lambda path: read(path) + b"#" * (path == place))
    assert arm_key(THREE_ARMS[0], MEASURE) != before
    assert arm_key(THREE_ARMS[1], MEASURE) == log2


def test_figures_of_arms_join_as_if_measured_at_once():
    first, second = ([{"sigma": 1, "errors": {name: {"median": 0.1}}}] for name in ("a", "b"))
    assert joined([first, second]) == [{"sigma": 1, "errors": {"a": {"median": 0.1}, "b": {"median": 0.1}}}]


def test_every_kernel_is_measured_in_both_formats():
    for arms in (ARMS[1:], E4M3_ARMS):
        assert {arm.attend.kernel for arm in arms} == {name for name in kernels() if name not in ORIGINS}


def test_the_committed_page_is_what_the_committed_figures_give(tmp_path):
    shutil.copy(COMMITTED / "accuracy.json", tmp_path)
    done = run_command("accuracy.py", "--no-run", "--reports", tmp_path)
    assert done.returncode == 0, done.stderr
    for suffix in (".md", ".svg", ".png"):
        name = f"accuracy{suffix}"
        assert (tmp_path / name).read_bytes() == (COMMITTED / name).read_bytes()


def test_a_study_without_the_model_keeps_its_figures_only_where_all_else_agrees():
    figures = {"seeds": [0], "operator": {"expmul": (1, 2)}, "model": None}
    earlier = {"seeds": [0], "operator": {"expmul": [1, 2]}, "model": {"short": 0.1}}
    assert accuracy.with_earlier_model(figures, earlier) == earlier
    assert accuracy.with_earlier_model(figures, earlier | {"seeds": [0, 1]}) is figures
    assert accuracy.with_earlier_model(figures, earlier | {"model": None})["model"] is None


def test_figures_do_not_hold_the_digits_that_a_machine_decides():
    one, other = ({"errors": [error, 3, "x", None]} for error in (0.025095306283891557, 0.02509530628389156))
    assert to_figure_digits(one) == to_figure_digits(other) == {"errors": [0.0250953063, 3, "x", None]}


def test_the_committed_study_holds_no_digits_that_a_machine_decides():
    figures = json.loads((COMMITTED / "accuracy.json").read_text(encoding="utf-8"))
    assert to_figure_digits(figures) == figures


def test_a_missing_study_is_one_line(tmp_path):
    done = run_command("accuracy.py", "--no-run", "--reports", tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_texts_are_many_and_all_different():
    assert len(set(SHORT_TEXTS)) == len(SHORT_TEXTS) >= 60


def test_ranks_and_embeddings():
    assert ranks(np.array([0.3, -1.0, 2.0])).tolist() == [1.0, 0.0, 2.0]
    assert np.linalg.norm(embedding(np.ones((3, 4), np.float32))) == pytest.approx(1)


def random_weights(order, tokens=24, intermediate=96):
    """Return a network of the model's shape; `order` permutes its intermediate features, and so only sums."""
    rng, features = np.random.default_rng(5), minilm.HEADS * minilm.HEAD_DIMENSION
    shapes = {
        f"embeddings.{name}_embeddings": (tokens, features) for name in ("word", "position", "token_type")
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(minilm.LAYERS):
        prefix = f"encoder.layer.{layer}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{prefix}.attention.{name}"] = (features, features)
        shapes[f"{prefix}.intermediate.dense"] = (intermediate, features)
        shapes[f"{prefix}.output.dense"] = (features, intermediate)
        norms += [f"{prefix}.attention.output.LayerNorm", f"{prefix}.output.LayerNorm"]
    weights = {f"{name}.weight": rng.normal(0, 0.08, shape) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": rng.normal(0, 0.1, shape[0]) for name, shape in shapes.items()}
    weights |= {f"{name}.weight": np.ones(features) for name in norms}
    weights |= {f"{name}.bias": np.zeros(features) for name in norms}
    for layer in range(minilm.LAYERS):
        prefix = f"encoder.layer.{layer}"
        for name in (f"{prefix}.intermediate.dense.weight", f"{prefix}.intermediate.dense.bias"):
            weights[name] = weights[name][order(intermediate)]
        weights[f"{prefix}.output.dense.weight"] = weights[f"{prefix}.output.dense.weight"][
            :, order(intermediate)
        ]
    return weights


def test_the_network_computes_in_the_format_of_its_weights():
    for dtype in (np.float32, np.float64):
        weights = {name: array.astype(dtype) for name, array in random_weights(np.arange).items()}
        inputs, hidden = minilm.forward(weights, np.arange(24))
        assert {array.dtype for array in (hidden, *(array for layer in inputs for array in layer))} == {
            dtype(0).dtype
        }


def test_no_figure_of_the_model_depends_on_the_order_of_its_sums():
    arms = [BY_NAME[name] for name in ("exact_bf16", "fa2_expmul", "fa2_log2_fixed_f3")]

    def figures(order):
        return to_figure_digits(layer_errors(layer_inputs(random_weights(order), np.arange(24)), arms))

    assert figures(np.arange) == figures(lambda features: np.arange(features)[::-1])


@pytest.mark.skipif(importlib.util.find_spec(minilm.PACKAGE) is None, reason=reason("model"))
def test_the_exact_arm_leaves_the_models_embeddings_as_they_are():
    folder = minilm.model_folder()
    ids = [minilm.token_ids(folder, text) for text in SHORT_TEXTS[:4]]
    weights = minilm.load_weights(folder, np.float64)
    figures = model_errors(weights, ids, embeddings(weights, ids), [TRUTH])["exact"]
    assert figures["cosine_smallest"] > 1 - 1e-9
    assert figures["rank_correlation"] == pytest.approx(1)
