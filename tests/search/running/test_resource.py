"""What a search hands out: found, bounded, and refused with a sentence."""

import joblib
import numpy as np
import pytest
import skorch
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp.skorch
from sknet_hp import NetClassifier
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search import HalvingSearchCV, PBTSearchCV
from sknet_hp.search.arithmetic.brackets import Rung
from sknet_hp.search.running.fitting import SplitData
from sknet_hp.search.running.outcomes import fit_and_score
from sknet_hp.search.running.resource import Resource
from tests.helpers.curves import Curve, draw_table

Y = np.array([0, 1, 2] * 20)


def found(estimator, name="auto", least="auto", most="auto", factor=3, searched=(), n_rows=40, n_splits=3, y=Y):
    return Resource(estimator, name, least, most, factor, n_rows=n_rows, n_splits=n_splits, y=y, searched=searched)


NESTED = Pipeline(
    [("scale", StandardScaler()), ("rest", make_pipeline(StandardScaler(), NetClassifier(max_epochs=30)))]
)

FOUND = {
    "network": (NetClassifier(max_epochs=27), "max_epochs"),
    "pipeline": (make_pipeline(StandardScaler(), NetClassifier(max_epochs=27)), "netclassifier__max_epochs"),
    "pipeline in a pipeline": (NESTED, "rest__netclassifier__max_epochs"),
    "another's": (Curve(max_epochs=27), "max_epochs"),
    "inside": (BaggingClassifier(NetClassifier()), "estimator__max_epochs"),
}


