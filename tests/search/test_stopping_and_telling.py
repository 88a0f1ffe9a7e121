"""Searches that are stopped, and what they tell those who watch."""

import io
import re
import time
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier
from sknet_hp.search import ASHASearchCV, BOHBSearchCV, HalvingSearchCV, HyperbandSearchCV, PBTSearchCV, TPESearchCV
from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.running.progress import Progress
from tests.helpers.curves import TRAINED, Curve, draw_table, list_results
from tests.helpers.small_searches import CV, NET, SPACE, make_curve_search, make_network_search

X, y = draw_table()

# ---- stopped --------------------------------------------------------------------------------------------------------


class Slow(NetClassifier):
    def fit(self, X, y, **more):
        time.sleep(0.05)
        return super().fit(X, y, **more)


@pytest.mark.parametrize("refit", [True, "ensemble"])
def test_time_budget(refit):
    slow = Slow(**NET.get_params()).set_params(lr_schedule="coslog4")
    search = make_network_search(slow, time_budget=0.2, refit=refit, min_resources=1, factor=2, n_candidates="grid")
    with joblib.parallel_config("sequential"):
        search.fit(X, y)
    assert search.stopped_ == "time_budget"
    assert set(search.cv_results_["iter"]) == {0}, "the second rung is not begun"
    assert 1 <= len(search.cv_results_["params"]) < 6, "the first one ends with the first score after the time"
    assert search.predict(X).shape == (60,)
    if refit is True:  # at a learning rate of nine epochs, as it was when it was scored
        assert search.best_params_ == {"lr": search.best_params_["lr"], "max_epochs": 2}
        alone = clone(NET).set_params(**search.best_params_, lr_schedule=slow.lr_schedule, schedule_epochs=9).fit(X, y)
        assert np.array_equal(search.predict_proba(X), alone.predict_proba(X))
        assert not np.array_equal(
            alone.predict_proba(X),
            clone(NET).set_params(**search.best_params_, lr_schedule=slow.lr_schedule).fit(X, y).predict_proba(X),
        )
    again = make_network_search().fit(X, y)
    assert again.stopped_ is None


def test_a_search_whose_time_is_up_at_once_has_one_candidate():
    with joblib.parallel_config("sequential"):
        search = make_network_search(time_budget=1e-9).fit(X, y)
    assert search.stopped_ == "time_budget"
    assert search.cv_results_["params"] == [search.best_params_]
    assert search.predict(X).shape == (60,)


def test_ctrl_c():
    class Interrupted(Curve):
        def fit(self, X, y):
            if self.max_epochs == 9 and len(TRAINED) > 2 * (27 + 9) + 3:
                raise KeyboardInterrupt
            return super().fit(X, y)

    search = make_curve_search(estimator=Interrupted(max_epochs=27))
    with joblib.parallel_config("sequential"), pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert set(search.cv_results_["n_resources"]) == {1, 3}, "rungs that were finished"
    assert search.best_params_["max_epochs"] == 3
    assert not hasattr(search, "best_estimator_")
    assert search.stopped_ == "interrupted"


# ---- told to others -------------------------------------------------------------------------------------------------


def test_metadata_routing():
    weight = np.linspace(0.1, 3, 60)
    plain = make_network_search().fit(X, y, sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        net = clone(NET).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = make_network_search(net).fit(X, y, sample_weight=weight)
        piped = make_network_search(
            make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net),
            {"netclassifier__lr": SPACE["lr"]},
        ).fit(X, y, sample_weight=weight)
        with pytest.raises(ValueError, match="sample_weight"):
            make_network_search().fit(X, y, sample_weight=weight)
        scored = make_network_search(
            clone(NET).set_fit_request(sample_weight=False).set_score_request(sample_weight=True)
        ).fit(X, y, sample_weight=weight)
    assert routed.cv_results_["mean_test_score"].tolist() == plain.cv_results_["mean_test_score"].tolist()
    first = clone(NET).set_params(**scored.cv_results_["params"][0])  # weights are for its score, not for its training
    expected = [first.fit(X[train], y[train]).score(X[test], y[test], weight[test]) for train, test in CV.split(X, y)]
    assert [scored.cv_results_[f"split{k}_test_score"][0] for k in range(2)] == expected
    assert np.isfinite(piped.cv_results_["mean_test_score"]).all()
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        scored = make_network_search(net, scoring=scorer).fit(X, y, sample_weight=weight)
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
        make_curve_search(9).set_callbacks(listening).fit(X, y)
    names = [name for kind, name in listening.told if kind == "begin"]
    ends = [name for kind, name in listening.told if kind == "end"]
    assert sorted(names) == sorted(ends)
    assert names.count("candidate-split-evaluation") == 2 * (9 + 3 + 1)
    assert names.count("refit-with-best-params") == 1
    assert (listening.told[0][0], listening.told[-1][0]) == ("setup", "teardown")


def test_results_are_those_without_callbacks():
    assert list_results(make_curve_search().set_callbacks(Listening()).fit(X, y)) == list_results(
        make_curve_search().fit(X, y)
    )
    assert ProgressBar  # the protocol of 1.9


