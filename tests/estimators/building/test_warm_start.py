"""Training that goes on: `warm_start` and `partial_fit`."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.small_nets import ESTIMATORS, SMALL


@dataclass
class Scaled:
    factor: float

    def __call__(self, outputs, targets):
        return self.factor * (outputs - targets).square().mean(1)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_warm_start_goes_on(problem, Net):
    X, y = problem(Net)
    whole = Net(**SMALL | {"max_epochs": 7}, schedule_epochs=7, lr_schedule="cosine").fit(X, y)
    net = Net(**SMALL | {"max_epochs": 2}, schedule_epochs=7, lr_schedule="cosine", warm_start=True).fit(X, y)
    assert net.n_iter_ == 2
    net.set_params(max_epochs=7).fit(X, y)
    assert net.n_iter_ == 7
    assert net.loss_curve_ == whole.loss_curve_
    assert [row["epoch"] for row in net.history_] == list(range(1, 8))
    assert np.array_equal(net.parameters_, whole.parameters_)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_warm_start_to_the_same_epoch_changes_nothing(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL, warm_start=True).fit(X, y)
    before = net.parameters_.copy()
    assert net.fit(X, y) is net
    assert np.array_equal(net.parameters_, before)
    assert net.n_iter_ == len(net.history_) == 5


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_warm_start_backwards_is_an_error(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="max_epochs=3 is less than the 5 epochs"):
        net.set_params(max_epochs=3).fit(X, y)
    net.set_params(warm_start=False).fit(X, y)
    assert net.n_iter_ == 3


def test_a_network_that_stopped_stays_stopped(classes):
    X, y = classes
    net = NetClassifier(
        **SMALL | {"early_stopping": True} | {"max_epochs": 100}, lr=3e-2, patience=2, warm_start=True
    ).fit(X, y)
    stopped = net.n_iter_
    assert stopped < 100
    before = net.parameters_.copy()
    for max_epochs in (100, 200, stopped):
        net.set_params(max_epochs=max_epochs).fit(X, y)
        assert net.n_iter_ == len(net.history_) == stopped
        assert np.array_equal(net.parameters_, before)
    with pytest.raises(ValueError, match="max_epochs"):
        net.set_params(max_epochs=stopped - 1).fit(X, y)
    net.set_params(max_epochs=stopped + 5, warm_start=False, early_stopping=False).fit(X, y)
    assert net.n_iter_ == stopped + 5


def test_warm_start_with_another_shape(classes):
    X, y = classes
    net = NetClassifier(**SMALL, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="keep its shape"):
        net.set_params(width=17, max_epochs=9).fit(X, y)
    with pytest.raises(ValueError, match="features"):
        net.set_params(width=16).fit(X[:, :4], y)
    with pytest.raises(ValueError, match="module='mlp' has become 'tabm'"):
        net.set_params(module="tabm").fit(X, y)
    with pytest.raises(
        ValueError, match=r"but num_embedding='ple' has become 'plr', num_frequencies=.*; set warm_start=False"
    ):
        net.set_params(module="mlp", num_embedding="plr").fit(X, y)


@pytest.mark.parametrize(("before", "after"), [("sgd", "adamw"), ("adamw", "sgd"), ("rmsprop", "adagrad")])
def test_warm_start_with_another_optimizer(classes, before, after):
    X, y = classes
    net = NetClassifier(**SMALL, optimizer=before, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="optimizer"):
        net.set_params(optimizer=after, max_epochs=9).fit(X, y)


def test_warm_start_with_another_normalization(classes):
    X, y = classes
    net = NetClassifier(**SMALL, normalization="batch", warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="normalization"):
        net.set_params(normalization="layer", max_epochs=9).fit(X, y)


@pytest.mark.parametrize("module", ["mlp", "resnet", "tabm"])
def test_dropout_may_come_and_go(classes, module):
    """As if it had been there all the time, with a probability of all but nothing."""
    X, y = classes
    own = SMALL | {"module": module, "warm_start": True, "schedule_epochs": 6}
    come, there = (NetClassifier(**own | {"max_epochs": 3, "dropout": p}).fit(X, y) for p in (0.0, 1e-12))
    for epochs, p in ((4, 0.2), (6, 0.0)):
        come.set_params(max_epochs=epochs, dropout=p).fit(X, y)
        there.set_params(max_epochs=epochs, dropout=p or 1e-12).fit(X, y)
        assert np.array_equal(come.parameters_, there.parameters_)
    come.predict(X)


def test_without_warm_start_fit_begins_anew(classes):
    X, y = classes
    net = NetClassifier(**SMALL).fit(X, y)
    before = net.parameters_.copy()
    net.fit(X, y)
    assert np.array_equal(net.parameters_, before)
    assert len(net.history_) == 5


def test_partial_fit_is_one_epoch_at_a_time(classes):
    X, y = classes
    net = NetClassifier(**SMALL)
    for epoch in range(1, 6):
        assert net.partial_fit(X, y, classes=[0, 1, 2] if epoch == 1 else None) is net
        assert net.n_iter_ == len(net.history_) == epoch
    assert np.array_equal(net.parameters_, NetClassifier(**SMALL).fit(X, y).parameters_)


def test_partial_fit_in_pieces(classes):
    X, y = classes
    net = NetClassifier(**SMALL, lr=1e-2).partial_fit(X[:50], y[:50], classes=[0, 1, 2, 3])
    assert net.classes_.tolist() == [0, 1, 2, 3]
    for _ in range(10):
        for part in np.array_split(np.arange(150), 3):
            net.partial_fit(X[part], y[part])
    assert net.score(X[150:], y[150:]) > 0.6
    assert net.predict_proba(X).shape == (200, 4)
    with pytest.raises(ValueError, match=r"\[9\].*not among the classes"):
        net.partial_fit(X, np.where(y == 0, 9, y))
    with pytest.raises(ValueError, match="not among the classes"):
        NetClassifier(**SMALL).partial_fit(X, y, classes=[0, 1])


def test_partial_fit_wants_to_know_all_classes_at_first(classes):
    """Labels that the first rows do not show would be refused later, when it is too
    late.
    """
    X, y = classes
    net = NetClassifier(**SMALL)
    with pytest.raises(ValueError, match=r"classes must be passed on the first call to partial_fit: .*numpy\.unique"):
        net.partial_fit(X[y == 0], y[y == 0])
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        net.partial_fit(X, y)
    net.partial_fit(X[y == 0], y[y == 0], classes=[0, 1, 2]).partial_fit(X, y)
    assert net.n_iter_ == 2
    assert NetClassifier(**SMALL).fit(X, y).partial_fit(X[y == 0], y[y == 0]).classes_.tolist() == [0, 1, 2]


def test_partial_fit_of_a_matrix_of_labels(classes):
    """Its columns are the classes, whether or not the first rows have them."""
    X, y = classes
    Y = np.c_[y == 0, y == 1, y == 2].astype(int)
    for given in (None, [0, 1, 2]):
        net = NetClassifier(**SMALL).partial_fit(X[y == 0], Y[y == 0], classes=given).partial_fit(X, Y)
        assert net.predict(X).shape == Y.shape


def test_partial_fit_of_a_regressor(numbers):
    X, y = numbers
    net = NetRegressor(**SMALL, lr=1e-2)
    for _ in range(40):
        net.partial_fit(X[:150], y[:150])
    assert net.score(X[150:], y[150:]) > 0.9
    with pytest.raises(ValueError, match="2 columns"):
        net.partial_fit(X, np.c_[y, y])


def test_partial_fit_after_fit(classes):
    """It trains on, whatever ended the training before, and `predict` uses what it
    taught.
    """
    X, y = classes
    net = NetClassifier(
        **SMALL | {"early_stopping": True, "max_epochs": 100, "weight_averaging": "none"}, lr=3e-2, patience=2
    ).fit(X, y)
    stopped, before = net.n_iter_, net.predict_proba(X)
    net.partial_fit(X, y)
    assert net.n_iter_ == len(net.history_) == stopped + 1
    assert not np.array_equal(net.predict_proba(X), before)
    assert np.array_equal(net.parameters_[0], net.state_.parameters)


def test_partial_fit_after_divergence(classes):
    X, y = classes
    net = NetClassifier(**SMALL, optimizer="sgd", lr=1e30)
    with pytest.warns(ConvergenceWarning):
        net.fit(X, y)
    before = net.parameters_.copy()
    net.set_params(lr=1e-2).partial_fit(X, y)
    assert net.n_iter_ == 2
    assert np.isfinite(net.loss_curve_[-1])
    assert not np.array_equal(net.parameters_, before)


@pytest.mark.parametrize(
    "change", [{"numeric_transform": "quantile"}, {"num_bins": 5}, {"max_one_hot": 3}, {"text_encoding": "none"}]
)
def test_the_encoding_stays(problem, change):
    """It would be the old one, whatever the parameter says."""
    X, y = problem(NetClassifier)
    net = NetClassifier(**SMALL | {"num_embedding": "ple"}, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=f"must keep its shape, encoding and optimizer, but {next(iter(change))}="):
        net.set_params(max_epochs=9, **change).fit(X, y)


def test_a_loss_of_ones_own_goes_on(problem):
    """Each fit copies it."""
    X, y = problem(NetRegressor)
    net = NetRegressor(**SMALL | {"max_epochs": 2}, loss=Scaled(2.0), warm_start=True).fit(X, y)
    net.set_params(max_epochs=4).fit(X, y)
    assert net.n_iter_ == 4
    with pytest.raises(ValueError, match="loss="):
        net.set_params(max_epochs=6, loss=Scaled(3.0)).fit(X, y)
