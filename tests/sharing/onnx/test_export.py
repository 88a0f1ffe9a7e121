"""Exported networks predict what they predict in Python."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError

pytest.importorskip("onnxruntime")

from sknet_hp import NetClassifier, NetRegressor, export
from sknet_hp.nets.architectures import ARCHITECTURES
from sknet_hp.nets.architectures.mlp import ACTIVATIONS, NORMALIZATIONS
from sknet_hp.sharing import run_onnx, to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_table


def list_options(Net, parameter):
    """The strings that a parameter may be."""
    constraints = Net._parameter_constraints[parameter]
    return sorted(next(each.options for each in constraints if hasattr(each, "options")))


@pytest.fixture(scope="module")
def problem():
    X, y = make_table(300)
    X["note"] = [f"order {number % 7} {'urgent' if label == 'yes' else ''}" for number, label in enumerate(y)]
    X["zip"] = [f"z{number % 40}" for number in range(len(X))]
    return X, y


def check(net, X, **more):
    assert check_predictions(to_onnx(net), net, X, **more) < 2e-6


@pytest.mark.parametrize("module", ARCHITECTURES)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("embedding", list_options(NetClassifier, "num_embedding"))
def test_every_architecture_with_every_normalisation_and_embedding(module, normalization, embedding, problem):
    if module == "tabm" and normalization != "none":
        pytest.skip("TabM has no normalisation")
    net = NetClassifier(
        module=module, normalization=normalization, num_embedding=embedding, num_bins=4, n_heads=3, feature_scale=True,
        num_embedding_dim=None if embedding == "none" else 3, cat_embedding_dim=2, max_one_hot=5,
        parametric_activation=True, **SMALL | {"max_epochs": 2},
    )  # fmt: skip
    check(net.fit(*problem), problem[0])


@pytest.mark.parametrize("activation", [*ACTIVATIONS, None])
def test_every_activation(activation, problem):
    check(NetClassifier(activation=activation, **SMALL).fit(*problem), problem[0])


@pytest.mark.parametrize("init", ["ntk", "ntk_normal"])
def test_neural_tangent_parametrisation(init, problem):
    check(NetClassifier(init=init, n_members=2, **SMALL).fit(*problem), problem[0])


@pytest.mark.parametrize("module", ["mlp", "tabm"])
@pytest.mark.parametrize("loss", list_options(NetRegressor, "loss"))
def test_every_loss_of_regression(loss, module, problem):
    X = problem[0]
    net = NetRegressor(loss=loss, module=module, n_heads=3, **SMALL).fit(X, X["income"])
    check(net, X)


def test_several_targets_and_a_clipped_prediction(problem):
    X, _ = problem
    net = NetRegressor(clip_prediction=True, n_members=2, **SMALL).fit(X, X[["income", "age"]].to_numpy() + 1e9)
    check(net, X)
    assert run_onnx(to_onnx(net), X)["prediction"].shape == (len(X), 2)


def test_a_module_of_a_user(problem):
    X, y = problem
    check(NetClassifier(module=_Wide, **SMALL).fit(X, y), X)


class _Wide(torch.nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.deep = torch.nn.Sequential(torch.nn.Linear(n_features, 8), torch.nn.ReLU(), torch.nn.Linear(8, n_outputs))
        self.straight = torch.nn.Linear(n_features, n_outputs)

    def forward(self, x):
        return self.deep(x) + self.straight(x)


class _Odd(torch.nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layer = torch.nn.Linear(n_features, n_outputs)

    def forward(self, x):
        return self.layer(x).erf()


@pytest.mark.filterwarnings("ignore:.*train through torch")
def test_a_module_of_unknown_layers_is_refused(problem):
    with pytest.raises(TypeError, match=r"_Odd.*torch\.onnx\.export"):
        to_onnx(NetClassifier(module=_Odd, **SMALL).fit(*problem))


LABELS = {
    "strings": ["low", "high", "low", "mid"],
    "numbers": [3, -1, 3, 7],
    "booleans": [True, False, True, True],
    "decimals": [0.5, 1.0, 0.5, 2.0],
    "long": np.array([2**63 - 1, 1, 2**63 - 1, 1], np.uint64),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_as_they_were(kind, problem):
    X = problem[0].iloc[:80]
    y = np.array([*LABELS[kind]] * 20, dtype=getattr(LABELS[kind], "dtype", None))
    if kind == "decimals":
        y = y * 2
    net = NetClassifier(**SMALL).fit(X, y)
    label = run_onnx(to_onnx(net), X)["label"]
    np.testing.assert_array_equal(label, net.predict(X))


def test_rows_of_several_labels(problem):
    X, y = problem
    matrix = np.column_stack([y == "yes", X["age"] > 40, X["city"] == "Bonn"]).astype(int)
    net = NetClassifier(module="tabm", n_heads=3, **SMALL).fit(X, matrix)
    predicted = run_onnx(to_onnx(net), X)
    np.testing.assert_array_equal(predicted["label"], net.predict(X))
    np.testing.assert_allclose(predicted["probabilities"], net.predict_proba(X), atol=1e-6)


def test_labels_that_onnx_has_not_are_refused(problem):
    y = np.array(["2020-01-01", "2021-01-01"] * 40, "datetime64[D]")
    net = NetClassifier(**SMALL).fit(problem[0].iloc[:80], y)
    with pytest.raises(ValueError, match="datetime64"):
        to_onnx(net)


# ---- inputs and outputs --------------------------------------------------------------------------------------------


def test_numbers_without_names_are_one_input():
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    net = NetClassifier(**SMALL).fit(X, X[:, 0] > 0)
    model = to_onnx(net)
    assert [each.name for each in model.graph.input] == ["X"]
    check(net, X)


def test_text_without_names_is_one_input():
    X = np.array([["a", "b"], ["c", "d"]] * 20, object)
    net = NetClassifier(**SMALL).fit(X, X[:, 0] == "a")
    assert [each.name for each in to_onnx(net).graph.input] == ["X"]
    check(net, X)


def test_columns_without_names_are_numbered():
    X = np.array([[1.0, "b"], [2.0, None]] * 20, object)
    net = NetClassifier(**SMALL).fit(X, X[:, 0] == 1)
    assert [each.name for each in to_onnx(net).graph.input] == ["x0", "x1"]
    check(net, X)


def test_columns_may_be_called_what_outputs_are(problem):
    X = problem[0].rename(columns={"age": "label", "city": "probabilities", "score": "Cast_3"})
    net = NetClassifier(**SMALL).fit(X, problem[1])
    predicted = run_onnx(to_onnx(net), X)
    assert set(predicted) == {"predicted_label", "predicted_probabilities"}
    np.testing.assert_allclose(predicted["predicted_probabilities"], net.predict_proba(X), atol=1e-6)
    check(net, X)


def test_columns_that_no_layer_looks_at_are_inputs_all_the_same(problem):
    X = problem[0][["age"]].assign(same="same")
    net = NetClassifier(**SMALL).fit(X, problem[1])
    assert [each.name for each in to_onnx(net).graph.input] == ["age", "same"]
    check(net, X)


def test_one_row_and_new_values(problem):
    X, y = problem
    net = NetClassifier(**SMALL).fit(X, y)
    odd = pd.DataFrame(
        {"age": [np.nan], "income": [1e300], "city": ["Oslo"], "score": [-1e9], "note": [None], "zip": ""}
    )
    odd["zip"] = [None]
    check(net, odd)


def test_dates_are_seconds(problem):
    X, y = problem
    days = pd.date_range("2020-01-01", periods=len(X), freq="5D")
    X = X[["age"]].assign(seen=days, written=days.astype(str), local=days.tz_localize("Europe/Berlin"))
    net = NetClassifier(**SMALL).fit(X, y)
    model = to_onnx(net)
    assert {each.type.tensor_type.elem_type for each in model.graph.input} == {11}  # float64
    X = X.assign(local=X["local"].dt.tz_convert("UTC"))
    X.loc[3, "seen"] = pd.NaT
    check(net, X)
    check(NetClassifier(**SMALL).fit(days.to_numpy()[:, None], y), days.to_numpy()[:, None])


# ---- the file ------------------------------------------------------------------------------------------------------


def test_the_file_says_what_it_is(tmp_path, problem):
    import onnx

    net = NetClassifier(**SMALL).fit(*problem)
    path = export(net, tmp_path / "model.onnx", problem[0])
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "sknet_hp"
    assert {each.key: each.value for each in model.metadata_props}["classes"] == '["no", "yes"]'
    for place in (path, str(path)):
        np.testing.assert_array_equal(run_onnx(place, problem[0])["label"], net.predict(problem[0]))


def test_nothing_is_written_if_predictions_differ(tmp_path, problem):
    net = NetClassifier(**SMALL).fit(*problem)
    with pytest.raises(ValueError, match=r"tolerance=0 is allowed. Nothing was written"):
        export(net, tmp_path / "model.onnx", problem[0], tolerance=0)
    assert not list(tmp_path.iterdir())


def test_differences_of_numbers_are_told_in_the_unit_of_the_target(problem):
    X, y = problem
    targets = np.stack([np.arange(len(X)), 1e6 * (y == "yes")], axis=1).astype(float)
    net = NetRegressor(**SMALL).fit(X, targets)
    exported = to_onnx(net)
    low, high = net.predict(X).min(axis=0), net.predict(X).max(axis=0)
    net.target_.mean[1] += 0.5 * (high - low)[1]  # only the second target is off, by half of its range
    off, allowed = f"{0.5 * (high - low)[1]:.2g}", f"{1e-5 * (high - low)[1]:.2g}"
    said = (
        rf"off by {re.escape(off)} in the unit of the target, which is 5.0e-01 of .*=1e-05 is allowed, {allowed} here"
    )
    with pytest.raises(ValueError, match=said):
        check_predictions(exported, net, X)


@pytest.mark.parametrize(
    ("cell", "reason"), [("", "Column 'city' is empty text there"), ("Bonn " * 300, "has 1,500 characters there")]
)
def test_known_differences_are_named(cell, reason, tmp_path, problem):
    X, y = problem
    X = X[["city"]].assign(city=[f"{city} {row}" for row, city in enumerate(X["city"])])
    net = NetClassifier(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match=reason):
        export(net, tmp_path / "model.onnx", pd.DataFrame({"city": [cell]}), tolerance=0)


def test_empty_names_are_refused(problem):
    X, y = problem
    with pytest.raises(ValueError, match="column 1 has an empty name"):
        to_onnx(NetClassifier(**SMALL).fit(X[["age", "score"]].set_axis(["age", ""], axis=1), y))


def test_a_network_must_be_fitted():
    with pytest.raises(NotFittedError):
        to_onnx(NetClassifier())


def test_half_precision_is_warned_of(problem):
    net = NetClassifier(precision="bf16", **SMALL).fit(*problem)
    with pytest.warns(UserWarning, match="third digit"):
        model = to_onnx(net)
    assert check_predictions(model, net, problem[0], 1e-1) < 1e-1
    with pytest.raises(ValueError, match="precision='bf16': give tolerance=1e-2"):
        check_predictions(model, net, problem[0])


def test_export_names_the_extra_to_install(monkeypatch, problem):
    import sys

    net = NetClassifier(**SMALL).fit(*problem)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sknet_hp\[onnx\]'"):
        to_onnx(net)
