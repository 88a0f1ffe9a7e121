"""Fitted networks: what they say of themselves, what random numbers they come from, and
their copies.
"""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from tests.helpers.held_out import find_held_out
from tests.helpers.small_nets import ESTIMATORS, SMALL, predict_outputs

# ---- what a fitted network says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_looking_at_a_network_does_not_make_its_net(problem, Net):
    """Notebooks list attributes; a net of skorch, with its optimizer, takes a second."""
    net = Net(**SMALL)
    assert "net_" not in dir(net)
    net.fit(*problem(Net))
    assert {"net_", "state_", "history_"} <= set(dir(net))
    assert "history_" in net._repr_html_()
    assert "_net" not in vars(net)
    assert net.net_ is vars(net)["_net"]
    assert "net_" in dict(net._get_fitted_attr_html())


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_history(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL).fit(X, y)
    assert net.n_iter_ == len(net.history_) == len(net.loss_curve_) == 5
    assert net.loss_curve_ == [row["train_loss"] for row in net.history_]
    assert net.loss_curve_[-1] < net.loss_curve_[0]
    assert set(net.history_[0]) == {"epoch", "train_loss", "duration"}
    assert net.best_epoch_ == 5
    assert all(row["duration"] > 0 for row in net.history_)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_skorch_net(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL | {"early_stopping": True} | {"max_epochs": 30}, lr=3e-2, normalization="batch", patience=2).fit(
        X, y
    )
    inner = net.net_
    assert inner.history[:, "train_loss"] == net.loss_curve_
    weights = np.concatenate([p.detach().numpy().ravel() for p in inner.module_.parameters()])
    assert np.array_equal(weights, net.parameters_[0])
    raw = inner.forward(net.encoder_.transform(X, estimator=net)).numpy()
    np.testing.assert_allclose(raw, net._compute_outputs(X)[0], rtol=1e-5, atol=1e-5)  # torch's own products


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
@pytest.mark.parametrize("name", [name for name, rule in OPTIMIZERS.items() if not rule.twin.is_exact])
def test_skorch_net_does_not_train_by_another_rule(classes, name, how):
    """By plain SGD, and said nothing."""
    X, y = classes
    net = NetClassifier(**SMALL | {"optimizer": name}).fit(X, y)
    inner, rows = net.net_, net.encoder_.transform(X)
    before = inner.predict_proba(rows)
    with pytest.raises(NotImplementedError, match="call partial_fit of the estimator"):
        getattr(inner, how)(rows, y)
    assert np.array_equal(inner.predict_proba(rows), before)
    assert len(inner.history) == net.n_iter_


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_history_with_early_stopping(problem, Net):
    X, y = problem(Net)
    net = Net(
        **SMALL | {"early_stopping": True} | {"max_epochs": 100}, lr=3e-2, patience=3, validation_fraction=0.2
    ).fit(X, y)
    valid = [row["valid_loss"] for row in net.history_]
    assert net.best_epoch_ == np.argmin(valid) + 1
    assert net.n_iter_ == len(valid) == net.best_epoch_ + 3
    assert ("valid_acc" in net.history_[0]) == (Net is NetClassifier)


def test_restore_best(classes):
    X, y = classes
    parameters = SMALL | {"max_epochs": 100, "lr": 3e-2, "early_stopping": True, "patience": 3}
    best, last = (NetClassifier(**parameters, restore_best=restore).fit(X, y) for restore in (True, False))
    assert best.n_iter_ == last.n_iter_ > best.best_epoch_ == last.best_epoch_
    assert not np.array_equal(best.predict_proba(X), last.predict_proba(X))
    # Training goes on from the last weights all the same.
    assert np.array_equal(best.state_.parameters, last.state_.parameters)
    shorter = NetClassifier(**parameters | {"max_epochs": best.best_epoch_}, restore_best=False).fit(X, y)
    assert np.array_equal(best.predict_proba(X), shorter.predict_proba(X))
    train, valid = find_held_out(best, y)
    assert len(train) + len(valid) == 200
    reported = best.history_[best.best_epoch_ - 1]
    assert best.score(X[valid], y[valid]) == pytest.approx(reported["valid_acc"])
    assert log_loss(y[valid], best.predict_proba(X[valid])) == pytest.approx(reported["valid_loss"], rel=1e-4)