def test_silent_unless_asked(capsys):
    make_curve_search(verbose=0).fit(X, y)
    make_curve_search(verbose=1).fit(X, y)  # no terminal
    assert capsys.readouterr() == ("", "")
    make_curve_search(verbose=2).fit(X, y)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "27 candidates in 2 splits: at most 80 fits, 162 epochs, and the refit on all rows",
        "rung 1, 54 networks up to 1 epochs, 0 of 162 epochs",
    ]
    assert re.fullmatch(r"rung 1, 54 networks up to 1 epochs, 27 of 162 epochs, about [\d.]+ s left", lines[2]), (
        "the first guess"
    )
    assert re.fullmatch(
        r"rung 4, 2 networks up to 27 epochs, 126 of 162 epochs, best score \d+\.\d{4}, about [\d.]+ s left", lines[5]
    )
    assert re.fullmatch(r"rung 4, 2 networks up to 27 epochs, 162 of 162 epochs, best score \d+\.\d{4}", lines[6]), (
        "how it ended"
    )
    assert [line.split(":")[0] for line in lines[7:]] == ["warning"], "and what it has found"
    HalvingSearchCV(
        LogisticRegression(), {"C": [0.1, 1, 10]}, resource="n_samples", cv=CV, verbose=2, n_candidates="grid"
    ).fit(X, y)
    assert "of 120 rows" in capsys.readouterr().err


COSTS = {
    "halving": (
        lambda: make_curve_search(verbose=2),
        "27 candidates in 2 splits: at most 80 fits, 162 epochs, and the refit",
    ),
    "no refit": (
        lambda: make_curve_search(verbose=2, refit=False),
        "27 candidates in 2 splits: at most 80 fits, 162 epochs\n",
    ),
    "rows": (
        lambda: HalvingSearchCV(
            LogisticRegression(), {"C": [0.1, 1, 10]}, resource="n_samples", cv=CV, verbose=2, n_candidates="grid"
        ),
        "3 candidates in 2 splits: at most 8 fits, 120 rows",
    ),
    "Hyperband": (
        lambda: HyperbandSearchCV(*CURVES, min_resources=1),
        "17 candidates in 2 splits: at most 44 fits, 138 epochs",
    ),
    "BOHB": (
        lambda: BOHBSearchCV(*CURVES, min_resources=1, n_brackets=1),
        "9 candidates in 2 splits: at most 26 fits, 42 epochs",
    ),
    "ASHA": (
        lambda: ASHASearchCV(*CURVES),
        "9 candidates in 2 splits: at least 18 fits, 18 epochs (who goes on is decided on the way)",
    ),
    "model": (lambda: TPESearchCV(*CURVES, n_candidates=4), "4 candidates in 2 splits: at most 8 fits, 72 epochs"),
    "model, a small space": (
        lambda: TPESearchCV(Curve(index=1, max_epochs=9), {"index": [1, 2]}, n_candidates=4),
        "2 candidates in 2 splits: at most 4 fits, 36 epochs",
    ),
    "model, brackets": (
        lambda: TPESearchCV(*CURVES, multi_fidelity=True, min_resources=1),
        "17 candidates in 2 splits: at most 44 fits, 138 epochs",
    ),
    "population": (
        lambda: PBTSearchCV(NET, SPACE, population_size=3, interval=3),
        "3 candidates in 2 splits: at most 18 fits, 54 epochs",
    ),
}
CURVES = (Curve(max_epochs=9), {"index": list(range(200))})


@pytest.mark.parametrize("kind", COSTS)
def test_what_it_will_cost_is_said_first(kind, capsys):
    make, expected = COSTS[kind]
    search = make().set_params(cv=CV, verbose=2, random_state=0).fit(X, y)
    told = capsys.readouterr().err
    assert told.startswith(expected)
    n_fits = 2 * len(search.cv_results_["params"])
    assert (
        n_fits >= int(re.search(r"at least (\d+)", told)[1])
        if "at least" in told
        else n_fits == int(re.search(r"at most (\d+)", told)[1])
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_one_live_line():
    stream = Terminal()
    progress = Progress(1, stream)
    progress.total = 100
    progress.shown -= 1
    progress.begin_rung(0, 8, 3)
    progress.note_best(0.5)
    progress.shown -= 1
    progress.count_fit(25)
    progress.count_fit(1)  # at once: not shown
    progress.finish()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\r") == 3
    assert "25 of 100 epochs, best score 0.5000" in text


def test_a_terminal_is_told_the_cost_above_the_live_line():
    stream = Terminal()
    progress = Progress(1, stream, refits=True)
    progress.announce(Cost(9, 13, 27), 3)
    progress.begin_rung(0, 27, 1)
    progress.finish()
    first, second, rest = stream.getvalue().split("\n")
    assert first == "9 candidates in 3 splits: at most 39 fits, 81 epochs, and the refit on all rows"
    assert second.endswith("rung 1, 27 networks up to 1 epochs, 0 of 81 epochs")
    assert rest == ""


def test_in_searches_of_scikit_learn():
    outer = GridSearchCV(make_network_search(), {"factor": [2, 3]}, cv=2).fit(X, y)
    assert outer.best_params_["factor"] in (2, 3)


def test_no_warning_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_network_search().fit(X, y)
