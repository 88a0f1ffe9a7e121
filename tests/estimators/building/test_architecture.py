"""The architectures, embeddings and modules of one's own, through an estimator: they
learn, continue, are saved, and refuse what does not fit.
"""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, make_multilabel_classification, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor, presets
from sknet_hp.estimators.building import architecture

SMALL = {"width": 16, "max_epochs": 12, "batch_size": 32, "random_state": 0, "early_stopping": False}
VARIANTS = {
    "mlp": {},
    "resnet": {"module": "resnet", "normalization": "batch", "residual_dropout": 0.1},
    "resnet, layer": {"module": "resnet", "normalization": "layer", "n_layers": 1},
    "tabm": {"module": "tabm", "n_heads": 4},
    "tabm, bins": {"module": "tabm", "n_heads": 4, "num_embedding_dim": 3, "num_bins": 4},
    "plr": {"num_embedding": "plr", "num_embedding_dim": 4, "num_frequencies": 4},
    "pbld": {"num_embedding": "pbld"},
    "bins": {"num_embedding": "ple", "num_embedding_dim": 4, "num_bins": 4},
    "ntk": {"init": "ntk", "lr": 0.02, "feature_scale": True, "parametric_activation": True},
    "ntk_normal": {"init": "ntk_normal", "lr": 0.02, "zero_output": True},
}


@pytest.fixture(scope="module")
def mixed():
    """Numbers, categories of few and of many values, missing ones."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=300), "b": rng.normal(size=300) ** 3, "few": rng.choice(list("xyz"), 300)}
    )
    frame["many"] = rng.choice([f"city {k}" for k in range(20)], 300)
    y = np.where(frame["a"] + frame["many"].str[5:].astype(int) / 10 + rng.normal(size=300) / 4 > 1, "yes", "no")
    frame.loc[::17, "b"] = np.nan
    frame.loc[::13, "many"] = None
    return frame, y


@pytest.mark.parametrize("name", VARIANTS)
def test_it_learns_classes(name):
    X, y = load_breast_cancer(return_X_y=True)
    net = NetClassifier(**SMALL | VARIANTS[name]).fit(X[::2], y[::2])
    assert net.score(X[1::2], y[1::2]) > 0.92
    proba = net.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), proba, atol=2e-6)


@pytest.mark.parametrize("name", VARIANTS)
def test_it_learns_numbers(name):
    X, y = load_diabetes(return_X_y=True)
    net = NetRegressor(**SMALL | {"max_epochs": 25} | VARIANTS[name]).fit(X[::2], y[::2])
    assert net.score(X[1::2], y[1::2]) > 0.3


@pytest.mark.parametrize("name", VARIANTS)
def test_three_epochs_and_three_are_six(name, mixed):
    X, y = mixed
    own = SMALL | {"cat_embedding_dim": 3, "max_one_hot": 5} | VARIANTS[name]
    whole = NetClassifier(**own | {"max_epochs": 6}).fit(X, y)
    parts = NetClassifier(**own | {"max_epochs": 3, "schedule_epochs": 6, "warm_start": True}).fit(X, y)
    assert np.array_equal(parts.set_params(max_epochs=6).fit(X, y).parameters_, whole.parameters_)
    assert np.isfinite(whole.predict_proba(X)).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_saved_and_pickled_it_is_the_same(name, mixed, tmp_path):
    X, y = mixed
    own = (
        SMALL
        | {"cat_embedding_dim": 3, "max_one_hot": 5, "max_epochs": 2, "n_members": 2, "warm_start": True}
        | VARIANTS[name]
    )
    net = NetClassifier(**own).fit(X, y)
    sknet_hp.save(net, tmp_path / "net")
    copies = [sknet_hp.load(tmp_path / "net"), pickle.loads(pickle.dumps(net))]
    for copied in copies:
        assert np.array_equal(copied.predict_proba(X), net.predict_proba(X))
    longer, *others = (each.set_params(max_epochs=3).fit(X, y) for each in (net, *copies))
    for other in others:
        assert np.array_equal(other.parameters_, longer.parameters_)


def test_heads_are_trained_apart_and_predict_together():
    X, y = make_multilabel_classification(200, 6, n_classes=3, random_state=0)
    net = NetClassifier(**SMALL, module="tabm", n_heads=4).fit(X, y)
    assert net.predict_proba(X).shape == (200, 3)
    Xr, yr = make_regression(200, 6, n_targets=2, random_state=0)
    reg = NetRegressor(**SMALL, module="tabm", n_heads=4).fit(Xr, yr)
    heads = reg.net_.module_.layers[-1]
    assert not torch.allclose(heads.weight[0], heads.weight[1])
    Z = torch.from_numpy(reg.encoder_.transform(Xr))
    reg.net_.module_.layers[-1].together = None
    with torch.no_grad():
        each = reg.net_.module_.eval()(Z).numpy().reshape(200, 4, 2)
    np.testing.assert_allclose(reg.target_.predict(each.mean(axis=1)), reg.predict(Xr), rtol=1e-4, atol=1e-3)


# ---- categories ----------------------------------------------------------------------------------------------------


def test_vectors_for_categories_learn_what_one_hot_columns_learn(mixed):
    X, y = mixed
    net = NetClassifier(**SMALL | {"max_epochs": 30}, max_one_hot=5, cat_embedding_dim=4).fit(X, y)
    assert net.encoder_.n_codes == 1
    assert net.score(X, y) > 0.85
    other = X.assign(many="never seen")
    assert np.isfinite(net.predict_proba(other)).all()
    table = dict(net.net_.module_.named_parameters())
    assert any(p.shape[1:] == (4,) for p in table.values())


def test_mixtures_need_numbers(mixed):
    X, y = mixed
    with pytest.raises(
        ValueError, match=r"mixup_alpha=0\.5 mixes rows, which categories with learned vectors can not be"
    ):
        NetClassifier(**SMALL, mixup_alpha=0.5, cat_embedding_dim=4, max_one_hot=5).fit(X, y)


def test_noise_spares_codes(mixed):
    X, y = mixed
    net = NetClassifier(**SMALL, input_noise=0.5, cat_embedding_dim=4, max_one_hot=5).fit(X, y)
    assert net.score(X, y) > 0.7


# ---- modules of one's own ------------------------------------------------------------------------------------------


class Perceptron(nn.Module):
    def __init__(self, n_features, n_outputs, width=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, width), nn.Tanh(), nn.Linear(width, n_outputs))

    def forward(self, x):
        return self.layers(x)


class Gated(nn.Module):
    """What no trace vouches for."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.a, self.b = nn.Linear(n_features, n_outputs), nn.Linear(n_features, n_outputs)
        self.gate = nn.PReLU()

    def forward(self, x):
        return self.a(x) * torch.sigmoid(self.gate(self.b(x)))


