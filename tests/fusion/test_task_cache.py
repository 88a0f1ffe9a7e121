"""The tasks of a fused call encode the rows that they have in common once."""

import gc
import weakref
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

import sknet_hp
from sknet_hp import NetClassifier
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.fusion.engine import get_engine
from sknet_hp.fusion.task_cache import TaskCache
from sknet_hp.search import HalvingSearchCV
from tests.helpers.scripts import wait_until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def table():
    numbers, y = make_classification(90, 4, random_state=0)
    X = pd.DataFrame(numbers, columns=list("abcd"))
    X["word"] = np.random.default_rng(0).choice(["red", "green", "blue"], 90)
    X.loc[::7, "b"] = np.nan
    return X, y


@pytest.fixture
def encodings(monkeypatch):
    """How often rows were learned from, and how often they were only encoded."""
    counts = {"learn": 0, "_encode": 0}
    for name in counts:
        own = getattr(TableEncoder, name)

        def counted(self, *arguments, name=name, own=own, **named):
            counts[name] += 1
            return own(self, *arguments, **named)

        monkeypatch.setattr(TableEncoder, name, counted)
    return counts


def net(**parameters):
    return NetClassifier(**{"width": 8, "n_layers": 1, "max_epochs": 2, "random_state": 0} | parameters)


