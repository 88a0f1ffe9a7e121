"""Every hyperparameter does what its name says, in an estimator, and its wrong values are refused."""

import inspect
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, mean_pinball_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit, KFold, ShuffleSplit, TimeSeriesSplit, cross_val_score
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.parameters import CLASSIFIER, COMMON, REGRESSOR
from sknet_hp.estimators.split import split_rows

SMALL = {"width": 16, "max_epochs": 4, "batch_size": 32, "early_stopping": False, "activation": "relu", "dropout": 0.0, "random_state": 0}
X, y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
Xr, yr = make_regression(200, 8, n_informative=5, noise=5, random_state=0)


def same(a, b):
    return np.array_equal(a.parameters_, b.parameters_)


def fitted(**parameters):
    return NetClassifier(**SMALL | parameters).fit(X, y)


@pytest.mark.parametrize(("Net", "own"), [(NetClassifier, CLASSIFIER), (NetRegressor, REGRESSOR)])
def test_the_registry_is_the_signature(Net, own):
    signature = inspect.signature(Net)
    assert set(signature.parameters) == set(COMMON | own)
    for name, argument in signature.parameters.items():
        assert argument.kind is argument.KEYWORD_ONLY
        assert f"{name} : " in Net.__doc__
        assert (COMMON | own)[name].text.split(".")[0].split(" ")[0] in Net.__doc__


EFFECTS = {  # a value that must change what is learned
    "numeric_transform": "quantile",
    "input_noise": 0.5,
    "mixup_alpha": 1.0,
    "hidden_layer_sizes": (24, 8),
    "num_embedding": "none",
    "num_embedding_dim": 5,
    "module": "resnet",
    "parametric_activation": True,
    "feature_scale": True,
    "zero_output": True,
    "lr_factor_bias": 20.0,
    "activation": "tanh",
    "init": "orthogonal",
    "dropout": 0.3,
    "input_dropout": 0.2,
    "normalization": "layer",
    "loss": "focal",
    "label_smoothing": 0.2,
    "optimizer": "nadam",
    "lr": 1e-2,
    "lr_schedule": "one_cycle",
    "lr_warmup": 0.3,
    "lr_scaling": "linear",
    "weight_decay": 0.3,
    "l1": 1e-2,
    "beta1": 0.5,
    "beta2": 0.9,
    "eps": 1e-3,
    "grad_clip_norm": 1e-9,
    "weight_averaging": "ema",
    "batch_size": 0.5,
    "class_weight": "balanced",
    "random_state": 1,
}