def test_divergence_warns_and_leaves_a_usable_network(numbers):
    X, y = numbers
    net = NetRegressor(**SMALL, optimizer="sgd", lr=1e20)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch 1.*lr=1e\+20"):
        net.fit(X, y)
    assert np.isfinite(net.predict(X)).all()
    assert np.isnan(net.loss_curve_[-1]) or np.isinf(net.loss_curve_[-1])


# ---- random numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_random_state(problem, Net):
    X, y = problem(Net)
    parameters = SMALL | {"dropout": 0.2}

    def trained(random_state):
        return Net(**parameters | {"random_state": random_state}).fit(X, y).parameters_

    assert np.array_equal(trained(3), trained(3))
    assert np.array_equal(trained(3), trained(np.int32(3)))
    assert not np.array_equal(trained(3), trained(4))
    assert not np.array_equal(trained(None), trained(None))
    assert np.array_equal(trained(np.random.RandomState(7)), trained(np.random.RandomState(7)))
    state = np.random.RandomState(7)
    assert not np.array_equal(trained(state), trained(state))
    assert np.isfinite(trained(2**32 - 1)).all()


def test_none_follows_numpys_global_generator(classes):
    X, y = classes
    trained = []
    for _ in range(2):
        np.random.seed(5)  # noqa: NPY002
        trained.append(NetClassifier(**SMALL | {"random_state": None}).fit(X, y).parameters_)
    assert np.array_equal(*trained)


# ---- copies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_pickle(problem, Net):
    X, y = problem(Net)
    net = Net(**SMALL, normalization="batch", warm_start=True).fit(X, y)
    copy = pickle.loads(pickle.dumps(net))
    assert np.array_equal(predict_outputs(copy, X), predict_outputs(net, X))
    assert copy.history_ == net.history_
    for each in (net, copy):
        each.set_params(max_epochs=8).fit(X, y)
    assert np.array_equal(copy.parameters_, net.parameters_)
    assert len(pickle.dumps(net)) < 20 * net.parameters_.nbytes + 50_000


@pytest.mark.parametrize("change", [{"activation": "tanh"}, {"width": 17}, {"n_layers": 1}, {"dropout": 0.5}])
@pytest.mark.parametrize("copied", [False, True])
def test_parameters_set_after_fit_wait_for_the_next(classes, change, copied):
    """As anywhere in scikit-learn: predictions are those of the fit, in a copy too."""
    X, y = classes
    net = NetClassifier(**SMALL).fit(X, y)
    expected = net.predict_proba(X)
    net.set_params(**change)
    if copied:
        net = pickle.loads(pickle.dumps(net))
    assert np.array_equal(net.predict_proba(X), expected)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_clone(problem, Net):
    net = Net(**SMALL, dropout=0.3).fit(*problem(Net))
    copy = clone(net)
    assert copy.get_params() == net.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(problem(Net)[0])


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_fit_changes_no_parameter_and_no_data(problem, Net):
    X, y = problem(Net)
    X, y = X.copy(), y.copy()
    before = X.copy(), y.copy()
    net = Net(**SMALL)
    parameters = net.get_params()
    net.fit(X, y).predict(X)
    assert net.get_params() == parameters
    assert np.array_equal(X, before[0])
    assert np.array_equal(y, before[1])


def test_read_only_data(classes):
    X, y = (a.copy() for a in classes)
    X.flags.writeable = y.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = NetClassifier(**SMALL).fit(X, y)
        net.predict(X)


def test_splits_of_data_may_be_views(classes):
    X, y = classes
    part = X[::2, ::-1]
    assert np.array_equal(
        NetClassifier(**SMALL).fit(part, y[::2]).parameters_,
        NetClassifier(**SMALL).fit(part.copy(), y[::2].copy()).parameters_,
    )
