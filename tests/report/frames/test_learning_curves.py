import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sknet_hp import NetClassifier
from sknet_hp.report.frames.learning_curves import (
    frame_estimators,
    frame_evaluation,
    frame_search,
    join_parents,
    summarise_runs,
)
from tests.helpers.small_searches import NET, make_network_search

X, y = load_iris(return_X_y=True)


def make_long(**columns):
    unknown = {"train_loss": np.nan, "valid_loss": np.nan, "valid_score": np.nan}
    return pd.DataFrame({"candidate": 0} | unknown | columns)


@pytest.fixture(scope="module")
def search():
    return make_network_search().fit(X, y)


def test_runs_are_summarised_epoch_by_epoch():
    long = make_long(run=[0, 0, 1], epoch=[1, 2, 1], train_loss=[4.0, 2.0, 2.0], valid_loss=[1.0, 2.0, 3.0])
    frames = summarise_runs(long, "loss")
    of_validation = frames.frame[frames.frame["part"] == "validation"].set_index("epoch")
    assert of_validation.loc[1, ["mean", "low", "high", "n"]].tolist() == [2.0, 1.0, 3.0, 2]
    assert of_validation.loc[2, ["mean", "low", "high", "n"]].tolist() == [2.0, 2.0, 2.0, 1]
    assert frames.runs["best_epoch"].tolist() == [1, 1]
    assert frames.runs["n_epochs"].tolist() == [2, 1]


def test_epochs_that_diverged_are_left_out():
    frames = summarise_runs(make_long(run=0, epoch=[1, 2, 3], train_loss=[1.0, np.inf, np.nan]), "loss")
    assert frames.frame["epoch"].tolist() == [1]


def test_what_is_not_known_is_said_with_what_is():
    with pytest.raises(ValueError, match='no epoch has a score; curve="loss"'):
        summarise_runs(make_long(run=0, epoch=[1], train_loss=[1.0]), "score")
    with pytest.raises(ValueError, match="curve='accuracy' must be one of"):
        summarise_runs(make_long(run=0, epoch=[1], train_loss=[1.0]), "accuracy")


def test_networks_with_several_seeds_are_runs_that_know_their_best_epoch():
    nets = [NetClassifier(max_epochs=4, width=8, random_state=seed).fit(X, y) for seed in range(2)]
    frames = frame_estimators(nets)
    assert frames.runs["best_epoch"].tolist() == [net.best_epoch_ for net in nets]
    first = frames.frame.query("part == 'training' and epoch == 1")["mean"].item()
    assert first == pytest.approx(np.mean([net.history_[0]["train_loss"] for net in nets]))


def test_estimators_without_curves_are_named():
    with pytest.raises(ValueError, match="there are no learning curves of LogisticRegression"):
        frame_estimators(LogisticRegression(max_iter=1000).fit(X, y))


def test_estimators_that_are_not_fitted_are_told_so():
    with pytest.raises(NotFittedError, match="NetClassifier instance is not fitted yet"):
        frame_estimators([NET])


def test_candidates_are_ranked_as_the_search_ranks_them(search):
    frames = frame_search(search)
    best = search.cv_results_["candidate"][search.best_index_]
    assert set(frames.frame.loc[frames.frame["rank"] == 0, "candidate"]) == {best}
    assert frames.frame["rank"].nunique() == search.n_candidates_
    assert frames.rungs == [3, 4, 9] or frames.rungs[-1] == 9
    assert frames.frame["n"].max() == 2


def test_of_a_search_the_chosen_network_is_taken_for_an_estimator(search):
    frames = frame_estimators(search)
    assert len(frames.runs) == 1
    assert frames.runs["n_epochs"].item() == search.best_estimator_.n_iter_


def test_searches_of_scikit_learn_say_what_to_use_instead():
    search = model_selection.GridSearchCV(NET, {"lr": [0.01]}, cv=2).fit(X, y)
    with pytest.raises(
        ValueError, match=r"this GridSearchCV kept no learning curves: the searchers of sknet_hp\.search"
    ):
        frame_search(search)
    with pytest.raises(ValueError, match="is not fitted yet"):
        frame_search(make_network_search())
    with pytest.raises(TypeError, match="a search is needed, got LogisticRegression"):
        frame_search(LogisticRegression())


def test_copies_of_a_population_begin_with_their_parents_epochs():
    own = make_long(run=0, epoch=[1, 2, 3, 3, 4], train_loss=[5.0, 4.0, 9.0, 3.0, 2.0]).assign(
        candidate=[0, 0, 0, 1, 1], parent=[-1, -1, -1, 0, 0]
    )
    joined = join_parents(own)
    assert joined.loc[joined["candidate"] == 1, "train_loss"].tolist() == [5.0, 4.0, 3.0, 2.0]
    assert joined.loc[joined["candidate"] == 0, "train_loss"].tolist() == [5.0, 4.0, 9.0]


def test_evaluations_show_the_models_of_their_folds():
    result = model_selection.cross_validate(NET, X, y, cv=2, return_estimator=True)
    assert len(frame_evaluation(result).runs) == 2
    with pytest.raises(ValueError, match="return_estimator=True"):
        frame_evaluation({"test_score": np.ones(2)})
    with pytest.raises(TypeError, match="an evaluation is needed"):
        frame_evaluation(NET)
