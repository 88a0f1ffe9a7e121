"""What a search makes of its scores: the best, failures, several metrics, ensembles, interruptions, and what it tells others."""

import io
import re
import time
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from curves import CURVES, TRAINED, Curve, numbers_of, table
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer, mean_squared_error, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search import HalvingSearchCV, HyperbandSearchCV
from sknet_hp.search.running.choosing import best_index, selection_metric
from sknet_hp.search.running.progress import Progress

X, y = table()
CV = StratifiedKFold(2)
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0)
SPACE = {"lr": [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3]}


@pytest.fixture(autouse=True)
def nothing_trained():
    TRAINED.clear()


def follow(n=27, estimator=None, **parameters):
    parameters = {"n_candidates": "grid", "cv": CV, "random_state": 0, "n_jobs": 1, "min_resources": 1} | parameters
    return HalvingSearchCV(estimator or Curve(max_epochs=27), {"index": list(range(n))}, **parameters)


def networks(estimator=NET, space=SPACE, **parameters):
    return HalvingSearchCV(estimator, space, **{"n_candidates": "grid", "cv": CV, "min_resources": 3, "factor": 2} | parameters)


# ---- the best ------------------------------------------------------------------------------------------------------

RESULTS = {
    "params": [{}] * 5,
    "n_resources": [1, 9, 9, 9, 3],
    "mean_test_score": np.array([0.99, 0.7, np.nan, 0.7, 0.98]),
    "std_test_score": np.array([0.0, 0.02, 0.0, 0.02, 0.0]),
    "mean_fit_time": np.array([1.0, 9.0, 1.0, 4.0, 3.0]),
    **{f"split{k}_test_score": np.zeros(5) for k in range(5)},
}


def test_the_best_is_among_those_at_all_resources_and_the_first_of_equals():
    assert best_index(RESULTS, True, "score") == 1


def test_one_standard_error():
    assert best_index(RESULTS, "one_standard_error", "score") == 3
    # one standard error of five splits is the deviation over two
    for score, expected in [(0.691, 3), (0.689, 1)]:
        results = RESULTS | {"mean_test_score": np.array([0.99, 0.7, np.nan, score, 0.98])}
        assert best_index(results, "one_standard_error", "score") == expected


def test_the_simplest_within_one_standard_error():
    """Fewest weights, then fewest epochs, then the better score; times only where the weights are not known."""
    results = {name: np.repeat(value[1:2], 5, axis=0) for name, value in RESULTS.items() if name != "params"}
    results |= {"params": [{}] * 5, "mean_test_score": np.array([0.7, 0.695, 0.699, 0.699, 0.2]), "mean_fit_time": np.array([5.0, 4, 3, 2, 1])}
    assert best_index(results, "one_standard_error", "score") == 3, "the fastest"
    results["mean_n_parameters"], results["mean_n_iter"] = np.array([99.0, 50, 50, 50, 1]), np.array([9.0, 9, 8, 8, 1])
    assert best_index(results, "one_standard_error", "score") == 2
    results["mean_n_parameters"] = np.array([99.0, np.nan, 50, 50, 1])
    assert best_index(results, "one_standard_error", "score") == 3


def test_the_simplest_does_not_depend_on_times(tmp_path, monkeypatch):
    """Wide networks first, and the first fitted is said to be the fastest: it was taken for the cheapest."""
    ticks = iter(range(10**6))
    monkeypatch.setattr("sklearn.model_selection._validation.time.time", lambda: float(next(ticks) ** 2))
    setting = {"scoring": lambda net, X, y: 0.5, "min_resources": 9, "n_jobs": 1, "random_state": 0, "journal": tmp_path / "j"}
    search = networks(space={"width": [64, 32, 8]}, refit="one_standard_error", **setting).fit(X, y)
    assert list(search.cv_results_["mean_fit_time"]) == sorted(search.cv_results_["mean_fit_time"])
    assert search.best_params_["width"] == 8
    again = clone(search).fit(X, y)
    assert list(again.cv_results_["mean_n_parameters"]) == list(search.cv_results_["mean_n_parameters"])
    assert again.cv_results_["mean_n_parameters"][-1] == again.best_estimator_.parameters_.size
    assert set(again.cv_results_["mean_n_iter"]) == {9.0}