@pytest.mark.parametrize("name", EFFECTS)
def test_it_has_an_effect(name):
    unbalanced = y.copy()
    unbalanced[:40] = 0
    plain, other = (NetClassifier(**SMALL | changes).fit(X, unbalanced) for changes in ({}, {name: EFFECTS[name]}))
    a, b = plain.predict_proba(X), other.predict_proba(X)
    assert a.shape == b.shape
    assert not np.allclose(a, b, atol=1e-4)
    assert np.isfinite(b).all()


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({"lr_schedule": "step", "lr_gamma": 0.5}, {"lr_gamma": 0.1}),
        ({"lr_schedule": "step", "lr_step_epochs": 1}, {"lr_step_epochs": 3}),
        ({"lr_schedule": "cosine"}, {"lr_min_factor": 0.5}),
        ({"lr_schedule": "cosine"}, {"lr_warmup": 2}),
        ({"lr_schedule": "cyclic"}, {"lr_cycles": 2}),
        ({"lr_schedule": "cosine_restarts", "lr_cycles": 2}, {"lr_cycle_mult": 3}),
        ({"lr_schedule": "exponential", "lr_min_factor": 0.1}, {"lr_min_factor": 0.01}),
        ({"lr_schedule": "plateau", "early_stopping": True, "lr_patience": 0, "lr": 0.3, "max_epochs": 8, "restore_best": False}, {"lr_patience": 6}),
        ({"lr_scaling": "sqrt"}, {"base_batch_size": 32}),
        ({"optimizer": "sgd"}, {"momentum": 0.5}),
        ({"optimizer": "rmsprop"}, {"alpha": 0.5}),
        ({"optimizer": "adam", "weight_decay": 0.1}, {"weight_decay_mode": "decoupled"}),
        ({"normalization": "batch"}, {"norm_momentum": 0.5}),
        ({"normalization": "batch"}, {"norm_eps": 0.5}),
        ({"normalization": "layer"}, {"norm_eps": 0.5}),
        ({"loss": "focal"}, {"focal_gamma": 0.5}),
        ({"num_embedding": "plr"}, {"num_embedding_dim": 5}),
        ({"num_embedding": "plr"}, {"num_frequencies": 5}),
        ({"num_embedding": "pbld"}, {"num_sigma": 1.0}),
        ({"num_embedding": "pbld"}, {"lr_factor_num_embedding": 10.0}),
        ({"module": "resnet"}, {"hidden_factor": 1.0}),
        ({"module": "resnet"}, {"residual_dropout": 0.3}),
        ({"module": "tabm", "n_heads": 4}, {"n_heads": 2}),
        ({"dropout": 0.5}, {"dropout_schedule": "linear"}),
        ({"weight_decay": 1.0}, {"weight_decay_schedule": "linear"}),
        ({"feature_scale": True}, {"lr_factor_scale": 10.0}),
        ({"parametric_activation": True}, {"lr_factor_activation": 10.0}),
        ({"init": "ntk"}, {"init": "ntk_normal"}),
        ({"weight_averaging": "ema"}, {"ema_decay": 0.1}),
        ({"weight_averaging": "swa", "swa_start": 0.0}, {"swa_start": 0.7}),
    ],
)
def test_settings_of_settings(given, changes):
    a, b = fitted(**given), fitted(**given | changes)
    assert not np.allclose(a.predict_proba(X), b.predict_proba(X), atol=1e-6)


def test_other_names():
    assert same(fitted(activation="silu"), fitted(activation="swish"))
    assert same(fitted(weight_averaging=None), fitted(weight_averaging="none"))
    assert same(fitted(weight_averaging="auto"), fitted(weight_averaging="none"))
    stopped = fitted(early_stopping=True)
    assert same(stopped, fitted(early_stopping=True, weight_averaging="ema"))
    assert not same(stopped, fitted(early_stopping=True, weight_averaging="none"))
    assert same(fitted(optimizer="sgd"), fitted(optimizer="momentum"))
    assert same(fitted(n_layers=2), fitted(hidden_layer_sizes=(16, 16)))
    assert same(fitted(normalization=None, lr_scaling=None, activation="none"), fitted(normalization="none", lr_scaling="none", activation=None))
    assert same(fitted(loss="focal", focal_gamma=0.0, max_epochs=1), fitted(loss="focal", focal_gamma=0, max_epochs=1))


def test_weight_decay_leaves_biases_alone():
    net = fitted(weight_decay=1e4, lr=1e-4, optimizer="adamw", init="torch", max_epochs=1)
    tensors = dict(net.net_.module_.named_parameters())
    assert max(float(p.detach().abs().max()) for name, p in tensors.items() if name.endswith("weight")) < 1e-2
    assert min(float(p.detach().abs().max()) for name, p in tensors.items() if name.endswith("bias")) > 1e-2


def test_learning_rate_scaled_by_the_batch():
    assert same(fitted(batch_size=64, lr=1e-3, lr_scaling="linear", base_batch_size=32), fitted(batch_size=64, lr=2e-3))
    assert same(fitted(batch_size=128, lr=1e-3, lr_scaling="sqrt", base_batch_size=32), fitted(batch_size=128, lr=2e-3))


def test_batch_size_as_a_fraction():
    assert same(fitted(batch_size=0.25), fitted(batch_size=50))


# ---- stopping ------------------------------------------------------------------------------------------------------


