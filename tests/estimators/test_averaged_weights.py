"""Averaged weights in an estimator: what predicts, what is continued, saved and looked
at.
"""

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import EpochScoring

import sknet_hp
from sknet_hp import NetClassifier

X, y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
AVERAGED = [{"weight_averaging": "ema", "ema_decay": 0.95}, {"weight_averaging": "swa", "swa_start": 0.3}]
SMALL = {
    "width": 16,
    "max_epochs": 6,
    "batch_size": 32,
    "early_stopping": False,
    "normalization": "batch",
    "lr": 1e-2,
    "random_state": 0,
}

each_kind = pytest.mark.parametrize("averaged", AVERAGED, ids=lambda a: a["weight_averaging"])


def fitted(**parameters):
    return NetClassifier(**SMALL | parameters).fit(X, y)


def same(a, b):
    return np.array_equal(a.parameters_, b.parameters_) and np.array_equal(a.buffers_, b.buffers_)


@each_kind
def test_the_average_predicts(averaged):
    net, raw = fitted(**averaged), fitted()
    assert np.array_equal(net.state_.parameters, raw.state_.parameters)
    assert np.array_equal(net.parameters_[0], net.state_.average.parameters)
    assert np.array_equal(net.buffers_[0], net.state_.average.buffers)
    assert not np.allclose(net.predict_proba(X), raw.predict_proba(X), atol=1e-4)
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), net.predict_proba(X), atol=1e-5)


@each_kind
def test_the_best_average_is_restored(averaged):
    net = fitted(**averaged, early_stopping=True, patience=3, max_epochs=30)
    losses = [row["valid_loss"] for row in net.history_]
    assert net.best_epoch_ == 1 + int(np.argmin(losses)) < net.n_iter_
    assert same(
        net, fitted(**averaged, early_stopping=True, restore_best=False, max_epochs=net.best_epoch_, schedule_epochs=30)
    )


@each_kind
def test_continued(averaged, tmp_path):
    whole = fitted(**averaged, max_epochs=9)
    net = fitted(**averaged, max_epochs=3, schedule_epochs=9, warm_start=True)
    sknet_hp.save(net, tmp_path / "net")
    for again in (sknet_hp.load(tmp_path / "net"), pickle.loads(pickle.dumps(net)), net):
        assert same(again, net)
        assert same(again.set_params(max_epochs=9).fit(X, y), whole)
        assert again.state_.average.count == whole.state_.average.count


def test_kinds_may_change_on_the_way():
    net = fitted(warm_start=True, max_epochs=3)
    assert net.state_.average is None
    net.set_params(max_epochs=5, weight_averaging="ema").fit(X, y)
    assert net.state_.average.count == 2 * 7
    net.set_params(max_epochs=6, weight_averaging=None).fit(X, y)
    assert net.state_.average is None
    assert same(net, fitted(max_epochs=6))


@each_kind
def test_partial_fit(averaged):
    net = NetClassifier(**SMALL | averaged, schedule_epochs=4)
    for _ in range(4):
        net.partial_fit(X, y, classes=np.unique(y))
    assert same(net, fitted(**averaged, max_epochs=4))


@each_kind
def test_members(averaged):
    net = fitted(**averaged, n_members=3)
    assert all(
        np.array_equal(p, state.average.parameters) for p, state in zip(net.parameters_, net.states_, strict=True)
    )
    assert np.array_equal(net.parameters_[:1], fitted(**averaged).parameters_)


@each_kind
def test_started_from_another(averaged):
    source = fitted(**averaged)
    net = fitted(**averaged, init_from=source, max_epochs=1, lr=1e-12, norm_momentum=0.0)
    # It is the average, not where the training of the other had come to.
    np.testing.assert_allclose(net.parameters_, source.parameters_, atol=1e-6)
    assert net.state_.average.count <= 7


@each_kind
def test_divergence(averaged):
    with pytest.warns(ConvergenceWarning, match="diverged"):
        net = fitted(**averaged, lr=1e30, optimizer="sgd", normalization="none")
    assert np.isfinite(net.predict_proba(X)).all()


@each_kind
def test_callbacks_look_on_at_the_average(averaged):
    callback = EpochScoring("accuracy", lower_is_better=False, name="seen", use_caching=False)
    net = fitted(**averaged, early_stopping=True, callbacks=[callback], patience=20)
    assert net.net_.history[:, "seen"] == pytest.approx([row["valid_acc"] for row in net.history_])
    assert same(net, fitted(**averaged, early_stopping=True, patience=20))