class WrongShape(Perceptron):
    def forward(self, x):
        return super().forward(x).sum(1)


class Half(Perceptron):
    def __init__(self, **given):
        super().__init__(**given)
        self.gate = nn.PReLU(dtype=torch.float64)

    def forward(self, x):
        return self.gate(super().forward(x).double())


class Counting(Gated):
    """Its outputs grow with the rows it has seen; which columns it takes is a constant."""

    def __init__(self, dtype=torch.int64, **given):
        super().__init__(**given)
        self.register_buffer("seen", torch.zeros((), dtype=dtype))
        self.register_buffer("columns", torch.arange(given["n_features"]))

    def forward(self, x):
        if self.training:
            self.seen += len(x)
        return super().forward(x[:, self.columns]) * torch.sigmoid(self.seen / 100)


class Cumulative(Gated):
    def __init__(self, **given):
        super().__init__(**given)
        self.norm = nn.BatchNorm1d(given["n_features"], momentum=None)

    def forward(self, x):
        return super().forward(self.norm(x))


class Spreading(Perceptron):
    """A sum of a wide and a narrow output, which torch repeats."""

    def __init__(self, n_features, n_outputs, width=8):
        super().__init__(n_features, n_outputs, width)
        self.narrow = nn.Linear(n_outputs, 1)

    def forward(self, x):
        x = super().forward(x)
        return x + self.narrow(x)


class OneBias(Perceptron):
    """All units of a layer share a bias, which torch repeats; kernels read as many as
    there are units.
    """

    def __init__(self, n_features, n_outputs, width=8):
        super().__init__(n_features, n_outputs, width)
        self.layers[0].bias = nn.Parameter(torch.zeros(1))


@pytest.fixture
def quiet_alone():
    architecture._WARNED.clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*train through torch", category=UserWarning)
        yield


@pytest.mark.usefixtures("quiet_alone")
@pytest.mark.parametrize("Module", [Perceptron, Gated, Spreading, OneBias])
def test_own_modules_train(Module, mixed):
    X, y = mixed
    net = NetClassifier(**SMALL | {"lr": 1e-2, "max_epochs": 20}, module=Module).fit(X, y)
    assert net.score(X, y) > 0.8
    assert isinstance(net.net_.module_, Module)
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), net.predict_proba(X), atol=1e-6)
    before = torch.get_rng_state()
    again = clone(net).fit(X, y)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(again.parameters_, net.parameters_)
    assert not np.array_equal(clone(net).set_params(random_state=1).fit(X, y).parameters_, net.parameters_)
    shorter = clone(net).set_params(max_epochs=8, schedule_epochs=20, warm_start=True).fit(X, y)
    assert np.array_equal(shorter.set_params(max_epochs=20).fit(X, y).parameters_, net.parameters_)
    with sknet_hp.fused(over="inline"):
        search = GridSearchCV(net, {"lr": [1e-2, 1e-3]}, cv=2).fit(X, y)
    assert np.array_equal(
        search.best_estimator_.parameters_, clone(net).set_params(**search.best_params_).fit(X, y).parameters_
    )


