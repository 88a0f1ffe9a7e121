"""Losses of torch as a hyperparameter."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

X, y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
Xr, yr = make_regression(200, 8, n_informative=5, noise=5, random_state=0)
SMALL = {"width": 16, "max_epochs": 4, "batch_size": 32, "lr": 1e-2, "dropout": 0.0, "random_state": 0}


def of_classes(**parameters):
    return NetClassifier(**SMALL | parameters).fit(X, y)


def of_numbers(**parameters):
    return NetRegressor(**SMALL | parameters).fit(Xr, yr)


def same(a, b):
    return np.array_equal(a.parameters_, b.parameters_)


@pytest.mark.parametrize("weight", [None, np.random.default_rng(0).random(200)], ids=["even", "weighted"])
def test_as_ours_of_the_same_meaning(weight):
    pairs = [
        (NetClassifier(**SMALL, loss="cross_entropy"), NetClassifier(**SMALL, loss=nn.CrossEntropyLoss())),
        (
            NetClassifier(**SMALL, label_smoothing=0.1),
            NetClassifier(**SMALL, loss=nn.CrossEntropyLoss(label_smoothing=0.1)),
        ),
        (NetRegressor(**SMALL, loss="mse"), NetRegressor(**SMALL, loss=nn.MSELoss)),
        (NetRegressor(**SMALL, loss="huber", huber_delta=0.3), NetRegressor(**SMALL, loss=nn.HuberLoss(delta=0.3))),
    ]
    for ours, torchs in pairs:
        data = (X, y) if isinstance(ours, NetClassifier) else (Xr, yr)
        ours.fit(*data, sample_weight=weight)
        torchs.fit(*data, sample_weight=weight)
        np.testing.assert_allclose(torchs.parameters_, ours.parameters_, rtol=1e-2, atol=1e-4)
        np.testing.assert_allclose(torchs.loss_curve_, ours.loss_curve_, rtol=1e-3)


def test_they_learn():
    margin = of_classes(loss=nn.MultiMarginLoss(), max_epochs=30)
    assert margin.score(X, y) > 0.8
    np.testing.assert_allclose(margin.predict_proba(X).sum(1), 1)
    assert of_numbers(loss=nn.SmoothL1Loss(beta=0.5), max_epochs=40).score(Xr, yr) > 0.9
    assert not same(of_numbers(loss=nn.SmoothL1Loss(beta=0.5)), of_numbers(loss=nn.SmoothL1Loss(beta=0.1)))
    assert of_classes(loss=nn.CrossEntropyLoss, class_weight="balanced").score(X, y) > 0.5


def test_counts():
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.exp(1 + Xr[:, 0]))
    ours, torchs = (
        NetRegressor(**SMALL | {"max_epochs": 20}, loss=loss).fit(Xr, counts)
        for loss in ("poisson", nn.PoissonNLLLoss())
    )
    np.testing.assert_allclose(torchs.predict(Xr), ours.predict(Xr), rtol=0.05)
    assert (torchs.predict(Xr) > 0).all()
    with pytest.raises(ValueError, match="is for counts, but y goes down to -1"):
        NetRegressor(loss=nn.PoissonNLLLoss).fit(Xr, counts - 1)


def test_several_labels_a_row():
    X, Y = make_multilabel_classification(300, 12, n_classes=4, random_state=0)
    net = NetClassifier(**SMALL | {"max_epochs": 40, "early_stopping": False}, loss=nn.BCEWithLogitsLoss()).fit(X, Y)
    assert ((net.predict_proba(X) > 0.5) == net.predict(X)).all()
    assert (net.predict(X) == Y).mean() > 0.85
    assert NetClassifier(**SMALL, loss=nn.MultiLabelSoftMarginLoss()).fit(X, Y).predict(X).shape == Y.shape


def test_in_a_search():
    losses = ["mse", nn.SmoothL1Loss(), nn.SmoothL1Loss(beta=0.3), nn.L1Loss, nn.MSELoss()]
    net = NetRegressor(**SMALL | {"max_epochs": 3, "dropout": 0.1})
    alone = GridSearchCV(net, {"loss": losses, "lr": [1e-2, 1e-3]}, cv=3).fit(Xr, yr)
    with sknet_hp.fused(n_jobs=2):
        together = GridSearchCV(net, {"loss": losses, "lr": [1e-2, 1e-3]}, cv=3).fit(Xr, yr)
    assert np.array_equal(alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"])
    assert same(alone.best_estimator_, together.best_estimator_)


def test_cloned_pickled_and_continued():
    net = of_numbers(loss=nn.SmoothL1Loss(beta=0.5), warm_start=True, schedule_epochs=9, max_epochs=3)
    assert same(net, clone(net).fit(Xr, yr))
    whole = of_numbers(loss=nn.SmoothL1Loss(beta=0.5), max_epochs=9)
    for again in (pickle.loads(pickle.dumps(net)), net):
        # It is another object that is the same loss.
        again.set_params(max_epochs=9, loss=nn.SmoothL1Loss(beta=0.5)).fit(Xr, yr)
        assert same(again, whole)
    with pytest.raises(ValueError, match=r"loss=SmoothL1Loss\(\) has become HuberLoss\(\)"):
        net.set_params(max_epochs=10, loss=nn.HuberLoss()).fit(Xr, yr)


def test_saving_says_what_to_do(tmp_path):
    net = of_numbers(loss=nn.SmoothL1Loss(beta=0.5))
    with pytest.raises(
        TypeError, match=r"NetRegressor\.loss is SmoothL1Loss\(\) .*can't be stored without pickle; use joblib\.dump"
    ):
        sknet_hp.save(net, tmp_path / "net")


def test_the_skorch_net_predicts_alike():
    net = of_classes(loss=nn.MultiMarginLoss())
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), net.predict_proba(X), atol=1e-5)


def test_heads():
    net = NetClassifier(**SMALL, module="tabm", n_heads=4, loss=nn.CrossEntropyLoss()).fit(X, y)
    ours = NetClassifier(**SMALL, module="tabm", n_heads=4).fit(X, y)
    np.testing.assert_allclose(net.predict_proba(X), ours.predict_proba(X), atol=1e-2)
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), net.predict_proba(X), atol=1e-5)


def wrong_shape(outputs, targets):
    return outputs.mean(0)


@pytest.mark.parametrize(
    ("Net", "parameters", "message"),
    [
        (
            NetClassifier,
            {"loss": nn.CrossEntropyLoss(), "label_smoothing": 0.1},
            r"label_smoothing=0\.1 .* set both to 0",
        ),
        (NetClassifier, {"loss": nn.CrossEntropyLoss(), "mixup_alpha": 0.2}, r"mixup_alpha=0\.2 .* set both to 0"),
        (NetClassifier, {"loss": nn.BCEWithLogitsLoss()}, "BCEWithLogitsLoss.* was called with outputs"),
        (NetRegressor, {"loss": wrong_shape}, "wrong_shape.* must return one number for each row or one for all"),
    ],
)
def test_what_can_not_be_used_is_named(Net, parameters, message):
    with pytest.raises(ValueError, match=message):
        Net(**SMALL, **parameters).fit(*((X, y) if Net is NetClassifier else (Xr, yr)))


def test_one_number_for_a_batch_has_no_place_for_weights():
    plain = of_numbers(loss=torch.nn.functional.mse_loss)
    np.testing.assert_allclose(plain.parameters_, of_numbers(loss="mse").parameters_, rtol=1e-2, atol=1e-4)
    with pytest.raises(ValueError, match="let it return one number for each row"):
        NetRegressor(**SMALL, loss=torch.nn.functional.mse_loss).fit(Xr, yr, sample_weight=np.arange(200))


def test_not_a_number_is_divergence():
    with pytest.warns(ConvergenceWarning, match="diverged"):
        net = of_numbers(loss=lambda outputs, targets: (outputs - targets).sum(1).sqrt())
    assert np.isfinite(net.predict(Xr)).all()
