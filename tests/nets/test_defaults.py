"""What the process has made torch's defaults, for libraries that want float64 or a GPU,
does not matter to networks.
"""

import threading

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import cross_val_score
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor, presets
from sknet_hp.estimators.building import architecture
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.skorch import NeuralNetClassifier, NeuralNetRegressor
from tests.helpers.small_nets import SMALL, predict_outputs

rng = np.random.default_rng(0)
X = rng.standard_normal((80, 4)).astype(np.float32)
y = (X[:, 0] > 0).astype(np.int64)
frame = pd.DataFrame(X, columns=list("abcd")).assign(word=rng.choice(list("pqrs"), 80))

DEFAULTS = {
    "float64": (torch.float64, None),
    "float16": (torch.float16, None),
    "elsewhere": (torch.float32, "meta"),
    "both": (torch.float64, "meta"),
}


class Traced(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, n_outputs)
        )

    def forward(self, x):
        return self.layers(x)


class Alone(nn.Module):
    """With operations that nobody can vouch for, and tensors of its own."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(n_outputs, n_features) - 0.5)
        self.register_buffer("shift", torch.arange(n_features) / 10)

    def forward(self, x):
        noise = torch.rand(x.shape[1]) / 10 if self.training else torch.full((x.shape[1],), 0.05)
        return torch.cumsum((x + self.shift + noise) @ self.weight.T * torch.tensor(0.5), dim=1)


class Legacy(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.Tensor(np.zeros((n_outputs, n_features))))

    def forward(self, x):
        return x @ self.weight.T


def own_loss(predicted, targets):
    return (predicted - targets).square().mean(1) * torch.tensor([0.5])


NETWORKS = {
    "default": lambda: NetClassifier(**SMALL),
    "stopping": lambda: NetClassifier(
        **SMALL | {"early_stopping": True}, n_members=2, normalization="batch", dropout=0.2
    ),
    "resnet": lambda: NetClassifier(**SMALL, module="resnet", normalization="layer", parametric_activation=True),
    "tabm": lambda: NetRegressor(**SMALL, module="tabm", n_heads=3, num_embedding_dim=3, feature_scale=True),
    "waves": lambda: NetRegressor(**SMALL, num_embedding="plr", init="ntk", zero_output=True),
    "codes": lambda: NetClassifier(**SMALL, max_one_hot=2, cat_embedding_dim=3, num_embedding="pbld"),
    "nadam": lambda: NetClassifier(**SMALL, optimizer="nadam", verbose=1),
    "loss": lambda: NetRegressor(**SMALL, loss=own_loss),
    "loss of torch": lambda: NetRegressor(**SMALL, loss=nn.SmoothL1Loss(beta=0.5)),
    "weighted loss": lambda: NetClassifier(
        **SMALL, loss=nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0], device="cpu"))
    ),
    "traced": lambda: NetClassifier(**SMALL, module=Traced),
    "alone": lambda: NetRegressor(**SMALL, module=Alone),
    "alone, watched": lambda: NetRegressor(**SMALL, module=Alone, verbose=1),
    "preset": lambda: NetClassifier(**presets.realmlp_td_s() | SMALL),
}


@pytest.fixture(params=DEFAULTS)
def elsewhere(request):
    """Change torch's defaults, and forget what was made under the others."""
    dtype, device = DEFAULTS[request.param]

    def change():
        architecture._trace_ours.cache_clear()
        torch.set_default_dtype(dtype)
        torch.set_default_device(device)

    yield change
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    architecture._trace_ours.cache_clear()


@pytest.mark.filterwarnings("ignore:.*train through torch")
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name, elsewhere, tmp_path):
    expected = NETWORKS[name]().fit(frame, y)
    of_net = expected.net_.predict_proba(expected.encoder_.transform(frame, estimator=expected))
    savable = name in ("default", "stopping", "resnet", "tabm", "waves", "codes", "nadam", "preset")
    if savable:
        sknet_hp.save(expected, tmp_path / "model")
    elsewhere()
    net = NETWORKS[name]().fit(frame, y)
    assert np.array_equal(net.parameters_, expected.parameters_)
    assert np.array_equal(predict_outputs(net, frame), predict_outputs(expected, frame))
    assert {p.dtype for p in net.net_.module_.parameters()} == {torch.float32}
    assert np.array_equal(net.net_.predict_proba(net.encoder_.transform(frame, estimator=net)), of_net)
    if savable:
        assert np.array_equal(
            predict_outputs(sknet_hp.load(tmp_path / "model"), frame), predict_outputs(expected, frame)
        )
    again = (
        NETWORKS[name]().set_params(warm_start=True, max_epochs=2).fit(frame, y).set_params(max_epochs=5).fit(frame, y)
    )
    assert np.isfinite(predict_outputs(again, frame)).all()


