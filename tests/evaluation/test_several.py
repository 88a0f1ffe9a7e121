"""Comparisons and repeats over seeds remember what is done, and keep to a time."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB

from sknet_hp import NetClassifier
from sknet_hp.evaluation import compare, repeat_over_seeds
from sknet_hp.search import JournalError

X, y = make_classification(120, n_features=5, flip_y=0.2, random_state=0)
NET = NetClassifier(max_epochs=2, width=8, random_state=0)
FITS: list[str] = []


class Counted(GaussianNB):
    """Notes that it is fitted."""

    def fit(self, X, y):
        FITS.append("fit")
        return super().fit(X, y)


class Interrupts(ClassifierMixin, BaseEstimator):
    """Stands for a user who presses Ctrl-C in the fifth fit."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        FITS.append("fit")
        if len(FITS) == 5:
            raise KeyboardInterrupt
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(autouse=True)
def nothing_fitted():
    FITS.clear()


def test_a_comparison_is_taken_up(tmp_path):
    settings = {"X": X, "y": y, "cv": 3, "random_state": 0}
    alone = compare(NET, GaussianNB(), **settings).scores
    first = compare(NET, GaussianNB(), journal=tmp_path / "journal", **settings).scores
    outcomes = sorted((tmp_path / "journal" / "outcomes").iterdir())
    assert len(outcomes) == 6
    kept = {path.name: path.stat().st_mtime_ns for path in outcomes}
    outcomes[2].unlink()  # as if it had been killed before
    again = compare(NET, GaussianNB(), journal=tmp_path / "journal", **settings).scores
    assert first.equals(alone)
    assert again.equals(alone)
    now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "journal" / "outcomes").iterdir()}
    assert {name for name in kept if kept[name] == now[name]} == set(kept) - {outcomes[2].name}


def test_another_comparison_is_refused(tmp_path):
    compare(NET, GaussianNB(), X=X, y=y, cv=3, random_state=0, journal=tmp_path / "journal")
    with pytest.raises(JournalError, match="estimator 'NetClassifier'"):
        compare(
            NetClassifier(max_epochs=2, width=4, random_state=0),
            GaussianNB(),
            X=X,
            y=y,
            cv=3,
            random_state=0,
            journal=tmp_path / "journal",
        )


def test_seeds_are_taken_up(tmp_path):
    settings = {"n_seeds": 2, "cv": 3, "random_state": 0}
    alone = repeat_over_seeds(NET, X, y, **settings).get_scores()
    for _ in range(2):
        found = repeat_over_seeds(NET, X, y, journal=tmp_path / "journal", **settings).get_scores()
        assert found.tolist() == alone.tolist()
        sorted((tmp_path / "journal" / "outcomes").iterdir())[0].unlink()


def test_an_interrupted_comparison_brings_what_is_finished():
    with pytest.raises(KeyboardInterrupt) as caught:
        compare(Interrupts(), GaussianNB(), X=X, y=y, cv=8, random_state=0, n_jobs=1)
    result = caught.value.result
    assert result.pairs[0].n_splits == 4
    assert "sys.last_value.result" in caught.value.__notes__[0]


def test_interrupted_seeds_bring_what_is_finished():
    with pytest.raises(KeyboardInterrupt) as caught:
        repeat_over_seeds(Interrupts(), X, y, n_seeds=4, cv=2, random_state=0, n_jobs=1)
    assert len(caught.value.result.seeds) == 2
    assert "2 of 4 seeds are left out" in caught.value.result.summary()


def test_an_interrupt_before_there_is_anything_to_say():
    FITS.extend(["fit"] * 4)
    with pytest.raises(KeyboardInterrupt) as caught:
        compare(Interrupts(), GaussianNB(), X=X, y=y, cv=8, random_state=0, n_jobs=1)
    assert not hasattr(caught.value, "result")


def test_progress(capsys):
    compare(Counted(), GaussianNB(), X=X, y=y, cv=3, random_state=0, verbose=1)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert lines[-1].startswith("GaussianNB, outer fold 2: accuracy 0.")
    assert "6 of 6 after" in lines[-1]


def test_a_time_budget_leaves_splits_out_for_all():
    class Slow(GaussianNB):
        def fit(self, X, y):
            import time

            time.sleep(0.3)
            return super().fit(X, y)

    with pytest.warns(UserWarning, match="splits have no accuracy of both"):
        result = compare(Slow(), GaussianNB(), X=X, y=y, cv=10, random_state=0, time_budget=1.6)
    assert 2 <= result.pairs[0].n_splits < 10


def test_no_budget_and_no_model():
    with pytest.raises(ValueError, match="time_budget must be a number of seconds above 0"):
        compare(NET, GaussianNB(), X=X, y=y, time_budget=0)