@pytest.mark.usefixtures("quiet_alone")
@pytest.mark.parametrize(
    "parameters", [{"module": Counting, "module_params": {"dtype": torch.float32}}, {"module": Cumulative}]
)
def test_own_modules_with_a_state_go_on(parameters, mixed):
    """An even average over all batches began anew with each fit."""
    X, y = mixed
    whole = NetClassifier(**SMALL | {"max_epochs": 6}, **parameters).fit(X, y)
    pieces = NetClassifier(**SMALL | {"max_epochs": 2}, schedule_epochs=6, warm_start=True, **parameters).fit(X, y)
    pieces.set_params(max_epochs=6).fit(X, y)
    assert np.array_equal(pieces.parameters_, whole.parameters_)
    assert np.array_equal(pieces.buffers_, whole.buffers_)


def test_one_warning_names_the_layer(mixed):
    X, y = mixed
    architecture._WARNED.clear()
    with pytest.warns(UserWarning, match=r"PReLU.*train through torch") as caught:
        NetClassifier(**SMALL | {"max_epochs": 1}, module=Gated, n_members=2).fit(X, y)
    assert len(caught) == 1


def test_module_params_reach_the_module(mixed):
    X, y = mixed
    net = NetClassifier(**SMALL | {"max_epochs": 1}, module=Perceptron, module_params={"width": 5}).fit(X, y)
    assert net.net_.module_.layers[0].out_features == 5


@pytest.mark.usefixtures("quiet_alone")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"module": WrongShape},
            r"WrongShape'> must give outputs of shape \(rows, n_outputs\), here \(2, 2\) .* but gave \(2,\)",
        ),
        ({"module": Half}, "must have float32 parameters"),
        (
            {"module": Perceptron, "module_params": {"depth": 2}},
            r"could not be made with n_features=\d+, n_outputs=2 and module_params={'depth': 2}",
        ),
        ({"module": Perceptron(2, 2)}, "The 'module' parameter of NetClassifier must be"),
        ({"module": dict}, "must be one of .* or a subclass of torch.nn.Module"),
        ({"module_params": {"width": 3}}, "module_params={'width': 3} is for a module of your own, but module='mlp'"),
        ({"module": "resnet", "init": "ntk"}, "init='ntk' is for module='mlp', but module='resnet'"),
        ({"module": "tabm", "normalization": "batch"}, "module='tabm' has no normalisation"),
        ({"module": "tabm", "n_layers": 0}, "module='tabm' needs a hidden layer"),
        ({"module": "resnet", "hidden_layer_sizes": (8, 8)}, "module='resnet' has blocks of equal width"),
        ({"num_embedding": "pbld", "num_embedding_dim": 1}, "num_embedding_dim must be 2 or more"),
        ({"module": Gated, "lr_layer_decay": 0.5}, "freeze takes names of parameters"),
        (
            {"module": Counting},
            r"Counting'> changes its buffer 'seen' of torch.int64 in training, .* make it one of float32",
        ),
    ],
)
def test_what_does_not_fit_is_refused(wrong, message, mixed):
    X, y = mixed
    with pytest.raises(ValueError, match=message):
        NetClassifier(**SMALL | wrong).fit(X, y)


def test_own_modules_are_saved_by_joblib_only(mixed, tmp_path):
    X, y = mixed
    net = NetClassifier(**SMALL | {"max_epochs": 1}, module=Perceptron).fit(X, y)
    with pytest.raises(TypeError, match=r"NetClassifier.module is .*Perceptron.* use joblib.dump"):
        sknet_hp.save(net, tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_own_modules_start_from_others(mixed):
    X, y = mixed
    source = NetClassifier(**SMALL, module=Perceptron).fit(X, y)
    other = NetClassifier(**SMALL, module=Perceptron, init_from=source, freeze=["layers.0"]).fit(X, y)
    assert np.array_equal(
        *(dict(net.net_.module_.named_parameters())["layers.0.weight"].detach() for net in (source, other))
    )


# ---- presets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", presets.__all__)
@pytest.mark.parametrize(("Net", "task"), [(NetClassifier, "classification"), (NetRegressor, "regression")])
def test_presets_are_parameters(name, Net, task, mixed):
    X, y = mixed
    preset = getattr(presets, name)
    recipe = preset(task)
    assert recipe == preset(task)
    assert recipe is not preset(task)
    small = recipe | {"max_epochs": 2, "width": 8, "random_state": 0}
    target = y if task == "classification" else (y == "yes") * 2.5
    net = Net(**small).fit(X, target)
    assert np.isfinite(net.predict_proba(X) if task == "classification" else net.predict(X)).all()


def test_presets_know_their_tasks():
    with pytest.raises(ValueError, match="task='ranking' must be 'classification' or 'regression'"):
        presets.tabm("ranking")
    with pytest.raises(ValueError, match="metric='auc' must be"):
        presets.realmlp_td(metric="auc")
    assert presets.realmlp_td(metric="log_loss")["label_smoothing"] == 0


def test_a_preset_in_a_pipeline(mixed):
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(
        StandardScaler(), NetClassifier(**presets.realmlp_td_s() | {"max_epochs": 20}, random_state=0)
    )
    assert pipeline.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.94