def test_nan_never_wins():
    nan = np.full(5, np.nan)
    assert best_index(RESULTS | {"mean_test_score": np.where(np.array(RESULTS["n_resources"]) == 9, nan, [0.5, 0, 0, 0, 0.4])}, True, "score") == 0
    assert best_index(RESULTS | {"mean_test_score": nan}, True, "score") == 0
    infinite = np.array([1.0, np.nan, -np.inf, np.nan, 1.0])
    assert best_index(RESULTS | {"mean_test_score": infinite}, True, "score") == 2
    assert best_index(RESULTS | {"mean_test_score": infinite}, "one_standard_error", "score") == 2


def test_refit_by_the_rule():
    search = networks(refit="one_standard_error").fit(X, y)
    results = search.cv_results_
    last = np.flatnonzero(np.asarray(results["n_resources"]) == 9)
    best = last[np.argmax(results["mean_test_score"][last])]
    assert search.best_index_ in last
    assert results["mean_test_score"][search.best_index_] >= results["mean_test_score"][best] - results["std_test_score"][best]
    assert search.best_estimator_.lr == search.best_params_["lr"]


@pytest.mark.parametrize(("written", "meant"), [("one-standard-error", "one_standard_error"), ("Ensemble", "ensemble")])
def test_rules_written_wrong(written, meant):
    """With one score any name chooses the best, as in scikit-learn; these were meant otherwise."""
    with pytest.raises(ValueError, match=f"refit='{written}' is no way of choosing; did you mean '{meant}'"):
        selection_metric(make_scorer(accuracy_score), written)
    assert selection_metric(make_scorer(accuracy_score), "neg_mean_squared_error") == "score"


def test_refit_by_a_function():
    search = follow(refit=lambda results: len(results["params"]) - 1).fit(X, y)
    assert search.best_index_ == len(search.cv_results_["params"]) - 1
    assert not hasattr(search, "best_score_")
    with pytest.raises(TypeError, match=r"not an integer.*gave 'x'"):
        follow(refit=lambda results: "x").fit(X, y)
    with pytest.raises(IndexError, match="gave 99 of 40 rows"):
        follow(refit=lambda results: 99).fit(X, y)


def test_without_refit():
    search = follow(refit=False).fit(X, y)
    assert search.best_params_["max_epochs"] == 27
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "n_features_in_")
    with pytest.raises((AttributeError, NotFittedError)):
        search.predict(X)


# ---- several metrics -----------------------------------------------------------------------------------------------

BOTH = {"accuracy": "accuracy", "auc": "roc_auc"}


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_goes_by_the_metric_that_refit_names(metric):
    several = networks(scoring=BOTH, refit=metric).fit(X, y)
    one = networks(scoring=BOTH[metric]).fit(X, y)
    assert several.multimetric_
    assert several.best_params_ == one.best_params_
    assert several.best_score_ == one.best_score_
    assert several.cv_results_[f"mean_test_{metric}"].tolist() == one.cv_results_["mean_test_score"].tolist()
    assert several.cv_results_["params"] == one.cv_results_["params"]
    assert set(several.scorer_) == set(BOTH)


def both(estimator, X, y):
    return {"accuracy": accuracy_score(y, estimator.predict(X)), "auc": roc_auc_score(y, estimator.predict_proba(X)[:, 1])}


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_a_function_that_gives_several(metric):
    """Nobody knows that it does before it is called."""
    function, names = networks(scoring=both, refit=metric).fit(X, y), networks(scoring=BOTH, refit=metric).fit(X, y)
    assert function.best_params_ == names.best_params_
    assert function.best_score_ == names.best_score_
    assert function.cv_results_["params"] == names.cv_results_["params"]
    assert function.score(X, y) == names.score(X, y) == (accuracy_score(y, names.predict(X)) if metric == "accuracy" else names.score(X, y))


