"""Stopping, validation rows, losses and targets, as hyperparameters of an estimator."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification, make_regression
from sklearn.metrics import f1_score, mean_pinball_loss, roc_auc_score
from sklearn.model_selection import GroupShuffleSplit, KFold, ShuffleSplit, TimeSeriesSplit, cross_val_score

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.held_out import find_held_out
from tests.helpers.hyperparameters import SMALL, X, Xr, fit_net, has_same_weights, y, yr

# ---- stopping -------------------------------------------------------------------------------------------------------


def test_stopping_by_a_scorer():
    net = fit_net(early_stopping=True, stopping_metric="roc_auc_ovr", max_epochs=15, patience=4, lr=2e-2)
    scores = [row["valid_score"] for row in net.history_]
    assert net.best_epoch_ == 1 + int(np.argmax(scores))
    rows = np.arange(len(X))
    _, held_out = find_held_out(net, y)
    assert len(held_out) == 32
    assert max(scores) == pytest.approx(
        roc_auc_score(y[held_out], net.predict_proba(X[rows[held_out]]), multi_class="ovr")
    )
    assert len(scores) - net.best_epoch_ == 4 or len(scores) == 15


def test_stopping_by_a_scorer_of_numbers():
    net = NetRegressor(
        **SMALL | {"early_stopping": True} | {"max_epochs": 10}, stopping_metric="neg_mean_absolute_error"
    ).fit(Xr, yr)
    scores = [row["valid_score"] for row in net.history_]
    assert net.best_epoch_ == 1 + int(np.argmax(scores))
    assert -600 < max(scores) < -1  # in the target's own units


def test_a_scorer_that_fails_is_heard_of():
    with pytest.raises(
        ValueError,
        match=r"(?i)stopping_metric='neg_mean_squared_log_error' can not be computed on the 32 rows held out "
        r".*logarithmic",
    ):
        NetRegressor(**SMALL | {"early_stopping": True}, stopping_metric="neg_mean_squared_log_error").fit(Xr, yr)


def test_a_scorer_of_one_class_needs_to_know_it():
    with pytest.raises(
        ValueError,
        match="or a scorer without a positive class, such as 'f1_macro' or 'roc_auc', or give labels of 0 and 1",
    ):
        NetClassifier(**SMALL | {"early_stopping": True}, stopping_metric="f1").fit(X, np.where(y > 0, "yes", "no"))


def test_min_delta():
    stopped = fit_net(early_stopping=True, patience=2, min_delta=100.0, max_epochs=20)
    assert stopped.n_iter_ == 3
    assert stopped.best_epoch_ == 1


def test_own_validation_rows():
    net = NetClassifier(**SMALL | {"early_stopping": True}).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert len(net.history_) == 4
    p = net.predict_proba(X[150:])
    assert net.history_[net.best_epoch_ - 1]["valid_loss"] == pytest.approx(
        -np.log(p[np.arange(50), y[150:]]).mean(), rel=1e-5
    )
    only_told = NetClassifier(**SMALL).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    # They teach nothing, and without early_stopping choose nothing.
    assert has_same_weights(only_told, NetClassifier(**SMALL).fit(X[:150], y[:150]))
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

    NetClassifier(**SMALL | {"early_stopping": True}, validation_split=Spy(1, test_size=0.3, random_state=0)).fit(
        X, y, groups=groups
    )
    assert len(held_out) == 1
    assert len(set(held_out[0])) == 3
    in_time = NetClassifier(**SMALL | {"early_stopping": True}, validation_split=TimeSeriesSplit(2)).fit(X, y)
    by_hand = NetClassifier(**SMALL | {"early_stopping": True}).fit(X[:68], y[:68], X_val=X[68:134], y_val=y[68:134])
    assert has_same_weights(in_time, by_hand)
    for wrong in ("kfold", ShuffleSplit, KFold(500)):  # of which a string has a `split`, too
        with pytest.raises(
            ValueError, match=r"(?s)validation_split=.* can not split these 200 rows .*; give a splitter"
        ):
            NetClassifier(**SMALL | {"early_stopping": True}, validation_split=wrong).fit(X, y)


def test_a_splitter_of_groups_without_groups():
    with pytest.raises(ValueError, match="give groups= to fit"):
        NetClassifier(**SMALL | {"early_stopping": True}, validation_split=GroupShuffleSplit(1)).fit(X, y)


def test_groups_without_a_splitter_are_ignored_aloud():
    with pytest.warns(UserWarning, match="groups are ignored: validation_fraction holds rows out whatever"):
        net = fitted_with(groups=np.arange(200) // 20)
    assert has_same_weights(net, fitted_with())
    NetClassifier(**SMALL).fit(X, y, groups=np.arange(200))  # nothing is held out


def fitted_with(**more):
    return NetClassifier(**SMALL | {"early_stopping": True, "max_epochs": 2}).fit(X, y, **more)


def test_refit_on_all_rows():
    stopped = fit_net(early_stopping=True, max_epochs=12, patience=2, lr=5e-2)
    net = fit_net(early_stopping=True, max_epochs=12, patience=2, lr=5e-2, refit_full=True)
    assert net.stopping_history_[0]["valid_loss"] == stopped.history_[0]["valid_loss"]
    assert net.n_iter_ == stopped.best_epoch_
    assert "valid_loss" not in net.history_[0]
    assert has_same_weights(
        net, fit_net(max_epochs=stopped.best_epoch_, schedule_epochs=12, lr=5e-2, weight_averaging="ema")
    )


def test_plateau_needs_rows_to_look_at():
    with pytest.raises(ValueError, match="set early_stopping=True, or give X_val"):
        fit_net(lr_schedule="plateau")
    NetClassifier(**SMALL, lr_schedule="plateau").fit(X, y, X_val=X, y_val=y)


# ---- losses and targets ---------------------------------------------------------------------------------------------


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
        net = NetRegressor(
            n_layers=0, loss=name, huber_delta=0.05, max_epochs=150, batch_size=32, lr=5e-3, random_state=0
        )
        scores[name] = np.abs(net.fit(Xr, spoiled).predict(Xr) - yr).mean()
    assert scores[loss] < 0.7 * scores["mse"]


def test_predictions_kept_in_range():
    far = 100 * Xr
    free, kept = (
        NetRegressor(**SMALL, num_embedding="none", clip_prediction=clip).fit(Xr, yr) for clip in (False, True)
    )
    assert has_same_weights(free, kept)
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
        assert has_same_weights(
            clone(net).set_params(max_epochs=2).fit(X, frame), clone(net).set_params(max_epochs=2).fit(X, Y)
        )
    with pytest.raises(ValueError, match="loss='focal' is for one label a row"):
        clone(net).set_params(loss="focal").fit(X, Y)
    with pytest.raises(ValueError, match="y has 3 columns of labels"):
        net.partial_fit(X, Y[:, :3])


def test_several_numbers_a_row():
    X, Y = make_regression(300, 6, n_targets=3, noise=1, random_state=0)
    for loss in ("mse", "mae", "huber", "quantile"):
        net = NetRegressor(loss=loss, max_epochs=60, random_state=0).fit(X, Y)
        assert net.score(X, Y) > 0.9, loss
