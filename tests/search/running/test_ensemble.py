"""`refit="ensemble"`: who may be in it, what its members are given, and which scores
can choose them.
"""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.search import ASHASearchCV, HalvingSearchCV
from tests.helpers.curves import draw_table

X, y = draw_table()
WORDS = np.where(y > 0, "yes", "no")
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0)
LR = [1e-3, 1e-2, 0.1]


def ensembles(estimator=NET, space=None, **parameters):
    own = {"n_candidates": "grid", "cv": StratifiedKFold(2), "min_resources": 3, "factor": 2, "refit": "ensemble"}
    return HalvingSearchCV(estimator, space or {"lr": LR}, **own | {"initial_candidates": None} | parameters)


def everywhere(**parameters):
    """All candidates get all epochs."""
    return ensembles(min_resources=9, **parameters)


# ---- members -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piped", [False, True])
def test_members_learn_from_labels_as_they_are(piped):
    """They were given numbers in their place, which these weights do not know."""
    net = clone(NET).set_params(class_weight={"yes": 9.0, "no": 1.0})
    estimator, name = (make_pipeline(StandardScaler(), net), "netclassifier__lr") if piped else (net, "lr")
    search = ensembles(estimator, {name: LR}, scoring=make_scorer(f1_score, pos_label="yes")).fit(X, WORDS)
    members = [clone(estimator).set_params(**member["params"]).fit(X, WORDS) for member in search.ensemble_]
    mean = np.average(
        [each.predict_proba(X) for each in members], axis=0, weights=[member["weight"] for member in search.ensemble_]
    )
    assert np.array_equal(search.predict_proba(X), mean)
    assert np.array_equal(search.predict(X), search.classes_[mean.argmax(axis=1)])
    assert search.score(X, WORDS) == f1_score(WORDS, search.predict(X), pos_label="yes")
    assert isinstance(search.best_estimator_, VotingClassifier)
    assert [list(each.classes_) for each in search.best_estimator_.estimators_] == [["no", "yes"]] * len(members)
    again = clone(search.best_estimator_).fit(X, WORDS)
    assert np.array_equal(again.predict_proba(X), mean)
    assert np.array_equal(again.named_estimators_[again.estimators[0][0]].predict_proba(X), members[0].predict_proba(X))


@pytest.mark.parametrize("kind", ["labels", "numbers", "several numbers", "pipeline"])
def test_an_ensemble_can_be_saved(kind, tmp_path):
    """It was refused."""
    net = (
        NetRegressor(width=8, n_layers=1, max_epochs=9, early_stopping=False, random_state=0)
        if "numbers" in kind
        else NET
    )
    estimator, name = (make_pipeline(StandardScaler(), net), "netclassifier__lr") if kind == "pipeline" else (net, "lr")
    search = ensembles(estimator, {name: LR}, cv=2).fit(
        X, {"numbers": X[:, 0], "several numbers": X[:, :2]}.get(kind, WORDS)
    )
    sknet_hp.save(search.best_estimator_, tmp_path / "ensemble")
    loaded = sknet_hp.load(tmp_path / "ensemble")
    for method in ("predict",) if "numbers" in kind else ("predict", "predict_proba"):
        assert np.array_equal(getattr(loaded, method)(X), getattr(search, method)(X))
    assert loaded.get_params().keys() == search.best_estimator_.get_params().keys()
    assert loaded.weights == search.best_estimator_.weights
    assert list(loaded.named_estimators_) == [name for name, _ in loaded.estimators]
    assert loaded.n_features_in_ == X.shape[1]
    with pytest.raises(TypeError, match="save its best_estimator_"):
        sknet_hp.save(search, tmp_path / "search")


def test_an_average_is_scikit_learns_in_all_else():
    """Votes, members that are left out, weights: on labels that are numbers from 0 on,
    theirs and ours are the same.
    """
    named = [(f"n{k}", clone(NET).set_params(random_state=k, max_epochs=2)) for k in range(3)]
    for settings in ({"voting": "soft"}, {"voting": "hard"}, {"voting": "hard", "n1": "drop"}, {"n2": "drop"}):
        theirs, ours = (
            Kind(named, voting="soft", weights=[1, 2, 2.5]).set_params(**settings).fit(X, y)
            for Kind in (VotingClassifier, AveragedClassifier)
        )
        assert np.array_equal(ours.predict(X), theirs.predict(X))
        words = clone(ours).fit(X, WORDS)
        assert np.array_equal(words.predict(X), np.array(["no", "yes"])[theirs.predict(X)])
    numbers = [(f"n{k}", NetRegressor(width=4, max_epochs=2, random_state=k)) for k in range(3)]
    theirs, ours = (
        Kind(numbers, weights=[1, 2, 2.5]).set_params(n1="drop").fit(X, X[:, 0])
        for Kind in (VotingRegressor, AveragedRegressor)
    )
    assert ours.predict(X) == pytest.approx(theirs.predict(X))


