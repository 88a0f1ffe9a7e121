"""What a search does with fits and scores that fail."""

import joblib
import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp.search import ASHASearchCV, HalvingSearchCV, HyperbandSearchCV
from tests.helpers.curves import CURVES, TRAINED, Curve, draw_table
from tests.helpers.small_searches import CV, NET, make_curve_search, make_network_search

X, y = draw_table()


@pytest.mark.parametrize("Search", [HalvingSearchCV, HyperbandSearchCV])
def test_all_fail(Search):
    search = Search(Curve(max_epochs=9, fails=range(9)), {"index": list(range(9))}, cv=CV, random_state=0)
    with pytest.raises(ValueError, match=r"(?s)All the \d+ fits failed.*RuntimeError: setting \d can not be trained"):
        search.fit(X, y)
    assert len(TRAINED) == 0


def test_some_fail():
    failing = (3, 7, 20)
    with pytest.warns(
        FitFailedWarning, match=r"(?s)6 fits failed out of a total of 80.*RuntimeError: setting \d+ can not be trained"
    ):
        search = make_curve_search(estimator=Curve(max_epochs=27, fails=failing)).fit(X, y)
    results = search.cv_results_
    of_failing = [row for row, params in enumerate(results["params"]) if params["index"] in failing]
    assert len(of_failing) == 3, "none goes on"
    assert set(results["rank_test_score"][of_failing]) == {max(results["rank_test_score"])}
    assert search.best_params_["index"] not in failing


def test_only_a_few_are_left():
    """Those that failed fill the rungs, from the beginning each time, and never win."""
    with pytest.warns(FitFailedWarning):
        search = make_curve_search(estimator=Curve(max_epochs=27, fails=range(26))).fit(X, y)
    assert search.best_params_ == {"index": 26, "max_epochs": 27}


def test_error_score():
    with pytest.raises(RuntimeError, match="setting 3 can not be trained"):
        make_curve_search(estimator=Curve(fails=(3,)), error_score="raise").fit(X, y)
    with pytest.warns(FitFailedWarning):
        search = make_curve_search(estimator=Curve(max_epochs=27, fails=(3,)), error_score=-5.0).fit(X, y)
    assert search.cv_results_["mean_test_score"][3] == -5


def test_nan_scores():
    best = int(np.argmax(CURVES[:27, 26]))
    search = make_curve_search(estimator=Curve(max_epochs=27, nan=(best,))).fit(X, y)
    assert search.best_params_["index"] != best
    assert sum(params["index"] == best for params in search.cv_results_["params"]) == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_failures_rank_last_whatever_their_score():
    search = make_curve_search(estimator=Curve(max_epochs=27, fails=(3, 7)), error_score=1e6).fit(X, y)
    failed = np.array([params["index"] in (3, 7) for params in search.cv_results_["params"]])
    assert set(search.cv_results_["rank_test_score"][failed]) == {search.cv_results_["rank_test_score"].max()}
    assert not failed[np.argmin(search.cv_results_["rank_test_score"])]


def test_ctrl_c_is_what_comes_out_of_a_search_in_which_all_has_failed():
    """It was the error that a search without a result ends with."""

    class Interrupted(Curve):
        begun = []  # noqa: RUF012

        def fit(self, X, y):
            Interrupted.begun.append(self.index)
            if len(Interrupted.begun) > 4:
                raise KeyboardInterrupt
            raise RuntimeError("no")

    search = ASHASearchCV(Interrupted(max_epochs=9), {"index": list(range(9))}, cv=CV, n_workers=1, random_state=0)
    with joblib.parallel_config("sequential"), pytest.raises(KeyboardInterrupt):
        search.fit(X, y)


def test_what_failed_half_way_is_begun_anew():
    """Half a fit is nothing to go on from."""
    with joblib.parallel_config("sequential"), pytest.warns(FitFailedWarning):
        HalvingSearchCV(
            Breaking(max_epochs=4),
            {"index": [1, 2]},
            factor=2,
            cv=CV,
            min_resources=1,
            n_candidates="grid",
            refit=False,
        ).fit(X, y)
    assert Breaking.starts
    assert set(Breaking.starts) == {0}


class Breaking(Curve):
    starts = []  # noqa: RUF012

    def fit(self, X, y):
        if self.index == 1:
            Breaking.starts.append(getattr(self, "n_iter_", 0))
            self.n_iter_ = self.max_epochs
            raise RuntimeError("half way")
        self.classes_, self.n_iter_ = np.unique(y), self.max_epochs
        return self

    def score(self, X, y, sample_weight=None):
        return np.nan


@pytest.mark.filterwarnings("ignore:Scoring failed")
@pytest.mark.parametrize("settings", [{}, {"refit": False}, {"refit": "own"}], ids=str)
def test_a_search_that_no_score_can_lead_ends_at_its_first_rung(settings):
    """It went on to the last rung, and gave the first candidate, trained for an epoch."""

    def refuse(y_true, y_pred):
        raise ValueError("these labels have no score")

    own = make_scorer(refuse)
    scoring = {"own": own, "accuracy": "accuracy"} if settings.get("refit") == "own" else own
    search = make_network_search(NET, {"lr": [0.01, 0.1, 0.2]}, scoring=scoring, **settings)
    with pytest.raises(
        ValueError, match=r"nothing to search by: the scores .* of all 3 candidates of the first rung are NaN"
    ):
        search.fit(X, np.where(y > 0, "yes", "no"))


def test_preprocessing_that_fails(tmp_path):
    """And whose journal is not in use ever after."""
    search = make_network_search(
        make_pipeline(StandardScaler(), NET), {"netclassifier__lr": [0.1, 0.2]}, journal=tmp_path / "j", random_state=0
    )
    bad = np.full_like(X, np.inf)
    for _ in range(2):
        with pytest.raises(ValueError, match="infinity"):
            search.fit(bad, y)
