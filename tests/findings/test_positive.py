import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, get_scorer, make_scorer

from sknet_hp import NetClassifier
from sknet_hp.evaluation import make_class_scorer
from sknet_hp.findings.positive import find_name, list_scorers_of_one_class, scores_one_class
from sknet_hp.search import GridSearchCV, HalvingSearchCV

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
y = np.where(X[:, 0] + rng.normal(size=60) > 0.7, "yes", "no")
SPACE = {"lr": [1e-3, 1e-2]}


@pytest.fixture(scope="module")
def net():
    return NetClassifier(width=8, max_epochs=5, random_state=0).fit(X, y)


def test_which_scorers_score_one_class():
    assert {"f1", "precision", "recall", "jaccard", "average_precision"} <= set(list_scorers_of_one_class())
    for name in ("accuracy", "f1_macro", "roc_auc", "neg_log_loss", "r2"):
        assert not scores_one_class(name)


def test_score_is_that_of_the_class(net):
    predicted, probabilities = net.predict(X), net.predict_proba(X)
    for label in ("yes", "no"):
        assert make_class_scorer("f1", label)(net, X, y) == f1_score(y, predicted, pos_label=label)
        column = list(net.classes_).index(label)
        assert make_class_scorer("average_precision", label)(net, X, y) == pytest.approx(
            average_precision_score(y == label, probabilities[:, column])
        )


def test_others_are_refused():
    with pytest.raises(ValueError, match=r"scoring='accuracy' does not score one class.*f1"):
        make_class_scorer("accuracy", "yes")


def test_names_are_those_of_scikit_learn():
    assert find_name(make_class_scorer("recall", "yes")) == "recall"
    assert find_name(get_scorer("f1_macro")) is None
    assert find_name(make_scorer(lambda y_true, y_pred: 0.0)) is None


@pytest.mark.parametrize("search", [GridSearchCV, HalvingSearchCV])
def test_searches_refuse_what_has_no_positive_class(search):
    network = NetClassifier(width=8, max_epochs=3, random_state=0)
    with pytest.raises(ValueError, match=r"cannot tell which of 'no', 'yes'.*make_class_scorer\('f1', 'yes'\)"):
        search(network, SPACE, scoring="f1", cv=2).fit(X, y)
    assert 0 <= search(network, SPACE, scoring=make_class_scorer("f1", "yes"), cv=2).fit(X, y).best_score_ <= 1
