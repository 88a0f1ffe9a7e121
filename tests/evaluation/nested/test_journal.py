"""A nested cross-validation that was killed goes on, and ends with the same numbers."""

import signal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.evaluation.running import run
from sknet_hp.evaluation.running.journal import Journal
from sknet_hp.search import HalvingSearchCV, JournalError
from tests.helpers.curves import draw_table
from tests.helpers.scripts import run_script, start_script, wait_until
from tests.helpers.small_searches import NET, SPACE

X, y = draw_table()
SEARCH = HalvingSearchCV(NET, SPACE, n_candidates="grid", cv=2, min_resources=3, random_state=0)
SEARCHES = {
    "ours": SEARCH,
    "pipeline": make_pipeline(StandardScaler(), SEARCH),
    "grid": GridSearchCV(NET, SPACE, cv=2),
    "of others": GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2),
    "no search": NET,
}


def validate(search=SEARCH, path=None, **more):
    arguments = {"cv": 3, "scoring": ["accuracy", "roc_auc"], "random_state": 0, "journal": path} | more
    return nested_cross_validate(search, X, y, **arguments)


def assert_same(one, other):
    for metric in one.metrics:
        assert np.array_equal(one.get_scores(metric), other.get_scores(metric))
    assert np.array_equal(one.inner_scores, other.inner_scores, equal_nan=True)
    assert one.params == other.params
    pd.testing.assert_frame_equal(one.predictions, other.predictions, check_exact=True)
    pd.testing.assert_frame_equal(one.curves, other.curves, check_exact=True)
    for mine, yours in zip(one.estimators, other.estimators, strict=True):
        assert np.array_equal(mine.predict_proba(X), yours.predict_proba(X))
    assert str(one.findings) == str(other.findings)


@pytest.mark.parametrize("name", SEARCHES)
def test_what_is_finished_is_not_done_again(name, tmp_path, monkeypatch):
    search = SEARCHES[name]
    plain, first = validate(search), validate(search, tmp_path / "j")
    assert_same(plain, first)
    monkeypatch.setattr(run, "fit_and_score", None)  # whoever calls it fails
    assert_same(first, validate(search, tmp_path / "j"))


def test_classes_of_text_are_taken_up(tmp_path):
    """They are an array of objects, which came back with one cell."""
    names = np.where(y == y[0], "some text", "other").astype(object)
    arguments = {"cv": 2, "random_state": 0, "journal": tmp_path / "j"}
    first = nested_cross_validate(LogisticRegression(), X, names, **arguments)
    again = nested_cross_validate(LogisticRegression(), X, names, **arguments)
    pd.testing.assert_frame_equal(first.predictions, again.predictions, check_exact=True)


class Stop(Exception):
    pass


@pytest.mark.parametrize("n", [1, 2])
def test_it_goes_on_after_the_folds_that_were_finished(n, tmp_path, monkeypatch):
    original, count = Journal.record, [0]

    def record(self, *arguments):
        original(self, *arguments)
        count[0] += 1
        if count[0] == n:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", record)
        with pytest.raises(Stop):
            validate(path=tmp_path / "j")
    assert len(list((tmp_path / "j" / "outcomes").iterdir())) == n
    assert_same(validate(), validate(path=tmp_path / "j"))


CODE = """
    from sknet_hp.evaluation import nested_cross_validate
    from sknet_hp.search import HalvingSearchCV

    search = HalvingSearchCV(net(max_epochs=9), {"lr": [1e-3, 1e-2, 0.1]}, n_candidates="grid", cv=2,
                             min_resources=1, random_state=0)
    result = nested_cross_validate(search, X, y, cv=3, n_repeats=2, random_state=0, journal=JOURNAL)
    print(result.outer_scores.tolist(), result.inner_scores.tolist(), result.params)
    print(result.predictions.to_csv(), result.curves.to_csv())
"""


@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.slow), 9, pytest.param(30, marks=pytest.mark.slow)])
def test_it_may_be_killed_anywhere(n, tmp_path):
    whole, _ = run_script(tmp_path, CODE.replace("JOURNAL", "None"))
    code, path = CODE.replace("JOURNAL", repr(str(tmp_path / "j"))), tmp_path / "j"
    process = start_script(tmp_path, code)
    assert wait_until(lambda: _count_records(path) >= n or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert _count_records(path) >= n  # it was killed on the way, or just at its end
    assert run_script(tmp_path, code)[0] == whole


def _count_records(path):
    return sum(file.read_bytes().count(b"\n") for file in path.glob("searches/*/records"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"cv": 4}, "another cv"),
        ({"scoring": "f1"}, "another scoring"),
        ({"search": HalvingSearchCV(NET, {"lr": [0.1]}, random_state=0)}, "another search"),
        ({"sample_weight": np.ones(len(y))}, "another data set"),
    ],
)
def test_another_evaluation_is_refused_by_what_differs(more, message, tmp_path):
    validate(path=tmp_path / "j")
    with pytest.raises(JournalError, match=f"of an evaluation with {message}"):
        validate(path=tmp_path / "j", **more)


def test_time_and_cores_may_change(tmp_path):
    first = validate(path=tmp_path / "j")
    assert_same(first, validate(path=tmp_path / "j", n_jobs=1, time_budget=100, verbose=0))


def test_damaged_files_are_done_again(tmp_path):
    first = validate(path=tmp_path / "j")
    one, other, _ = sorted((tmp_path / "j" / "outcomes").iterdir())
    one.write_bytes(one.read_bytes()[:-10])
    other.write_bytes(b"")
    assert_same(first, validate(path=tmp_path / "j"))


def test_seeds_are_needed(tmp_path):
    search = HalvingSearchCV(NET, SPACE, n_candidates="grid", cv=2)
    with pytest.raises(ValueError, match=r"needs integer seeds.*got random_state=None"):
        validate(search, tmp_path / "j", random_state=None, cv=[(range(30), range(30, 60))])
    validate(search, tmp_path / "j", random_state=0)


class OfAnother(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_models_that_can_not_be_written_are_said(tmp_path):
    with pytest.warns(UserWarning, match="OfAnother cannot be written"):
        validate(OfAnother(), tmp_path / "j", scoring="accuracy")
    assert not list((tmp_path / "j" / "outcomes").iterdir())