def test_several_metrics_and_other_refits():
    search = networks(scoring=BOTH, refit=False).fit(X, y)
    assert not hasattr(search, "best_index_")
    search = networks(scoring=BOTH, refit=lambda results: int(np.argmax(results["mean_test_auc"]))).fit(X, y)
    assert search.best_index_ == np.argmax(search.cv_results_["mean_test_auc"])
    assert search.score(X, y) == accuracy_score(y, search.predict(X)), "by the first, as the search went"
    for scoring in (BOTH, both):
        for rule in ("one_standard_error", "ensemble"):
            search = networks(scoring=scoring, refit=rule)
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
            networks(scoring=scoring, refit="f1").fit(X, y)
        with pytest.raises(ValueError, match="refit must be set to a scorer key"):
            networks(scoring=scoring, refit=True).fit(X, y)


def test_failures_with_a_function_that_gives_several():
    search = follow(9, Curve(fails=(0, 1, 2, 3, 4, 5, 6, 7)), scoring=both_of_curve, refit="b", min_resources=3)
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
        search = follow(scoring=scorer, refit="a").fit(X, y)
    assert search.best_params_["max_epochs"] < 27
    assert np.isfinite(search.best_score_)


# ---- failures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Search", [HalvingSearchCV, HyperbandSearchCV])
def test_all_fail(Search):
    search = Search(Curve(max_epochs=9, fails=range(9)), {"index": list(range(9))}, cv=CV, random_state=0)
    with pytest.raises(ValueError, match=r"(?s)All the \d+ fits failed.*RuntimeError: setting \d can not be trained"):
        search.fit(X, y)
    assert len(TRAINED) == 0


def test_some_fail():
    failing = (3, 7, 20)
    with pytest.warns(FitFailedWarning, match=r"(?s)6 fits failed out of a total of 80.*RuntimeError: setting \d+ can not be trained"):
        search = follow(estimator=Curve(max_epochs=27, fails=failing)).fit(X, y)
    results = search.cv_results_
    of_failing = [row for row, params in enumerate(results["params"]) if params["index"] in failing]
    assert len(of_failing) == 3, "none goes on"
    assert set(results["rank_test_score"][of_failing]) == {max(results["rank_test_score"])}
    assert search.best_params_["index"] not in failing


def test_only_a_few_are_left():
    """Those that failed fill the rungs, from the beginning each time, and never win."""
    with pytest.warns(FitFailedWarning):
        search = follow(estimator=Curve(max_epochs=27, fails=range(26))).fit(X, y)
    assert search.best_params_ == {"index": 26, "max_epochs": 27}


def test_error_score():
    with pytest.raises(RuntimeError, match="setting 3 can not be trained"):
        follow(estimator=Curve(fails=(3,)), error_score="raise").fit(X, y)
    with pytest.warns(FitFailedWarning):
        search = follow(estimator=Curve(max_epochs=27, fails=(3,)), error_score=-5.0).fit(X, y)
    assert search.cv_results_["mean_test_score"][3] == -5


def test_nan_scores():
    best = int(np.argmax(CURVES[:27, 26]))
    search = follow(estimator=Curve(max_epochs=27, nan=(best,))).fit(X, y)
    assert search.best_params_["index"] != best
    assert sum(params["index"] == best for params in search.cv_results_["params"]) == 1
    search = follow(estimator=Curve(max_epochs=27, nan=range(27))).fit(X, y)
    assert np.isnan(search.best_score_)