def test_names_of_members_are_those_of_the_fit():
    average = AveragedClassifier([(f"n{k}", clone(NET).set_params(max_epochs=1)) for k in range(2)], voting="soft").fit(
        X, y
    )
    assert not hasattr(clone(average), "named_estimators_")
    average.set_params(n0="drop")
    assert list(average.named_estimators_) == ["n0", "n1"]


def test_members_are_given_what_fit_is_given():
    net = clone(NET).set_params(early_stopping=True)
    search = ensembles(net, cv=GroupKFold(2)).fit(
        X, y, sample_weight=np.linspace(0.1, 2, 60), X_val=X[:20], y_val=y[:20], groups=np.arange(60) % 7
    )
    first = clone(net).set_params(**search.ensemble_[0]["params"])
    first.fit(X, y, sample_weight=np.linspace(0.1, 2, 60), X_val=X[:20], y_val=y[:20])
    assert np.array_equal(search.best_estimator_.estimators_[0].predict_proba(X), first.predict_proba(X))


@pytest.mark.filterwarnings("ignore:A column-vector y")
def test_a_column_of_numbers():
    net = NetRegressor(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0)
    flat, column = (ensembles(net, cv=2).fit(X, target) for target in (X[:, 0], X[:, :1]))
    assert flat.predict(X) == pytest.approx(column.predict(X).ravel())


# ---- who is chosen from --------------------------------------------------------------------------------------------


class Failing(NetClassifier):
    """Fails at the greatest rate where the first row is below zero; with another rate
    its probabilities are no numbers.
    """

    def fit(self, X, y, **more):
        if self.lr == 0.1 and X[0, 0] < 0:
            raise RuntimeError("no")
        return super().fit(X, y, **more)

    def predict_proba(self, X):
        return super().predict_proba(X) if self.lr != 1e-3 else np.full((len(X), 2), np.nan)


@pytest.mark.parametrize("error_score", [np.nan, 0.99])
def test_who_failed_in_any_split_is_not_in_it(error_score):
    splits = [(rows := np.flatnonzero(np.arange(60) % 2 == k), np.setdiff1d(np.arange(60), rows)) for k in range(2)]
    assert len({X[train[0], 0] < 0 for train, _ in splits}) == 2
    search = everywhere(estimator=Failing(**NET.get_params()), cv=splits, error_score=error_score, scoring="roc_auc")
    with pytest.warns((FitFailedWarning, UserWarning)):
        search.fit(X, y)
    assert [member["params"]["lr"] for member in search.ensemble_] == [1e-2]
    search = everywhere(
        estimator=Failing(**NET.get_params()), space={"lr": [1e-3]}, error_score=error_score, scoring="roc_auc"
    )
    with (
        pytest.warns(UserWarning, match="Scoring failed"),
        pytest.raises(ValueError, match=r"has nothing to choose from|nothing to search by"),
    ):
        search.fit(X, y)


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
def test_who_has_no_probabilities_is_not_in_it():
    space = {"loss": ["hinge", "log_loss"], "alpha": [1e-4, 1e-2]}
    search = everywhere(
        estimator=SGDClassifier("log_loss", max_iter=9, random_state=0),
        space=space,
        resource="max_iter",
        scoring="accuracy",
    ).fit(X, y)
    assert {member["params"]["loss"] for member in search.ensemble_} == {"log_loss"}


@pytest.mark.parametrize("Search", [HalvingSearchCV, ASHASearchCV])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_ensemble_has_somebody_to_choose_from(Search, asynchronous):
    """The defaults of `HalvingSearchCV`, and the guide's own example, left one
    candidate at the end: an ensemble of one.
    """
    own = {"initial_candidates": None} | ({} if Search is HalvingSearchCV else {"asynchronous": asynchronous})
    space = {"lr": [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.2, 0.3, 0.4, 0.5]}
    alone, search = (
        Search(NET, space, cv=2, random_state=0, refit=refit, scoring="neg_log_loss", **own).fit(X, y)
        for refit in (True, "ensemble")
    )
    finalists = [np.flatnonzero(each.cv_results_["n_resources"] == 9) for each in (alone, search)]
    assert len(finalists[0]) < len(finalists[1]) >= 3
    assert {member["params"]["max_epochs"] for member in search.ensemble_} == {9}
    assert {member["candidate"] for member in search.ensemble_} <= set(search.cv_results_["candidate"][finalists[1]])
    assert search.best_score_ >= alone.best_score_, "who would have been dropped may be the best"
    if not asynchronous:
        same = search.cv_results_["n_resources"] < 9
        assert (
            search.cv_results_["mean_test_score"][same].tolist()
            == alone.cv_results_["mean_test_score"][alone.cv_results_["n_resources"] < 9].tolist()
        )


