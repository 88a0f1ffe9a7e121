"""Every searcher keeps the learning curves of all that it has trained."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.search import ASHASearchCV, GridSearchCV, HalvingSearchCV, HyperbandSearchCV, PBTSearchCV
from sknet_hp.search.curves import MEASURES, CurveTable, count_epochs, from_lists, read_curve, to_lists
from tests.helpers.curves import Curve, draw_table
from tests.helpers.journaled import Stop, make_network_search, stop_after

X, y = draw_table()
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, random_state=0)
OPEN = clone(NET).set_params(early_stopping=False)
LABELS = ["candidate", "bracket", "iter", "n_resources", "split"]


def list_epochs(curves, **whose):
    chosen = np.logical_and.reduce([curves[name] == value for name, value in whose.items()])
    return curves.loc[chosen, "epoch"].tolist()


@pytest.mark.parametrize("Search", [HalvingSearchCV, HyperbandSearchCV, ASHASearchCV])
def test_all_that_were_trained_are_there(Search):
    search = Search(NET, {"lr": (1e-3, 1e-1, "log-uniform")}, min_resources=1, cv=2, random_state=0).fit(X, y)
    curves, results = search.curves_, search.cv_results_
    assert list(curves) == [*LABELS, "epoch", *MEASURES]
    for candidate in range(search.n_candidates_):
        reached = max(results["n_resources"][results["candidate"] == candidate])
        for split in range(2):
            assert list_epochs(curves, candidate=candidate, split=split) == list(range(1, reached + 1))
    assert curves.equals(curves.sort_values(["candidate", "split", "epoch"]))
    assert np.isfinite(curves[[*MEASURES]].to_numpy()).all()


def test_a_curve_is_the_history_of_the_network():
    kept = {}

    class Kept(NetClassifier):
        def fit(self, X, y):
            super().fit(X, y)
            kept[self.lr, X.tobytes(), self.max_epochs] = self.history_
            return self

    net = make_pipeline("passthrough", Kept(**NET.get_params()))
    search = HalvingSearchCV(
        net, {"kept__lr": [1e-3, 1e-2, 1e-1]}, n_candidates="grid", min_resources=3, cv=2, refit=False
    )
    search.fit(X, y)
    ends = [history for (_, _, reached), history in kept.items() if reached == 9]
    assert len(ends) == 2
    last = search.curves_[search.curves_.candidate == search.cv_results_["candidate"][search.best_index_]]
    found = [last[last.split == split][["train_loss", "valid_loss", "valid_score"]].to_numpy() for split in range(2)]
    expected = [np.array([[row[n] for n in ("train_loss", "valid_loss", "valid_acc")] for row in h]) for h in ends]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_copies_have_the_epochs_of_their_own():
    search = PBTSearchCV(
        OPEN,
        {"lr": (1e-3, 1.0, "log-uniform")},
        population_size=4,
        interval=3,
        cv=2,
        random_state=0,
    ).fit(X, y)
    curves = search.curves_
    assert list(curves) == ["candidate", "parent", *LABELS[1:], "epoch", *MEASURES]
    copies = curves[curves.parent >= 0]
    assert len(copies)
    assert (copies.epoch > 3).all()
    lineage = [list_epochs(curves, candidate=candidate, split=1) for candidate in search.lineage_]
    ends = np.cumsum([0] + [sum(end <= 9 for end in epochs) for epochs in lineage])
    assert lineage[0][0] == 1
    assert lineage[-1][-1] == 9
    assert ends[-1] >= 9


def test_a_search_that_was_taken_up_has_the_same_curves(tmp_path, monkeypatch):
    whole = make_network_search(n_jobs=1).fit(X, y).curves_
    with monkeypatch.context() as patch:
        stop_after(23, patch)
        with pytest.raises(Stop):
            make_network_search(tmp_path / "journal", n_jobs=1).fit(X, y)
    for _ in range(2):  # from a part of the records, and from all of them
        again = make_network_search(tmp_path / "journal", n_jobs=1).fit(X, y).curves_
        pd.testing.assert_frame_equal(again, whole, check_exact=True)


def test_half_a_search_has_its_curves():
    search = HalvingSearchCV(NET, {"lr": [1e-3, 1e-2, 1e-1]}, cv=2, random_state=0, time_budget=1e-9, refit=False).fit(
        X, y
    )
    assert search.stopped_ == "time_budget"
    assert set(search.curves_.iter) == {0}


def test_rows_of_other_estimators():
    search = HalvingSearchCV(Curve(), {"index": [0, 1, 2]}, cv=2, random_state=0).fit(X, y)
    assert search.curves_.empty
    assert list(search.curves_) == [*LABELS, "epoch", *MEASURES]
    with pytest.raises(NotFittedError):
        HalvingSearchCV(Curve(), {"index": [0, 1, 2]}).curves_  # noqa: B018


ESTIMATORS = {
    "network": (NET, {"train_loss", "valid_loss", "valid_score"}),
    "without validation": (OPEN, {"train_loss"}),
    "perceptron": (MLPClassifier(max_iter=5, early_stopping=True, random_state=0), {"train_loss", "valid_score"}),
    "boosting": (GradientBoostingClassifier(n_estimators=5), {"train_loss"}),
    "histograms": (
        HistGradientBoostingClassifier(max_iter=5, early_stopping=True, random_state=0),
        {"train_loss", "valid_loss"},
    ),
    "histograms, scored": (
        HistGradientBoostingClassifier(max_iter=5, early_stopping=True, scoring="accuracy", random_state=0),
        {"valid_score"},
    ),
    "histograms to the end": (HistGradientBoostingClassifier(max_iter=5), None),
    "no curve": (LogisticRegression(), None),
}


@pytest.mark.parametrize(("estimator", "known"), ESTIMATORS.values(), ids=ESTIMATORS)
def test_what_is_known_of_an_estimator(estimator, known):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = make_pipeline(StandardScaler(), estimator).fit(X, y)
    curve = read_curve(fitted)
    if known is None:
        assert {name: len(column) for name, column in curve.items()} == dict.fromkeys(("epoch", *MEASURES), 0)
        return
    assert curve["epoch"].tolist() == list(range(1, count_epochs(fitted) + 1))
    assert {name for name in MEASURES if np.isfinite(curve[name]).any()} == known
    losses = curve["train_loss"]
    assert not np.isfinite(losses).any() or losses[-1] < losses[0]  # a loss, not a score
    later = read_curve(fitted, 2)
    assert all(np.array_equal(later[name], curve[name][2:], equal_nan=True) for name in curve)


def test_what_is_written_down_is_read_again():
    curve = read_curve(NET.fit(X, y))
    for each in (curve, {name: column[:0] for name, column in curve.items()}):
        again = from_lists(to_lists(each))
        assert all(np.array_equal(again[name], each[name], equal_nan=True) for name in each)
        assert {name: column.dtype for name, column in again.items()} == {n: c.dtype for n, c in each.items()}


def test_a_frame_may_be_changed():
    table = CurveTable(["split"], [((0,), read_curve(NET.fit(X, y)))])
    frame = table.make_frame()
    frame.loc[:, "train_loss"] = 0.0
    assert (table.make_frame().train_loss > 0).all()


def test_a_search_over_a_grid_agrees():
    grid = {"lr": [1e-3, 1e-2, 1e-1]}
    ours = (
        HalvingSearchCV(NET, grid, n_candidates="grid", initial_candidates=None, min_resources=9, cv=2, refit=False)
        .fit(X, y)
        .curves_
    )
    columns = ["candidate", "split", "epoch", *MEASURES]
    stock = GridSearchCV(NET, grid, cv=2, refit=False).fit(X, y).curves_
    assert list(stock) == columns
    pd.testing.assert_frame_equal(stock, ours[columns], check_exact=True)