def test_what_failed_half_way_is_begun_anew():
    """Half a fit is nothing to go on from."""
    with joblib.parallel_config("sequential"), pytest.warns(FitFailedWarning):
        HalvingSearchCV(Breaking(max_epochs=4), {"index": [1, 2]}, factor=2, cv=CV, min_resources=1, n_candidates="grid", refit=False).fit(X, y)
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


def test_preprocessing_that_fails(tmp_path):
    """And whose journal is not in use ever after."""
    search = networks(make_pipeline(StandardScaler(), NET), {"netclassifier__lr": [0.1, 0.2]}, journal=tmp_path / "j", random_state=0)
    bad = np.full_like(X, np.inf)
    for _ in range(2):
        with pytest.raises(ValueError, match="infinity"):
            search.fit(bad, y)


# ---- ensembles -----------------------------------------------------------------------------------------------------


def greedy(outputs, truth, score, rounds=50, patience=10):
    """Caruana et al. (2004), with replacement, as plainly as can be. outputs: [candidate][split] predictions."""
    chosen, best, best_chosen = [], -np.inf, None
    for _ in range(rounds):
        scores = []
        for k in range(len(outputs)):
            team = [*chosen, k]
            means = [sum(outputs[member][split] for member in team) / len(team) for split in range(len(truth))]
            scores.append(np.mean([score(y, mean) for y, mean in zip(truth, means, strict=True)]))
        chosen.append(int(np.argmax(scores)))
        if max(scores) > best + 1e-12:
            best, best_chosen = max(scores), list(chosen)
        if len(chosen) == len(best_chosen) + patience:
            break
    return best, {k: best_chosen.count(k) / len(best_chosen) for k in set(best_chosen)}


CASES = {
    "accuracy": (NET, y, "accuracy", lambda y, p: accuracy_score(y, p.argmax(axis=1))),
    "auc": (NET, y, "roc_auc", lambda y, p: roc_auc_score(y, p[:, 1])),
    "error": (
        NetRegressor(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0),
        X[:, 0] * X[:, 1] + X[:, 2],
        "neg_mean_squared_error",
        lambda y, p: -mean_squared_error(y, p),
    ),
}


@pytest.mark.parametrize(("net", "target", "scoring", "score"), CASES.values(), ids=CASES)
def test_ensemble_against_the_plain_algorithm(net, target, scoring, score):
    cv = KFold(3)
    search = networks(net, cv=cv, scoring=scoring, refit="ensemble", factor=1.5, min_resources=6).fit(X, target)
    results = search.cv_results_
    last = np.flatnonzero(np.asarray(results["n_resources"]) == 9)
    assert len(last) > 2
    last = sorted(last, key=lambda row: results["candidate"][row])
    splits, outputs = list(cv.split(X)), []
    for row in last:
        fitted = [clone(net).set_params(**results["params"][row]).fit(X[train], target[train]) for train, _ in splits]
        outputs.append([(one.predict_proba if net is NET else one.predict)(X[test]) for one, (_, test) in zip(fitted, splits, strict=True)])
    best, weights = greedy(outputs, [target[test] for _, test in splits], score)
    assert {member["candidate"]: member["weight"] for member in search.ensemble_} == pytest.approx(
        {results["candidate"][last[k]]: weight for k, weight in weights.items()}
    )
    assert best >= search.best_score_ - 1e-12
    assert sum(member["weight"] for member in search.ensemble_) == pytest.approx(1)
    members = [clone(net).set_params(**member["params"]).fit(X, target) for member in search.ensemble_]
    own = [(one.predict_proba if net is NET else one.predict)(X) for one in members]
    expected = sum(member["weight"] * each for member, each in zip(search.ensemble_, own, strict=True))
    assert (search.predict_proba if net is NET else search.predict)(X) == pytest.approx(expected)


