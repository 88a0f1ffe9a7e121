"""Hyperparameters of nets that train together, and networks of several members."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.hyperparameters import SMALL, X, Xr, fit_net, has_same_weights, y, yr

# ---- together, and apart --------------------------------------------------------------------------------------------

GRID = {
    "lr": [1e-3, 1e-2],
    "weight_decay": [0.0, 0.1],
    "l1": [0.0, 1e-3],
    "grad_clip_norm": [None, 0.1],
    "norm_momentum": [0.1, 0.5],
}


def test_numbers_search_in_one_cohort_with_the_bits_of_each_alone():
    net = NetClassifier(
        **SMALL | {"max_epochs": 2}, normalization="batch", input_dropout=0.1, lr_schedule="cosine", loss="focal"
    )
    jobs = set()
    with sknet_hp.fused(n_jobs=1):
        search = GridSearchCV(net, GRID, cv=2).fit(X, y)
    for parameters, score in list(
        zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True)
    )[::5]:
        alone = cross_val_score(clone(net).set_params(**parameters), X, y, cv=2)
        assert alone.mean() == score
    assert len(jobs) == 0


def test_everything_survives_a_pickle():
    net = NetClassifier(
        **SMALL | {"early_stopping": True},
        stopping_metric="accuracy",
        lr_schedule="plateau",
        warm_start=True,
        loss="focal",
        optimizer="radam",
    ).fit(X, y)
    again = pickle.loads(pickle.dumps(net))
    net.set_params(max_epochs=8).fit(X, y)
    again.set_params(max_epochs=8).fit(X, y)
    assert has_same_weights(net, again)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_layer_sizes", (0,)),
        ("hidden_layer_sizes", ("a",)),
        ("hidden_layer_sizes", (2.5,)),
        ("batch_size", 1.5),
        ("batch_size", "all"),
        ("stopping_metric", "accurate"),
        ("init", None),
    ],
)
def test_wrong_values_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        fit_net(**{name: value})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lr_schedule": "exponential"}, "lr_min_factor, which must be above 0"),
        ({"refit_full": True, "warm_start": True, "early_stopping": True}, "choose one of them"),
    ],
)
def test_wrong_combinations_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        fit_net(**parameters)


class Normalised(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.norm, self.last = nn.BatchNorm1d(n_features), nn.Linear(n_features, n_outputs)

    def forward(self, x):
        return self.last(self.norm(x))


@pytest.mark.parametrize(
    ("parameters", "rows", "message"),
    [
        (
            {"normalization": "batch", "batch_size": 1},
            40,
            "normalization='batch' needs batches of 2 rows or more, but batch_size=1 makes each",
        ),
        (
            {"normalization": "batch", "batch_size": 0.01},
            40,
            "but batch_size=0.01 makes each of them one row; use a larger batch_size",
        ),
        ({"normalization": "batch", "module": "resnet"}, 1, "but there is 1 sample to train on"),
        (
            {"module": Normalised, "batch_size": 1},
            40,
            "the batch normalisation of module=.*Normalised.* needs batches of 2",
        ),
    ],
)
def test_batch_normalisation_needs_batches(parameters, rows, message):
    with pytest.raises(ValueError, match=message):
        NetRegressor(**SMALL | parameters).fit(Xr[:rows], yr[:rows])


def test_batches_of_one_row():
    """Without batch normalisation there is nothing wrong with them, nor with it if only
    the last is so short.
    """
    assert np.isfinite(
        NetRegressor(**SMALL | {"batch_size": 1}, normalization="layer").fit(Xr[:40], yr[:40]).predict(Xr)
    ).all()
    assert (
        NetRegressor(**SMALL | {"batch_size": 13, "max_epochs": 60}, normalization="batch")
        .fit(Xr[:40], yr[:40])
        .score(Xr[:40], yr[:40])
        > 0.8
    )


def test_divergence_is_told(recwarn):
    with pytest.warns(ConvergenceWarning, match="diverged"):
        NetRegressor(**SMALL | {"max_epochs": 30}, lr=1e20, optimizer="sgd").fit(Xr, yr)


# ---- several members ------------------------------------------------------------------------------------------------


def members(net):
    """The members as networks of their own."""
    parts = []
    for k in range(len(net.parameters_)):
        part = pickle.loads(pickle.dumps(net))
        part.parameters_, part.buffers_ = net.parameters_[k : k + 1], net.buffers_[k : k + 1]
        parts.append(part)
    return parts


def test_members_are_networks_of_other_seeds_and_average():
    net = fit_net(n_members=4, dropout=0.1)
    assert net.parameters_.shape[0] == 4
    each = [part.predict_proba(X) for part in members(net)]
    assert not any(np.array_equal(each[0], other) for other in each[1:])
    np.testing.assert_allclose(net.predict_proba(X), np.mean(each, axis=0))
    assert (net.predict(X) == net.classes_[net.predict_proba(X).argmax(1)]).all()
    assert np.array_equal(each[0], fit_net(dropout=0.1).predict_proba(X))
    assert np.array_equal(fit_net(n_members=2, dropout=0.1).parameters_, net.parameters_[:2])


def test_members_of_a_regressor():
    net = NetRegressor(**SMALL, n_members=3).fit(Xr, yr)
    np.testing.assert_allclose(net.predict(Xr), np.mean([part.predict(Xr) for part in members(net)], axis=0))


def test_members_in_a_search():
    net = NetClassifier(**SMALL | {"max_epochs": 2}, n_members=3)
    alone = GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=2).fit(X, y)
    with sknet_hp.fused(n_jobs=2):
        together = GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=2).fit(X, y)
    assert np.array_equal(alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"])
    assert has_same_weights(alone.best_estimator_, together.best_estimator_)


def test_members_go_on_each_from_where_it_stopped():
    early = {"early_stopping": True, "patience": 1, "lr": 5e-2, "n_members": 4}
    whole = fit_net(**early, max_epochs=9, schedule_epochs=9)
    net = NetClassifier(**SMALL | early | {"max_epochs": 3}, schedule_epochs=9, warm_start=True).fit(X, y)
    net.set_params(max_epochs=9).fit(X, y)
    assert has_same_weights(net, whole)
    assert len({state.epoch for state in net.states_}) > 1
    assert net.n_iter_ == max(state.epoch for state in net.states_)
    net.partial_fit(X, y)
    assert len({state.epoch for state in net.states_}) == 1
    with pytest.raises(ValueError, match="n_members=2, but 4 networks"):
        net.set_params(n_members=2).fit(X, y)


def test_callbacks_look_on_at_the_first_member():
    from skorch.callbacks import Callback

    class Count(Callback):
        seen = 0

        def on_epoch_end(self, net, **kwargs):
            type(self).seen += 1

    watched = fit_net(n_members=3, callbacks=[Count()])
    assert Count.seen == 4
    assert has_same_weights(watched, fit_net(n_members=3))