def test_stopping_by_a_scorer():
    net = fitted(early_stopping=True, stopping_metric="roc_auc_ovr", max_epochs=15, patience=4, lr=2e-2)
    scores = [row["valid_score"] for row in net.history_]
    assert net.best_epoch_ == 1 + int(np.argmax(scores))
    rows = np.arange(len(X))
    _, held_out = split_rows(net, SimpleNamespace(codes=y, y=y, groups=None, counting=None))
    assert len(held_out) == 32
    assert max(scores) == pytest.approx(roc_auc_score(y[held_out], net.predict_proba(X[rows[held_out]]), multi_class="ovr"))
    assert len(scores) - net.best_epoch_ == 4 or len(scores) == 15


def test_stopping_by_a_scorer_of_numbers():
    net = NetRegressor(**SMALL | {"early_stopping": True} | {"max_epochs": 10}, stopping_metric="neg_mean_absolute_error").fit(Xr, yr)
    scores = [row["valid_score"] for row in net.history_]
    assert net.best_epoch_ == 1 + int(np.argmax(scores))
    assert -600 < max(scores) < -1  # in the target's own units


def test_a_scorer_that_fails_is_heard_of():
    with pytest.raises(
        ValueError, match=r"(?i)stopping_metric='neg_mean_squared_log_error' can not be computed on the 32 rows held out .*logarithmic"
    ):
        NetRegressor(**SMALL | {"early_stopping": True}, stopping_metric="neg_mean_squared_log_error").fit(Xr, yr)


def test_a_scorer_of_one_class_needs_to_know_it():
    with pytest.raises(ValueError, match="or a scorer without a positive class, such as 'f1_macro' or 'roc_auc', or give labels of 0 and 1"):
        NetClassifier(**SMALL | {"early_stopping": True}, stopping_metric="f1").fit(X, np.where(y > 0, "yes", "no"))


def test_min_delta():
    stopped = fitted(early_stopping=True, patience=2, min_delta=100.0, max_epochs=20)
    assert stopped.n_iter_ == 3
    assert stopped.best_epoch_ == 1


def test_own_validation_rows():
    net = NetClassifier(**SMALL | {"early_stopping": True}).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert len(net.history_) == 4
    p = net.predict_proba(X[150:])
    assert net.history_[net.best_epoch_ - 1]["valid_loss"] == pytest.approx(-np.log(p[np.arange(50), y[150:]]).mean(), rel=1e-5)
    only_told = NetClassifier(**SMALL).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert same(only_told, NetClassifier(**SMALL).fit(X[:150], y[:150]))  # they teach nothing, and without early_stopping choose nothing
    assert only_told.history_[0]["valid_loss"] > 0
    with pytest.raises(ValueError, match="X_val and y_val belong together"):
        NetClassifier(**SMALL).fit(X, y, X_val=X)
    with pytest.raises(ValueError, match=r"X_val, y_val: y holds the labels .* which are not among the classes"):
        NetClassifier(**SMALL).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:] + 7)
    with pytest.raises(ValueError, match="X_val, y_val: Input X contains infinity"):
        NetClassifier(**SMALL).fit(X[:150], y[:150], X_val=np.full_like(X[150:], np.inf), y_val=y[150:])


def test_validation_by_groups_and_time():
    groups = np.arange(200) // 20
    held_out = []

    class Spy(GroupShuffleSplit):
        def split(self, X, y=None, groups=None):
            for train, test in super().split(X, y, groups):
                held_out.append(groups[test])
                yield train, test

    NetClassifier(**SMALL | {"early_stopping": True}, validation_split=Spy(1, test_size=0.3, random_state=0)).fit(X, y, groups=groups)
    assert len(held_out) == 1
    assert len(set(held_out[0])) == 3
    in_time = NetClassifier(**SMALL | {"early_stopping": True}, validation_split=TimeSeriesSplit(2)).fit(X, y)
    by_hand = NetClassifier(**SMALL | {"early_stopping": True}).fit(X[:68], y[:68], X_val=X[68:134], y_val=y[68:134])
    assert same(in_time, by_hand)
    for wrong in ("kfold", ShuffleSplit, KFold(500)):  # of which a string has a `split`, too
        with pytest.raises(ValueError, match=r"(?s)validation_split=.* can not split these 200 rows .*; give a splitter"):
            NetClassifier(**SMALL | {"early_stopping": True}, validation_split=wrong).fit(X, y)