def test_ensemble_in_a_pipeline_of_strings():
    names = np.where(y > 0, "yes", "no")
    search = networks(make_pipeline(StandardScaler(), NET), {"netclassifier__lr": SPACE["lr"]}, refit="ensemble").fit(X, names)
    assert set(search.predict(X)) == {"yes", "no"}
    assert search.classes_.tolist() == ["no", "yes"]
    assert search.score(X, names) > 0.7
    whole = make_pipeline(StandardScaler(), networks(refit="ensemble"))
    assert np.isfinite(cross_val_score(whole, X, names, cv=2)).all()


def test_ensemble_where_a_class_is_missing_in_a_split():
    three = np.r_[np.zeros(30, int), np.ones(26, int), np.full(4, 2)]
    splits = [(np.r_[0:20, 30:50, 56:58], np.r_[20:30, 50:56]), (np.r_[0:20, 30:50], np.r_[20:30, 50:56])]
    search = networks(cv=splits, refit="ensemble", scoring="accuracy").fit(X, three)
    assert search.predict_proba(X).shape == (60, 3)


def test_ensemble_counts_weights_of_rows():
    weight = np.where(y > 0, 5.0, 0.1)
    search = networks(refit="ensemble").fit(X, y, sample_weight=weight)
    last = np.asarray(search.cv_results_["n_resources"]) == 9
    assert search.best_score_ == search.cv_results_["mean_test_score"][last].max()


def test_what_can_not_vote_is_refused_before_it_is_trained():
    with pytest.raises(ValueError, match="refit='ensemble' averages networks that have seen all rows"):
        HalvingSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, resource="n_samples", refit="ensemble", cv=CV).fit(X, y)
    with pytest.raises(ValueError, match="averages probabilities, and Curve has no predict_proba"):
        follow(refit="ensemble").fit(X, y)
    assert TRAINED == []
    with pytest.raises(ValueError, match="takes one target, got 2 columns"):
        networks(refit="ensemble", cv=2).fit(X, np.column_stack([y, 1 - y]))


# ---- stopped ---------------------------------------------------------------------------------------------------------


class Slow(NetClassifier):
    def fit(self, X, y, **more):
        time.sleep(0.05)
        return super().fit(X, y, **more)


@pytest.mark.parametrize("refit", [True, "ensemble"])
def test_time_budget(refit):
    slow = Slow(**NET.get_params()).set_params(lr_schedule="coslog4")
    search = networks(slow, time_budget=0.2, refit=refit, min_resources=1, factor=2, n_candidates="grid")
    with joblib.parallel_config("sequential"):
        search.fit(X, y)
    assert search.stopped_ == "time_budget"
    assert set(search.cv_results_["iter"]) == {0}, "the first rung is finished, the second not begun"
    assert len(search.cv_results_["params"]) == 6
    assert search.predict(X).shape == (60,)
    if refit is True:  # at a learning rate of nine epochs, as it was when it was scored
        assert search.best_params_ == {"lr": search.best_params_["lr"], "max_epochs": 2}
        alone = clone(NET).set_params(**search.best_params_, lr_schedule=slow.lr_schedule, schedule_epochs=9).fit(X, y)
        assert np.array_equal(search.predict_proba(X), alone.predict_proba(X))
        assert not np.array_equal(
            alone.predict_proba(X), clone(NET).set_params(**search.best_params_, lr_schedule=slow.lr_schedule).fit(X, y).predict_proba(X)
        )
    again = networks().fit(X, y)
    assert again.stopped_ is None


def test_ctrl_c():
    class Interrupted(Curve):
        def fit(self, X, y):
            if self.max_epochs == 9 and len(TRAINED) > 2 * (27 + 9) + 3:
                raise KeyboardInterrupt
            return super().fit(X, y)

    search = follow(estimator=Interrupted(max_epochs=27))
    with joblib.parallel_config("sequential"), pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert set(search.cv_results_["n_resources"]) == {1, 3}, "rungs that were finished"
    assert search.best_params_["max_epochs"] == 3
    assert not hasattr(search, "best_estimator_")


