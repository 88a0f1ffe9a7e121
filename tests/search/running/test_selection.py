"""Which candidate a search takes for the best, by one score or several."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.metrics import accuracy_score, make_scorer, roc_auc_score

from sknet_hp.search.running.selection import find_best_index, name_deciding_score
from tests.helpers.curves import Curve, draw_table
from tests.helpers.small_searches import make_curve_search, make_network_search

X, y = draw_table()

# ---- several scores ------------------------------------------------------------------------------------------------


def test_a_function_of_several_scores_needs_a_name_from_the_beginning():
    """It was refused after the whole search."""
    scored = []

    def scores(estimator, X, y):
        scored.append(estimator.index)
        return {"a": 1.0, "b": 2.0}

    with pytest.raises(ValueError, match="refit"):
        make_curve_search(scoring=scores, n_jobs=1).fit(X, y)
    assert len(scored) == 2 * 27


# ---- the best -------------------------------------------------------------------------------------------------------

RESULTS = {
    "params": [{}] * 5,
    "n_resources": [1, 9, 9, 9, 3],
    "mean_test_score": np.array([0.99, 0.7, np.nan, 0.7, 0.98]),
    "std_test_score": np.array([0.0, 0.02, 0.0, 0.02, 0.0]),
    "mean_fit_time": np.array([1.0, 9.0, 1.0, 4.0, 3.0]),
    **{f"split{k}_test_score": np.zeros(5) for k in range(5)},
}


def test_the_best_is_among_those_at_all_resources_and_the_first_of_equals():
    assert find_best_index(RESULTS, True, "score") == 1


def test_one_standard_error():
    assert find_best_index(RESULTS, "one_standard_error", "score") == 3
    # one standard error of five splits is the deviation over two
    for score, expected in [(0.691, 3), (0.689, 1)]:
        results = RESULTS | {"mean_test_score": np.array([0.99, 0.7, np.nan, score, 0.98])}
        assert find_best_index(results, "one_standard_error", "score") == expected


def test_the_simplest_within_one_standard_error():
    """Fewest weights, then fewest epochs, then the better score; times only where the
    weights are not known.
    """
    results = {name: np.repeat(value[1:2], 5, axis=0) for name, value in RESULTS.items() if name != "params"}
    results |= {
        "params": [{}] * 5,
        "mean_test_score": np.array([0.7, 0.695, 0.699, 0.699, 0.2]),
        "mean_fit_time": np.array([5.0, 4, 3, 2, 1]),
    }
    assert find_best_index(results, "one_standard_error", "score") == 3, "the fastest"
    results["mean_n_parameters"], results["mean_n_iter"] = np.array([99.0, 50, 50, 50, 1]), np.array([9.0, 9, 8, 8, 1])
    assert find_best_index(results, "one_standard_error", "score") == 2
    results["mean_n_parameters"] = np.array([99.0, np.nan, 50, 50, 1])
    assert find_best_index(results, "one_standard_error", "score") == 3


@pytest.mark.parametrize("bend", [2, 0.5])
def test_the_simplest_does_not_depend_on_times(tmp_path, monkeypatch, bend):
    """By a clock that runs ever faster the first fitted looks cheapest, by one that
    runs ever slower the last; the narrow one wins by both.
    """
    ticks = iter(range(10**6))
    monkeypatch.setattr("sklearn.model_selection._validation.time.time", lambda: float(next(ticks) ** bend))
    setting = {
        "scoring": lambda net, X, y: 0.5,
        "min_resources": 9,
        "n_jobs": 1,
        "random_state": 0,
        "journal": tmp_path / "j",
    }
    search = make_network_search(space={"width": [64, 8, 32]}, refit="one_standard_error", **setting).fit(X, y)
    assert search.best_params_["width"] == 8
    again = clone(search).fit(X, y)
    assert list(again.cv_results_["mean_n_parameters"]) == list(search.cv_results_["mean_n_parameters"])
    assert again.cv_results_["mean_n_parameters"][again.best_index_] == again.best_estimator_.parameters_.size
    assert set(again.cv_results_["mean_n_iter"]) == {9.0}


def test_nan_never_wins():
    nan = np.full(5, np.nan)
    assert (
        find_best_index(
            RESULTS | {"mean_test_score": np.where(np.array(RESULTS["n_resources"]) == 9, nan, [0.5, 0, 0, 0, 0.4])},
            True,
            "score",
        )
        == 0
    )
    assert find_best_index(RESULTS | {"mean_test_score": nan}, True, "score") == 0
    infinite = np.array([1.0, np.nan, -np.inf, np.nan, 1.0])
    assert find_best_index(RESULTS | {"mean_test_score": infinite}, True, "score") == 2
    assert find_best_index(RESULTS | {"mean_test_score": infinite}, "one_standard_error", "score") == 2


def test_refit_by_the_rule():
    search = make_network_search(refit="one_standard_error").fit(X, y)
    results = search.cv_results_
    last = np.flatnonzero(np.asarray(results["n_resources"]) == 9)
    best = last[np.argmax(results["mean_test_score"][last])]
    assert search.best_index_ in last
    assert (
        results["mean_test_score"][search.best_index_]
        >= results["mean_test_score"][best] - results["std_test_score"][best]
    )
    assert search.best_estimator_.lr == search.best_params_["lr"]


@pytest.mark.parametrize(("written", "meant"), [("one-standard-error", "one_standard_error"), ("Ensemble", "ensemble")])
def test_rules_written_wrong(written, meant):
    """With one score any name chooses the best, as in scikit-learn; these were meant
    otherwise.
    """
    with pytest.raises(ValueError, match=f"refit='{written}' is not a known choice; did you mean '{meant}'"):
        name_deciding_score(make_scorer(accuracy_score), written)
    assert name_deciding_score(make_scorer(accuracy_score), "neg_mean_squared_error") == "score"


def test_refit_by_a_function():
    search = make_curve_search(refit=lambda results: len(results["params"]) - 1).fit(X, y)
    assert search.best_index_ == len(search.cv_results_["params"]) - 1
    assert not hasattr(search, "best_score_")
    with pytest.raises(TypeError, match=r"not an integer.*gave 'x'"):
        make_curve_search(refit=lambda results: "x").fit(X, y)
    with pytest.raises(IndexError, match="gave 99 of 40 rows"):
        make_curve_search(refit=lambda results: 99).fit(X, y)


def test_without_refit():
    search = make_curve_search(refit=False).fit(X, y)
    assert search.best_params_["max_epochs"] == 27
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "n_features_in_")
    with pytest.raises((AttributeError, NotFittedError)):
        search.predict(X)


# ---- several metrics ------------------------------------------------------------------------------------------------

BOTH = {"accuracy": "accuracy", "auc": "roc_auc"}


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_goes_by_the_metric_that_refit_names(metric):
    several = make_network_search(scoring=BOTH, refit=metric).fit(X, y)
    one = make_network_search(scoring=BOTH[metric]).fit(X, y)
    assert several.multimetric_
    assert several.best_params_ == one.best_params_
    assert several.best_score_ == one.best_score_
    assert several.cv_results_[f"mean_test_{metric}"].tolist() == one.cv_results_["mean_test_score"].tolist()
    assert several.cv_results_["params"] == one.cv_results_["params"]
    assert set(several.scorer_) == set(BOTH)


def both(estimator, X, y):
    return {
        "accuracy": accuracy_score(y, estimator.predict(X)),
        "auc": roc_auc_score(y, estimator.predict_proba(X)[:, 1]),
    }


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_a_function_that_gives_several(metric):
    """Nobody knows that it does before it is called."""
    function, names = (
        make_network_search(scoring=both, refit=metric).fit(X, y),
        make_network_search(scoring=BOTH, refit=metric).fit(X, y),
    )
    assert function.best_params_ == names.best_params_
    assert function.best_score_ == names.best_score_
    assert function.cv_results_["params"] == names.cv_results_["params"]
    assert (
        function.score(X, y)
        == names.score(X, y)
        == (accuracy_score(y, names.predict(X)) if metric == "accuracy" else names.score(X, y))
    )


def test_several_metrics_and_other_refits():
    search = make_network_search(scoring=BOTH, refit=False).fit(X, y)
    assert not hasattr(search, "best_index_")
    search = make_network_search(scoring=BOTH, refit=lambda results: int(np.argmax(results["mean_test_auc"]))).fit(X, y)
    assert search.best_index_ == np.argmax(search.cv_results_["mean_test_auc"])
    assert search.score(X, y) == accuracy_score(y, search.predict(X)), "by the first, as the search went"
    for scoring in (BOTH, both):
        for rule in ("one_standard_error", "ensemble"):
            search = make_network_search(scoring=scoring, refit=rule)
            if (scoring, rule) == (both, "ensemble"):
                with pytest.raises(ValueError, match="may ask for more"):
                    search.fit(X, y)
                continue
            search.fit(X, y)
            last = np.asarray(search.cv_results_["n_resources"]) == 9
            assert search.score(X, y) == accuracy_score(y, search.predict(X)), "by the first"
            if rule == "ensemble":
                assert search.best_score_ == search.cv_results_["mean_test_accuracy"][last].max(), "by the first"
        with pytest.raises(ValueError, match="refit must be set to a scorer key"):
            make_network_search(scoring=scoring, refit="f1").fit(X, y)
        with pytest.raises(ValueError, match="refit must be set to a scorer key"):
            make_network_search(scoring=scoring, refit=True).fit(X, y)


def test_failures_with_a_function_that_gives_several():
    search = make_curve_search(
        9, Curve(fails=(0, 1, 2, 3, 4, 5, 6, 7)), scoring=both_of_curve, refit="b", min_resources=3
    )
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    assert search.best_params_["index"] == 8
    assert np.isnan(search.cv_results_["mean_test_a"]).sum() == 8 + 2


def both_of_curve(estimator, X, y):
    return {"a": -estimator.score(X, y), "b": estimator.score(X, y)}


def test_a_scorer_that_fails_later():
    """All of a later rung fail: what was before counts."""

    def scorer(estimator, X, y):
        if estimator.n_iter_ > 9:
            raise RuntimeError("no longer")
        return {"a": estimator.score(X, y), "b": 0.0}

    with pytest.warns(UserWarning, match="Scoring failed"):
        search = make_curve_search(scoring=scorer, refit="a").fit(X, y)
    assert search.best_params_["max_epochs"] < 27
    assert np.isfinite(search.best_score_)
