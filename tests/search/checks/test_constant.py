import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer, log_loss, make_scorer

from sknet_hp import NetClassifier
from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.checks.constant import find_no_better_than_constant, score_constant
from tests.helpers.search_cases import make_case

SPLITS = [(np.arange(6), np.arange(6, 10)), (np.arange(4, 10), np.arange(4))]
y = np.array([0, 0, 0, 0, 1, 0, 0, 1, 1, 0])


@pytest.mark.parametrize(("best", "n_found"), [(0.7, 0), (0.6, 1), (0.5, 1)])
def test_the_winner_must_be_better(best, n_found):
    case = make_case([[best, best], [0.4, 0.4]], [{"lr": 0.1}, {"lr": 0.2}], constant=np.array([0.5, 0.7]))
    found = list(find_no_better_than_constant(case))
    assert len(found) == n_found
    for finding in found:
        assert finding.evidence == {"best": best, "constant": pytest.approx(0.6)}


def test_constants_are_learned_from_training_rows():
    scores = score_constant(LogisticRegression(), y, SPLITS, get_scorer("accuracy"))
    assert scores.tolist() == [0.5, 1.0]
    errors = score_constant(Ridge(), y.astype(float), SPLITS, get_scorer("neg_mean_absolute_error"))
    assert errors[0] == pytest.approx(-np.abs(y[6:] - 1 / 6).mean())


def test_what_can_not_score_a_constant():
    assert score_constant(LogisticRegression(), y, SPLITS, lambda estimator, X, y: 1.0) is None
    assert score_constant(LogisticRegression(), None, SPLITS, get_scorer("accuracy")) is None


def test_searches_look_for_it():
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(80, 2)), np.array(["a", "b"])[(np.arange(80) < 20).astype(int)]
    net = NetClassifier(width=4, max_epochs=1, lr=1e-6, random_state=3)
    search = HalvingSearchCV(net, {"lr": [1e-6, 2e-6]}, scoring="neg_log_loss", random_state=0, cv=2)
    assert "no_better_than_constant" in search.fit(X, labels).findings_.codes


def test_accuracy_that_can_not_tell_is_blamed_instead_of_the_network():
    case = make_case([[0.98, 0.98]], [{}], constant=np.array([0.98, 0.985]))
    [finding] = find_no_better_than_constant(case)
    assert finding.severity == "warning"
    assert "accuracy hardly sees the others" in finding.message
    assert "suggest_scoring" in finding.advice
    case.search.scoring = "neg_log_loss"
    assert next(find_no_better_than_constant(case)).severity == "error"


def test_searches_check_their_metric():
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(120, 2)), (np.arange(120) % 20 == 0).astype(int)
    net = NetClassifier(width=4, max_epochs=1, random_state=3)
    search = HalvingSearchCV(net, {"lr": [1e-3, 2e-3]}, random_state=0, cv=2)
    assert "accuracy_on_imbalanced_classes" in search.fit(X, labels).findings_.codes
    search.set_params(checks=["no_gain"])
    assert "accuracy_on_imbalanced_classes" not in search.fit(X, labels).findings_.codes
    wrong = make_scorer(log_loss, response_method="predict_proba")
    search.set_params(scoring=wrong, checks=True)
    assert "error_taken_for_score" in search.fit(X, labels).findings_.codes
