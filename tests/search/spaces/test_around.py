"""Spaces around an estimator's own values."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sknet_hp import NetClassifier
from sknet_hp.search import PBTSearchCV, RandomizedSearchCV, search_space
from sknet_hp.search.spaces.space import Space


def test_it_holds_the_estimators_own_values():
    space = search_space(NetClassifier(lr=3e-3, width=64, n_layers=1))
    assert set(space) == {"lr", "width", "n_layers", "dropout", "weight_decay"}
    assert space["lr"].low == pytest.approx(3e-3 / 10**1.5)
    assert space["lr"].high == pytest.approx(3e-3 * 10**1.5)
    assert space["lr"].log
    assert space["width"].low < 64 < space["width"].high
    assert isinstance(space["width"].decode(0.5), int)
    assert space["n_layers"].values == [1, 2, 3]


def test_orders_say_how_far():
    near, far = search_space(NetClassifier(), 0.5)["lr"], search_space(NetClassifier(), 2)["lr"]
    assert far.low < near.low < near.high < far.high
    with pytest.raises(ValueError, match="orders=0 must be above 0"):
        search_space(NetClassifier(), 0)


def test_what_matters_for_an_optimizer():
    assert "momentum" in search_space(NetClassifier(optimizer="sgd"))
    assert "momentum" not in search_space(NetClassifier(optimizer="adam"))


def test_only_what_has_an_effect():
    class Own(nn.Module):
        pass

    assert set(search_space(NetClassifier(module=Own))) == {"lr", "weight_decay"}
    assert set(search_space(NetClassifier(module="resnet"))) == {"lr", "width", "n_layers", "dropout", "weight_decay"}
    assert set(search_space(NetClassifier(hidden_layer_sizes=(16, 8)))) == {"lr", "dropout", "weight_decay"}


def test_pipelines_and_other_estimators():
    assert "netclassifier__lr" in search_space(make_pipeline(StandardScaler(), NetClassifier()))
    assert set(search_space(LogisticRegression())) == {"C"}
    with pytest.raises(ValueError, match="nothing is known of the parameters of DummyClassifier"):
        search_space(DummyClassifier())


def test_population_based_training_takes_a_space_of_fixed_shape():
    X = np.random.default_rng(0).normal(size=(40, 3))
    net = NetClassifier(max_epochs=2, width=8, early_stopping=False, momentum=0.9, optimizer="sgd")
    space = search_space(net, fixed_shape=True)
    assert set(space) == {"lr", "dropout", "weight_decay", "momentum"}
    assert PBTSearchCV(net, space, population_size=2, cv=2, random_state=0).fit(X, X[:, 0] > 0).best_score_ >= 0
    assert set(search_space(make_pipeline(StandardScaler(), net))) - set(
        search_space(make_pipeline(StandardScaler(), net), fixed_shape=True)
    ) == {
        "netclassifier__n_layers",
        "netclassifier__width",
    }


def test_searches_take_it():
    net = NetClassifier(max_epochs=2, width=8, early_stopping=False)
    space = search_space(net)
    assert all(set(params) == set(space) for params in Space(space, net).sample(5, np.random.RandomState(0)))
    assert RandomizedSearchCV(net, space, n_iter=2).param_distributions is space
