"""Networks have no importances of columns; who asks for them is told what to use, and
subclasses may measure them.
"""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import permutation_importance

from sknet_hp import NetClassifier, NetRegressor, fused

NETS = [NetClassifier, NetRegressor]
SETTINGS = {"width": 16, "max_epochs": 20, "early_stopping": False, "random_state": 0}


def problem(Net):
    """Columns 0 to 2 of 6 inform, each by itself."""
    X = np.random.default_rng(0).standard_normal((200, 6))
    y = X[:, :3].sum(axis=1)
    return X, y > 0 if Net is NetClassifier else y


class Measured:
    """Measures importances when it is fitted."""

    def fit(self, X, y):
        super().fit(X, y)
        self.feature_importances_ = permutation_importance(
            self, X, y, n_repeats=2, random_state=0
        ).importances_mean.clip(0)
        return self


class MeasuredClassifier(Measured, NetClassifier):
    pass


class MeasuredRegressor(Measured, NetRegressor):
    pass


@pytest.mark.parametrize("Net", NETS)
@pytest.mark.parametrize("name", ["coef_", "feature_importances_"])
@pytest.mark.parametrize("fitted", [False, True])
def test_there_are_none_and_the_error_says_what_to_use(Net, name, fitted):
    net = Net(**SETTINGS | {"max_epochs": 1})
    if fitted:
        net.fit(*problem(Net))
    for estimator in (net, clone(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert not hasattr(estimator, name)
        with pytest.raises(
            AttributeError,
            match=rf"'{Net.__name__}' has no attribute '{name}'.*permutation_importance.*importance_getter",
        ):
            getattr(estimator, name)
    assert name not in net._repr_html_()


@pytest.mark.parametrize("Net", NETS)
def test_selections_that_name_what_they_ask_for_say_it_too(Net):
    X, y = problem(Net)
    asking = SelectFromModel(Net(**SETTINGS | {"max_epochs": 1}), importance_getter="feature_importances_").fit(X, y)
    with pytest.raises(AttributeError, match=r"Use sklearn\.inspection\.permutation_importance"):
        asking.get_support()


@pytest.mark.parametrize("Net", NETS)
def test_select_from_model_takes_a_function(Net):
    X, y = problem(Net)

    def importances(net):
        return permutation_importance(net, X, y, n_repeats=2, random_state=0).importances_mean

    chosen = SelectFromModel(Net(**SETTINGS), importance_getter=importances, max_features=3, threshold=-np.inf).fit(
        X, y
    )
    assert chosen.get_support().tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(("Net", "Own"), [(NetClassifier, MeasuredClassifier), (NetRegressor, MeasuredRegressor)])
@pytest.mark.parametrize("Selector", [RFE, RFECV])
def test_elimination_takes_a_subclass_that_measures(Net, Own, Selector):
    X, y = problem(Net)
    own = {"n_features_to_select": 3} if Selector is RFE else {"min_features_to_select": 3, "cv": 2}
    with fused():
        chosen = Selector(Own(**SETTINGS), step=0.5, **own).fit(X, y)
    assert chosen.support_[:3].all()
    assert clone(chosen.estimator_).get_params() == Own(**SETTINGS).get_params()
    assert not hasattr(clone(chosen.estimator_), "feature_importances_")


@pytest.mark.parametrize("Net", NETS)
def test_sequential_selection_needs_none(Net):
    X, y = problem(Net)
    with fused():
        chosen = SequentialFeatureSelector(Net(**SETTINGS | {"max_epochs": 5}), n_features_to_select=1, cv=2).fit(X, y)
    assert np.flatnonzero(chosen.get_support())[0] < 3