@pytest.mark.filterwarnings("ignore:.*train through torch")
@pytest.mark.parametrize("module", ["mlp", Alone])
def test_networks_that_train_together(module, elsewhere):
    def scores():
        with sknet_hp.fused():
            return cross_val_score(NetRegressor(**SMALL, module=module), X, y.astype(float), cv=2)

    expected = scores()
    elsewhere()
    assert np.array_equal(scores(), expected)


def test_modules_of_the_old_kind_are_refused_with_a_reason(elsewhere):
    elsewhere()
    if torch.get_default_dtype() == torch.float32:
        return
    with pytest.raises(
        ValueError, match=r"must have float32 parameters.*torch\.Tensor\(.*torch\.empty|float32: RuntimeError"
    ):
        NetClassifier(**SMALL, module=Legacy).fit(X, y)


@pytest.mark.filterwarnings("ignore:.*train through torch")
@pytest.mark.parametrize("module", [Traced, Alone])
def test_drop_in_nets(module, elsewhere):
    def fitted():
        net = NeuralNetClassifier(
            module,
            module__n_features=4,
            module__n_outputs=2,
            criterion=nn.CrossEntropyLoss,
            max_epochs=3,
            verbose=0,
            random_state=0,
            train_split=None,
        )
        return net.fit(X, y)

    expected = fitted()
    probabilities = expected.predict_proba(X)
    elsewhere()
    net = fitted().partial_fit(X, y)
    assert net.history[:3, "train_loss"] == expected.history[:, "train_loss"]
    assert {p.dtype for p in net.module_.parameters()} == {torch.float32}
    assert np.array_equal(fitted().predict_proba(X), probabilities)
    assert net.predict(X).shape == (80,)


def test_drop_in_nets_of_doubles_train_in_doubles(elsewhere):
    """As skorch's do, where that is the default."""
    elsewhere()
    torch.set_default_dtype(torch.float64)
    torch.set_default_device(None)
    net = NeuralNetRegressor(Traced, module__n_features=4, module__n_outputs=1, max_epochs=2, verbose=0, random_state=0)
    net.fit(X.astype(np.float64), y[:, None].astype(np.float64))
    assert {p.dtype for p in net.module_.parameters()} == {torch.float64}


def test_other_threads_see_nothing_of_it(elsewhere):
    elsewhere()
    dtype, seen = torch.get_default_dtype(), []
    with use_float32_on_cpu():
        assert torch.zeros(2).dtype == torch.float32
        assert torch.zeros(2).device.type == "cpu"
        assert torch.get_default_dtype() == dtype
        thread = threading.Thread(target=lambda: seen.append(torch.ones(2).dtype))
        thread.start()
        thread.join()
    assert seen == [dtype]
    assert torch.zeros(2).dtype == dtype


def test_what_says_its_type_has_it():
    torch.set_default_dtype(torch.float64)
    try:
        with use_float32_on_cpu():
            double = torch.zeros(2, dtype=torch.float64)
            for made in (
                double,
                double + 1,
                torch.zeros(2).double(),
                torch.zeros(2).to(torch.float64),
                torch.as_tensor(np.zeros(2)),
                double.new_ones(3),
            ):
                assert made.dtype == torch.float64
            for made in (
                torch.tensor([0.5]),
                torch.arange(3) / 2,
                torch.normal(0.0, 1.0, (2,)),
                torch.full((2,), 0.5),
                nn.Linear(2, 3).weight,
            ):
                assert made.dtype == torch.float32
            assert torch.tensor([1]).dtype == torch.int64
    finally:
        torch.set_default_dtype(torch.float32)
