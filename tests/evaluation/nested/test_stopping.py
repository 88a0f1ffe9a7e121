"""What ends a nested cross-validation early, and what is left then."""

import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV

from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.evaluation.nested import validate
from sknet_hp.search import HalvingSearchCV
from tests.helpers.curves import draw_table
from tests.helpers.small_searches import NET, SPACE
from tests.helpers.timed_searches import AlwaysTimed

X, y = draw_table()
SEARCH = HalvingSearchCV(NET, SPACE, n_candidates="grid", cv=2, min_resources=3, random_state=0)


class Interrupting(DummyClassifier):
    """A classifier during whose second fit somebody presses Ctrl-C."""

    n_fits = 0

    def fit(self, X, y):
        type(self).n_fits += 1
        if type(self).n_fits == 2:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("with_journal", [False, True])
def test_an_interrupt_brings_what_was_finished(with_journal, tmp_path):
    Interrupting.n_fits = 0
    path = tmp_path / "j" if with_journal else None
    with (
        pytest.warns(UserWarning, match="Interrupting") if with_journal else pytest.MonkeyPatch.context(),
        pytest.raises(KeyboardInterrupt) as raised,
    ):
        nested_cross_validate(Interrupting(), X, y, cv=3, random_state=0, journal=path, scoring="accuracy")
    result = raised.value.result
    assert result.statuses == ["done", "not finished", "not finished"]
    assert result.stopped_ == "interrupted"
    [note] = raised.value.__notes__
    assert "1 of 3 outer folds were finished" in note
    assert ("continues from here" in note) == with_journal


def test_searches_get_their_share_of_the_time(monkeypatch):
    budgets = []
    original = HalvingSearchCV.fit

    def fit(self, *args, **more):
        budgets.append(self.time_budget)
        return original(self, *args, **more)

    monkeypatch.setattr(HalvingSearchCV, "fit", fit)
    result = nested_cross_validate(SEARCH, X, y, cv=3, random_state=0, time_budget=300)
    assert result.statuses == ["done"] * 3
    assert budgets[0] == pytest.approx(0.9 * 100, rel=0.1)
    assert budgets[2] > budgets[0]  # the first ones have left some
    own = nested_cross_validate(clone(SEARCH).set_params(time_budget=50), X, y, cv=3, random_state=0, time_budget=300)
    assert budgets[3:] == [50] * 3
    assert own.outer_scores.tolist() == result.outer_scores.tolist()


@pytest.mark.parametrize(("budget", "is_cut"), [(None, False), (6000, False), (60, True)])
def test_searches_that_get_less_than_their_own_time_are_cut_short(budget, is_cut):
    result = nested_cross_validate(AlwaysTimed(), X, y, cv=3, scoring="accuracy", random_state=0, time_budget=budget)
    found = result.findings.of("unfinished_folds")
    assert [each.evidence for each in found] == ([{"n_cut_short": 3, "n_folds": 3}] if is_cut else [])


class Slow(DummyClassifier):
    """A classifier that takes its time for the second fold."""

    def fit(self, X, y):
        if not (X[:, 0] == 0).any():
            time.sleep(1.5)
        return super().fit(X, y)


NUMBERED = np.arange(60)[:, None]
LABELS = np.arange(60) % 2


def split_with_the_slow_one_second():
    first = np.arange(60) < 20
    rows = np.arange(60)
    return [(rows[:40], rows[40:]), (rows[~first], rows[first]), (rows[:30], rows[30:])]


def test_what_is_not_finished_in_time_is_left_out():
    result = nested_cross_validate(
        Slow(), NUMBERED, LABELS, cv=split_with_the_slow_one_second(), scoring="accuracy", time_budget=1.0
    )
    assert result.statuses[0] == "done"
    assert result.statuses[2] == "not finished"
    assert result.stopped_ == "time_budget"
    assert "unfinished_folds" in result.findings.codes
    assert np.isnan(result.outer_scores[2])


def test_too_little_time_for_anything(monkeypatch):
    with pytest.raises(ValueError, match="time_budget=1e-09 seconds were up before the first of 3 outer folds"):
        nested_cross_validate(NET, X, y, cv=3, random_state=0, time_budget=1e-9)


@pytest.mark.parametrize("budget", [0, -1, "1 h", float("nan")])
def test_a_time_that_is_none(budget):
    with pytest.raises(ValueError, match="time_budget must be"):
        nested_cross_validate(NET, X, y, time_budget=budget)


class Failing(DummyClassifier):
    def fit(self, X, y):
        if (X[:, 0] == 0).any():
            raise RuntimeError("a zero")
        return super().fit(X, y)


def test_folds_that_fail_are_said():
    result = nested_cross_validate(
        Failing(), NUMBERED, LABELS, cv=split_with_the_slow_one_second(), scoring="accuracy", checks=["failed_folds"]
    )
    [finding] = result.findings
    assert finding.evidence["n_failed"] == 2
    assert "RuntimeError: a zero" in finding.message
    assert result.statuses == ["failed", "done", "failed"]


def test_if_all_fail_the_first_error_is_raised():
    broken = clone(NET).set_params(optimizer="none such")
    with pytest.raises(ValueError, match=r"(?s)all 2 outer folds failed.*optimizer"):
        nested_cross_validate(broken, X, y, cv=2, random_state=0)


def test_checks_may_be_chosen():
    rare = np.r_[np.ones(6), np.zeros(len(y) - 6)].astype(int)
    assert "accuracy_on_imbalanced_classes" in nested_cross_validate(NET, X, rare, cv=3).findings.codes
    chosen = nested_cross_validate(NET, X, rare, cv=3, checks=["accuracy_on_imbalanced_classes"])
    assert chosen.findings.codes == ["accuracy_on_imbalanced_classes"]
    assert nested_cross_validate(NET, X, rare, cv=3, checks=False).findings == []
    with pytest.raises(ValueError, match="no check is called"):
        nested_cross_validate(NET, X, rare, cv=3, checks=["nothing"])


def test_progress_is_written(capsys):
    nested_cross_validate(SEARCH, X, y, cv=3, random_state=0)
    assert capsys.readouterr().err == ""
    nested_cross_validate(GridSearchCV(NET, SPACE, cv=2), X, y, cv=3, random_state=0, verbose=1)
    first, *folds = capsys.readouterr().err.splitlines()
    assert first.startswith("3 outer folds, each with GridSearchCV: 6 candidates in 2 inner folds, at most 36 fits")
    assert len(folds) == 3
    assert all("accuracy" in line and "lr=" in line for line in folds)


@pytest.mark.parametrize("search", [type(NET), "a search", None])
def test_what_is_no_search(search):
    with pytest.raises(TypeError, match="search must be"):
        validate.nested_cross_validate(search, X, y)