@pytest.mark.parametrize(("estimator", "name"), FOUND.values(), ids=FOUND)
def test_auto(estimator, name):
    resource = found(estimator)
    assert (resource.name, resource.of_rows) == (name, False)
    assert resource.most == estimator.get_params()[name]
    assert resource.least == max(1, resource.most // 27), "room for three rungs more"
    assert resource.make_settings(5)[name] == 5
    assert resource.make_settings(5)[name.replace("max_epochs", "warm_start")] is True
    assert resource.make_params(5) == {name: 5}
    estimator.set_params(**resource.make_settings(5))


@pytest.mark.parametrize(
    ("most", "factor", "least"), [(81, 3, 3), (1, 3, 1), (2, 3, 1), (100, 2, 12), (100, 4, 1), (1000, 10, 1)]
)
def test_least(most, factor, least):
    assert found(NetClassifier(max_epochs=most), factor=factor).least == least


def test_as_given():
    resource = found(NetClassifier(max_epochs=10), least=2, most=64)
    assert (resource.least, resource.most) == (2, 64)


def test_schedules_end_where_the_search_ends():
    """A network trained in parts must have the learning rates of one trained in one go."""
    assert found(NetClassifier(max_epochs=27)).make_settings(3) == {
        "max_epochs": 3,
        "warm_start": True,
        "schedule_epochs": 27,
    }
    assert "schedule_epochs" not in found(NetClassifier(schedule_epochs=99)).make_settings(3)
    assert "schedule_epochs" not in found(NetClassifier(), searched=["schedule_epochs"]).make_settings(3)
    own = {"lr_schedule": "cosine", "schedule_epochs": 12}
    assert "schedule_epochs" not in found(NetClassifier()).make_settings(3, 0, own), "the candidate's own"
    pipeline = make_pipeline(NetClassifier(max_epochs=27))
    assert found(pipeline).make_settings(3)["netclassifier__schedule_epochs"] == 27
    assert found(Curve()).make_settings(3) == {"max_epochs": 3, "warm_start": True}


def test_rows():
    resource = found(LogisticRegression(), "n_samples")
    assert (resource.name, resource.of_rows, resource.most) == ("n_samples", True, 40)
    assert resource.least == 18, "two rows of each of three classes for each of three splits"
    assert (resource.make_settings(20), resource.make_params(20)) == ({}, {})
    assert found(Ridge(), "n_samples").least == 6
    assert found(LogisticRegression(), "n_samples", n_rows=10).least == 10
    assert found(LogisticRegression(), "n_samples", least=3, most=30).most == 30
    assert found(LogisticRegression(), "n_samples", y=None).least == 6


def test_trees():
    resource = found(GradientBoostingClassifier(n_estimators=50), "n_estimators")
    assert (resource.most, resource.least) == (50, 1)
    assert resource.make_settings(7) == {"n_estimators": 7, "warm_start": True}
    pipeline = make_pipeline(StandardScaler(), GradientBoostingClassifier())
    assert found(pipeline, "gradientboostingclassifier__n_estimators").make_settings(7) == {
        "gradientboostingclassifier__n_estimators": 7,
        "gradientboostingclassifier__warm_start": True,
    }


MLP = MLPClassifier((4,), tol=0, n_iter_no_change=99)

ADDED = {
    "max_iter": (MLP, "max_iter", lambda net: net.t_ / 40),
    "in a pipeline": (make_pipeline(StandardScaler(), MLP), "mlpclassifier__max_iter", lambda net: net[-1].t_ / 40),
    "epochs of skorch": (
        skorch.NeuralNetClassifier(
            torch.nn.Linear,
            module__in_features=4,
            module__out_features=2,
            verbose=0,
            criterion=torch.nn.CrossEntropyLoss,
        ),
        "max_epochs",
        lambda net: len(net.history),
    ),
    "and of our drop-in": (
        sknet_hp.skorch.NeuralNetClassifier(
            torch.nn.Linear,
            module__in_features=4,
            module__out_features=2,
            verbose=0,
            criterion=torch.nn.CrossEntropyLoss,
            random_state=0,
        ),
        "max_epochs",
        lambda net: len(net.history),
    ),
    "in what fits a copy each time": (
        OneVsRestClassifier(MLP),
        "estimator__max_iter",
        lambda net: net.estimators_[0].t_ / 40,
    ),
    "max_iter of boosting is a total": (HistGradientBoostingClassifier(), "max_iter", lambda net: net.n_iter_),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("journal", [None, "journal"])
@pytest.mark.parametrize(("estimator", "name", "trained"), ADDED.values(), ids=ADDED)
def test_rungs_train_up_to_their_resource(estimator, name, trained, journal, tmp_path):
    """Some estimators count on: with `warm_start` they train for so much more, not up
    to so much.
    """
    X, y = draw_table(80)
    prefix = name[: name.rfind("__") + 2] if "__" in name else ""
    search = HalvingSearchCV(
        estimator,
        {f"{prefix}verbose": [0, False]},
        resource=name,
        min_resources=1,
        max_resources=9,
        cv=2,
        factor=2,
        refit=False,
    )
    search.set_params(n_candidates="grid", random_state=0, refit=False)
    search.set_params(scoring=lambda net, X, y: trained(net), journal=None if journal is None else tmp_path)
    search.fit(X, y)
    assert search.cv_results_["n_resources"].max() == 9
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], search.cv_results_["n_resources"])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_population_counts_on():
    X, y = draw_table(80)
    search = PBTSearchCV(
        MLP, {"alpha": [1e-4, 1e-3]}, resource="max_iter", max_resources=9, cv=2, population_size=4, random_state=0
    )
    search.set_params(scoring=lambda net, X, y: net.t_ // len(X)).fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], search.cv_results_["n_resources"])
    assert search.best_estimator_.t_ == 9 * 80
    assert (search.best_estimator_.max_iter, search.best_estimator_.warm_start) == (9, False)


def test_last_step():
    prefix, estimator = find_last_step(NESTED)
    assert (prefix, type(estimator)) == ("rest__netclassifier__", NetClassifier)
    assert find_last_step(Curve())[0] == ""


BAD = {
    "nothing to find": (
        lambda: found(LogisticRegression()),
        "resource='auto' looks for 'max_epochs' .* LogisticRegression .*'n_samples'",
    ),
    "unknown": (
        lambda: found(NetClassifier(), "epochs"),
        "resource='epochs' is not a parameter of the estimator; did you mean 'max_epochs'",
    ),
    "searched": (
        lambda: found(NetClassifier(), searched=["max_epochs"]),
        "resource='max_epochs' is also searched; take it out",
    ),
    "can not go on": (
        lambda: found(Ridge(max_iter=9), "max_iter"),
        "'max_iter' can not be continued.*'warm_start'.*'n_samples'",
    ),
    "no number": (
        lambda: found(SGDClassifier(), "alpha"),
        "resource='alpha' must be a whole number of the estimator, which has 0.0001",
    ),
    "a flag": (lambda: found(SGDClassifier(), "shuffle"), "must be a whole number"),
    "nothing": (lambda: found(NetClassifier(max_epochs=None)), "whole number of the estimator, which has None"),
    "least above most": (
        lambda: found(NetClassifier(max_epochs=9), least=10),
        r"min_resources=10 is greater than max_resources=9; lower one or raise the other \(max_epochs\)",
    ),
    "too many rows": (
        lambda: found(Ridge(), "n_samples", most=41),
        "max_resources=41 is more than the 40 rows of the smallest training split",
    ),
    "too few rows": (
        lambda: found(Ridge(), "n_samples", least=41),
        "min_resources=41 is greater than max_resources=40",
    ),
}


@pytest.mark.parametrize(("find", "message"), BAD.values(), ids=BAD)
def test_refused(find, message):
    with pytest.raises(ValueError, match=message):
        find()


@pytest.mark.filterwarnings("ignore")
def test_who_failed_begins_anew_with_all_of_it():
    """It was asked for what is missing, though it had nothing."""
    asked = []

    class Shaky(MLPClassifier):
        def fit(self, X, y):
            asked.append(self.max_iter)
            if self.max_iter == 1 and self.alpha > 1e-4:
                raise RuntimeError("too little")
            return super().fit(X, y)

    net = Shaky((4,), max_iter=9, random_state=0, n_iter_no_change=99)
    search = HalvingSearchCV(
        net,
        {"alpha": [1e-4, 1e-3]},
        resource="max_iter",
        n_candidates="grid",
        factor=1.5,
        cv=KFold(2),
        n_jobs=1,
        refit=False,
    )
    search.set_params(min_resources=1, max_resources=2)
    search._plan_rungs = lambda n, resource: [Rung(2, 1), Rung(2, 2)]
    with joblib.parallel_config("sequential"):
        search.fit(*draw_table())
    assert asked == [1, 1, 1, 1, 1, 1, 2, 2], "who failed is the last in the second rung"


@pytest.mark.filterwarnings("ignore:.* are trained again from their beginning")
def test_who_began_anew_is_brought_back_without_its_failure(tmp_path):
    """The members of an ensemble were others where a journal knew their scores, but not
    their networks.
    """

    class Shaky(Forgotten):
        def fit(self, X, y):
            if self.max_epochs == 3 and self.alpha > 0.1:
                raise RuntimeError("just here")
            return super().fit(X, y)

    search = HalvingSearchCV(
        Shaky(max_epochs=9), {"alpha": [0.1, 0.2, 0.3]}, n_candidates="grid", factor=3, cv=KFold(2), refit="ensemble"
    )
    search.set_params(min_resources=1, random_state=0, scoring="neg_log_loss", journal=tmp_path)
    search._plan_rungs = lambda n, resource: [Rung(3, 1), Rung(3, 3), Rung(3, 9)]
    with pytest.warns(FitFailedWarning):
        first = search.fit(*draw_table()).ensemble_
    assert len(first) > 1
    with pytest.warns(FitFailedWarning):
        assert search.fit(*draw_table()).ensemble_ == first


class Forgotten(ClassifierMixin, BaseEstimator):
    """Whose state no journal can keep."""

    def __init__(self, alpha=0.1, max_epochs=1, warm_start=False):
        self.alpha, self.max_epochs, self.warm_start = alpha, max_epochs, warm_start

    def fit(self, X, y):
        self.classes_, self.n_iter_ = np.unique(y), self.max_epochs
        return self

    def predict_proba(self, X):
        first = 1 / (1 + np.exp(5 * X[:, round(10 * self.alpha)]))
        return np.column_stack([first, 1 - first])


def test_what_can_not_be_brought_back_is_a_failure():
    """Half a schedule was taken for the whole."""

    class Once(Curve):
        def fit(self, X, y):
            if self.max_epochs == 1:
                raise RuntimeError("just now")
            return super().fit(X, y)

    data = SplitData(*draw_table(), np.arange(30), np.arange(30, 60), {}, {})
    settings = [{"index": 5, "max_epochs": 1}, {"index": 6, "max_epochs": 2}, {"max_epochs": 3}]
    how = {"scorer": lambda *_: 0.5, "error_score": -1.0, "verbose": 0}
    _, outcome = fit_and_score((0, 0), Once(), data, settings, how, context=None)
    assert "just now" in outcome["fit_error"]
    assert outcome["test_scores"] == -1
