"""Modules that train alone: what is theirs, and what only fills their batches."""

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp import NetClassifier
from sknet_hp.nets.generator import OwnGenerator

pytestmark = pytest.mark.filterwarnings("ignore:.*train through torch")

rng = np.random.default_rng(0)
X = rng.normal(2, 1, size=(90, 4)).astype(np.float32)
y = (X[:, 0] > 2).astype(int)
SETTINGS = {
    "max_epochs": 3,
    "batch_size": 32,
    "num_embedding": "none",
    "numeric_transform": "none",
    "early_stopping": False,
    "random_state": 0,
}


class Centred(nn.Module):
    """Keeps a mean of what it has seen, in a tensor that it makes anew each time."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.out = nn.Linear(n_features, n_outputs)

    def forward(self, x):
        if self.training:
            self.mean = 0.5 * self.mean + 0.5 * x.mean(0)
        return self.out(x - self.mean)


class OfItsBatch(nn.Module):
    """Looks at all rows that it is given."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.norm = nn.BatchNorm1d(n_features, track_running_stats=False)
        self.out = nn.Linear(n_features, n_outputs)

    def forward(self, x):
        return self.out(self.norm(x) + 0 * x.mean(0))


def test_a_buffer_that_is_assigned_is_kept():
    net = NetClassifier(module=Centred, **SETTINGS).fit(X, y)
    assert net.buffers_[0] == pytest.approx(X.mean(0), abs=0.4)
    module = net.net_.module_
    expected = torch.softmax(module.eval()(torch.from_numpy(X)), 1).detach().numpy()
    assert net.predict_proba(X) == pytest.approx(expected, abs=1e-5)


class Growing(Centred):
    """Has another shape in the buffer's place after each batch; or another type."""

    put = staticmethod(lambda x: x)

    def forward(self, x):
        if self.training:
            self.mean = self.put(x)
        return self.out(x - self.mean.mean().float())


class Doubled(Growing):
    put = staticmethod(lambda x: x.double().mean(0))


def test_a_buffer_that_changes_its_shape_or_type():
    with pytest.raises(
        ValueError, match=r"Growing changes its buffer 'mean' from shape \(4,\) to \(32, 4\) in training"
    ):
        NetClassifier(module=Growing, **SETTINGS).fit(X, y)
    assert NetClassifier(module=Doubled, **SETTINGS).fit(X, y).buffers_[0] == pytest.approx(X.mean(0), abs=0.5)


@pytest.mark.parametrize("rows", [5, 90])
def test_rows_that_fill_a_batch_are_not_predicted_with(rows):
    net = NetClassifier(module=OfItsBatch, **SETTINGS).fit(X, y)
    module = net.net_.module_
    expected = torch.softmax(module.eval()(torch.from_numpy(X[:rows])), 1).detach().numpy()
    assert net.predict_proba(X[:rows]) == pytest.approx(expected, abs=1e-5)


def test_rows_that_fill_a_batch_are_not_validated_with():
    net = NetClassifier(
        module=OfItsBatch, **SETTINGS | {"early_stopping": True, "max_epochs": 1, "weight_averaging": "none"}
    )
    net.fit(X, y, X_val=X[:41], y_val=y[:41])
    p = net.predict_proba(X[:41])
    assert net.history_[0]["valid_loss"] == pytest.approx(-np.log(p[np.arange(41), y[:41]]).mean(), abs=1e-4)


def test_dropout_as_cuda_has_it_follows_a_seed():
    x, before = torch.ones(1000, requires_grad=True), torch.get_rng_state()
    masks = []
    for seed in (0, 0, 1):
        with OwnGenerator(seed):
            kept, mask = torch.ops.aten.native_dropout(x, 0.25, True)
        kept.sum().backward()
        assert torch.equal(kept > 0, mask)
        assert kept.max().item() == pytest.approx(4 / 3)
        masks.append(mask)
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert masks[0].float().mean().item() == pytest.approx(0.75, abs=0.05)
    assert torch.equal(torch.get_rng_state(), before)
    with OwnGenerator(0):
        assert torch.equal(torch.ops.aten.native_dropout(x, 0.25, False)[0], x)
        assert not torch.ops.aten.native_dropout(x, 1.0, True)[0].any()