def test_a_splitter_of_groups_without_groups():
    with pytest.raises(ValueError, match="give groups= to fit"):
        NetClassifier(**SMALL | {"early_stopping": True}, validation_split=GroupShuffleSplit(1)).fit(X, y)


def test_groups_without_a_splitter_are_ignored_aloud():
    with pytest.warns(UserWarning, match="groups are ignored: validation_fraction holds rows out whatever"):
        net = fitted_with(groups=np.arange(200) // 20)
    assert same(net, fitted_with())
    NetClassifier(**SMALL).fit(X, y, groups=np.arange(200))  # nothing is held out


def fitted_with(**more):
    return NetClassifier(**SMALL | {"early_stopping": True, "max_epochs": 2}).fit(X, y, **more)


def test_refit_on_all_rows():
    stopped = fitted(early_stopping=True, max_epochs=12, patience=2, lr=5e-2)
    net = fitted(early_stopping=True, max_epochs=12, patience=2, lr=5e-2, refit_full=True)
    assert net.stopping_history_[0]["valid_loss"] == stopped.history_[0]["valid_loss"]
    assert net.n_iter_ == stopped.best_epoch_
    assert "valid_loss" not in net.history_[0]
    assert same(net, fitted(max_epochs=stopped.best_epoch_, schedule_epochs=12, lr=5e-2, weight_averaging="ema"))


def test_plateau_needs_rows_to_look_at():
    with pytest.raises(ValueError, match="set early_stopping=True, or give X_val"):
        fitted(lr_schedule="plateau")
    NetClassifier(**SMALL, lr_schedule="plateau").fit(X, y, X_val=X, y_val=y)


# ---- losses and targets --------------------------------------------------------------------------------------------


def test_quantiles_are_quantiles():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    y = X[:, 0] + rng.exponential(size=2000)
    for level in (0.1, 0.5, 0.9):
        net = NetRegressor(
            loss="quantile",
            quantile=level,
            num_embedding="none",
            dropout=0.0,
            early_stopping=False,
            max_epochs=30,
            batch_size=128,
            lr=1e-2,
            lr_schedule="cosine",
            random_state=0,
        ).fit(X, y)
        assert (y <= net.predict(X)).mean() == pytest.approx(level, abs=0.04)
        truth = X[:, 0] - np.log(1 - level)
        assert mean_pinball_loss(y, net.predict(X), alpha=level) < 1.1 * mean_pinball_loss(y, truth, alpha=level)


def test_counts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    rate = np.exp(1 + X[:, 0])
    y = rng.poisson(rate)
    net = NetRegressor(loss="poisson", max_epochs=30, lr=5e-3, lr_schedule="cosine", random_state=0).fit(X, y)
    predicted = net.predict(X)
    assert (predicted > 0).all()
    assert np.corrcoef(np.log(predicted), np.log(rate))[0, 1] > 0.97
    assert predicted.mean() == pytest.approx(rate.mean(), rel=0.1)
    with pytest.raises(ValueError, match="is for counts, but y goes down to -3"):
        net.fit(X, y - 3)


@pytest.mark.parametrize("loss", ["mae", "huber"])
def test_robust_losses_mind_outliers_less(loss):
    rng = np.random.default_rng(0)
    spoiled = yr.copy()
    spoiled[rng.choice(200, 20, replace=False)] += 50 * yr.std()
    scores = {}
    for name in ("mse", loss):
        net = NetRegressor(n_layers=0, loss=name, huber_delta=0.05, max_epochs=150, batch_size=32, lr=5e-3, random_state=0)
        scores[name] = np.abs(net.fit(Xr, spoiled).predict(Xr) - yr).mean()
    assert scores[loss] < 0.7 * scores["mse"]


def test_predictions_kept_in_range():
    far = 100 * Xr
    free, kept = (NetRegressor(**SMALL, num_embedding="none", clip_prediction=clip).fit(Xr, yr) for clip in (False, True))
    assert same(free, kept)
    assert free.predict(far).max() > yr.max()
    assert kept.predict(far).max() <= yr.max()
    assert kept.predict(far).min() >= yr.min()


def test_several_labels_a_row():
    X, Y = make_multilabel_classification(400, 12, n_classes=5, random_state=0)
    net = NetClassifier(max_epochs=40, early_stopping=False, random_state=0).fit(X, Y)
    assert net.classes_.tolist() == [0, 1, 2, 3, 4]
    assert net.predict(X).shape == net.predict_proba(X).shape == Y.shape
    assert set(np.unique(net.predict(X))) <= {0, 1}
    assert f1_score(Y, net.predict(X), average="micro") > 0.9
    assert ((net.predict_proba(X) > 0.5) == net.predict(X)).all()
    early = clone(net).set_params(early_stopping=True, stopping_metric="f1_micro", max_epochs=5).fit(X, Y)
    assert early.history_[0]["valid_score"] >= 0
    assert cross_val_score(clone(net).set_params(max_epochs=10), X, Y, cv=3).shape == (3,)
    for frame in (pd.DataFrame(Y), pl.DataFrame(Y)):
        assert same(clone(net).set_params(max_epochs=2).fit(X, frame), clone(net).set_params(max_epochs=2).fit(X, Y))
    with pytest.raises(ValueError, match="loss='focal' is for one label a row"):
        clone(net).set_params(loss="focal").fit(X, Y)
    with pytest.raises(ValueError, match="y has 3 columns of labels"):
        net.partial_fit(X, Y[:, :3])


def test_several_numbers_a_row():
    X, Y = make_regression(300, 6, n_targets=3, noise=1, random_state=0)
    for loss in ("mse", "mae", "huber", "quantile"):
        net = NetRegressor(loss=loss, max_epochs=60, random_state=0).fit(X, Y)
        assert net.score(X, Y) > 0.9, loss


# ---- together, and apart -------------------------------------------------------------------------------------------

GRID = {
    "lr": [1e-3, 1e-2],
    "weight_decay": [0.0, 0.1],
    "l1": [0.0, 1e-3],
    "grad_clip_norm": [None, 0.1],
    "norm_momentum": [0.1, 0.5],
}


def test_numbers_search_in_one_cohort_with_the_bits_of_each_alone():
    net = NetClassifier(**SMALL | {"max_epochs": 2}, normalization="batch", input_dropout=0.1, lr_schedule="cosine", loss="focal")
    jobs = set()
    with sknet_hp.fused(n_jobs=1, over="inline"):
        search = GridSearchCV(net, GRID, cv=2).fit(X, y)
    for parameters, score in list(zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True))[::5]:
        alone = cross_val_score(clone(net).set_params(**parameters), X, y, cv=2)
        assert alone.mean() == score
    assert len(jobs) == 0


