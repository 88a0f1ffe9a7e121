"""Groups, time and weights at every level: outer, inner, and rows held out in fits.

A first column numbers the rows, so that a spy in place of the network can tell which
ones it was given.
"""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.estimators import base
from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.evaluation.levels.outer import make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.running.data import read_data
from sknet_hp.search import HalvingSearchCV

N = 240
rng = np.random.default_rng(0)
X = np.column_stack([np.arange(N), rng.normal(size=(N, 2))]).astype(float)
y = (X[:, 1] + rng.normal(size=N) > 0).astype(int)
GROUPS = rng.permutation(np.repeat(np.arange(60), 4))
WEIGHTS = rng.uniform(0.5, 2, size=N)


class Keep(TransformerMixin, BaseEstimator):
    """A first step that changes nothing, and would take weights."""

    def fit(self, X, y=None, sample_weight=None):
        assert sample_weight is None
        return self

    def transform(self, X):
        return X


NET = NetClassifier(width=4, n_layers=1, max_epochs=2, batch_size=64, random_state=0)
GRID = {"lr": [1e-3, 1e-2]}
IN_PIPELINE = {"netclassifier__lr": [1e-3, 1e-2]}
HALVING = {"n_candidates": "grid", "cv": 3, "min_resources": 1, "factor": 2, "random_state": 0}
SEARCHES = {
    "network": NET,
    "grid": GridSearchCV(NET, GRID, cv=3),
    "halving": HalvingSearchCV(NET, GRID, **HALVING),
    "search over a pipeline": HalvingSearchCV(make_pipeline(Keep(), NET), IN_PIPELINE, **HALVING),
    "pipeline with a search": make_pipeline(Keep(), GridSearchCV(NET, GRID, cv=3)),
}


class Seen:
    """What networks were given: rows to train on, rows held out, weights."""

    def __init__(self, monkeypatch):
        self.fits, original = [], base.split_rows

        def split_rows(net, seed, data):
            train, validation = original(net, seed, data)
            rows = np.asarray(data.X)[:, 0].astype(int)
            self.fits.append((rows[train], rows[validation], rows, data.sample_weight))
            return train, validation

        monkeypatch.setattr(base, "split_rows", split_rows)


@pytest.fixture
def seen(monkeypatch):
    return Seen(monkeypatch)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("name", SEARCHES)
def test_groups_are_never_torn_apart(name, routing, seen):
    with config_context(enable_metadata_routing=routing):
        result = nested_cross_validate(SEARCHES[name], X, y, cv=3, groups=GROUPS, random_state=0)
    for split in result.splits:
        assert not set(GROUPS[split.train]) & set(GROUPS[split.test])
    for train, held_out, given, _ in seen.fits:
        assert len(held_out)
        assert not set(GROUPS[train]) & set(GROUPS[held_out])
        of_fold = next(split.train for split in result.splits if np.isin(given, split.train).all())
        assert not set(GROUPS[given]) & set(GROUPS[np.setdiff1d(of_fold, given)])  # the inner test rows


@pytest.mark.parametrize("name", SEARCHES)
def test_time_goes_forward(name, seen):
    result = nested_cross_validate(SEARCHES[name], X, y, cv=TimeSeriesSplit(3, gap=5), random_state=0)
    lengths = set()
    for train, held_out, given, _ in seen.fits:
        assert train.max() + 5 < held_out.min()  # the gap of the outer splitter
        assert given.tolist() == list(range(len(given)))  # the earliest rows of all
        assert held_out.max() == given.max()
        lengths.add(len(given))
    outer = {len(split.train) for split in result.splits}
    assert outer <= lengths
    assert (lengths > outer) == (name != "network")


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("name", SEARCHES)
def test_weights_reach_fits_and_scores(name, routing, seen):
    with config_context(enable_metadata_routing=routing):
        result = nested_cross_validate(SEARCHES[name], X, y, cv=3, sample_weight=WEIGHTS, random_state=0)
    for _, _, given, weight in seen.fits:
        assert weight / weight.max() == pytest.approx(WEIGHTS[given] / WEIGHTS[given].max())
    right = (result.predictions.prediction == result.predictions.y).to_numpy()
    for score, split in zip(result.outer_scores, result.splits, strict=True):
        assert score == pytest.approx(np.average(right[split.test], weights=WEIGHTS[split.test]))


@pytest.mark.parametrize("scoring", [None, "accuracy", ["accuracy", "roc_auc"], {"a": "accuracy"}])
def test_weights_reach_inner_scores(scoring):
    refit = True if scoring is None or isinstance(scoring, str) else next(iter(scoring))
    search = GridSearchCV(NET, {"lr": [1e-2]}, cv=KFold(2), scoring=scoring, refit=refit)
    lone = np.where(np.arange(N) % 7 == 0, 1000.0, 1.0)  # a few rows decide
    splits = [(np.arange(80, N), np.arange(80))]
    result = nested_cross_validate(search, X, y, cv=splits, sample_weight=lone, scoring="accuracy")
    expected = []
    for train, test in KFold(2).split(X[80:]):
        train, test = train + 80, test + 80
        net = clone(NET).set_params(lr=1e-2).fit(X[train], y[train], sample_weight=lone[train])
        expected.append(net.score(X[test], y[test], sample_weight=lone[test]))
    assert result.inner_scores[0] == pytest.approx(np.mean(expected))


