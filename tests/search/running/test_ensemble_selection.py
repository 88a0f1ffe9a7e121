"""`refit="ensemble"`, against the plain algorithm and against what its members are."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer, make_scorer, mean_squared_error, roc_auc_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetRegressor
from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.running.ensemble import _read_labels, _select_greedily
from tests.helpers.curves import TRAINED, draw_table
from tests.helpers.small_searches import CV, NET, SPACE, make_curve_search, make_network_search

X, y = draw_table()


def greedy(outputs, truth, score, rounds=50, patience=10):
    """Caruana et al. (2004), with replacement, as plainly as can be. outputs:
    [candidate][split] predictions.
    """
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


REGRESSOR = NetRegressor(width=8, n_layers=1, max_epochs=9, batch_size=16, early_stopping=False, random_state=0)
CASES = {
    "accuracy": (NET, y, "accuracy", lambda y, p: accuracy_score(y, p.argmax(axis=1))),
    "auc": (NET, y, "roc_auc", lambda y, p: roc_auc_score(y, p[:, 1])),
    "error": (
        REGRESSOR,
        X[:, 0] * X[:, 1] + X[:, 2],
        "neg_mean_squared_error",
        lambda y, p: -mean_squared_error(y, p),
    ),
    "two errors": (
        REGRESSOR,
        X[:, :2] ** 2 + X[:, 2:],
        "neg_mean_squared_error",
        lambda y, p: -mean_squared_error(y, p),
    ),
}


@pytest.mark.parametrize(("net", "target", "scoring", "score"), CASES.values(), ids=CASES)
def test_ensemble_against_the_plain_algorithm(net, target, scoring, score):
    cv = KFold(3)
    search = make_network_search(net, cv=cv, scoring=scoring, refit="ensemble", factor=1.5, min_resources=6).fit(
        X, target
    )
    results = search.cv_results_
    last = np.flatnonzero(np.asarray(results["n_resources"]) == 9)
    assert len(last) > 2
    last = sorted(last, key=lambda row: results["candidate"][row])
    splits, outputs = list(cv.split(X)), []
    for row in last:
        fitted = [clone(net).set_params(**results["params"][row]).fit(X[train], target[train]) for train, _ in splits]
        outputs.append(
            [
                (one.predict_proba if net is NET else one.predict)(X[test])
                for one, (_, test) in zip(fitted, splits, strict=True)
            ]
        )
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
    if net is REGRESSOR:
        assert np.array_equal(search.best_estimator_.transform(X), np.stack(own, axis=1))


def test_ensemble_in_a_pipeline_of_strings():
    names = np.where(y > 0, "yes", "no")
    search = make_network_search(
        make_pipeline(StandardScaler(), NET), {"netclassifier__lr": SPACE["lr"]}, refit="ensemble"
    ).fit(X, names)
    assert set(search.predict(X)) == {"yes", "no"}
    assert search.classes_.tolist() == ["no", "yes"]
    assert search.score(X, names) > 0.7
    whole = make_pipeline(StandardScaler(), make_network_search(refit="ensemble"))
    assert np.isfinite(cross_val_score(whole, X, names, cv=2)).all()


def test_ensemble_where_a_class_is_missing_in_a_split():
    three = np.r_[np.zeros(30, int), np.ones(26, int), np.full(4, 2)]
    splits = [(np.r_[0:20, 30:50, 56:58], np.r_[20:30, 50:56]), (np.r_[0:20, 30:50], np.r_[20:30, 50:56])]
    search = make_network_search(cv=splits, refit="ensemble", scoring="accuracy").fit(X, three)
    assert search.predict_proba(X).shape == (60, 3)


def test_ensemble_counts_weights_of_rows():
    weight = np.where(y > 0, 5.0, 0.1)
    search = make_network_search(refit="ensemble").fit(X, y, sample_weight=weight)
    last = np.asarray(search.cv_results_["n_resources"]) == 9
    assert search.best_score_ == search.cv_results_["mean_test_score"][last].max()


def test_what_can_not_vote_is_refused_before_it_is_trained():
    with pytest.raises(ValueError, match="refit='ensemble' averages networks that have seen all rows"):
        HalvingSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, resource="n_samples", refit="ensemble", cv=CV).fit(
            X, y
        )
    with pytest.raises(ValueError, match="averages probabilities, and Curve has no predict_proba"):
        make_curve_search(refit="ensemble").fit(X, y)
    assert TRAINED == []
    with pytest.raises(ValueError, match="averages the classes of one target, got 2 columns of labels"):
        make_network_search(refit="ensemble", cv=2).fit(X, np.column_stack([y, 1 - y]))


def test_strings_are_read_as_numpy_has_them():
    words = np.array(["no", "yes", "no"], dtype=object)
    given = _read_labels(words, get_scorer("neg_log_loss"))
    assert given.dtype.kind == "U"
    assert given.tolist() == words.tolist()
    for others in (np.array(["no", 1], dtype=object), np.array([0, 1])):
        assert _read_labels(others, get_scorer("neg_log_loss")) is others
    assert _read_labels(words, make_scorer(lambda y, known: 0.0)) is words, "functions of others may want what they get"


def test_no_more_rounds_than_are_wanted():
    rng = np.random.RandomState(0)
    truth, outputs = rng.normal(size=50), [list(rng.normal(size=(4, 50)))]
    counts = _select_greedily(outputs, lambda means: -np.mean((means[0] - truth) ** 2), 3)
    assert 1 <= counts.sum() <= 3