def test_everything_survives_a_pickle():
    net = NetClassifier(
        **SMALL | {"early_stopping": True}, stopping_metric="accuracy", lr_schedule="plateau", warm_start=True, loss="focal", optimizer="radam"
    ).fit(X, y)
    again = pickle.loads(pickle.dumps(net))
    net.set_params(max_epochs=8).fit(X, y)
    again.set_params(max_epochs=8).fit(X, y)
    assert same(net, again)


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
        fitted(**{name: value})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lr_schedule": "exponential"}, "lr_min_factor, which must be above 0"),
        ({"refit_full": True, "warm_start": True, "early_stopping": True}, "choose one of them"),
    ],
)
def test_wrong_combinations_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        fitted(**parameters)


class Normalised(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.norm, self.last = nn.BatchNorm1d(n_features), nn.Linear(n_features, n_outputs)

    def forward(self, x):
        return self.last(self.norm(x))


@pytest.mark.parametrize(
    ("parameters", "rows", "message"),
    [
        ({"normalization": "batch", "batch_size": 1}, 40, "normalization='batch' needs batches of 2 rows or more, but batch_size=1 makes each"),
        ({"normalization": "batch", "batch_size": 0.01}, 40, "but batch_size=0.01 makes each of them one row; use a larger batch_size"),
        ({"normalization": "batch", "module": "resnet"}, 1, "but there is 1 sample to train on"),
        ({"module": Normalised, "batch_size": 1}, 40, "the batch normalisation of module=.*Normalised.* needs batches of 2"),
    ],
)
def test_batch_normalisation_needs_batches(parameters, rows, message):
    with pytest.raises(ValueError, match=message):
        NetRegressor(**SMALL | parameters).fit(Xr[:rows], yr[:rows])


def test_batches_of_one_row():
    """Without batch normalisation there is nothing wrong with them, nor with it if only the last is so short."""
    assert np.isfinite(NetRegressor(**SMALL | {"batch_size": 1}, normalization="layer").fit(Xr[:40], yr[:40]).predict(Xr)).all()
    assert NetRegressor(**SMALL | {"batch_size": 13, "max_epochs": 60}, normalization="batch").fit(Xr[:40], yr[:40]).score(Xr[:40], yr[:40]) > 0.8


def test_divergence_is_told(recwarn):
    with pytest.warns(ConvergenceWarning, match="diverged"):
        NetRegressor(**SMALL | {"max_epochs": 30}, lr=1e20, optimizer="sgd").fit(Xr, yr)


# ---- several members -----------------------------------------------------------------------------------------------


def members(net):
    """The members as networks of their own."""
    parts = []
    for k in range(len(net.parameters_)):
        part = pickle.loads(pickle.dumps(net))
        part.parameters_, part.buffers_ = net.parameters_[k : k + 1], net.buffers_[k : k + 1]
        parts.append(part)
    return parts


def test_members_are_networks_of_other_seeds_and_average():
    net = fitted(n_members=4, dropout=0.1)
    assert net.parameters_.shape[0] == 4
    each = [part.predict_proba(X) for part in members(net)]
    assert not any(np.array_equal(each[0], other) for other in each[1:])
    np.testing.assert_allclose(net.predict_proba(X), np.mean(each, axis=0))
    assert (net.predict(X) == net.classes_[net.predict_proba(X).argmax(1)]).all()
    assert np.array_equal(each[0], fitted(dropout=0.1).predict_proba(X))
    assert np.array_equal(fitted(n_members=2, dropout=0.1).parameters_, net.parameters_[:2])


def test_members_of_a_regressor():
    net = NetRegressor(**SMALL, n_members=3).fit(Xr, yr)
    np.testing.assert_allclose(net.predict(Xr), np.mean([part.predict(Xr) for part in members(net)], axis=0))


@pytest.mark.parametrize("over", ["inline", "loky"])
def test_members_in_a_search(over):
    net = NetClassifier(**SMALL | {"max_epochs": 2}, n_members=3)
    alone = GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=2).fit(X, y)
    with sknet_hp.fused(n_jobs=2, over=over):
        together = GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=2).fit(X, y)
    assert np.array_equal(alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"])
    assert same(alone.best_estimator_, together.best_estimator_)


def test_members_go_on_each_from_where_it_stopped():
    early = {"early_stopping": True, "patience": 1, "lr": 5e-2, "n_members": 4}
    whole = fitted(**early, max_epochs=9, schedule_epochs=9)
    net = NetClassifier(**SMALL | early | {"max_epochs": 3}, schedule_epochs=9, warm_start=True).fit(X, y)
    net.set_params(max_epochs=9).fit(X, y)
    assert same(net, whole)
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

    watched = fitted(n_members=3, callbacks=[Count()])
    assert Count.seen == 4
    assert same(watched, fitted(n_members=3))