def prepare(estimator, cv=3, groups=GROUPS, **more):
    data = read_data(X, y, groups)
    return prepare_estimator(estimator, data, make_outer_splits(cv, data, estimator, random_state=0), cv=cv, **more)


@pytest.mark.parametrize("inner", [KFold(4), ShuffleSplit(4), RepeatedKFold(n_splits=4, n_repeats=2)])
def test_inner_splitters_that_tear_groups_are_replaced(inner):
    with pytest.warns(UserWarning, match="cv=.* does not respect groups; 4 folds that do are used"):
        prepared = prepare(GridSearchCV(NET, GRID, cv=inner))
    assert prepared.cv.get_n_splits(X, y, GROUPS) == 4


def test_inner_splitters_that_keep_groups_stay():
    splitter = GroupKFold(4)
    prepared = prepare(GridSearchCV(NET, GRID, cv=splitter))
    assert repr(prepared.cv) == repr(splitter)


class OwnSplitter:
    """A user's own, which says nothing of requests."""

    def split(self, X, y, groups):
        return GroupKFold(3).split(X, y, groups)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3


def test_own_splitters_get_groups(seen):
    nested_cross_validate(GridSearchCV(NET, GRID, cv=OwnSplitter()), X, y, cv=3, groups=GROUPS, random_state=0)
    assert len(seen.fits) == 3 * (2 * 3 + 1)


def test_a_validation_split_that_tears_groups_is_replaced():
    with pytest.warns(UserWarning, match="validation_split=ShuffleSplit.* does not respect groups"):
        prepared = prepare(clone(NET).set_params(validation_split=ShuffleSplit(1, test_size=0.2)))
    assert type(prepared.validation_split).__name__ == "GroupHoldOut"


@pytest.mark.parametrize(
    ("search", "cv", "message"),
    [
        (GridSearchCV(NET, GRID, cv=50), 3, "50 inner folds need at least as many groups"),
        (GridSearchCV(NET, GRID, cv=[(range(3), range(3, 6))]), 3, "list of splits"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(search, cv, message):
    with pytest.raises(ValueError, match=message):
        prepare(search, cv)


def test_what_can_not_respect_groups_is_said():
    from sklearn.linear_model import SGDClassifier

    with pytest.warns(UserWarning, match=r"SGDClassifier\(early_stopping=True\) may hold rows out at random"):
        prepare(SGDClassifier(early_stopping=True))


class ClosedSearch(ClassifierMixin, BaseEstimator):
    """As Optuna's: it splits by groups, and hands nothing on to its network."""

    def __init__(self, estimator, cv=3):
        self.estimator, self.cv = estimator, cv

    def fit(self, X, y, groups=None, **fit_params):
        cross_val_score(self.estimator, X, y, cv=self.cv, groups=groups, error_score="raise")
        self.best_estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.best_estimator_.classes_
        return self

    def predict(self, X):
        return self.best_estimator_.predict(X)


@pytest.mark.parametrize("place", ["alone", "at the end of a pipeline"])
def test_searches_that_hand_no_groups_on_split_by_them(place, seen):
    search = ClosedSearch(NET, GroupKFold(3))
    model = search if place == "alone" else make_pipeline(Keep(), search)
    with pytest.warns(UserWarning, match="ClosedSearch hands no groups on to its networks.* set early_stopping=False"):
        result = nested_cross_validate(model, X, y, cv=3, groups=GROUPS)
    assert result.statuses == ["done"] * 3
    assert len(seen.fits) == 3 * (3 + 1)


def test_boosting_that_does_not_stop_early_is_not_warned_of(recwarn):
    from sklearn.ensemble import HistGradientBoostingClassifier

    prepare(HistGradientBoostingClassifier())  # "auto" holds rows out from 10,001 rows on
    assert not recwarn.list


def test_weights_that_no_fit_takes_are_said():
    from sklearn.neighbors import KNeighborsClassifier

    with pytest.warns(UserWarning, match="nothing in KNeighborsClassifier takes sample_weight"):
        nested_cross_validate(KNeighborsClassifier(), X, y, cv=3, sample_weight=WEIGHTS)


def test_nothing_changes_without_groups_time_and_weights():
    search = make_pipeline(StandardScaler(), GridSearchCV(NET, GRID, cv=KFold(3)))
    prepared = prepare(search, groups=None)
    assert repr(prepared) == repr(search)


def test_a_seed_goes_to_all_that_has_none():
    search = HalvingSearchCV(NetClassifier(), GRID, cv=KFold(3, shuffle=True))
    prepared = prepare(search, groups=None, random_state=0)
    seeds = [prepared.random_state, prepared.estimator.random_state, prepared.cv.random_state]
    assert all(isinstance(seed, int) for seed in seeds)
    assert len(set(seeds)) == 3
    assert prepare(GridSearchCV(NET, GRID), groups=None, random_state=5).estimator.random_state == 0
    assert search.cv.random_state is None