def make(value, nbytes):
    return lambda: (np.full(nbytes // 8, value, dtype=np.float64), value)


def never():
    raise AssertionError("made again")


def test_what_is_kept_is_made_once():
    cache = TaskCache()
    cache.max_bytes = 100
    array, belonging = cache.get_or_make("a", make(1, 80))
    again, other = cache.get_or_make("a", never)
    assert again is array
    assert other == belonging == 1


def test_what_somebody_holds_is_found_however_little_room_there_is():
    cache = TaskCache()
    array, _ = cache.get_or_make("a", make(1, 80))
    assert cache.get_or_make("a", never)[0] is array
    del array
    gc.collect()
    assert cache.get_or_make("a", make(2, 80))[1] == 2


def test_the_latest_are_kept():
    cache = TaskCache()
    cache.max_bytes = 160
    cache.get_or_make("a", make(1, 80))
    cache.get_or_make("b", make(2, 80))
    cache.get_or_make("a", never)
    cache.get_or_make("c", make(3, 80))
    cache.get_or_make("a", never)
    cache.get_or_make("c", never)
    assert cache.get_or_make("b", make(4, 80))[1] == 4


def test_what_is_larger_than_the_room_is_not_kept():
    cache = TaskCache()
    cache.max_bytes = 100
    cache.get_or_make("small", make(1, 80))
    cache.get_or_make("large", make(1, 800))
    cache.get_or_make("small", never)
    assert cache.get_or_make("large", make(2, 80))[1] == 2


def test_nothing_is_left_after_it_is_forgotten():
    cache = TaskCache()
    cache.max_bytes = 100
    array, _ = cache.get_or_make("a", make(1, 80))
    cache.clear()
    assert cache.get_or_make("a", make(2, 80))[0] is not array


def test_what_is_finished_after_it_was_forgotten_is_not_kept():
    cache = TaskCache()
    cache.max_bytes = 100

    def forgotten():
        cache.clear()
        return make(1, 80)()

    cache.get_or_make("late", forgotten)
    assert cache.get_or_make("late", make(2, 80))[1] == 2


def test_a_search_encodes_each_split_once(table, encodings):
    X, y = table
    grid = {"lr": [1e-3, 3e-3, 1e-2, 3e-2], "dropout": [0.0, 0.2]}
    want = GridSearchCV(net(), grid, cv=KFold(3), n_jobs=1).fit(X, y)
    assert encodings == {"learn": 8 * 3 + 1, "_encode": 2 * 8 * 3 + 1}
    encodings.update(learn=0, _encode=0)
    with sknet_hp.fused(1):
        found = GridSearchCV(net(), grid, cv=KFold(3)).fit(X, y)
    assert encodings == {"learn": 3 + 1, "_encode": 2 * 3 + 1}
    np.testing.assert_array_equal(found.cv_results_["mean_test_score"], want.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(found.predict_proba(X), want.predict_proba(X))


def test_each_estimator_has_an_encoder_and_names_of_its_own(table, encodings):
    X, y = table
    with sknet_hp.fused(1):
        made = [cross_validate(net(lr=lr), X, y, cv=2, return_estimator=True)["estimator"] for lr in (1e-3, 1e-2)]
        together = HalvingSearchCV(
            net(), {"lr": [1e-3, 3e-3, 1e-2]}, n_candidates="grid", cv=2, refit="ensemble", random_state=0
        ).fit(X, y)
    both = [each for pair in zip(*made, strict=True) for each in pair]
    assert len({id(each.encoder_) for each in both}) == 4
    assert all(list(each.feature_names_in_) == list(X.columns) and each.n_features_in_ == 5 for each in both)
    alone = net(lr=1e-2).fit(X.iloc[45:], y[45:])
    np.testing.assert_array_equal(both[1].encoder_.get_feature_names_out(), alone.encoder_.get_feature_names_out())
    assert together.predict_proba(X).shape == (90, 2)


def test_other_rows_parameters_and_seeds_are_encoded_apart(table, encodings):
    X, y = table
    with sknet_hp.fused(1):
        GridSearchCV(
            net(early_stopping=False),
            {"num_embedding": ["ple", "none"], "max_one_hot": [2, 100]},
            cv=KFold(2),
            refit=False,
        ).fit(X, y)
        assert encodings["learn"] == 4 * 2
        # Rows held out to stop on teach the encoder nothing, and which these are depends on the seed.
        GridSearchCV(net(early_stopping=True), {"random_state": [0, 1]}, cv=KFold(2), refit=False).fit(X, y)
        assert encodings["learn"] == 4 * 2 + 2 * 2


def test_numbers_that_are_only_scaled_are_not_worth_recognising(table, encodings):
    X, y = table
    with sknet_hp.fused(1):
        GridSearchCV(net(num_embedding="none"), {"lr": [1e-3, 1e-2]}, cv=KFold(2), refit=False).fit(
            X[["a", "c"]].to_numpy(), y
        )
    assert encodings["learn"] == 2 * 2


def test_what_becomes_of_an_encoder_is_nobody_elses_business(table):
    """The next fit on the same rows was given the spoilt one, with rows of the other's."""
    X, y = table

    def spoil(estimator, X, y):
        score = estimator.score(X, y)
        estimator.encoder_.fit_transform(X[["a"]])
        return score

    same = [(np.arange(60), np.arange(60, 90))] * 3
    with sknet_hp.fused(1):
        scores = cross_validate(net(), X, y, cv=same, scoring=spoil, error_score="raise")["test_score"]
    assert len(set(scores)) == 1


def test_nothing_is_held_after_the_call(table, monkeypatch):
    """Tables stayed until the collector came, and those of the last cohort for ever."""
    X, y = table
    made = []
    own = TableEncoder._encode

    def watched(self, *arguments):
        rows = own(self, *arguments)
        made.append(weakref.ref(rows))
        return rows

    monkeypatch.setattr(TableEncoder, "_encode", watched)
    gc.collect()
    gc.disable()
    try:
        for n_jobs in (1, 2):
            with sknet_hp.fused(n_jobs):
                cross_validate(net(), X, y, cv=3)
            wait_until(lambda: all(rows() is None for rows in made))
    finally:
        gc.enable()
    assert len(made) == 2 * 2 * 3
    assert not get_engine().cache._held
    assert not get_engine().cache._entries


@pytest.mark.filterwarnings("always")
def test_what_is_said_about_a_table_is_said_in_each_fit(table):
    X, y = table
    X = X.assign(word=[str(k) if k % 10 else "?" for k in range(90)])
    counts = []
    for session in (nullcontext(), sknet_hp.fused(1)):
        with (
            session,
            pytest.warns(UserWarning, match="Column 'word' is treated as text because of cells like") as caught,
        ):
            GridSearchCV(net(), {"lr": [1e-3, 1e-2, 3e-2]}, cv=2, refit=False).fit(X, y)
        counts.append(len(caught))
    assert counts == [6, 6]


class Secret(str):
    """A cell that nobody can read through."""

    __slots__ = ()

    def __reduce_ex__(self, protocol):
        raise TypeError("not to be pickled")


def test_a_table_that_can_not_be_read_through_is_encoded_each_time(table, encodings):
    X, y = table
    X = X.assign(word=pd.Series([Secret(word) for word in X["word"]], dtype=object))
    grid = {"lr": [1e-3, 1e-2]}
    with sknet_hp.fused(1):
        found = GridSearchCV(net(), grid, cv=KFold(2), refit=False).fit(X, y)
    assert encodings["learn"] == 2 * 2
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()