def test_as_many_as_there_are():
    assert len(ensembles(space={"lr": [1e-2]}).fit(X, y).ensemble_) == 1
    two = ensembles(space={"lr": [1e-3, 1e-2]}).fit(X, y)
    assert (two.cv_results_["n_resources"] == 9).sum() == 2


class FailingLate(NetClassifier):
    def fit(self, X, y, **more):
        if self.max_epochs == 9:
            raise RuntimeError("late")
        return super().fit(X, y, **more)


@pytest.mark.parametrize("lr", [LR, [*LR, 0.2, 0.3, 0.4]], ids=["all that there are", "the best"])
@pytest.mark.filterwarnings("ignore:.* are trained again from their beginning")
def test_where_all_fail_in_the_last_rung(lr, tmp_path):
    """Those that were left behind are there still, and what the others were; their
    networks are trained again.
    """
    found = []
    for journal in (None, tmp_path / "j", tmp_path / "j"):
        search = ensembles(FailingLate(**NET.get_params()), space={"lr": lr}, random_state=0, journal=journal)
        with pytest.warns(FitFailedWarning):
            search.fit(X, y)
        assert {member["params"]["max_epochs"] for member in search.ensemble_} == {4}
        assert search.best_params_["max_epochs"] == 4
        found.append(search.ensemble_)
    assert found[0] == found[1] == found[2]


def test_networks_that_were_let_go_of_are_trained_again_as_they_were():
    """Those of estimators that count on were asked for no iterations at all, after the
    first ones.
    """
    fits = []

    class Counted(MLPClassifier):
        def fit(self, X, y):
            fits.append(self.max_iter)
            return super().fit(X, y)

    net = Counted(max_iter=9, random_state=0, n_iter_no_change=10)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        search = ensembles(net, {"alpha": LR}, resource="max_iter", time_budget=1e-9, n_jobs=1).fit(X, y)
    assert search.stopped_ == "time_budget"
    assert set(fits) == {4}


# ---- what scores it ------------------------------------------------------------------------------------------------


class OwnScore(NetClassifier):
    def score(self, X, y, sample_weight=None):
        return self.lr


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"scoring": lambda net, X, y: net.lr}, "<function"),
        ({"scoring": {"auc": "roc_auc", "own": lambda net, X, y: net.lr}}, "<function"),
        (
            {"scoring": make_scorer(roc_auc_score, response_method="decision_function")},
            "response_method='decision_function'",
        ),
        ({"estimator": OwnScore(**NET.get_params())}, "OwnScore.score"),
    ],
)
def test_scores_that_need_more_than_predictions_are_refused_first(parameters, named, monkeypatch):
    monkeypatch.setattr(NetClassifier, "fit", lambda *_: pytest.fail("trained"))
    with pytest.raises(
        ValueError,
        match=f"(?s)ensemble' scores averaged probabilities, and scoring=.*{named}.* may ask for more than these",
    ):
        ensembles(**parameters).fit(X, y)


def test_scores_of_what_there_is():
    scorer = make_scorer(roc_auc_score, response_method=("decision_function", "predict_proba"))
    one, other = ensembles(scoring=scorer).fit(X, y), ensembles(scoring="roc_auc").fit(X, y)
    assert one.ensemble_ == other.ensemble_
    assert one.score(X, y) == roc_auc_score(y, one.predict_proba(X)[:, 1])
    assert ensembles().fit(X, y).score(X, y) == accuracy_score(y, ensembles().fit(X, y).predict(X))


@pytest.mark.parametrize("target", [WORDS, np.where(X[:, 0] > 0.5, 2, y), y == 1], ids=["words", "three", "booleans"])
def test_log_loss_chooses_as_a_scorer_with_options_does(target):
    """Without options our own sum takes the place of scikit-learn's; with weights of one, say, its own counts."""
    searches = [
        everywhere(scoring=scoring).fit(X, target)
        for scoring in (
            "neg_log_loss",
            make_scorer(log_loss, greater_is_better=False, response_method="predict_proba", normalize=True),
        )
    ]
    assert searches[0].ensemble_ == searches[1].ensemble_
    assert len(searches[0].ensemble_) > 1


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_log_loss_of_a_split_without_one_of_the_classes_is_an_error_score():
    """As scikit-learn's is, which can not know the columns' names: then nothing can be chosen by it."""
    rare = np.where(np.arange(60) < 3, "rare", WORDS)
    splits = [(np.arange(30), np.arange(30, 60))]
    search = everywhere(scoring="neg_log_loss", cv=splits, error_score=-9.0).fit(X, rare)
    assert search.best_score_ == -9
    assert [member["weight"] for member in search.ensemble_] == [1.0]