# ---- told to others --------------------------------------------------------------------------------------------------


def test_metadata_routing():
    weight = np.linspace(0.1, 3, 60)
    plain = networks().fit(X, y, sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        net = clone(NET).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = networks(net).fit(X, y, sample_weight=weight)
        piped = networks(make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net), {"netclassifier__lr": SPACE["lr"]}).fit(
            X, y, sample_weight=weight
        )
        with pytest.raises(ValueError, match="sample_weight"):
            networks().fit(X, y, sample_weight=weight)
        scored = networks(clone(NET).set_fit_request(sample_weight=False).set_score_request(sample_weight=True)).fit(X, y, sample_weight=weight)
    assert routed.cv_results_["mean_test_score"].tolist() == plain.cv_results_["mean_test_score"].tolist()
    first = clone(NET).set_params(**scored.cv_results_["params"][0])  # weights are for its score, not for its training
    expected = [first.fit(X[train], y[train]).score(X[test], y[test], weight[test]) for train, test in CV.split(X, y)]
    assert [scored.cv_results_[f"split{k}_test_score"][0] for k in range(2)] == expected
    assert np.isfinite(piped.cv_results_["mean_test_score"]).all()
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        scored = networks(net, scoring=scorer).fit(X, y, sample_weight=weight)
    assert scored.cv_results_["mean_test_score"].tolist() == plain.cv_results_["mean_test_score"].tolist()


class Listening:
    """A callback of scikit-learn that notes what it is told."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append(("setup", None))

    def on_fit_task_begin(self, estimator, context, **more):
        self.told.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context, **more):
        self.told.append(("end", context.task_name))

    def teardown(self, estimator, context):
        self.told.append(("teardown", None))


def test_callbacks_of_scikit_learn():
    listening = Listening()
    with joblib.parallel_config("sequential"):
        follow(9).set_callbacks(listening).fit(X, y)
    names = [name for kind, name in listening.told if kind == "begin"]
    ends = [name for kind, name in listening.told if kind == "end"]
    assert sorted(names) == sorted(ends)
    assert names.count("candidate-split-evaluation") == 2 * (9 + 3 + 1)
    assert names.count("refit-with-best-params") == 1
    assert (listening.told[0][0], listening.told[-1][0]) == ("setup", "teardown")


def test_results_are_those_without_callbacks():
    assert numbers_of(follow().set_callbacks(Listening()).fit(X, y)) == numbers_of(follow().fit(X, y))
    assert ProgressBar  # the protocol of 1.9


def test_silent_unless_asked(capsys):
    follow(verbose=0).fit(X, y)
    follow(verbose=1).fit(X, y)  # no terminal
    assert capsys.readouterr() == ("", "")
    follow(verbose=2).fit(X, y)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[0] == "rung 1, 54 networks, 0 of 162 epochs"
    assert re.fullmatch(r"rung 4, 2 networks, 126 of 162 epochs, best score \d+\.\d{4}, \d+ s left", lines[3])
    HalvingSearchCV(LogisticRegression(), {"C": [0.1, 1, 10]}, resource="n_samples", cv=CV, verbose=2, n_candidates="grid").fit(X, y)
    assert "of 120 n_samples" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_one_live_line():
    stream = Terminal()
    progress = Progress(1, stream)
    progress.total = 100
    progress.shown -= 1
    progress.begins(0, 8)
    progress.scored(0.5)
    progress.shown -= 1
    progress.fitted(25)
    progress.fitted(1)  # at once: not shown
    progress.ends()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\r") == 3
    assert "25 of 100 epochs, best score 0.5000" in text


def test_in_searches_of_scikit_learn():
    outer = GridSearchCV(networks(), {"factor": [2, 3]}, cv=2).fit(X, y)
    assert outer.best_params_["factor"] in (2, 3)


def test_no_warning_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        networks().fit(X, y)
